//! Jobs and servers that are killed at random points and run again: the real program on real servers.
//!
//! A store goes through seven steps (schema, then twice load, publish and manual; the segments are edited before the
//! second publish). A step is begun, and the job or its server gets SIGKILL after a random share of the time that the
//! step takes; then the same step is run again. Each such kill is a point. After each the store is compared with one that
//! was left alone up to the same step: members (which the oracle has found too), counts, changes, definitions, data; and
//! nothing is left in staging. A store goes on to the next step and the next kill, so mistakes have time to show.
//!
//! A claim or a fence of the dead counts for 15 s, so the stores wait side by side.
//!
//! `SEGMENT_KILL_POINTS` (default 50) says how many points at least, `SEGMENT_TESTS_SEED` (1) which. With more than the
//! default, the segments are of all kinds.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what helpers of tests cannot do fails the test")]

mod anywhere;
mod jobs;
mod moments;
mod overtaken;
mod random;
mod servers;
mod store;
mod world;

use std::{
    path::Path,
    sync::{Condvar, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use embedded_clickhouse::{Options, Server};

use store::{Durations, STEPS, Store};
use world::Inputs;

/// Points of an ordinary test.
const POINTS: u64 = 50;
/// So many jobs at once, so that how long a step takes stays foreseeable.
const BUSY: usize = 3;
/// A dead holder is overtaken after this, and a little.
const DEAD_AFTER: Duration = Duration::from_millis(15_100);

/// What all points share.
struct Shared {
    inputs: Inputs,
    durations: Durations,
    server: Server,
    /// What a store looks like that was left alone, after each step.
    undisturbed: Vec<String>,
    gate: Gate,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kills");
    let inputs = Inputs::make(setting("SEGMENT_TESTS_SEED", 1), &folder, points() > usize::try_from(POINTS).unwrap());
    let durations = Durations(Mutex::default());
    let server = Server::start(options()).expect("a server starts");
    let database = "undisturbed".to_owned();
    let mut store =
        Store { inputs: &inputs, durations: &durations, url: server.url().to_owned(), database, runs: Vec::new() };
    let undisturbed = (0..STEPS.len()).map(|step| {
        store.run(step);
        store.state(step)
    });
    let undisturbed = undisturbed.collect();
    println!("undisturbed: {STEPS:?} {:?}", durations.0.lock().unwrap());
    Shared { inputs, durations, server, undisturbed, gate: Gate::new(BUSY) }
});

/// The server is killed in these tests, so it is never one of the user's.
fn options() -> Options {
    Options { ignore_url: true, ..Options::default() }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

fn points() -> usize {
    usize::try_from(setting("SEGMENT_KILL_POINTS", POINTS)).unwrap()
}

/// Lets so many through at a time.
struct Gate {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Gate {
    fn new(width: usize) -> Self {
        Self { free: Mutex::new(width), freed: Condvar::new() }
    }

    fn through<T>(&self, action: impl FnOnce() -> T) -> T {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        *self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner) -= 1;
        let outcome = action();
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.freed.notify_one();
        outcome
    }
}

fn new_store(url: &str, database: String) -> Store<'static> {
    let Shared { inputs, durations, .. } = &*SHARED;
    Store { inputs, durations, url: url.to_owned(), database, runs: Vec::new() }
}

/// Runs a step that nobody disturbs.
fn run(store: &mut Store<'_>, step: usize) {
    SHARED.gate.through(|| store.run(step));
}

/// After the step the store has to be as if nothing had ever happened to it.
fn compare(store: &Store<'_>, step: usize) {
    SHARED.gate.through(|| {
        let (found, expected) = (store.state(step), &SHARED.undisturbed[step]);
        let place = format!("{} after {}", store.database, STEPS[step]);
        assert!(found == *expected, "{place}: {found}\nand a store that was left alone: {expected}");
    });
}

fn end(store: &Store<'_>) {
    SHARED.gate.through(|| store.sql(&format!("DROP DATABASE {} SYNC", store.database)));
}
