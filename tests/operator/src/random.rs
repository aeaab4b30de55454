//! Chance that can be repeated.

use std::hash::{BuildHasher as _, RandomState};

/// Numbers that follow from a seed: that of `SEGMENT_TESTS_SEED`, else another one each time.
#[derive(Debug)]
pub struct Random {
    seed: u64,
    state: u64,
}

impl Default for Random {
    fn default() -> Self {
        let stated = std::env::var("SEGMENT_TESTS_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = stated.unwrap_or_else(|| RandomState::new().hash_one(0)).max(1);
        Self { seed, state: seed }
    }
}

impl Random {
    /// What repeats it.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A number below another one (xorshift).
    pub fn below(&mut self, end: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % end
    }
}
