//! A store as a black box: databases as shards, `segment-jobs` over files, and what the view `members` says.

use crate::evaluator::{Outcome, program};
use crate::json::Json;
use crate::oracle::{Member, sip_hash};
use crate::server::{self, Server};
use crate::world::{Batch, Files, Found, World};
use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// A store; its clock stands at an instant.
#[derive(Debug)]
pub struct Store {
    program: PathBuf,
    /// Addresses and databases of the shards 0, 1, ..
    pub shards: Vec<(String, String)>,
    /// Milliseconds since 1970.
    pub as_of: i64,
    folder: TempDir,
}

/// How a batch is spread over a store, and how it comes there.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Number of shards.
    pub shards: usize,
    /// Of a bucket.
    pub profiles: usize,
    /// For each load, whether it makes summaries of months; before the last one all is evaluated once.
    pub loads: &'static [bool],
}

static STORES: AtomicUsize = AtomicUsize::new(0);

impl Store {
    /// Makes a store with a shard on each of the servers.
    pub fn new(servers: &[&Server], as_of: i64) -> Result<Self> {
        let program = program("SEGMENT_JOBS", "segment-jobs")?;
        let number = STORES.fetch_add(1, Ordering::Relaxed);
        let shards = servers.iter().enumerate();
        let shards =
            shards.map(|(shard, server)| (server.url().to_owned(), format!("store{number}_{shard}"))).collect();
        let store = Self { program, shards, as_of, folder: tempfile::tempdir()? };
        store.done(&["schema", "apply"], &[])?;
        Ok(store)
    }

    /// Calls `segment-jobs` with a mode, the store, and the rest of its arguments.
    pub fn call(&self, mode: &[&str], arguments: &[&str]) -> Result<Outcome> {
        let output = self.spawn(mode, arguments)?.wait_with_output()?;
        Ok(Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).context("the output is no UTF-8")?,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Begins a call.
    pub fn spawn(&self, mode: &[&str], arguments: &[&str]) -> Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(mode);
        for (shard, (url, database)) in self.shards.iter().enumerate() {
            command.arg("--shard").arg(format!("{shard}={url}/{database}"));
        }
        let clock = jiff::Timestamp::from_millisecond(self.as_of)?.to_string();
        command.args(["--clock", &clock]).args(arguments).stdin(Stdio::null());
        Ok(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
    }

    fn done(&self, mode: &[&str], arguments: &[&str]) -> Result<Outcome> {
        let outcome = self.call(mode, arguments)?;
        ensure!(outcome.code == Some(0), "{mode:?}: exit code {:?}: {}", outcome.code, outcome.stderr);
        Ok(outcome)
    }

    /// Loads profiles and events.
    pub fn load(&self, files: &Files, arguments: &[&str]) -> Result<()> {
        let (profiles, events) = (self.file("profiles", &files.profiles)?, self.file("events", &files.events)?);
        self.done(&["load"], &[&["--profiles", &profiles, "--events", &events], arguments].concat()).map(drop)
    }

    /// Publishes Segments.
    pub fn publish(&self, segments: &str, arguments: &[&str]) -> Result<Outcome> {
        let segments = self.file("segments.yaml", segments)?;
        self.call(&["publish"], &[arguments, &[&segments]].concat())
    }

    /// Works through a run.
    pub fn manual(&self, run: &str) -> Result<Outcome> {
        self.call(&["manual"], &["--run", run])
    }

    /// Publishes Segments, all of which have to be good, and evaluates what is due; gives the run, if there was one.
    pub fn evaluate(&self, segments: &str, arguments: &[&str]) -> Result<Option<String>> {
        let published = self.publish(segments, arguments)?;
        ensure!(published.code == Some(0), "publish: exit code {:?}: {}", published.code, published.stderr);
        let run = published.stdout.trim();
        if run.is_empty() {
            return Ok(None);
        }
        self.done(&["manual"], &["--run", run])?;
        Ok(Some(run.to_owned()))
    }

    fn file(&self, name: &str, text: &str) -> Result<String> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text)?;
        path.to_str().map(str::to_owned).context("a path")
    }

    /// The rows of a query on all shards that answer.
    pub fn rows(&self, query: &str) -> Result<Vec<Json>> {
        let mut all = Vec::new();
        for (url, database) in &self.shards {
            all.extend(server::rows(url, database, query)?);
        }
        Ok(all)
    }

    /// What the views say; hashes become names by the documents, which have to name every segment that has members.
    pub fn members(&self, documents: &[Json]) -> Result<BTreeSet<Member>> {
        let names = names(documents);
        let mut members = BTreeSet::new();
        for row in self.rows("SELECT account, segment, profile FROM members")? {
            let (account, segment) = names
                .get(&(whole(&row, "account")?, whole(&row, "segment")?))
                .with_context(|| row.to_string())?
                .clone();
            let profile = row.get("profile").and_then(Json::as_text).context("a profile")?.to_owned();
            ensure!(members.insert(Member { segment, account, profile }), "twice: {row}");
        }
        Ok(members)
    }

    /// The members of a batch.
    pub fn found(&self, batch: &Batch) -> Result<BTreeSet<Found>> {
        let members = self.members(&batch.documents())?;
        let find = |member| Batch::find(member).with_context(|| format!("no such segment: {member:?}"));
        members.iter().map(find).collect()
    }

    /// Runs statements that a fault in the store would be; `{database}` is that of the shard. On every shard.
    pub fn tamper(&self, statements: &[String]) -> Result<()> {
        for (url, database) in &self.shards {
            for statement in statements {
                server::ask(url, database, &statement.replace("{database}", database))?;
            }
        }
        Ok(())
    }

    /// Ends the store.
    pub fn drop_databases(&self) -> Result<()> {
        for (url, database) in &self.shards {
            server::ask(url, "default", &format!("DROP DATABASE {database} SYNC"))?;
        }
        Ok(())
    }
}

