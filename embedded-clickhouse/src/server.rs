//! [`Server`]: one ClickHouse, the user's own or one that we start, stop, kill and restart.

use std::fmt;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::config::{Layout, server_xml, users_xml};
use crate::engine::Engine;
use crate::error::Error;
use crate::external::{External, Variables};
use crate::options::Options;
use crate::ping;
use crate::ports::Ports;
use crate::process::{Guard, Output, Process};
use crate::program;
use crate::ready::{self, Expected};

/// How often we try other ports when a stranger took one between our look and the server's.
const PORT_RACES: u32 = 3;
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// A ClickHouse that answered when this value was made.
pub struct Server {
    url: String,
    user: String,
    password: String,
    own: Option<Own>,
}

/// Without the password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("url", &self.url).field("own", &self.own).finish_non_exhaustive()
    }
}

/// What we know of a server that we started.
#[derive(Debug)]
struct Own {
    engine: Engine,
    program: PathBuf,
    options: Options,
    directory: PathBuf,
    ports: Ports,
    process: Option<Process>,
    guard: Guard,
    temporary: bool,
}

impl Server {
    /// Gives the server of `CLICKHOUSE_URL` or starts one (see the crate's documentation), and waits until it answers.
    /// This blocks for some 0.2 s, or for a minute where the library must be fetched first.
    pub fn start(options: Options) -> Result<Self, Error> {
        if !options.ignore_url
            && let Some(external) = External::parse(&Variables::from_environment())?
        {
            return Self::connect(external);
        }
        let mut own = Own::prepare(options)?;
        own.launch()?;
        Ok(Self { url: own.url(), user: "default".to_owned(), password: String::new(), own: Some(own) })
    }

    fn connect(external: External) -> Result<Self, Error> {
        let External { url, address, user, password } = external;
        if let Some(address) = address {
            let silent = |reason: String| Error::ExternalSilent { url: url.clone(), reason };
            let answer = ping::get(&address, "/ping").map_err(|error| silent(error.to_string()))?;
            if !ping::is_ok(&answer) {
                return Err(silent(answer.lines().next().unwrap_or("an empty answer").to_owned()));
            }
        }
        Ok(Self { url, user, password, own: None })
    }

    /// `http://host:port`, without user, password or path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The user to log in as: `default` unless `CLICKHOUSE_URL` or `CLICKHOUSE_USER` names another.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The user's password; empty for a server that we started.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Whether this is the server of `CLICKHOUSE_URL`. Two such [`Server`]s are one and the same server.
    pub fn is_external(&self) -> bool {
        self.own.is_none()
    }

    /// The HTTP port; `None` for an external server.
    pub fn http_port(&self) -> Option<u16> {
        self.own.as_ref().map(|own| own.ports.http)
    }

    /// The port of the native protocol; `None` for an external server.
    pub fn tcp_port(&self) -> Option<u16> {
        self.own.as_ref().map(|own| own.ports.tcp)
    }

    /// The process id; `None` for an external server and one that was stopped or killed.
    pub fn pid(&self) -> Option<u32> {
        self.own.as_ref()?.process.as_ref().map(Process::id)
    }

    /// The directory with data, configuration and log; `None` for an external server.
    pub fn directory(&self) -> Option<&Path> {
        self.own.as_ref().map(|own| own.directory.as_path())
    }

    /// Whether the process runs; always true for an external server.
    pub fn is_running(&mut self) -> bool {
        self.own.as_mut().is_none_or(|own| own.process.as_mut().is_some_and(Process::is_running))
    }

    /// Kills the process (SIGKILL), as a power cut would, and waits until it is gone. [`Server::restart`] brings it
    /// back. Refused for an external server.
    pub fn kill(&mut self) -> Result<(), Error> {
        let own = self.own.as_mut().ok_or(Error::External { action: "kill" })?;
        if let Some(mut process) = own.process.take() {
            process.kill(&mut own.guard);
        }
        Ok(())
    }

    /// Ends the process (TERM) and waits until it is gone. An external server is left alone.
    pub fn stop(&mut self) {
        if let Some(own) = self.own.as_mut()
            && let Some(mut process) = own.process.take()
        {
            process.stop(&mut own.guard);
        }
    }

