//! Inputs, cut into chunks of whole lines that are parsed side by side and handed on in their order.

use std::{
    fs::{self, File},
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    thread,
};

use futures::{Stream, StreamExt, stream};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use tokio::{runtime::Handle, sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{BadLine, LoadError, Options};

/// A chunk has at least so many bytes, unless the input ends: a few milliseconds of parsing.
const CHUNK_BYTES: usize = 2 << 20;
/// No line may be longer.
const LINE_BYTES_MAX: usize = 64 << 20;
/// Parsed chunks that wait to be taken.
const WAITING_CHUNKS: usize = 2;

/// Where lines come from.
#[derive(Clone, Debug)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// Bytes in memory.
    Bytes {
        /// What messages call it.
        name: String,
        /// The lines.
        bytes: Arc<[u8]>,
    },
}

/// Some lines of an input.
pub(super) struct Chunk {
    /// Name of the input.
    pub(super) name: Arc<str>,
    /// Number of the first line within its input, from 1.
    pub(super) first_line: u64,
    /// Number of the first line among those of all inputs, from 0.
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
}

/// Chunks that are parsed, in their order.
pub(super) type Parsed<T> = Pin<Box<dyn Stream<Item = Result<T, LoadError>> + Send>>;

impl Input {
    /// A file; `-` is standard input.
    pub fn from_path(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path.to_owned()) }
    }

    /// Bytes in memory, with a name for messages.
    pub fn from_bytes(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::Bytes { name: name.into(), bytes: bytes.into() }
    }

    /// What messages call it.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "standard input".to_owned(),
            Self::Bytes { name, .. } => name.clone(),
        }
    }

    /// How many bytes it has, if it can be read twice.
    pub(super) fn size(&self) -> Result<Option<u64>, LoadError> {
        match self {
            Self::File(path) => {
                let metadata = fs::metadata(path).map_err(|source| self.error(source))?;
                Ok(metadata.is_file().then_some(metadata.len()))
            }
            Self::Stdin => Ok(None),
            Self::Bytes { bytes, .. } => Ok(u64::try_from(bytes.len()).ok()),
        }
    }

    fn open(&self) -> Result<Box<dyn Read + Send>, LoadError> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path).map_err(|source| self.error(source))?),
            Self::Stdin => Box::new(io::stdin()),
            Self::Bytes { bytes, .. } => Box::new(io::Cursor::new(Arc::clone(bytes))),
        })
    }

    fn error(&self, source: io::Error) -> LoadError {
        LoadError::Input { name: self.name(), source }
    }
}

/// A bar on a terminal that shows how much of the inputs is read.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Also looks whether the files are there, before anything is done.
    pub(super) fn new(options: &Options) -> Result<Self, LoadError> {
        let sizes = options.profiles.iter().chain(&options.events).map(Input::size);
        let sizes = sizes.collect::<Result<Vec<_>, _>>()?;
        if !options.progress || !io::stderr().is_terminal() {
            return Ok(Self(ProgressBar::hidden()));
        }
        let bar = match sizes.into_iter().sum::<Option<u64>>() {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::no_length(),
        };
        let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}");
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Ok(Self(bar.with_finish(ProgressFinish::AndClear)))
    }

    /// None is shown.
    pub(super) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// All chunks of the inputs, parsed by a few threads and in their order. Reading and parsing begin at once, and go on until
/// a few chunks wait to be taken.
pub(super) fn parsed<T: Send + 'static>(
    inputs: Vec<Input>,
    parse: fn(&Chunk) -> Result<T, BadLine>,
    progress: &Progress,
) -> Parsed<T> {
    let threads = thread::available_parallelism().map_or(2, usize::from).min(4);
    let (send, receive) = mpsc::channel(threads + WAITING_CHUNKS);
    let (bar, runtime) = (progress.0.clone(), Handle::current());
    tokio::task::spawn_blocking(move || {
        // When nobody listens any more, the load has ended.
        let hand_on = |chunk| send.blocking_send(Ok(runtime.spawn_blocking(move || parse(&chunk)))).is_ok();
        if let Err(error) = read_all(&inputs, hand_on, &bar) {
            let _ = send.blocking_send(Err(error));
        }
    });
    let chunks = stream::unfold(receive, |mut receive| async { receive.recv().await.map(|chunk| (chunk, receive)) });
    let parsed =
        |chunk: Result<JoinHandle<Result<T, BadLine>>, LoadError>| async { chunk?.await?.map_err(LoadError::BadData) };
    chunks.then(parsed).boxed()
}

/// The next parsed chunk; `None` after the last.
pub(super) async fn next<T>(chunks: &mut Parsed<T>, stop: &CancellationToken) -> Result<Option<T>, LoadError> {
    tokio::select! {
        biased;
        () = stop.cancelled() => Err(LoadError::Stopped),
        chunk = chunks.next() => chunk.transpose(),
    }
}

