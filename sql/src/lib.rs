//! Every SQL statement of the system: files beside this one, embedded once and named.
//!
//! A [`Statement`] cannot be made elsewhere, so no statement is ever built from data: values go in as server-side
//! parameters (`{name:Type}`) or as rows. `rule_join` evaluates, `commit` makes results current, `run` reads and ends
//! the work of a run, `schema` makes the tables, one idempotent step a file, never edited once released. `load`,
//! `publish`, `summary`, `explain` and `store` serve what their names say, `ephemeral` a store for one evaluation, and
//! `ephemeral_schema` makes some of the tables for it, with other engines.

/// A statement from a file of this crate. Nobody else can make one, or change its text:
///
/// ```compile_fail,E0451
/// let statement = segment_sql::Statement { name: "all", text: "SELECT 1" };
/// ```
///
/// ```compile_fail,E0616
/// let mut statement = segment_sql::run::MEMBERS;
/// statement.text = "SELECT 1";
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    name: &'static str,
    text: &'static str,
}

impl Statement {
    /// A statement that is none of ours; only for the benchmarks, which compare with those of others.
    #[cfg(feature = "of-others")]
    pub const fn of_others(name: &'static str, text: &'static str) -> Self {
        Self { name, text }
    }

    /// The file's name without its ending; also the last part of the query id.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The text, with parameters as `{name:Type}`.
    pub const fn text(&self) -> &'static str {
        self.text
    }
}

/// All statements, by folder. Those of `ephemeral_schema` have none: they are made of `schema`.
pub const FOLDERS: &[(&str, &[Statement])] = &[
    ("rule_join", rule_join::ALL),
    ("commit", commit::ALL),
    ("run", run::ALL),
    ("store", store::ALL),
    ("publish", publish::ALL),
    ("load", load::ALL),
    ("summary", summary::ALL),
    ("explain", explain::ALL),
    ("ephemeral", ephemeral::ALL),
    ("schema", schema::STEPS),
];

