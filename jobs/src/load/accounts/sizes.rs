//! How many buckets a new account gets.

use std::collections::HashMap;

use tokio_util::sync::CancellationToken;

use crate::load::{
    LoadError, Options, chunk,
    input::{self, Progress},
};

/// `{"account":"","id":""}` and its end: no profile takes fewer bytes.
const BYTES_OF_A_PROFILE: u64 = 24;

/// How many lines of profiles each account has.
#[derive(Clone, Debug)]
pub(in crate::load) struct Sizes {
    profiles: HashMap<String, u64>,
    profiles_per_bucket: u64,
}

impl Sizes {
    /// How many buckets the account gets if it is new.
    pub(super) fn buckets(&self, account: &str) -> u16 {
        let profiles = self.profiles.get(account).copied().unwrap_or(0);
        u16::try_from(profiles.div_ceil(self.profiles_per_bucket).max(1)).unwrap_or(u16::MAX)
    }
}

/// Reads the inputs of profiles that can be read twice, unless they are so small that one bucket is enough for all.
pub(in crate::load) async fn count_profiles(options: &Options, stop: &CancellationToken) -> Result<Sizes, LoadError> {
    let mut inputs = Vec::new();
    let mut bytes = 0;
    for input in &options.profiles {
        if let Some(size) = input.size()? {
            inputs.push(input.clone());
            bytes += size;
        }
    }
    let mut sizes = Sizes { profiles: HashMap::new(), profiles_per_bucket: options.profiles_per_bucket.max(1) };
    if bytes / BYTES_OF_A_PROFILE < sizes.profiles_per_bucket {
        return Ok(sizes);
    }
    let mut chunks = input::parsed(inputs, chunk::count_accounts, &Progress::hidden());
    while let Some(chunk) = input::next(&mut chunks, stop).await? {
        for (account, lines) in chunk {
            *sizes.profiles.entry(account).or_default() += lines;
        }
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, load::Input};

    async fn buckets(lines: &str, profiles_per_bucket: u64) -> [u16; 2] {
        let options = Options {
            clock: Clock::System,
            profiles: vec![Input::from_bytes("p", lines.as_bytes()), Input::from_bytes("q", lines.as_bytes())],
            events: Vec::new(),
            profiles_per_bucket,
            summarise_from: u32::MAX,
            progress: false,
        };
        let sizes = count_profiles(&options, &CancellationToken::new()).await.unwrap();
        ["a", "b"].map(|account| sizes.buckets(account))
    }

    #[tokio::test]
    async fn buckets_follow_the_number_of_profiles() {
        let lines = "{\"account\":\"a\",\"id\":\"1\"}\n\nbad\n{\"account\":\"a\",\"id\":\"2\",\"x\":{}}\n";
        assert_eq!(buckets(lines, 4_000_000).await, [1, 1]);
        assert_eq!(buckets(lines, 4).await, [1, 1]);
        assert_eq!(buckets(lines, 3).await, [2, 1]);
        assert_eq!(buckets(lines, 1).await, [4, 1]);
    }
}
