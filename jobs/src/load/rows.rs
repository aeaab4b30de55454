//! The rows that a load inserts; the columns are documented in the tables.

use clickhouse::Row;
use serde::Serialize;
use uuid::Uuid;

use super::chunk::Trait;

/// The version of a row: that of the load on the shard, then the number of the line.
pub(super) fn version(load: u64, offset: u64) -> u128 {
    (u128::from(load) << 64) | u128::from(offset)
}

/// A row of `accounts`.
#[derive(Clone, Debug, Row, Serialize)]
pub(super) struct AccountRow {
    pub(super) account: u64,
    pub(super) account_key: String,
    pub(super) buckets: u16,
    pub(super) version: u64,
}

/// A row of `profiles`.
#[derive(Clone, Debug, Row, Serialize)]
pub(super) struct ProfileRow {
    pub(super) account: u64,
    pub(super) bucket: u16,
    pub(super) external_id: Box<str>,
    pub(super) profile_no: u32,
    pub(super) state: i8,
    pub(super) version: u64,
}

/// `profiles.state` of a profile that is there.
pub(super) const LIVE: i8 = 1;

/// A row of `traits_by_profile`.
#[derive(Row, Serialize)]
pub(super) struct TraitRow<'a> {
    account: u64,
    bucket: u16,
    profile_no: u32,
    r#trait: &'a str,
    kind: i8,
    text: &'a str,
    number: f64,
    time_ms: i64,
    day: i32,
    items: &'a [String],
    latitude: f64,
    longitude: f64,
    set_ms: i64,
    version: u128,
}

impl<'a> TraitRow<'a> {
    pub(super) fn new((account, bucket, profile_no): (u64, u16, u32), value: &'a Trait, version: u128) -> Self {
        Self {
            account,
            bucket,
            profile_no,
            r#trait: &value.name,
            kind: value.kind,
            text: &value.text,
            number: value.number,
            time_ms: value.time_ms,
            day: value.day,
            items: &value.items,
            latitude: value.latitude,
            longitude: value.longitude,
            set_ms: value.set_ms,
            version,
        }
    }
}

/// A row of `run_roots`, for the universe of a unit.
#[derive(Clone, Debug, Row, Serialize)]
pub(super) struct RootRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub(super) run: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    pub(super) attempt: Uuid,
    pub(super) slice: u32,
    pub(super) account: u64,
    pub(super) bucket: u16,
    pub(super) segment: u64,
    pub(super) version: u64,
    pub(super) slot: u32,
}
