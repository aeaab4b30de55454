//! Stores on a server that is killed while each of them is at a random point of a step: twice in the life of the server.

use std::{process::Output, thread, time::Duration};

use embedded_clickhouse::Server;

use super::{
    DEAD_AFTER, SHARED, compare, end, new_store, options,
    random::Random,
    run, setting,
    store::{STEPS, Store},
};

/// For each kill of the server, the step in which it finds each of the stores.
const TURNS: [[usize; 6]; 2] = [[0, 1, 1, 2, 3, 3], [4, 4, 5, 6, 5, 6]];
/// How many points a server has, if no job ends before.
pub(crate) const POINTS: usize = TURNS.len() * TURNS[0].len();
/// A step is killed within this share of its time: under so many others it may take longer or shorter.
const EARLY: f64 = 0.8;

/// The steps in which jobs lost their server.
pub(crate) fn kill_in_turn(round: usize) -> Vec<usize> {
    let mut random = Random(setting("SEGMENT_TESTS_SEED", 1) << 32 | 1 << 31 | round as u64);
    let mut server = Server::start(options()).expect("a server starts");
    let name = |number: usize| format!("killed_server_{round}_{number}");
    let mut stores: Vec<Store<'_>> = (0..TURNS[0].len()).map(|number| new_store(server.url(), name(number))).collect();
    let mut done = [0; TURNS[0].len()];
    let mut killed = Vec::new();
    for turn in TURNS {
        each(&mut stores, |number, store| (done[number]..turn[number]).for_each(|step| run(store, step)));
        let outputs = kill_under(&mut server, &stores, &turn, &mut random);
        server.restart().expect("the server starts again");
        thread::sleep(DEAD_AFTER);
        let hits = each(&mut stores, |number, store| {
            server.url().clone_into(&mut store.url);
            mend(store, turn[number], &outputs[number])
        });
        killed.extend(hits.into_iter().zip(turn).filter_map(|(hit, step)| hit.then_some(step)));
        done = turn.map(|step| step + 1);
    }
    each(&mut stores, |number, store| {
        (done[number]..STEPS.len()).for_each(|step| run(store, step));
        compare(store, STEPS.len() - 1);
        end(store);
    });
    server.stop();
    killed
}

/// Does something with all stores side by side.
fn each<T: Send>(stores: &mut [Store<'static>], action: impl Fn(usize, &mut Store<'static>) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let action = &action;
        let numbered = stores.iter_mut().enumerate();
        let threads: Vec<_> = numbered.map(|(number, store)| scope.spawn(move || action(number, store))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Begins the steps so that each has run for a random share of its time when the server is killed.
fn kill_under(server: &mut Server, stores: &[Store<'static>], turn: &[usize], random: &mut Random) -> Vec<Output> {
    let ahead: Vec<Duration> =
        turn.iter().map(|step| SHARED.durations.of(*step).mul_f64(random.share() * EARLY)).collect();
    let most = ahead.iter().max().copied().unwrap_or_default();
    thread::scope(|scope| {
        let begun = stores.iter().zip(turn).zip(&ahead).map(|((store, step), ahead)| {
            scope.spawn(move || {
                thread::sleep(most.saturating_sub(*ahead));
                store.spawn(*step).wait_with_output().unwrap()
            })
        });
        let jobs: Vec<_> = begun.collect();
        thread::sleep(most);
        server.kill().expect("the server is killed");
        jobs.into_iter().map(|job| job.join().unwrap()).collect()
    })
}

/// Runs the step again, unless it had ended before the server was killed. Whether it was killed.
fn mend(store: &mut Store<'static>, step: usize, output: &Output) -> bool {
    let had_ended = store.end(step, output);
    if !had_ended {
        SHARED.gate.through(|| store.run_again(step));
    }
    compare(store, step);
    !had_ended
}
