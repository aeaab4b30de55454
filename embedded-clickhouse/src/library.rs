//! The pinned library: where it is cached, how it is fetched and verified. `npm`, `tar` and `sha256sum` do the work, so
//! the user's npm configuration decides the registry and this crate needs neither an HTTP client nor a hash of its own.
//!
//! # Guarantees
//! - A library in the cache was verified: it is renamed into place as the last step, in one piece.
//! - Of two processes that need it at once, one fetches and the other waits for it, by a lock on a file.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;

/// A library that the source pins.
struct Pinned {
    package: &'static str,
    version: &'static str,
    tarball_sha256: &'static str,
    library_sha256: &'static str,
    library_bytes: u64,
}

/// To move to another version: `npm pack` it, then `sha256sum` the tarball and the libchdb.so inside.
/// Linux on arm64 has none: its package was not published for this version when this was written.
const LINUX_X86_64: Pinned = Pinned {
    package: "@chdb/lib-linux-x64-gnu",
    version: "26.7.3-stable.1",
    tarball_sha256: "c0d32b129e988f2b9a9a31c9141aecf5e1e2453f9a079efc4d36ab8e3f92b2ad",
    library_sha256: "36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5",
    library_bytes: 566_330_096,
};

const LIBRARY: &str = "libchdb.so";
const FETCHING: &str = ".fetching";

/// The path of the pinned library; fetches and verifies it if the cache lacks it.
pub fn fetch() -> Result<PathBuf, Error> {
    let pinned = pinned()?;
    let cache = cache_directory()?;
    let library = cached(pinned, &cache);
    if !is_whole(pinned, &library) {
        fetch_into(pinned, &cache)?;
    }
    Ok(library)
}

/// The path of the pinned library after its whole content was compared with the pinned checksum.
pub fn verify() -> Result<PathBuf, Error> {
    let library = fetch()?;
    compare(&library, pinned()?.library_sha256)?;
    Ok(library)
}

fn pinned() -> Result<&'static Pinned, Error> {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let glibc = cfg!(target_env = "gnu");
    if os == "linux" && arch == "x86_64" && glibc {
        Ok(&LINUX_X86_64)
    } else {
        Err(Error::UnsupportedPlatform { os, arch })
    }
}

fn cache_directory() -> Result<PathBuf, Error> {
    let read = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    read("SEGMENTATION_CACHE")
        .or_else(|| read("XDG_CACHE_HOME").map(|cache| cache.join("segmentation")))
        .or_else(|| read("HOME").map(|home| home.join(".cache/segmentation")))
        .ok_or(Error::NoCacheDirectory)
}

fn cached(pinned: &Pinned, cache: &Path) -> PathBuf {
    cache
        .join(format!("libchdb-{}-{}", pinned.version, pinned.library_sha256.get(..8).unwrap_or_default()))
        .join(LIBRARY)
}

fn is_whole(pinned: &Pinned, library: &Path) -> bool {
    fs::metadata(library).is_ok_and(|metadata| metadata.len() == pinned.library_bytes)
}

/// Holds the lock from the second look at the cache to the rename.
fn fetch_into(pinned: &Pinned, cache: &Path) -> Result<(), Error> {
    fs::create_dir_all(cache).map_err(Error::io(format!("make {}", cache.display())))?;
    let lock_path = cache.join("libchdb.lock");
    let lock = File::create(&lock_path).map_err(Error::io(format!("open {}", lock_path.display())))?;
    lock.lock().map_err(Error::io(format!("lock {}", lock_path.display())))?;
    let library = cached(pinned, cache);
    if is_whole(pinned, &library) {
        return Ok(());
    }
    let work = cache.join(FETCHING);
    remove(&work)?;
    fs::create_dir(&work).map_err(Error::io(format!("make {}", work.display())))?;
    let fetched = fetch_to_work(pinned, &work).and_then(|()| put_in_place(&work, &library));
    let removed = remove(&work);
    fetched.and(removed)
}

/// Leaves the verified library in `work`.
fn fetch_to_work(pinned: &Pinned, work: &Path) -> Result<(), Error> {
    let Pinned { package, version, .. } = pinned;
    eprintln!("fetching ClickHouse (npm package {package} {version}, 178 MB, once) ...");
    let mut npm = Command::new("npm");
    npm.arg("pack").arg(format!("{package}@{version}")).arg("--ignore-scripts").arg("--pack-destination").arg(work);
    run("npm", &mut npm)?;
    let tarball = only_tarball(work)?;
    compare(&tarball, pinned.tarball_sha256)?;
    eprintln!("unpacking ClickHouse (566 MB) ...");
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(&tarball).arg("-C").arg(work).arg("--strip-components=1").arg(format!("package/{LIBRARY}"));
    run("tar", &mut tar)?;
    fs::remove_file(&tarball).map_err(Error::io(format!("remove {}", tarball.display())))
}

fn only_tarball(work: &Path) -> Result<PathBuf, Error> {
    let entries = fs::read_dir(work).map_err(Error::io(format!("read {}", work.display())))?;
    entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .ok_or_else(|| Error::Fetch { program: "npm", reason: "it left no tarball".to_owned() })
}

/// Writes the library to the disk before its name, so that a machine that crashes leaves no hollow file behind.
fn put_in_place(work: &Path, library: &Path) -> Result<(), Error> {
    let unpacked = work.join(LIBRARY);
    File::open(&unpacked)
        .and_then(|file| file.sync_all())
        .map_err(Error::io(format!("write {}", unpacked.display())))?;
    if let Some(directory) = library.parent() {
        fs::create_dir_all(directory).map_err(Error::io(format!("make {}", directory.display())))?;
    }
    fs::rename(&unpacked, library).map_err(Error::io(format!("make {}", library.display())))
}

fn remove(directory: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(format!("remove {}", directory.display()))(error))
        }
        _ => Ok(()),
    }
}

fn compare(path: &Path, expected: &'static str) -> Result<(), Error> {
    let file = File::open(path).map_err(Error::io(format!("read {}", path.display())))?;
    let output = run("sha256sum", Command::new("sha256sum").stdin(file))?;
    let actual = output.split_whitespace().next().unwrap_or_default();
    if actual == expected {
        return Ok(());
    }
    Err(Error::Checksum { path: path.to_owned(), expected, actual: actual.to_owned() })
}

/// Runs a program to its end and gives what it printed.
fn run(program: &'static str, command: &mut Command) -> Result<String, Error> {
    let failed = |reason: String| Error::Fetch { program, reason };
    let output = command.stderr(Stdio::piped()).output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(failed(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_names_version_and_content() {
        let path = cached(&LINUX_X86_64, Path::new("/cache"));
        assert_eq!(path, Path::new("/cache/libchdb-26.7.3-stable.1-36ad4e99/libchdb.so"));
    }

    #[test]
    fn a_file_with_another_checksum_is_refused() {
        let error = compare(Path::new("/dev/null"), LINUX_X86_64.library_sha256).expect_err("an empty file");
        assert!(error.to_string().contains("/dev/null is not the pinned file"), "{error}");
    }
}
