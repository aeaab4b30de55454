//! How many statuses that only tell of progress may be written. Pure.
//!
//! Ten thousand Segments that are applied at once would each be told three times how far they are, and the API server would
//! write that instead of taking in the next ones.

use std::time::{Duration, Instant};

/// So many at once.
const BURST: u32 = 100;
/// One more after each of these.
const EACH: Duration = Duration::from_millis(100);

/// What may still be written.
#[derive(Debug)]
pub(super) struct Allowance {
    left: u32,
    counted_at: Instant,
}

impl Allowance {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: BURST, counted_at: now }
    }

    /// Whether one may be written; if so, it counts.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let earned = now.duration_since(self.counted_at).as_millis() / EACH.as_millis();
        if earned > 0 {
            self.counted_at = now;
            self.left = self.left.saturating_add(u32::try_from(earned).unwrap_or(BURST)).min(BURST);
        }
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_followed_by_a_few_a_second() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        let mut taken = |now| (0..1000).filter(|_| allowance.take(now)).count();
        assert_eq!(taken(start), 100);
        assert_eq!(taken(start + EACH / 2), 0);
        assert_eq!(taken(start + EACH * 7), 7);
        assert_eq!(taken(start + Duration::from_hours(1)), 100, "what nobody took does not grow without end");
    }
}