    /// Starts the server again, on the same data and ports; a running one is stopped first. Refused for an external
    /// server.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.stop();
        self.own.as_mut().ok_or(Error::External { action: "restart" })?.relaunch()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(own) = self.own.as_mut()
            && let Some(mut process) = own.process.take()
        {
            // Nobody needs the data of a temporary server, so it need not end in order. Its guard removes them.
            if own.temporary { process.kill(&mut own.guard) } else { process.stop(&mut own.guard) }
        }
    }
}

impl Own {
    /// All that precedes the process, with the guard as the first: it is there before anything is that needs it.
    fn prepare(options: Options) -> Result<Self, Error> {
        let engine = Engine::find()?;
        let program = program::find()?;
        let temporary = options.directory.is_none();
        let directory = match &options.directory {
            Some(directory) => named_directory(directory)?,
            None => temporary_directory()?,
        };
        let lock = lock(&directory)?;
        let guard = Guard::start(&program, lock, temporary.then_some(directory.as_path()))
            .map_err(Error::io(format!("run {}", program.display())))?;
        let ports = Ports { http: 0, tcp: 0 };
        Ok(Self { engine, program, options, directory, ports, process: None, guard, temporary })
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.http)
    }

    fn launch(&mut self) -> Result<(), Error> {
        let mut races = 0;
        loop {
            self.ports = Ports::choose(&self.options, &self.layout().ports())?;
            match self.run() {
                Err(Error::EndedEarly { log, .. }) if races < PORT_RACES && log.contains("Address already in use") => {
                    races += 1;
                }
                outcome => return outcome.and_then(|()| self.ports.remember(&self.layout().ports())),
            }
        }
    }

    /// As `launch`, on the very ports that it chose.
    fn relaunch(&mut self) -> Result<(), Error> {
        let Ports { http, tcp } = self.ports;
        let options = Options { http_port: Some(http), tcp_port: Some(tcp), ..self.options.clone() };
        Ports::choose(&options, &self.layout().ports())?;
        self.run()
    }

    fn layout(&self) -> Layout<'_> {
        Layout { directory: &self.directory }
    }

    fn run(&mut self) -> Result<(), Error> {
        let layout = Layout { directory: &self.directory };
        let write = |path: PathBuf, text: String| {
            fs::write(&path, text).map_err(Error::io(format!("write {}", path.display())))
        };
        write(layout.config(), server_xml(&self.options, &layout, self.ports))?;
        write(layout.users(), users_xml(&self.options))?;
        let arguments = self.engine.arguments(&layout);
        let log = layout.log();
        let output = Output { directory: &self.directory, log: &log };
        let process = Process::start(&self.program, &self.engine, &arguments, output, &mut self.guard)
            .map_err(Error::io(format!("run {}", self.program.display())))?;
        let process = self.process.insert(process);
        let (http_port, timeout) = (self.ports.http, self.options.start_timeout);
        let outcome = ready::wait(process, Expected { engine: &self.engine, layout, http_port, timeout });
        if outcome.is_err() {
            process.kill(&mut self.guard);
            self.process = None;
        }
        outcome
    }
}

fn named_directory(directory: &Path) -> Result<PathBuf, Error> {
    fs::create_dir_all(directory).map_err(Error::io(format!("make {}", directory.display())))?;
    let absolute = directory.canonicalize().map_err(Error::io(format!("find {}", directory.display())))?;
    if absolute.to_str().is_some() {
        return Ok(absolute);
    }
    // Its name stands in the configuration file and in the server's answers.
    let source = io::Error::new(io::ErrorKind::InvalidFilename, "the name is not UTF-8");
    Err(Error::Io { action: format!("use {}", absolute.display()), source })
}

/// Waits a moment, for a server whose parent was killed needs one to end.
fn lock(directory: &Path) -> Result<File, Error> {
    let path = Layout { directory }.lock();
    let file = File::create(&path).map_err(Error::io(format!("open {}", path.display())))?;
    let deadline = Instant::now() + LOCK_TIMEOUT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            Err(TryLockError::WouldBlock) => return Err(Error::DirectoryInUse { directory: directory.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(Error::io(format!("lock {}", path.display()))(source)),
        }
    }
}

/// A new directory that only we may read, under a name that nobody can take first on purpose.
fn temporary_directory() -> Result<PathBuf, Error> {
    let name = format!("clickhouse-{}-{:016x}", std::process::id(), RandomState::new().hash_one(0));
    let directory = std::env::temp_dir().join(name);
    DirBuilder::new().mode(0o700).create(&directory).map_err(Error::io(format!("make {}", directory.display())))?;
    named_directory(&directory)
}
