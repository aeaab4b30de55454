//! The present: what is due, and how the API server writes it.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use segment_jobs::clock::Clock;

/// What is due within this time is done with what is due already: a look at thousands of Segments costs the same for one thing
/// and for all.
const TOGETHER: Duration = Duration::from_secs(1);

/// Whether it is time for something that is done now and then.
pub(crate) fn is_due(at: Instant) -> bool {
    at <= Instant::now() + TOGETHER
}

/// The present, for conditions.
pub(crate) fn now() -> Timestamp {
    // Seconds, as the API server writes them: a time with a fraction would differ from what is read back.
    Timestamp::from_second(Clock::System.now_ms() / 1000).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_in_a_moment_is_done_at_once() {
        let now = Instant::now();
        assert!(is_due(now) && is_due(now + TOGETHER / 2) && !is_due(now + TOGETHER * 2));
    }
}
