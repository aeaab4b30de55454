//! The real program as a black box: `segmentctl eval` over files, by its stable contract alone.

use crate::json::Json;
use crate::oracle::Member;
use crate::world::{Batch, Files, Found};
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Where the program is.
#[derive(Clone, Debug)]
pub struct Segmentctl {
    path: PathBuf,
}

/// What a call gave.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Segmentctl {
    /// The program named by `SEGMENTCTL`, else the one that was built beside the tests.
    pub fn find() -> Result<Self> {
        Ok(Self { path: program("SEGMENTCTL", "segmentctl")? })
    }

    /// One call.
    pub fn eval(&self, files: &Files, as_of: i64) -> Result<Outcome> {
        let folder = tempfile::tempdir()?;
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).map(|()| path)
        };
        let output = Command::new(&self.path)
            .arg("eval")
            .arg("--profiles")
            .arg(write("profiles.ndjson", &files.profiles)?)
            .arg("--events")
            .arg(write("events.ndjson", &files.events)?)
            .arg("--as-of")
            .arg(jiff::Timestamp::from_millisecond(as_of)?.to_string())
            .args(["-o", "ndjson"])
            .arg(write("segments.yaml", &files.segments)?)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("{} does not run", self.path.display()))?;
        Ok(Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).context("the output is no UTF-8")?,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// The members of a batch, all of whose Segments and lines are good.
    pub fn members(&self, batch: &Batch) -> Result<BTreeSet<Found>> {
        let outcome = self.eval(&batch.render(), batch.as_of)?;
        ensure!(outcome.code == Some(0), "exit code {:?}: {}", outcome.code, outcome.stderr);
        let members = parse(&outcome.stdout, &batch.documents())?;
        members
            .iter()
            .map(|member| Batch::find(member).with_context(|| format!("no such segment: {member:?}")))
            .collect()
    }
}

/// The program that the variable names, else the one of that name that was built beside the tests.
pub fn program(variable: &str, name: &str) -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")), PathBuf::from);
    let path = std::env::var_os(variable).map_or_else(|| target.join("debug").join(name), PathBuf::from);
    // Packages are named like their programs.
    ensure!(path.is_file(), "{} is missing: cargo build --package {name}, or name one by {variable}", path.display());
    Ok(path)
}

/// Reads the lines, and checks that they are sorted and that none comes twice.
pub fn parse(stdout: &str, documents: &[Json]) -> Result<Vec<Member>> {
    let field = |json: &Json, path: [&str; 2]| Some(json.get(path[0])?.get(path[1])?.as_text()?.to_owned());
    // Namespace and name to account.
    let segments: BTreeMap<(String, String), String> = documents
        .iter()
        .filter_map(|document| {
            let namespace = field(document, ["metadata", "namespace"]).unwrap_or_else(|| "default".to_owned());
            Some(((namespace, field(document, ["metadata", "name"])?), field(document, ["spec", "account"])?))
        })
        .collect();
    let namespaces: BTreeSet<&String> = segments.keys().map(|key| &key.0).collect();
    let (mut members, mut last) = (Vec::new(), None);
    for line in stdout.lines() {
        let json = Json::parse(line).map_err(anyhow::Error::msg).with_context(|| line.to_owned())?;
        let text = |key: &str| json.get(key).and_then(Json::as_text).map(str::to_owned);
        let (name, profile) = (text("segment").context("no segment")?, text("profile").context("no profile")?);
        let namespace = text("namespace");
        ensure!(
            namespace.is_some() == (namespaces.len() > 1),
            "a namespace stands where there are more than one: {line}"
        );
        let namespace = namespace.or_else(|| namespaces.first().map(|only| (*only).clone())).unwrap_or_default();
        let place = Some((name.clone(), profile.clone(), namespace.clone()));
        // Which of two segments of one name in two namespaces is first is left open.
        ensure!(last < place, "not sorted, or twice: {line}");
        let key = (namespace, name);
        let account = segments.get(&key).with_context(|| format!("no such segment: {line}"))?.clone();
        members.push(Member { segment: format!("{}/{}", key.0, key.1), account, profile });
        last = place;
    }
    Ok(members)
}
