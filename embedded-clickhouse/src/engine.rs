//! Which ClickHouse runs: a `clickhouse` on PATH or the library, and with which arguments.

use std::env;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::config::Layout;
use crate::error::Error;
use crate::library;

/// What keeps the library alive: it ends with its last statement, and this one has no end. The settings shield it from
/// limits in the profile; one row each three seconds costs no measurable CPU.
const KEEP_ALIVE: &str = "SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; \
    SELECT sleepEachRow(3) FROM system.numbers SETTINGS max_threads = 1, max_block_size = 1, max_execution_time = 0, \
    max_rows_to_read = 0, log_queries = 0, log_comment = 'keep-alive', \
    function_sleep_max_microseconds_per_block = 1000000000000 FORMAT Null";

/// A ClickHouse that we can start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// The multi-tool binary `clickhouse`.
    Program(PathBuf),
    /// `libchdb.so`.
    Library(PathBuf),
}

impl Engine {
    /// Fetches the library if nothing else is there.
    pub(crate) fn find() -> Result<Self, Error> {
        if let Some(library) = env::var_os("EMBEDDED_CLICKHOUSE_LIBRARY").filter(|path| !path.is_empty()) {
            return absolute(Path::new(&library)).map(Self::Library);
        }
        match on_path("clickhouse") {
            Some(program) => absolute(&program).map(Self::Program),
            None => library::fetch().map(Self::Library),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Program(path) | Self::Library(path) => path,
        }
    }

    /// The arguments after the program's or library's own name. Path, ports and users stand in the configuration file.
    pub(crate) fn arguments(&self, layout: &Layout<'_>) -> Vec<OsString> {
        let mut config = OsString::from("--config-file=");
        config.push(layout.config());
        match self {
            // Without a terminal it would log nothing, not even why it ends.
            Self::Program(_) => {
                vec!["server".into(), config, "--".into(), "--logger.console=1".into(), "--logger.level=warning".into()]
            }
            // A server refuses a query without SELECT; the library would allow it.
            Self::Library(_) => vec![config, "--implicit_select=0".into(), "--query".into(), KEEP_ALIVE.into()],
        }
    }
}

/// The server process works in its own directory, where a relative path would mean something else.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(Error::io(format!("find {}", path.display())))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let is_executable =
        |path: &PathBuf| path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    env::split_paths(&env::var_os("PATH")?).map(|directory| directory.join(name)).find(is_executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_library_needs_a_statement_to_stay() {
        let layout = Layout { directory: Path::new("/d") };
        let program = Engine::Program("/bin/clickhouse".into()).arguments(&layout);
        assert_eq!(program[..3], ["server", "--config-file=/d/config.xml", "--"]);
        let library = Engine::Library("/libchdb.so".into()).arguments(&layout);
        assert_eq!(library.last().and_then(|last| last.to_str()), Some(KEEP_ALIVE));
    }

    #[test]
    fn finds_executables_only() {
        assert!(on_path("sh").is_some());
        assert_eq!(on_path("no-such-program"), None);
    }
}
