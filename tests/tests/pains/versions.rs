//! Runs that end in another order than they were begun.

use super::{AS_OF, DAY, agrees, color, colors, of, yaml};
use anyhow::{Context, Result, ensure};
use segment_tests::server::{self, Server};
use segment_tests::store::{Store, whole};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

/// How many evaluations of a run had this outcome.
fn count(store: &Store, run: &str, outcome: &str) -> Result<u64> {
    let query = format!(
        "SELECT count() AS n FROM evaluations FINAL WHERE run = '{run}' AND outcome = '{outcome}' \
         AND batch IN (SELECT batch FROM commits)"
    );
    store.rows(&query)?.iter().map(|row| whole(row, "n")).sum()
}

#[test]
fn a_run_of_an_older_version_that_comes_later_is_superseded() -> Result<()> {
    let server = Server::start()?;
    let store = Store::new(&[&server], AS_OF)?;
    store.load(&colors(6), &[])?;
    let blue = [color("chosen", "blue")?];
    let older = store.publish(&yaml(&[color("chosen", "red")?]), &[])?.stdout;
    let newer = store.publish(&yaml(&blue), &[])?.stdout;
    for run in [&newer, &older] {
        let done = store.manual(run.trim())?;
        ensure!(done.code == Some(0), "{done:?}");
        assert_eq!(of(&store, &blue, "chosen")?, ["p1", "p3", "p5"]);
    }
    assert_eq!((count(&store, newer.trim(), "committed")?, count(&store, newer.trim(), "superseded")?), (1, 0));
    assert_eq!((count(&store, older.trim(), "committed")?, count(&store, older.trim(), "superseded")?), (0, 1));
    Ok(())
}

#[test]
fn of_runs_side_by_side_the_newest_version_stays() -> Result<()> {
    let server = Server::start()?;
    let store = Store::new(&[&server, &server], AS_OF)?;
    let files = colors(40);
    store.load(&files, &["--profiles-per-bucket", "2"])?;
    for _ in 0..3 {
        let mut runs = Vec::new();
        for value in ["red", "green", "blue"] {
            let documents = [color("chosen", value)?, color("other", value)?];
            runs.push(store.publish(&yaml(&documents), &["--all"])?.stdout);
        }
        let ended: Vec<Result<_>> = thread::scope(|scope| {
            let store = &store;
            let begun: Vec<_> = runs.iter().map(|run| scope.spawn(move || store.manual(run.trim()))).collect();
            begun.into_iter().map(|run| run.join().map_err(|_| anyhow::anyhow!("a run"))?).collect()
        });
        for ended in ended {
            let ended = ended?;
            ensure!(ended.code == Some(0), "{ended:?}");
        }
        agrees(&store, &[color("chosen", "blue")?, color("other", "blue")?], &files)?;
    }
    Ok(())
}

fn signal(job: &Child, name: &str) -> Result<()> {
    let status = Command::new("kill").args([format!("-{name}"), job.id().to_string()]).status()?;
    ensure!(status.success(), "kill");
    Ok(())
}

/// A run whose process is suspended while the server writes its results.
fn suspended(store: &Store, run: &str) -> Result<Child> {
    let (url, database) = &store.shards[0];
    let ask = |statement: &str| server::ask(url, database, statement);
    ask("ALTER TABLE run_results ADD CONSTRAINT slow CHECK sleepEachRow(1) = 0")?;
    let mut job = store.spawn(&["manual"], &["--run", run])?;
    let under_way = format!(
        "SELECT count() FROM system.processes WHERE startsWith(query_id, '{database}/run/{run}/') AND query LIKE '%INSERT INTO run_results%'"
    );
    while ask(&under_way)?.trim() == "0" {
        ensure!(job.try_wait()?.is_none(), "the run was over before it was suspended");
        thread::sleep(Duration::from_millis(2));
    }
    signal(&job, "STOP")?;
    ask("ALTER TABLE run_results DROP CONSTRAINT slow")?;
    Ok(job)
}

fn resume(job: Child) -> Result<()> {
    signal(&job, "CONT")?;
    let output = job.wait_with_output()?;
    ensure!(output.status.success(), "{output:?}");
    Ok(())
}

#[test]
fn a_result_for_an_earlier_instant_that_comes_later_is_superseded() -> Result<()> {
    let server = Server::start()?;
    let mut store = Store::new(&[&server], AS_OF)?;
    let (files, documents) = (colors(6), [color("chosen", "red")?]);
    store.load(&files, &[])?;
    let earlier = store.publish(&yaml(&documents), &["--all"])?.stdout;
    let job = suspended(&store, earlier.trim())?;
    store.as_of += DAY;
    let later = store.evaluate(&yaml(&documents), &["--all"])?.context("a run")?;
    resume(job)?;
    assert_eq!((count(&store, &later, "committed")?, count(&store, earlier.trim(), "superseded")?), (1, 1));
    let as_of =
        store.rows("SELECT toUnixTimestamp64Milli(as_of) AS ms FROM live_definitions FINAL WHERE segment != 0")?;
    assert_eq!(whole(&as_of[0], "ms")?, u64::try_from(AS_OF + DAY)?);
    agrees(&store, &documents, &files)
}

#[test]
fn an_evaluation_whose_summaries_a_load_takes_back_is_done_again() -> Result<()> {
    let server = Server::start()?;
    let store = Store::new(&[&server], AS_OF)?;
    let documents = [color("chosen", "red")?];
    store.load(&colors(40), &["--summarise-from", "0"])?;
    let run = store.publish(&yaml(&documents), &[])?.stdout;
    let job = suspended(&store, run.trim())?;
    let swapped = colors(40).profiles.replace("red", "new").replace("blue", "red");
    let files = segment_tests::world::Files { profiles: swapped, ..colors(0) };
    store.load(&files, &["--summarise-from", "0"])?;
    resume(job)?;
    agrees(&store, &documents, &files)
}
