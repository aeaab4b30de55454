//! Most looks at a store find nothing new. Quiet shards are asked first for what any change there would change; only if it is
//! not what it was before the last whole look, all is looked at again.
//!
//! What the units of a shard serve changes by commits alone, and so do loads end; definitions are compared one by one. What
//! nobody does in good order, such as tables that are emptied by hand, is found by the whole look that is due now and then.

use std::time::{Duration, Instant};

use segment_jobs::{
    commit,
    publish::{self, PublishedDefinition},
};

use super::{Look, QUIET, Segments};
use crate::{build::hash_of, time::is_due};

/// So often everything is looked at, whatever the shards say.
const WHOLE: Duration = Duration::from_mins(5);

/// Of each shard its newest commit, and a sum over its definitions.
type Pulse = Vec<(Option<(u64, i64)>, u64)>;

/// What the last whole look found.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    pulse: Option<(Pulse, Instant)>,
    /// Whether the last look was left out.
    pub(super) rests: bool,
}

impl Segments {
    /// Whether this look may be left out. `woken` if anything but the time has called for it.
    pub(super) async fn stays_quiet(&mut self, look: Look<'_>, woken: bool) -> bool {
        self.quiet.rests = false;
        if !is_due(self.look_at) {
            return false;
        }
        let before = self.quiet.pulse.take();
        if !self.is_idle() || !look.down.is_empty() {
            return false;
        }
        // Asked before the whole look: what changes meanwhile is another pulse the next time.
        let Some(pulse) = pulse(look).await else { return false };
        match before {
            Some((last, at)) if !woken && last == pulse && at.elapsed() < WHOLE => {
                self.quiet = Quiet { pulse: Some((last, at)), rests: true };
                self.look_at = Instant::now() + QUIET;
                self.retire_at = self.look_at;
                true
            }
            _ => {
                self.quiet.pulse = Some((pulse, Instant::now()));
                false
            }
        }
    }

    /// Whether nothing is under way, nor waits for its time, nor is still to be told.
    fn is_idle(&self) -> bool {
        let is_published = self.unpublished.is_empty() && self.gone.is_empty() && self.publications.is_empty();
        let is_evaluated = self.runs.is_empty() && self.refresh.is_empty() && self.outdated.is_empty();
        is_published
            && is_evaluated
            && self.again.is_empty()
            && self.publish_at.is_none()
            && self.setbacks.next().is_none()
            && self.start_at <= Instant::now()
            && self.held.is_none()
            && self.down.is_empty()
            && self.told.is_settled()
    }

    /// Whether the last look was left out, so that there is nothing to tell.
    pub(crate) fn rests(&self) -> bool {
        self.quiet.rests
    }
}

/// None if a shard does not answer.
async fn pulse(look: Look<'_>) -> Option<Pulse> {
    let mut pulse = Pulse::new();
    for shard in &look.store.shards {
        let (newest, definitions) = futures::try_join!(commit::newest(shard), publish::published(shard)).ok()?;
        pulse.push((newest.map(|commit| (commit.seq, commit.as_of_ms)), sum(&definitions)));
    }
    Some(pulse)
}

/// The same in whichever order they come.
fn sum(definitions: &[PublishedDefinition]) -> u64 {
    let of = |definition: &PublishedDefinition| {
        let PublishedDefinition { account, segment, path, newest, state } = definition;
        let numbers = account.rotate_left(1) ^ segment.rotate_left(2) ^ newest.rotate_left(3);
        hash_of(&[path, state]).wrapping_mul(numbers | 1).wrapping_add(numbers)
    };
    definitions.iter().map(of).fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(segment: u64, newest: u64, state: &str) -> PublishedDefinition {
        PublishedDefinition { account: 1, segment, path: format!("shop/s{segment}"), newest, state: state.to_owned() }
    }

    #[test]
    fn definitions_have_the_same_sum_in_any_order_and_another_after_any_change() {
        let [a, b] = [definition(1, 5, "active"), definition(2, 5, "active")];
        assert_eq!(sum(&[a.clone(), b.clone()]), sum(&[b.clone(), a.clone()]));
        for other in [
            vec![a.clone()],
            Vec::new(),
            vec![a.clone(), b.clone(), b.clone()],
            vec![a.clone(), definition(2, 6, "active")],
            vec![a.clone(), definition(2, 5, "suspended")],
            vec![a.clone(), definition(3, 5, "active")],
        ] {
            assert_ne!(sum(&[a.clone(), b.clone()]), sum(&other), "{other:?}");
        }
    }

    #[test]
    fn one_with_work_left_is_not_idle() {
        let idle = Segments::new(std::sync::Arc::default());
        assert!(!idle.is_idle(), "nothing has been told yet");
        let mut segments = idle;
        segments.told.was_all = true;
        assert!(segments.is_idle());
        segments.outdated.insert((1, 2));
        assert!(!segments.is_idle());
    }
}
