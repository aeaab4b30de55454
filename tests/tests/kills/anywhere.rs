//! Jobs and servers that are killed at random moments. The longest of these tests, and the first by name, so that the others
//! run beside it.

use std::{
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use super::{SHARED, jobs, points, servers, store::STEPS};

/// The steps that were killed, by what was killed.
#[derive(Default)]
struct Killed {
    jobs: Vec<usize>,
    servers: Vec<usize>,
}

impl Killed {
    fn points(&self) -> usize {
        self.jobs.len() + self.servers.len()
    }

    fn of_step(&self, step: usize) -> usize {
        self.jobs.iter().chain(&self.servers).filter(|killed| **killed == step).count()
    }

    fn tell(&self, took: Duration) {
        let steps: Vec<String> =
            STEPS.iter().enumerate().map(|(step, name)| format!("{name}: {}", self.of_step(step))).collect();
        let (jobs, servers) = (self.jobs.len(), self.servers.len());
        println!("{} points ({jobs} jobs, {servers} servers) in {took:.1?}; {}", self.points(), steps.join(", "));
    }
}

#[test]
fn what_is_killed_anywhere_and_run_again_ends_as_if_nothing_had_happened() {
    let started = Instant::now();
    LazyLock::force(&SHARED);
    let wanted = points();
    // Some jobs end before they are killed.
    let rounds = (wanted / 5).div_ceil(servers::POINTS);
    let stores = wanted.saturating_sub(rounds * servers::POINTS).div_ceil(jobs::POINTS);
    let mut killed = Killed::default();
    thread::scope(|scope| {
        let servers: Vec<_> = (0..rounds).map(|round| scope.spawn(move || servers::kill_in_turn(round))).collect();
        killed.jobs = jobs::side_by_side(0..stores);
        killed.servers = servers.into_iter().flat_map(|round| round.join().unwrap()).collect();
    });
    if killed.points() < wanted {
        let more = (wanted - killed.points()).div_ceil(jobs::POINTS - 1);
        killed.jobs.extend(jobs::side_by_side(stores..stores + more));
    }
    killed.tell(started.elapsed());
    assert!(killed.points() >= wanted, "too many had ended before they were killed");
    assert!((0..STEPS.len()).all(|step| killed.of_step(step) * 20 >= wanted), "a step was hardly ever killed");
}
