//! Jobs and servers that are killed at random points and run again: the real program on real servers.
//!
//! Each point is a store of its own that goes through seven steps (schema, then twice load, publish and manual). In one
//! step the job or its server gets SIGKILL after a random share of the time that the step takes; then the same step is
//! run again, and the rest up to the next evaluation. Then members are those that the oracle finds, and all else is as in a store that was
//! left alone. A claim or a fence of the dead counts for 15 s, so many points wait side by side.
//!
//! `SEGMENT_KILL_POINTS` (default 50) says how many, `SEGMENT_TESTS_SEED` (1) which.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what helpers of tests cannot do fails the test")]

mod random;
mod store;
mod world;

use std::{
    path::Path,
    process::{Child, Output},
    sync::{
        Condvar, LazyLock, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use embedded_clickhouse::{Options, Server};

use random::Random;
use store::{Durations, STEPS, Store};
use world::Inputs;

/// Which step is killed, in turn: those that write more have more points.
const TURNS: [usize; 14] = [3, 1, 6, 4, 2, 3, 5, 1, 6, 4, 0, 3, 1, 6];
/// So many stores at once; most of them wait.
const AT_ONCE: usize = 20;
/// So many jobs at once, so that how long a step takes stays foreseeable.
const BUSY: usize = 4;
/// Stores whose server is killed at the same instant.
const ON_ONE_SERVER: usize = 6;
/// A dead holder is overtaken after this, and a little.
const DEAD_AFTER: Duration = Duration::from_millis(15_100);

/// What all points share.
struct Shared {
    inputs: Inputs,
    durations: Durations,
    server: Server,
    /// What a store looks like that was left alone, after each evaluation.
    undisturbed: [String; 2],
    gate: Gate,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let inputs = Inputs::make(seed(), &Path::new(env!("CARGO_TARGET_TMPDIR")).join("kills"));
    let durations = Durations(Mutex::default());
    let server = Server::start(options()).expect("a server starts");
    let mut store = Store {
        inputs: &inputs,
        durations: &durations,
        url: server.url().to_owned(),
        database: "undisturbed".to_owned(),
        runs: Vec::new(),
    };
    let undisturbed = [0..4, 4..7].map(|steps| {
        steps.for_each(|step| store.run(step));
        store.check();
        store.state()
    });
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

fn seed() -> u64 {
    setting("SEGMENT_TESTS_SEED", 1)
}

/// How many points, of the job and of the server.
fn points() -> (usize, usize) {
    let all = usize::try_from(setting("SEGMENT_KILL_POINTS", 50)).unwrap();
    let rounds = (all / 4).div_ceil(ON_ONE_SERVER).min(all / ON_ONE_SERVER);
    let of_server = if rounds == 3 { 2 } else { rounds } * ON_ONE_SERVER;
    (all - of_server, of_server)
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

/// The rest of the steps up to the next evaluation, and what has to hold then.
fn finish(mut store: Store<'_>, from: usize) {
    let phase = usize::from(from > 4);
    for step in from..[4, STEPS.len()][phase] {
        SHARED.gate.through(|| store.run(step));
    }
    SHARED.gate.through(|| {
        store.check();
        let (found, expected) = (store.state(), &SHARED.undisturbed[phase]);
        assert!(found == *expected, "{}: {found}\nand of a store that was left alone: {expected}", store.database);
        store.sql(&format!("DROP DATABASE {} SYNC", store.database));
        println!("{}: as it should be", store.database);
    });
}

/// Kills the job in the step, or in a later one if that had ended already. The step, or nothing if all had ended.
fn kill_a_job(store: &mut Store<'_>, from: usize, random: &mut Random) -> Option<usize> {
    for (step, name) in STEPS.iter().enumerate().skip(from) {
        let delay = SHARED.durations.of(step).mul_f64(random.share());
        let (output, had_ended) = SHARED.gate.through(|| {
            let mut job: Child = store.spawn(step);
            thread::sleep(delay);
            let had_ended = job.try_wait().unwrap().is_some();
            job.kill().unwrap();
            (job.wait_with_output().unwrap(), had_ended)
        });
        if !had_ended && !output.status.success() {
            return Some(step);
        }
        assert!(store.end(step, &output), "{name} of {}: {output:?}", store.database);
    }
    None
}

fn job_point(number: usize) -> Option<usize> {
    let mut random = Random(seed() << 32 | number as u64);
    let mut store = new_store(SHARED.server.url(), format!("killed_job_{number}"));
    let chosen = TURNS[number % TURNS.len()];
    for step in 0..chosen {
        SHARED.gate.through(|| store.run(step));
    }
    let killed = kill_a_job(&mut store, chosen, &mut random);
    if let Some(step) = killed {
        // Some are run again at once, and wait by themselves.
        if number.is_multiple_of(5) {
            let output = store.spawn(step).wait_with_output().unwrap();
            assert!(store.end(step, &output), "{} of {}: {output:?}", STEPS[step], store.database);
        } else {
            thread::sleep(DEAD_AFTER);
            SHARED.gate.through(|| {
                let output = store.spawn(step).wait_with_output().unwrap();
                assert!(store.end(step, &output), "{} of {}: {output:?}", STEPS[step], store.database);
            });
        }
    }
    finish(store, killed.map_or(STEPS.len(), |step| step + 1));
    killed
}

/// Counts what was killed, by step.
fn tell(title: &str, killed: &[Option<usize>], started: Instant) {
    let count = |step: usize| killed.iter().filter(|at| **at == Some(step)).count();
    let counts: Vec<String> = STEPS.iter().enumerate().map(|(step, name)| format!("{name}: {}", count(step))).collect();
    println!("{title}: {} points in {:?}; {}", killed.len(), started.elapsed(), counts.join(", "));
    let missed = killed.iter().filter(|at| at.is_none()).count();
    assert!(missed * 5 <= killed.len(), "{missed} of {} had ended before they were killed", killed.len());
}

/// Does the points side by side; all of them, even if one fails.
fn side_by_side(
    count: usize,
    at_once: usize,
    point: impl Fn(usize) -> Vec<Option<usize>> + Sync,
) -> Vec<Option<usize>> {
    let next = AtomicUsize::new(0);
    let killed = Mutex::new(Vec::new());
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            let done = point(number);
            killed.lock().unwrap().extend(done);
        }
    };
    thread::scope(|scope| (0..at_once.min(count)).for_each(|_| drop(scope.spawn(work))));
    killed.into_inner().unwrap()
}

#[test]
#[ignore = "takes minutes, most of them waiting for the claims of the dead: make soak"]
fn a_job_that_was_killed_anywhere_and_is_run_again_ends_as_if_nothing_had_happened() {
    LazyLock::force(&SHARED);
    let started = Instant::now();
    let killed = side_by_side(points().0, AT_ONCE, |number| vec![job_point(number)]);
    tell("killed jobs", &killed, started);
}

/// Some stores on a server that is killed while each of them is at a random point of its step.
fn server_round(round: usize) -> Vec<Option<usize>> {
    let mut random = Random(seed() << 32 | 1 << 31 | round as u64);
    let mut server = Server::start(options()).expect("a server starts");
    let mut stores: Vec<(Store<'_>, usize)> = (0..ON_ONE_SERVER)
        .map(|number| {
            let turn = TURNS[(round * ON_ONE_SERVER + number) % TURNS.len()];
            (new_store(server.url(), format!("killed_server_{round}_{number}")), turn)
        })
        .collect();
    thread::scope(|scope| {
        for (store, chosen) in &mut stores {
            scope.spawn(|| (0..*chosen).for_each(|step| SHARED.gate.through(|| store.run(step))));
        }
    });
    let ahead: Vec<Duration> =
        stores.iter().map(|(_, step)| SHARED.durations.of(*step).mul_f64(random.share())).collect();
    let most = ahead.iter().max().copied().unwrap_or_default();
    let outputs: Vec<_> = thread::scope(|scope| {
        let start = |(store, step): &(Store<'static>, usize), ahead: Duration| {
            thread::sleep(most.saturating_sub(ahead));
            store.spawn(*step).wait_with_output().unwrap()
        };
        let jobs: Vec<_> =
            stores.iter().zip(&ahead).map(|(store, ahead)| scope.spawn(move || start(store, *ahead))).collect();
        thread::sleep(most);
        server.kill().expect("the server is killed");
        jobs.into_iter().map(|job| job.join().unwrap()).collect()
    });
    server.restart().expect("the server starts again");
    thread::sleep(DEAD_AFTER);
    let again = |mut store: Store<'static>, step: usize, output: &Output| {
        server.url().clone_into(&mut store.url);
        let had_ended = store.end(step, output);
        finish(store, step + usize::from(had_ended));
        (!had_ended).then_some(step)
    };
    let outcomes = thread::scope(|scope| {
        let again = &again;
        let spawn = |((store, step), output)| scope.spawn(move || again(store, step, &output));
        let jobs: Vec<_> = stores.into_iter().zip(outputs).map(spawn).collect();
        jobs.into_iter().map(|job| job.join().unwrap()).collect()
    });
    server.stop();
    outcomes
}

#[test]
#[ignore = "takes minutes, most of them waiting for the claims of the dead: make soak"]
fn a_job_whose_server_was_killed_anywhere_and_is_run_again_ends_as_if_nothing_had_happened() {
    LazyLock::force(&SHARED);
    let started = Instant::now();
    let killed = side_by_side(points().1 / ON_ONE_SERVER, 2, server_round);
    tell("killed servers", &killed, started);
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
#[ignore = "takes minutes, most of them waiting for the claims of the dead: make soak"]
fn what_the_statement_of_a_killed_attempt_writes_later_is_nobodys_member() {
    LazyLock::force(&SHARED);
    let mut store = new_store(SHARED.server.url(), "zombie".to_owned());
    (0..6).for_each(|step| SHARED.gate.through(|| store.run(step)));
    let run = store.runs[1].clone();
    let mut job = store.spawn(6);
    thread::sleep(SHARED.durations.of(6) / 2);
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
        store.run(6);
        let error = found.join().unwrap().expect_err("the next attempt ends it");
        assert!(error.contains("QUERY_WAS_CANCELLED"), "{error}");
        hidden.join().unwrap().expect("nobody ends it");
    });
    store.run(6);
    store.check();
    assert!(store.state() == SHARED.undisturbed[1]);
}