macro_rules! statements {
    ($(#[$doc:meta])* $list:ident, $folder:literal: $($constant:ident = $name:literal),+ $(,)?) => {
        $(
            #[doc = concat!("The statement of `", $folder, "/", $name, ".sql`.")]
            pub const $constant: Statement = Statement {
                name: $name,
                text: include_str!(concat!(env!("OUT_DIR"), "/", $folder, "/", $name, ".sql")),
            };
        )+
        $(#[$doc])*
        pub const $list: &[Statement] = &[$($constant),+];
    };
}

/// Evaluation of a slice.
pub mod rule_join {
    use crate::Statement;

    statements! {
        /// All statements of this folder.
        ALL, "rule_join":
        AMOUNT_SUMS = "amount_sums",
        ANNIVERSARIES = "anniversaries",
        ANY = "any",
        CELLS = "cells",
        CELL_MEMBERS = "cell_members",
        CHOSEN = "chosen",
        CHOSEN_SUMS = "chosen_sums",
        COMBINED = "combined",
        COUNTS = "counts",
        DAY_PIECES = "day_pieces",
        DAYS = "days",
        EDGE = "edge",
        FILTERED = "filtered",
        FILTERED_TEXTS = "filtered_texts",
        FOLLOWS = "follows",
        FREE_TEXTS = "free_texts",
        LOADED_UNIVERSE = "loaded_universe",
        NEAR = "near",
        NODES = "nodes",
        PASSING_FREE_TEXTS = "passing_free_texts",
        PASSING_TEXTS = "passing_texts",
        PIECES = "pieces",
        PLANES = "planes",
        PRESENT = "present",
        REGULAR = "regular",
        RESULTS = "results",
        SAMPLE = "sample",
        SEQUENCE = "sequence",
        STRETCHES = "stretches",
        SUMS = "sums",
        TEXTS = "texts",
        TRAITS = "traits",
        TRAIT_TEXTS = "trait_texts",
        UNIVERSE = "universe",
        VALUES = "values",
    }
}

/// The commit protocol.
pub mod commit {
    use crate::Statement;

    statements! {
        /// All statements of this folder.
        ALL, "commit":
        APPLY_LIVE_DEFINITIONS = "apply_live_definitions",
        APPLY_MEMBERSHIP = "apply_membership",
        APPLY_UNIT_LOADS = "apply_unit_loads",
        CLAIMANTS = "claimants",
        CLAIM_FENCE = "claim_fence",
        CLEAR_PAGES = "clear_pages",
        COMMIT = "commit",
        COMMITTED = "committed",
        EVALUATIONS = "evaluations",
        DEAD_FENCES = "dead_fences",
        FENCE_STATE = "fence_state",
        MARK_FENCE = "mark_fence",
        MEMBERSHIP_CHANGES = "membership_changes",
        NEWEST_COMMIT = "newest_commit",
        NEWEST_EPOCH = "newest_epoch",
    }
}

/// What a run reads and how it ends.
pub mod run {
    use crate::Statement;

    statements! {
        /// All statements of this folder.
        ALL, "run":
        AMOUNTS = "amounts",
        CRITERIA = "criteria",
        DONE = "done",
        DROP_STAGED = "drop_staged",
        EVALUATIONS = "evaluations",
        FAILED = "failed",
        KILL = "kill",
        KILL_OWN = "kill_own",
        MEMBERS = "members",
        MEMBERS_PAGE = "members_page",
        METRICS = "metrics",
        NODES = "nodes",
        OTHER_ATTEMPTS = "other_attempts",
        SEGMENTS = "segments",
        STAGED = "staged",
        UNIT_SIZES = "unit_sizes",
    }
}

/// Identity of a store and its lanes.
pub mod store {
    use crate::Statement;

    statements! {
        /// All statements of this folder.
        ALL, "store":
        CREATE_DATABASE = "create_database",
        DROP_DATABASE = "drop_database",
        IDENTITY = "identity",
        LANES = "lanes",
        SERVER_VERSION = "server_version",
        TABLES = "tables",
        WRITE_IDENTITY = "write_identity",
    }
}

/// What publication reads.
pub mod publish {
    use crate::Statement;

    statements! {
        /// All statements of this folder.
        ALL, "publish":
        ACCOUNTS = "accounts",
        BACKFILL_AMOUNTS = "backfill_amounts",
        BACKFILL_UNFILLED = "backfill_unfilled",
        CHECK_PATTERN = "check_pattern",
        FAILED = "failed",
        NEWEST_DEFINITIONS = "newest_definitions",
        NUMBERS = "numbers",
        PROPERTY_PAIRS = "property_pairs",
        PUBLISHED = "published",
        RETIRED_SINCE = "retired_since",
        SERVED = "served",
        UNFILLED_BUCKETS = "unfilled_buckets",
    }
}

/// The bulk load: claims on lanes, numbers, traits, the back-fill of properties.
pub mod load {
    use crate::Statement;

    statements! {
        /// All statements of this folder.
        ALL, "load":
        ABANDONED = "abandoned",
        ACCOUNTS = "accounts",
        BACKFILL_AMOUNTS = "backfill_amounts",
        BACKFILL_PAIR = "backfill_pair",
        BUCKETS_WITH_EVENTS = "buckets_with_events",
        CLAIM_LANES = "claim_lanes",
        CLAIM_STATE = "claim_state",
        DEAD_CLAIMS = "dead_claims",
        EVENT_AMOUNTS = "event_amounts",
        EVENT_PROPERTIES = "event_properties",
        EVENTS_BY_PROFILE = "events_by_profile",
        LANE_CLAIMANTS = "lane_claimants",
        MARK_CLAIM = "mark_claim",
        MEND_NAMES = "mend_names",
        NEWEST_CLAIM = "newest_claim",
        NUMBERS = "numbers",
        PROPERTY_PAIRS = "property_pairs",
        SUMMARISED_UNITS = "summarised_units",
        TRAIT_KEYS = "trait_keys",
        UNITS_WITH_CELLS = "units_with_cells",
    }
}

/// Summaries of large units.
pub mod summary {
    use crate::Statement;

    statements! {
        /// All statements of this folder.
        ALL, "summary":
        BUILD_CELL_PAGES = "build_cell_pages",
        BUILD_CELLS = "build_cells",
        BUILD_DAYS = "build_days",
        BUILD_MONTH = "build_month",
        BUILD_TEXTS = "build_texts",
        BUILT_CELLS = "built_cells",
        BUILT_MONTHS = "built_months",
        DELETE_OLD_CELL_PAGES = "delete_old_cell_pages",
        DELETE_OLD_CELLS = "delete_old_cells",
        DELETE_OLD_TEXTS = "delete_old_texts",
        MARK_CELLS = "mark_cells",
        MARK_MONTHS = "mark_months",
        MONTHS = "months",
        OLD_CELLS = "old_cells",
        SURVEY_TRAITS = "survey_traits",
    }
}

/// Why a profile is a member or not.
pub mod explain {
    use crate::Statement;

    statements! {
        /// All statements of this folder.
        ALL, "explain":
        EVENTS = "events",
        PROFILE = "profile",
        TRAITS = "traits",
        TRUTHS = "truths",
    }
}

/// The steps that make the schema, in order.
pub mod schema {
    use crate::Statement;

    statements! {
        /// All steps, in order.
        STEPS, "schema":
        STEP_01 = "01_accounts",
        STEP_02 = "02_lanes",
        STEP_03 = "03_lane_claims",
        STEP_04 = "04_profiles",
        STEP_05 = "05_profile_names",
        STEP_06 = "06_profile_names_follow",
        STEP_07 = "07_traits",
        STEP_08 = "08_traits_by_profile",
        STEP_09 = "09_traits_follow",
        STEP_10 = "10_trait_times",
        STEP_11 = "11_trait_times_follow",
        STEP_12 = "12_events_by_profile",
        STEP_13 = "13_events",
        STEP_14 = "14_events_follow",
        STEP_15 = "15_property_pairs",
        STEP_16 = "16_event_properties",
        STEP_17 = "17_event_property_values",
        STEP_18 = "18_event_properties_follow",
        STEP_19 = "19_event_day_counts",
        STEP_20 = "20_store_identity",
        STEP_21 = "21_event_times",
        STEP_22 = "22_event_times_follow",
        STEP_23 = "23_event_days",
        STEP_24 = "24_event_days_follow",
        STEP_25 = "25_definitions",
        STEP_26 = "26_nodes",
        STEP_27 = "27_criteria",
        STEP_28 = "28_live_definitions",
        STEP_29 = "29_runs",
        STEP_30 = "30_run_bitmaps",
        STEP_31 = "31_run_tests",
        STEP_32 = "32_run_sources",
        STEP_33 = "33_run_windows",
        STEP_34 = "34_run_thresholds",
        STEP_35 = "35_run_nodes",
        STEP_36 = "36_run_roots",
        STEP_37 = "37_run_results",
        STEP_38 = "38_fences",
        STEP_39 = "39_commits",
        STEP_40 = "40_membership_changes",
        STEP_41 = "41_membership",
        STEP_42 = "42_evaluations",
        STEP_43 = "43_unit_loads",
        STEP_44 = "44_members",
        STEP_45 = "45_profile_segments",
        STEP_46 = "46_event_months",
        STEP_47 = "47_month_summaries",
        STEP_48 = "48_run_spans",
        STEP_49 = "49_run_planes",
        STEP_50 = "50_run_events",
        STEP_51 = "51_trait_cell_pages",
        STEP_52 = "52_trait_cells",
        STEP_53 = "53_trait_summaries",
        STEP_54 = "54_run_cells",
        STEP_55 = "55_run_texts",
        STEP_56 = "56_trait_texts",
        STEP_57 = "57_event_amounts",
        STEP_58 = "58_property_pairs_summed",
        STEP_59 = "59_run_sources_amounts",
        STEP_60 = "60_run_windows_metric",
        STEP_61 = "61_run_tests_form",
        STEP_62 = "62_profile_names_hundredth",
    }

    /// The schema version that this build makes and needs: the number of steps.
    #[expect(clippy::cast_possible_truncation, reason = "a schema of four billion steps is not to be feared")]
    pub const VERSION: u32 = STEPS.len() as u32;
}

/// A store that lives for one evaluation.
pub mod ephemeral {
    use crate::Statement;

    statements! {
        /// All statements of this folder.
        ALL, "ephemeral":
        KNOWN_TRAITS = "known_traits",
        LIVE_PROFILES = "live_profiles",
        NAMES = "names",
        RESULTS = "results",
    }
}

/// The part of the schema that one evaluation in small units needs, for a store that a process makes, fills once, reads
/// and drops. The columns are those of `schema`; `build.rs` says which engines they get.
pub mod ephemeral_schema {
    use crate::Statement;

    statements! {
        /// All steps, in order.
        STEPS, "ephemeral_schema":
        STEP_01 = "01_accounts",
        STEP_04 = "04_profiles",
        STEP_05 = "05_profile_names",
        STEP_06 = "06_profile_names_follow",
        STEP_07 = "07_traits",
        STEP_08 = "08_traits_by_profile",
        STEP_09 = "09_traits_follow",
        STEP_12 = "12_events_by_profile",
        STEP_13 = "13_events",
        STEP_14 = "14_events_follow",
        STEP_16 = "16_event_properties",
        STEP_23 = "23_event_days",
        STEP_24 = "24_event_days_follow",
        STEP_30 = "30_run_bitmaps",
        STEP_31 = "31_run_tests",
        STEP_32 = "32_run_sources",
        STEP_33 = "33_run_windows",
        STEP_34 = "34_run_thresholds",
        STEP_35 = "35_run_nodes",
        STEP_36 = "36_run_roots",
        STEP_37 = "37_run_results",
        STEP_41 = "41_membership",
        STEP_46 = "46_event_months",
        STEP_48 = "48_run_spans",
        STEP_49 = "49_run_planes",
        STEP_50 = "50_run_events",
        STEP_55 = "55_run_texts",
        STEP_57 = "57_event_amounts",
    }
}
