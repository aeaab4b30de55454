//! The inputs of a call, looked at before any work: only one is standard input, and none is missing.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use segment_jobs::{clock::Clock, load};

use crate::{args::InputArgs, exit::Failure, files::is_stdin};

/// Profiles in an account get a bucket each so many; the same as in the data plane.
const PROFILES_PER_BUCKET: u64 = 4_000_000;

/// Refuses a call in which standard input is asked for twice.
pub(crate) fn check_stdin(lists: &[&[PathBuf]]) -> Result<(), Failure> {
    let asked = lists.iter().copied().flatten().filter(|path| is_stdin(path)).count();
    if asked > 1 {
        return Err(Failure::Usage(format!(
            "`-` stands for standard input, which can be read once only, not {asked} times"
        )));
    }
    Ok(())
}

/// Refuses files of data that are missing. They are not opened, for a pipe can be opened only once.
pub(crate) fn check_data(inputs: &InputArgs) -> Result<(), Failure> {
    let files = inputs.profiles.iter().chain(&inputs.events);
    for path in files.filter(|path| !is_stdin(path)) {
        check(path).map_err(|error| Failure::about(path.display(), &error))?;
    }
    Ok(())
}

fn check(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(()) }
}

/// The instant of the evaluation.
pub(crate) fn clock(inputs: &InputArgs) -> Clock {
    Clock::Fixed(inputs.as_of.unwrap_or_else(|| Clock::System.now_ms()))
}

/// What is to be loaded, and how.
pub(crate) fn load_options(inputs: &InputArgs, clock: Clock) -> load::Options {
    let input = |path: &PathBuf| load::Input::from_path(path);
    load::Options {
        clock,
        profiles: inputs.profiles.iter().map(input).collect(),
        events: inputs.events.iter().map(input).collect(),
        profiles_per_bucket: PROFILES_PER_BUCKET,
        summarise_from: load::LARGE_UNIT_PROFILES,
        progress: io::IsTerminal::is_terminal(&io::stderr()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_is_read_once_only() {
        let (stdin, file) = (vec![PathBuf::from("-")], vec![PathBuf::from("a"), PathBuf::from("./-")]);
        assert!(check_stdin(&[&stdin, &file]).is_ok());
        assert!(check_stdin(&[&stdin, &file, &stdin]).is_err());
    }
}
