//! What a load did, for printing.

use std::{collections::BTreeMap, fmt, time::Duration};

/// What a load did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Accounts that the inputs name.
    pub accounts: u64,
    /// Lines of profiles.
    pub profiles: u64,
    /// Profiles that got a number.
    pub new_profiles: u64,
    /// Traits that the profiles have, without repeats within a batch.
    pub traits: u64,
    /// Traits that were taken away because the document lacks them.
    pub tombstones: u64,
    /// Lines of events.
    pub events: u64,
    /// Units whose profiles were committed.
    pub units: u64,
    /// How long it took.
    pub duration: Duration,
    /// Rows inserted, by table.
    pub rows: BTreeMap<&'static str, u64>,
}

impl LoadReport {
    pub(super) fn add_rows(&mut self, table: &'static str, rows: u64) {
        if rows > 0 {
            *self.rows.entry(table).or_default() += rows;
        }
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accounts, profiles, new_profiles, traits, tombstones, events, units, duration, rows } = self;
        let seconds = duration.as_secs_f64();
        write!(
            f,
            "loaded {profiles} profiles ({new_profiles} new) with {traits} traits ({tombstones} taken away) and {events} \
             events of {accounts} accounts ({units} units) in {seconds:.1} s"
        )?;
        for (table, rows) in rows {
            write!(f, "\n  {table}: {rows} rows")?;
        }
        Ok(())
    }
}
