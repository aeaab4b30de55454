//! Stores whose jobs are killed: in every step once, in one of them twice, so that what mends is killed too.

use std::{
    ops::Range,
    os::unix::process::ExitStatusExt,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{
    DEAD_AFTER, SHARED, compare, end, new_store,
    random::Random,
    setting,
    store::{STEPS, Store},
};

/// How often the jobs of a store are killed, if none of them ends before.
pub(crate) const POINTS: usize = STEPS.len() + 1;
/// So many stores at once; most of them wait.
const AT_ONCE: usize = 20;
const SIGKILL: i32 = 9;

/// Kills the jobs of the stores; the steps that were killed.
pub(crate) fn side_by_side(stores: Range<usize>) -> Vec<usize> {
    let next = AtomicUsize::new(stores.start);
    let killed = Mutex::new(Vec::new());
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= stores.end {
                break;
            }
            let steps = kill_in_every_step(number);
            killed.lock().unwrap().extend(steps);
        }
    };
    thread::scope(|scope| (0..AT_ONCE.min(stores.len())).for_each(|_| drop(scope.spawn(work))));
    killed.into_inner().unwrap()
}

fn kill_in_every_step(number: usize) -> Vec<usize> {
    let mut random = Random(setting("SEGMENT_TESTS_SEED", 1) << 32 | number as u64);
    let mut store = new_store(SHARED.server.url(), format!("killed_job_{number}"));
    let mut killed = Vec::new();
    let mut missed = 0;
    for step in 0..STEPS.len() {
        let wanted = 1 + missed + usize::from(number % STEPS.len() == step);
        let hits = kill_and_run_again(&mut store, step, wanted, &mut random);
        killed.extend(std::iter::repeat_n(step, hits));
        missed = wanted - hits;
        compare(&store, step);
    }
    println!(
        "{}: killed in {:?}, and as it should be",
        store.database,
        killed.iter().map(|step| STEPS[*step]).collect::<Vec<_>>()
    );
    end(&store);
    killed
}

/// Kills the step so many times, and lets it end at last. How often it was killed: it may have ended before.
fn kill_and_run_again(store: &mut Store<'_>, step: usize, wanted: usize, random: &mut Random) -> usize {
    for hits in 0..wanted {
        if hits > 0 {
            wait_until_dead(store, step);
        }
        if !kill(store, step, random) {
            return hits;
        }
    }
    // One in four is run again at once, and waits by itself.
    if random.below(4) == 0 {
        store.run_again(step);
    } else {
        wait_until_dead(store, step);
        SHARED.gate.through(|| store.run_again(step));
    }
    wanted
}

/// Begins the step and kills its job; false if it had ended before, and ended well.
fn kill(store: &mut Store<'_>, step: usize, random: &mut Random) -> bool {
    let delay = SHARED.durations.of(step).mul_f64(random.share());
    let output = SHARED.gate.through(|| {
        let mut job = store.spawn(step);
        thread::sleep(delay);
        job.kill().unwrap();
        job.wait_with_output().unwrap()
    });
    if output.status.signal() == Some(SIGKILL) {
        return true;
    }
    assert!(store.end(step, &output), "{} of {}: {output:?}", STEPS[step], store.database);
    SHARED.durations.learn(step, delay);
    false
}

/// Only loads and evaluations hold anything.
fn wait_until_dead(store: &Store<'_>, step: usize) {
    if ["load", "manual"].iter().any(|name| STEPS[step].starts_with(name)) && store.is_held() {
        thread::sleep(DEAD_AFTER);
    }
}
