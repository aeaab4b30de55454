//! Jobs that are killed at a moment that chance seldom finds.

use std::{thread, time::Duration};

use super::{
    SHARED, compare, end, new_store, run,
    store::{STEPS, Store},
};

/// The second load.
const LOAD: usize = 4;

/// Waits until the answer is not 0; false if that does not happen while the job runs.
pub(crate) fn seen(store: &Store<'_>, job: &mut std::process::Child, query: &str) -> bool {
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
