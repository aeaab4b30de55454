//! Finds the child program: the executable that becomes the server process and its guard.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::engine::absolute;
use crate::error::Error;

const BINARY: &str = "embedded-clickhouse";

/// Whether `main` of this executable begins with `run_if_child`.
static REGISTERED: AtomicBool = AtomicBool::new(false);

pub(crate) fn register() {
    REGISTERED.store(true, Ordering::Relaxed);
}

/// This executable if it registered, else the binary of this crate: named, found nearby, or built by Cargo.
pub(crate) fn find() -> Result<PathBuf, Error> {
    let own = env::current_exe().map_err(Error::io("find the current executable"))?;
    if REGISTERED.load(Ordering::Relaxed) {
        return Ok(own);
    }
    if let Some(named) = env::var_os("EMBEDDED_CLICKHOUSE_BIN").filter(|path| !path.is_empty()) {
        return absolute(Path::new(&named));
    }
    nearby(&own).or_else(|| build(&own)).ok_or(Error::NoChildProgram)
}

/// Test binaries lie in target/debug/deps, other binaries in target/debug.
fn nearby(own: &Path) -> Option<PathBuf> {
    own.ancestors().skip(1).take(2).map(|directory| directory.join(BINARY)).find(|path| path.is_file())
}

/// `cargo test -p other-crate` builds this crate's library but not its binary. Cargo tells its path to what it runs,
/// and holds no lock while tests run, so we can ask it for the binary.
fn build(own: &Path) -> Option<PathBuf> {
    let cargo = env::var_os("CARGO")?;
    let deps = own.parent().filter(|parent| parent.ends_with("deps"))?;
    let profile_directory = deps.parent()?;
    let profile = match profile_directory.file_name()?.to_str()? {
        "debug" => "dev",
        other => other,
    };
    eprintln!("building {BINARY} ...");
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--package", BINARY, "--bin", BINARY, "--profile", profile, "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(profile_directory.parent()?)
        .stdin(Stdio::null())
        .status();
    let binary = profile_directory.join(BINARY);
    (status.is_ok_and(|status| status.success()) && binary.is_file()).then_some(binary)
}
