//! Who was taken for dead and is not: statements that go on without their job.

use std::{thread, time::Duration};

use super::{
    SHARED, compare, end, new_store, run,
    store::{STEPS, Store},
};

/// The last step: the second evaluation.
const LAST: usize = STEPS.len() - 1;

/// A store that is about to be evaluated for the second time.
fn ready(name: &str) -> Store<'static> {
    let mut store = new_store(SHARED.server.url(), name.to_owned());
    (0..LAST).for_each(|step| run(&mut store, step));
    store
}

/// A statement that goes on after its job was killed: it puts every profile into a result, row by row.
fn zombie(store: &Store<'_>, run: &str, scope: &str) -> Result<String, String> {
    let statement = format!(
        "INSERT INTO run_results (run, attempt, slice, account, bucket, page, segment, version, truth) \
         SELECT toUUID('{run}'), generateUUIDv4(0), 0, account, bucket, page, segment, version, universe FROM membership AS m \
         FINAL JOIN (SELECT account, bucket, page, members AS universe FROM membership FINAL WHERE segment = 0) AS u \
         USING (account, bucket, page) WHERE m.segment != 0 AND sleepEachRow(0.25) = 0 \
         SETTINGS function_sleep_max_microseconds_per_block = 600000000"
    );
    store.send(&statement, &format!("&query_id={}/{scope}", store.database))
}

#[test]
fn what_the_statement_of_a_killed_attempt_writes_later_is_nobodys_member() {
    let mut store = ready("zombie");
    let run = store.runs[1].clone();
    let mut job = store.spawn(LAST);
    thread::sleep(SHARED.durations.of(LAST) / 2);
    job.kill().unwrap();
    job.wait().unwrap();
    thread::scope(|scope| {
        // One has the name that a job of this run gives, so the next attempt ends it; the other cannot be found by name.
        let [found, hidden] = [format!("run/{run}/dead/0/results/1"), "hidden".to_owned()].map(|name| {
            let (store, run) = (new_store(&store.url, store.database.clone()), run.clone());
            scope.spawn(move || zombie(&store, &run, &name))
        });
        let under_way = "SELECT count() FROM system.processes WHERE startsWith(query_id, 'zombie/') \
                         AND startsWith(query, 'INSERT INTO run_results') AND query LIKE '%sleepEachRow%'";
        while store.sql(under_way).trim() != "2" {
            assert!(!found.is_finished() && !hidden.is_finished(), "{:?} {:?}", found.join(), hidden.join());
            thread::sleep(Duration::from_millis(10));
        }
        store.run(LAST);
        let error = found.join().unwrap().expect_err("the next attempt ends it");
        assert!(error.contains("QUERY_WAS_CANCELLED"), "{error}");
        hidden.join().unwrap().expect("nobody ends it");
    });
    store.run(LAST);
    compare(&store, LAST);
    end(&store);
}