/// A whole number of a row.
pub fn whole(row: &Json, key: &str) -> Result<u64> {
    match row.get(key) {
        Some(Json::Text(digits) | Json::Number(digits)) => Ok(digits.parse()?),
        _ => bail!("no {key} in {row}"),
    }
}

/// Hashes of account and segment to their names.
fn names(documents: &[Json]) -> BTreeMap<(u64, u64), (String, String)> {
    let text = |document: &Json, part: &str, key: &str| {
        document.get(part).and_then(|part| part.get(key)?.as_text().map(str::to_owned))
    };
    documents
        .iter()
        .filter_map(|document| {
            let account = text(document, "spec", "account")?;
            let namespace = text(document, "metadata", "namespace").unwrap_or_else(|| "default".to_owned());
            let segment = format!("{namespace}/{}", text(document, "metadata", "name")?);
            Some(((sip_hash(account.as_bytes()), sip_hash(segment.as_bytes())), (account, segment)))
        })
        .collect()
}

impl Shape {
    /// Loads a batch into a new store of this shape and evaluates it.
    pub fn fill(self, server: &Server, batch: &Batch) -> Result<Store> {
        let batch = &resumed(batch);
        let store = Store::new(&vec![server; self.shards], batch.as_of)?;
        let segments = batch.render().segments;
        let profiles = self.profiles.to_string();
        for (index, summarised) in self.loads.iter().enumerate() {
            let part = part(batch, index, self.loads.len());
            let summarise_from = if *summarised { "0" } else { "100000" };
            let options = ["--profiles-per-bucket", &profiles, "--summarise-from", summarise_from];
            store.load(&part.render(), &options)?;
            store.evaluate(&segments, &[])?;
        }
        Ok(store)
    }

    /// The members of a batch, all of whose Segments and lines are good.
    pub fn members(self, server: &Server, batch: &Batch) -> Result<BTreeSet<Found>> {
        let store = self.fill(server, batch)?;
        let found = store.found(batch)?;
        store.drop_databases()?;
        Ok(found)
    }
}

/// The batch with no Segment suspended: the oracle does not ask whether one is.
pub fn resumed(batch: &Batch) -> Batch {
    let mut batch = batch.clone();
    for (_, spec) in batch.worlds.iter_mut().flat_map(|world| &mut world.segments) {
        *spec = Json::Object(spec.fields().iter().filter(|field| field.0 != "suspend").cloned().collect());
    }
    batch
}

/// The lines of a batch in parts, in their order: a later line replaces an earlier one.
fn part(batch: &Batch, index: usize, count: usize) -> Batch {
    let cut = |lines: &[Json]| lines[lines.len() * index / count..lines.len() * (index + 1) / count].to_vec();
    let worlds = batch.worlds.iter().map(|world| World {
        segments: world.segments.clone(),
        profiles: cut(&world.profiles),
        events: cut(&world.events),
    });
    Batch { as_of: batch.as_of, worlds: worlds.collect() }
}
