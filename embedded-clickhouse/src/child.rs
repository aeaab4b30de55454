//! The child side: what an executable does when it was started to become a server or to guard one. Here is the only
//! `unsafe` of the workspace: loading a C library and calling one function of it.

use std::env::ArgsOs;
use std::ffi::{CString, OsString, c_char, c_int};
use std::io::{self, BufRead, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::time::{Duration, Instant};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::program;

/// The first argument of a child; the number changes with the arguments that follow.
pub(crate) const MARKER: &str = "__embedded-clickhouse-child-1";
/// Second argument: run the program named next, with the rest as its arguments.
pub(crate) const PROGRAM: &str = "program";
/// Second argument: load the library named next and run it with the rest as its arguments.
pub(crate) const LIBRARY: &str = "library";
/// Second argument: guard servers; a temporary directory may follow.
pub(crate) const GUARD: &str = "guard";

/// How long a server gets to end in order before it is killed.
pub(crate) const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Becomes the server if this process was started for that, and then never returns. Else it notes that this executable
/// can be started so, and returns at once. Call it first thing in `main`.
pub fn run_if_child() {
    let mut arguments = std::env::args_os();
    let _own_name = arguments.next();
    if arguments.next().is_none_or(|argument| argument != MARKER) {
        program::register();
        return;
    }
    let mode = arguments.next().unwrap_or_default();
    let failure = match mode.to_str() {
        Some(GUARD) => {
            guard(arguments.next().map(PathBuf::from).as_deref());
            exit(0);
        }
        Some(PROGRAM) => wait_for_start().and_then(|()| run_program(arguments)),
        Some(LIBRARY) => wait_for_start().and_then(|()| run_library(arguments)),
        _ => Err(format!("unknown mode {}", mode.display())),
    };
    if let Err(reason) = failure {
        eprintln!("embedded-clickhouse: {reason}");
    }
    exit(1);
}

/// A server starts only once its guard knows it: until then the end of our parent ends us here.
fn wait_for_start() -> Result<(), String> {
    let mut byte = [0];
    io::stdin().lock().read_exact(&mut byte).map_err(|_| "the parent ended before the start".to_owned())
}

fn run_program(mut arguments: ArgsOs) -> Result<(), String> {
    let program = arguments.next().unwrap_or_default();
    let error = Command::new(&program).args(arguments).exec();
    Err(format!("could not run {}: {error}", program.display()))
}

/// Runs `chdb_query_cmdline`, the library's own `main`. Ends the process when that returns.
fn run_library(mut arguments: ArgsOs) -> Result<(), String> {
    let path = PathBuf::from(arguments.next().unwrap_or_default());
    let words = std::iter::once(OsString::from("clickhouse")).chain(arguments);
    let words: Result<Vec<CString>, _> = words.map(|word| CString::new(word.into_vec())).collect();
    let words = words.map_err(|error| error.to_string())?;
    // As for a C `main`: writable, ended by a null pointer that the count leaves out.
    let mut argv: Vec<*mut c_char> = words.into_iter().map(CString::into_raw).collect();
    let count = c_int::try_from(argv.len()).map_err(|error| error.to_string())?;
    argv.push(std::ptr::null_mut());
    exit(call_main(&path, count, &mut argv)?);
}

#[expect(unsafe_code, reason = "ClickHouse as a library is C")]
fn call_main(path: &Path, count: c_int, argv: &mut [*mut c_char]) -> Result<c_int, String> {
    let failed = |error: libloading::Error| format!("could not load {}: {error}", path.display());
    // SAFETY: the library's initialisers run here. It is the pinned file, or one that the user names, and this process
    // has one thread and exists to run it alone.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map_err(failed)?;
    // SAFETY: chdb.h declares `int chdb_query_cmdline(int argc, char ** argv)`, which is this type.
    let main =
        unsafe { library.get::<unsafe extern "C" fn(c_int, *mut *mut c_char) -> c_int>(b"chdb_query_cmdline\0") };
    let main = main.map_err(failed)?;
    // SAFETY: `argv` holds `count` writable strings that end in NUL, are never freed, and a null pointer after them;
    // `library` outlives the call.
    Ok(unsafe { main(count, argv.as_mut_ptr()) })
}

/// Waits until the parent is gone, whatever ended it, and then ends its server. The parent writes a line with the
/// server's process id when it starts one, and `0` when it has ended it itself.
fn guard(temporary_directory: Option<&Path>) {
    let mut server = None;
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        server = line.trim().parse().ok().filter(|id| *id > 0).map(Pid::from_raw);
    }
    if let Some(server) = server {
        // Nobody needs the data of a temporary server, so it need not end in order.
        end(server, if temporary_directory.is_some() { Duration::ZERO } else { STOP_TIMEOUT });
    }
    if let Some(directory) = temporary_directory {
        // There is nobody left to tell if this fails.
        let _ = std::fs::remove_dir_all(directory);
    }
}

/// Sends TERM, and KILL after `patience`; waits until the process is gone.
fn end(server: Pid, patience: Duration) {
    if !patience.is_zero() {
        let _ = kill(server, Signal::SIGTERM);
        wait_until_gone(server, patience);
    }
    let _ = kill(server, Signal::SIGKILL);
    wait_until_gone(server, STOP_TIMEOUT);
}

fn wait_until_gone(server: Pid, patience: Duration) {
    let deadline = Instant::now() + patience;
    while kill(server, None) != Err(Errno::ESRCH) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
}