/// Reads until the end, or until `hand_on` takes no more.
fn read_all(inputs: &[Input], hand_on: impl Fn(Chunk) -> bool, bar: &ProgressBar) -> Result<(), LoadError> {
    let mut offset = 0;
    for input in inputs {
        let mut reader = input.open()?;
        let mut chunk = Chunk { name: input.name().into(), first_line: 1, offset, bytes: Vec::new() };
        loop {
            let ended = fill(&mut reader, &mut chunk.bytes).map_err(|source| input.error(source))?;
            let end = if ended { chunk.bytes.len() } else { last_line_end(&chunk)? };
            if end > 0 {
                let rest = chunk.bytes.split_off(end);
                let lines = count_lines(&chunk.bytes);
                let next = Chunk {
                    name: Arc::clone(&chunk.name),
                    first_line: chunk.first_line + lines,
                    offset: chunk.offset + lines,
                    bytes: rest,
                };
                bar.inc(u64::try_from(end).unwrap_or(0));
                if !hand_on(std::mem::replace(&mut chunk, next)) {
                    return Ok(());
                }
            }
            if ended {
                break;
            }
        }
        offset = chunk.offset;
    }
    Ok(())
}

/// Reads one chunk's worth of bytes; whether the input has ended.
fn fill(reader: &mut Box<dyn Read + Send>, bytes: &mut Vec<u8>) -> io::Result<bool> {
    bytes.reserve(CHUNK_BYTES);
    let read = reader.take(CHUNK_BYTES as u64).read_to_end(bytes)?;
    Ok(read < CHUNK_BYTES)
}

/// Where the last whole line ends; 0 when no line is whole.
fn last_line_end(chunk: &Chunk) -> Result<usize, LoadError> {
    match chunk.bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(newline) => Ok(newline + 1),
        None if chunk.bytes.len() > LINE_BYTES_MAX => Err(LoadError::BadData(BadLine {
            file: chunk.name.to_string(),
            line: chunk.first_line,
            reason: format!("the line is longer than {LINE_BYTES_MAX} bytes"),
        })),
        None => Ok(0),
    }
}

/// Lines, the last one too if it does not end.
#[expect(clippy::naive_bytecount, reason = "the compiler makes vectors of it, and reading costs far more")]
fn count_lines(bytes: &[u8]) -> u64 {
    let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
    let open = usize::from(bytes.last().is_some_and(|byte| *byte != b'\n'));
    u64::try_from(ends + open).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn cut(inputs: Vec<Input>) -> Vec<(String, u64, u64, usize)> {
        let parse = |chunk: &Chunk| Ok((chunk.name.to_string(), chunk.first_line, chunk.offset, chunk.bytes.len()));
        let mut chunks = parsed(inputs, parse, &Progress::hidden());
        let mut cut = Vec::new();
        while let Some(chunk) = next(&mut chunks, &CancellationToken::new()).await.unwrap() {
            cut.push(chunk);
        }
        cut
    }

    #[tokio::test]
    async fn chunks_end_with_lines_and_lines_are_counted() {
        let line = format!("{}\n", "x".repeat(999));
        let inputs = vec![
            Input::from_bytes("a", line.repeat(5000).into_bytes()),
            Input::from_bytes("empty", Vec::new()),
            Input::from_bytes("b", b"1\n\n3".to_vec()),
            Input::from_bytes("c", b"1\n".to_vec()),
        ];
        let cut = cut(inputs).await;
        let name = |index: usize| (cut[index].0.as_str(), cut[index].1, cut[index].2);
        assert!(cut.iter().take(cut.len() - 2).all(|chunk| chunk.0 == "a" && chunk.3 % 1000 == 0));
        assert_eq!(cut.iter().filter(|chunk| chunk.0 == "a").map(|chunk| chunk.3).sum::<usize>(), 5_000_000);
        assert_eq!(name(1).1 - 1, u64::try_from(cut[0].3).unwrap() / 1000);
        assert_eq!(name(cut.len() - 2), ("b", 1, 5000));
        assert_eq!(name(cut.len() - 1), ("c", 1, 5003));
    }

    #[tokio::test]
    async fn a_missing_file_is_named() {
        let mut chunks = parsed(vec![Input::from_path(Path::new("/no/such"))], |_| Ok(()), &Progress::hidden());
        let error = next(&mut chunks, &CancellationToken::new()).await.unwrap_err();
        assert_eq!(error.to_string(), "/no/such cannot be read");
    }

    #[tokio::test]
    async fn a_stop_is_heard_before_the_next_chunk() {
        let stop = CancellationToken::new();
        stop.cancel();
        let mut chunks = parsed(vec![Input::from_bytes("a", b"1\n".to_vec())], |_| Ok(()), &Progress::hidden());
        assert!(matches!(next(&mut chunks, &stop).await, Err(LoadError::Stopped)));
    }
}
