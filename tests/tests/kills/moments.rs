//! Jobs that are killed, or only suspended, at a moment that chance seldom finds.

use std::{
    process::{Child, Command},
    thread,
    time::Duration,
};

use super::{
    SHARED, compare, end, new_store, run,
    store::{STEPS, Store},
};

/// The second load.
const LOAD: usize = 4;
/// The last step: the second evaluation.
const LAST: usize = STEPS.len() - 1;
/// What the statements of commits write, in their order, and how many slices have been committed before the one that is
/// suspended there. Each is suspended in the last slice that can tell.
const WRITTEN: [(&str, u32); 3] = [("evaluations", 0), ("membership_changes", 0), ("membership", 2)];

/// Waits until the answer is not 0; false if that does not happen while the job runs.
fn seen(store: &Store<'_>, job: &mut Child, query: &str) -> bool {
    while job.try_wait().unwrap().is_none() {
        if store.sql(query).trim() != "0" {
            return true;
        }
        thread::sleep(Duration::from_millis(2));
    }
    false
}

#[test]
fn a_load_that_was_killed_in_its_commits_leaves_nothing_when_it_is_run_again() {
    let mut store = new_store(SHARED.server.url(), "killed_committing".to_owned());
    (0..LOAD).for_each(|step| run(&mut store, step));
    let mut job = store.spawn(LOAD);
    let staged =
        "SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = 'run_roots' AND active";
    assert!(seen(&store, &mut job, staged), "{}", STEPS[LOAD]);
    job.kill().unwrap();
    job.wait().unwrap();
    assert_ne!(store.sql(staged).trim(), "0", "the load was killed too late");
    store.run_again(LOAD);
    compare(&store, LOAD);
    end(&store);
}

/// A store in whose second evaluation a process is suspended while the server writes into the table for it.
fn suspended((table, committed): (&str, u32)) -> (Store<'static>, Child) {
    let mut store = new_store(SHARED.server.url(), format!("suspended_in_{table}"));
    (0..LAST).for_each(|step| run(&mut store, step));
    // Slow enough to be met, and over before the fence is.
    store.sql(&format!("ALTER TABLE {table} ADD CONSTRAINT slow CHECK sleepEachRow(0.02) = 0"));
    let mut job = store.spawn(LAST);
    let under_way = format!(
        "SELECT count() FROM system.processes WHERE startsWith(query_id, '{}/commit/') AND query LIKE '%INSERT INTO {table} %' \
         AND (SELECT count() FROM commits WHERE run = '{}') = {committed}",
        store.database, store.runs[1]
    );
    assert!(seen(&store, &mut job, &under_way), "{table}");
    signal(&job, "STOP");
    store.sql(&format!("ALTER TABLE {table} DROP CONSTRAINT slow"));
    (store, job)
}

fn signal(job: &Child, name: &str) {
    assert!(Command::new("kill").args([format!("-{name}"), job.id().to_string()]).status().unwrap().success());
}

/// Another attempt overtakes the one that is suspended; then that one goes on.
fn overtake(written: (&str, u32)) {
    let (mut store, job) = suspended(written);
    store.run_again(LAST);
    signal(&job, "CONT");
    let output = job.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let was_committed = written.0 == "membership";
    assert_eq!(output.status.success(), was_committed, "{}: {errors}", store.database);
    // Where the server is slow, the statement is still under way and is ended by the successor.
    let ended = ["the fence was lost", "QUERY_WAS_CANCELLED"].iter().any(|reason| errors.contains(reason));
    assert!(was_committed || ended, "{}: {errors}", store.database);
    store.sql("OPTIMIZE TABLE evaluations FINAL");
    compare(&store, LAST);
    end(&store);
}

#[test]
fn a_suspended_holder_of_the_fence_that_was_overtaken_changes_nothing_when_it_wakes() {
    thread::scope(|scope| {
        WRITTEN.map(|written| scope.spawn(move || overtake(written))).map(|each| each.join().unwrap())
    });
}

/// A statement of the overtaken that nobody found may end at any time; its batch has no commit, but run, unit, segment
/// and seq are those of its successor's batch.
#[test]
fn what_an_overtaken_attempt_writes_late_hides_nothing() {
    let mut store = new_store(SHARED.server.url(), "late".to_owned());
    (0..=LAST).for_each(|step| run(&mut store, step));
    let run = &store.runs[1];
    store.sql(&format!(
        "INSERT INTO evaluations SELECT * REPLACE (generateUUIDv4(0) AS batch, 0 AS members) FROM evaluations WHERE run = '{run}'"
    ));
    store.sql("OPTIMIZE TABLE evaluations FINAL");
    compare(&store, LAST);
    store.run_again(LAST);
    compare(&store, LAST);
    end(&store);
}
