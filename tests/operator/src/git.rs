//! A Git repository with Segments, that Argo CD reads.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

/// A clone that pushes to `GIT_URL`, or to a bare repository of this machine.
#[derive(Debug)]
pub struct Repository {
    folder: TempDir,
    url: String,
    /// The folder of the Segments in it, so that tests can share a repository.
    path: String,
}

impl Repository {
    /// Makes one, with nothing in it.
    pub fn new(path: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let bare = folder.path().join("bare.git");
        let url = if let Ok(url) = std::env::var("GIT_URL") {
            url
        } else {
            git(folder.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "bare.git"])?;
            format!("file://{}", bare.display())
        };
        git(folder.path(), &["clone", "--quiet", &url, "work"])?;
        let repository = Self { folder, url, path: path.to_owned() };
        let work = repository.work();
        git(&work, &["checkout", "--quiet", "-B", "main"])?;
        git(&work, &["config", "user.email", "tests@example.com"])?;
        git(&work, &["config", "user.name", "tests"])?;
        std::fs::create_dir_all(work.join(path))?;
        Ok(repository)
    }

    /// Where Argo CD finds it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of the Segments.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Commits an object, or its removal, and gives the revision.
    pub fn commit(&self, name: &str, object: Option<&Value>) -> Result<String> {
        let work = self.work();
        let file = work.join(&self.path).join(format!("{name}.yaml"));
        match object {
            Some(object) => std::fs::write(file, serde_json::to_vec_pretty(object)?)?,
            None => std::fs::remove_file(file)?,
        }
        git(&work, &["add", "--all"])?;
        git(&work, &["commit", "--quiet", "--message", name])?;
        git(&work, &["push", "--quiet", "origin", "main"])?;
        self.revision()
    }

    /// The newest revision.
    pub fn revision(&self) -> Result<String> {
        git(&self.work(), &["rev-parse", "main"])
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().context("git")?;
    ensure!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
