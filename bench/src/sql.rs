//! The statements of the benchmarks that never change, from `bench/sql/`. Values go in as server-side parameters.

use segment_sql::Statement;

macro_rules! statements {
    ($($constant:ident = $name:literal),+ $(,)?) => {
        $(pub(crate) const $constant: Statement =
            Statement::of_others($name, include_str!(concat!("../sql/", $name, ".sql")));)+
    };
}

statements! {
    ACCOUNTS = "accounts",
    DROP_DATABASE = "drop_database",
    EVENT_DAYS = "event_days",
    LOAD_SHARES = "load_shares",
    LOG = "log",
    LOG_BUSY = "log_busy",
    LOG_FLUSH = "log_flush",
    MERGES_UNDER_WAY = "merges_under_way",
    PAIRS = "pairs",
    PARTITIONS = "partitions",
    PEERS_COMPARE = "peers_compare",
    PEERS_DATABASE = "peers_database",
    PEERS_MEMBERS = "peers_members",
    PEERS_RESOLVED = "peers_resolved",
    PEERS_STATE = "peers_state",
    PLAIN_INSERT = "plain_insert",
    PLAIN_TABLE = "plain_table",
    PROFILES = "profiles",
    PROFILES_OF_ACCOUNTS = "profiles_of_accounts",
    PROFILES_OF_BUCKET = "profiles_of_bucket",
    SCAN_EVENTS = "scan_events",
    SCAN_METRIC = "scan_metric",
    SCAN_NAMES = "scan_names",
    SCAN_PROPERTIES = "scan_properties",
    SCAN_TRAIT_ITEMS = "scan_trait_items",
    SCAN_TRAIT_NUMBER = "scan_trait_number",
    SCAN_TRAIT_POINT = "scan_trait_point",
    SCAN_TRAIT_SET = "scan_trait_set",
    SCAN_TRAIT_TEXT = "scan_trait_text",
    SCAN_TRAIT_TIME = "scan_trait_time",
    SERVER_NOW = "server_now",
    SIZES = "sizes",
}

macro_rules! put_together {
    ($($constant:ident = $name:literal: $($part:expr),+;)+) => {
        $(pub(crate) const $constant: Statement =
            Statement::of_others($name, concat!("-- ", $name, "\n", $($part),+));)+
    };
}

put_together! {
    TRAITS = "traits": "INSERT INTO traits ", include_str!("../sql/part_traits.sql");
    TRAITS_BY_PROFILE = "traits_by_profile":
        "INSERT INTO traits_by_profile ", include_str!("../sql/part_traits.sql");
    EVENTS = "events":
        "INSERT INTO events (account, bucket, metric, day, profile_no, time, event, retracted, version)
        SELECT account, bucket, metric, toDate(time), profile_no, time, event, 0, 1 FROM (",
        include_str!("../sql/part_events.sql"), ")";
    EVENTS_BY_PROFILE = "events_by_profile":
        "INSERT INTO events_by_profile (account, bucket, profile_no, metric, time, event, properties, retracted, version)
        SELECT account, bucket, profile_no, metric, time, event, ",
        include_str!("../sql/part_properties.sql"), ", 0, 1 FROM (", include_str!("../sql/part_events.sql"), ")";
    EVENT_PROPERTIES = "event_properties":
        "INSERT INTO event_property_values (account, bucket, metric, property, profile_no, time, event, value, retracted, version)
        SELECT account, bucket, metric, {property:String}, profile_no, time, event, ",
        include_str!("../sql/part_properties.sql"), "[{property:String}], 0, 1 FROM events
        WHERE bucket = {bucket:UInt16} AND day >= {month:Date} AND day < addMonths({month:Date}, 1) AND metric = {metric:String}";
}

/// Merges a table, whole or a partition of it.
pub(crate) struct Merge {
    pub(crate) table: &'static str,
    /// Whether partition by partition.
    pub(crate) partitioned: bool,
    pub(crate) statement: Statement,
}

macro_rules! merges {
    ($($table:literal: $partitioned:literal),+ $(,)?) => {
        /// Every table that holds data.
        pub(crate) const MERGES: &[Merge] = &[$(Merge {
            table: $table,
            partitioned: $partitioned,
            statement: Statement::of_others(
                concat!("merge_", $table),
                include_str!(concat!("../sql/merge_", $table, ".sql")),
            ),
        }),+];
    };
}

merges! {
    "profiles": false,
    "profile_names": false,
    "traits": false,
    "traits_by_profile": false,
    "trait_times": false,
    "events_by_profile": false,
    "events": true,
    "event_properties": true,
    "event_amounts": true,
    "event_times": true,
    "event_days": true,
    "event_day_counts": true,
    "event_months": true,
    "membership": false,
}
