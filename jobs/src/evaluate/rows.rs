//! The rows of a slice's rules, as the tables `run_*` have them. The columns are documented there.

use clickhouse::Row;
use serde::Serialize;
use uuid::Uuid;

/// Values of `run_tests.role`.
pub mod role {
    #![expect(missing_docs, reason = "the names are those of the column's values")]
    pub const FREE: i8 = 0;
    pub const TRAIT: i8 = 1;
    pub const TEXT: i8 = 2;
    pub const NEAR: i8 = 3;
    pub const SAMPLE: i8 = 4;
    pub const WHERE: i8 = 5;
    pub const UNLESS: i8 = 6;
    pub const VALUE: i8 = 9;
}

/// Values of `run_tests.op`.
pub mod test {
    #![expect(missing_docs, reason = "the names are those of the column's values")]
    pub const EXISTS: i8 = 1;
    pub const NUMBER: i8 = 2;
    pub const TEXT: i8 = 3;
    pub const CONTAINS: i8 = 4;
    pub const STARTS: i8 = 5;
    pub const ENDS: i8 = 6;
    pub const MATCH: i8 = 7;
    pub const TIME: i8 = 8;
    pub const ANNIVERSARY: i8 = 9;
    pub const ITEM: i8 = 10;
}

/// Values of `run_sources.form` and `run_tests.form`.
pub mod source {
    #![expect(missing_docs, reason = "the names are those of the column's values")]
    pub const NONE: i8 = 0;
    pub const ALL: i8 = 1;
    pub const FILTERED: i8 = 2;
    pub const COMBINED: i8 = 3;
    pub const VALUED: i8 = 4;
    pub const NUMBERS: i8 = 5;
    pub const AMOUNTS: i8 = 6;
}

/// Values of `run_windows.form`.
pub mod form {
    #![expect(missing_docs, reason = "the names are those of the column's values")]
    pub const AGGREGATE: i8 = 1;
    pub const DAYS: i8 = 2;
    pub const EDGE: i8 = 3;
    pub const REGULAR: i8 = 4;
    pub const SEQUENCE: i8 = 5;
    pub const ANY: i8 = 6;
    pub const PIECE: i8 = 7;
    pub const COUNT: i8 = 8;
    pub const STRETCHES: i8 = 9;
    pub const FOLLOWS: i8 = 10;
}

/// Values of `run_nodes.op`.
pub mod op {
    #![expect(missing_docs, reason = "the names are those of the column's values")]
    pub const AND: i8 = 1;
    pub const OR: i8 = 2;
}

/// Values of `run_thresholds.op`.
pub mod threshold {
    #![expect(missing_docs, reason = "the names are those of the column's values")]
    pub const COUNT: i8 = 1;
    pub const SUM: i8 = 2;
    pub const NEGATIVE_SUM: i8 = 3;
    pub const AVERAGE: i8 = 4;
    pub const DAYS: i8 = 7;
    pub const EDGE: i8 = 8;
    pub const REGULAR: i8 = 9;
    pub const SEQUENCE: i8 = 10;
    pub const ANY: i8 = 11;
    pub const PLANES: i8 = 12;
    pub const STRETCHES: i8 = 13;
    pub const FOLLOWS: i8 = 14;
}

macro_rules! staged {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Row, Serialize)]
        #[expect(missing_docs, reason = "the columns are documented in the table")]
        pub struct $name {
            #[serde(with = "clickhouse::serde::uuid")]
            pub run: Uuid,
            #[serde(with = "clickhouse::serde::uuid")]
            pub attempt: Uuid,
            pub slice: u32,
            $(pub $field: $type,)+
        }
    };
}

staged! {
    /// A row of `run_tests`.
    TestRow {
        role: i8, slot: u32, form: i8, account: u64, bucket: u16, metric: String, key: String, build: u64, op: i8,
        ignore_case: u8, text: String, texts: Vec<String>, number_from: f64, number_below: f64, radius_m: f64, from_ms: i64, to_ms: i64,
        from_day: i32, to_day: i32, set_from_ms: i64, set_to_ms: i64, month_days: Vec<u16>, zone_from: Vec<i64>,
        zone_offset: Vec<i64>,
    }
}

staged! {
    /// A row of `run_sources`.
    SourceRow {
        source: u32, account: u64, bucket: u16, metric: String, rank: u16, form: i8, based: u8, wheres: u16,
        chosen_by: u32, reach_from_ms: i64, reach_to_ms: i64,
    }
}

staged! {
    /// A row of `run_windows`.
    WindowRow {
        form: i8, window: u32, source: u32, account: u64, bucket: u16, metric: String, rank: u16, step: u8, from_ms: i64,
        to_ms: i64, from_day: i32, to_day: i32, every_ms: i64, steps: u8, latest: u8, zone_from: Vec<i64>, zone_offset: Vec<i64>,
        last_ms: i64, cut_days: Vec<u16>, candidates: u32,
    }
}

staged! {
    /// A row of `run_thresholds`.
    ThresholdRow {
        window: u32, slot: u32, op: i8, at_least: u64, amount: String, bounded: u8, above: u8, count_from: u64, count_below: u64, outside: u8,
    }
}

staged! {
    /// A row of `run_spans`. Days are counted from 1970-01-01.
    SpanRow { window: u32, piece: u32, account: u64, bucket: u16, metric: String, day_from: u16, day_to: u16 }
}

staged! {
    /// A row of `run_nodes`.
    NodeRow { level: u16, node: u32, op: i8, child: u32, negated: u8, universe: u32 }
}

staged! {
    /// A row of `run_roots`.
    RootRow { account: u64, bucket: u16, segment: u64, version: u64, slot: u32 }
}
