//! Property pairs as the shards tell them.

use clickhouse::Row;
use segment_rules::PropertyPair;
use serde::Deserialize;

/// A pair of an account. The columns are documented in the table `property_pairs`.
#[derive(Row, Deserialize)]
pub(crate) struct KeptPair {
    account: u64,
    metric: String,
    property: String,
    summed: String,
}

impl KeptPair {
    /// The account and the pair.
    pub(crate) fn pair(self) -> (u64, PropertyPair) {
        let Self { account, metric, property, summed } = self;
        (account, PropertyPair { metric, property, summed })
    }
}
