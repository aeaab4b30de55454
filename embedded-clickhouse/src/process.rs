//! The parent side of the child program: the server process and the guard that watches over it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::child::{GUARD, LIBRARY, MARKER, PROGRAM, STOP_TIMEOUT};
use crate::engine::Engine;

/// A process that outlives us by moments: it ends the server and removes the temporary directory when our end of the
/// pipe closes, which the kernel does for us if we are killed.
#[derive(Debug)]
pub(crate) struct Guard {
    child: Child,
    input: Option<ChildStdin>,
}

impl Guard {
    /// The guard inherits the directory's lock as its standard output, which it does not use: so the lock is held until
    /// the server is gone, even if we are killed.
    pub(crate) fn start(program: &Path, lock: File, temporary_directory: Option<&Path>) -> io::Result<Self> {
        let mut command = child_command(program, GUARD);
        command.args(temporary_directory).stdout(lock).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let input = child.stdin.take();
        Ok(Self { child, input })
    }

    fn watch(&mut self, server: u32) -> io::Result<()> {
        self.input.as_mut().map_or(Ok(()), |input| writeln!(input, "{server}"))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.input.take());
        // An error means that the guard is gone already.
        let _ = self.child.wait();
    }
}

/// A server process, running or already ended.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts `engine` in `directory`; what it says goes to `log`.
    pub(crate) fn start(
        program: &Path,
        engine: &Engine,
        arguments: &[OsString],
        output: Output<'_>,
        guard: &mut Guard,
    ) -> io::Result<Self> {
        let mode = match engine {
            Engine::Program(_) => PROGRAM,
            Engine::Library(_) => LIBRARY,
        };
        let log = File::create(output.log)?;
        let mut command = child_command(program, mode);
        command.arg(engine.path()).args(arguments).current_dir(output.directory);
        command.stdout(log.try_clone()?).stderr(log);
        let mut process = Self { child: command.spawn()? };
        let started = guard.watch(process.id()).and_then(|()| process.release());
        if let Err(error) = started {
            process.kill(guard);
            return Err(error);
        }
        Ok(process)
    }

    /// Lets the child go on (see `child::wait_for_start`).
    fn release(&mut self) -> io::Result<()> {
        self.child.stdin.take().map_or(Ok(()), |mut input| input.write_all(b"\n"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the process ended; `None` while it runs.
    pub(crate) fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.exit_status().is_none()
    }

    /// SIGKILL; the process is gone and waited for afterwards.
    pub(crate) fn kill(&mut self, guard: &mut Guard) {
        // Errors mean that it has ended already, and a guard that is gone guards nothing.
        let _ = guard.watch(0);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// TERM, and SIGKILL to a process that does not end by it.
    pub(crate) fn stop(&mut self, guard: &mut Guard) {
        if let Ok(id) = i32::try_from(self.id())
            && self.is_running()
        {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        let deadline = Instant::now() + STOP_TIMEOUT;
        while self.is_running() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.kill(guard);
    }
}

/// Where a server process works and writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output<'a> {
    pub(crate) directory: &'a Path,
    pub(crate) log: &'a Path,
}

/// Children stand in a process group of their own: Ctrl-C is for us, and it is on us (or the guard) to end them.
/// A ClickHouse reads variables such as `CLICKHOUSE_USER`, which speak of the user's server and not of this one.
fn child_command(program: &Path, mode: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(MARKER).arg(mode).stdin(Stdio::piped()).process_group(0);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CLICKHOUSE_") {
            command.env_remove(name);
        }
    }
    // Else `clickhouse server` runs in a child of its own, which a signal to its parent may miss.
    command.env("CLICKHOUSE_WATCHDOG_ENABLE", "0");
    command
}
