//! Inserts that are under way while the next lines are read: a few at a time.

use std::{collections::BTreeMap, future::Future, time::Duration};

use tokio::task::JoinSet;

use super::{LoadError, LoadReport};
use crate::shards::{GRACE, INSERT_LIMIT};

pub(super) use crate::shards::SEND_LIMIT;

/// How long a shard may take to acknowledge an insert.
pub(super) const END_LIMIT: Duration = INSERT_LIMIT.saturating_add(GRACE);

/// Inserts that are under way. Dropped, they are abandoned, and the next load of the store ends them.
pub(super) struct Inserts {
    tasks: JoinSet<Result<u64, LoadError>>,
    table: &'static str,
    most: usize,
    rows: BTreeMap<&'static str, u64>,
}

impl Inserts {
    /// Inserts into `table`, at most `most` at a time.
    pub(super) fn new(table: &'static str, most: usize) -> Self {
        Self { tasks: JoinSet::new(), table, most: most.max(1), rows: BTreeMap::new() }
    }

    /// Starts an insert that gives its number of rows, as soon as there is room.
    pub(super) async fn start(
        &mut self,
        insert: impl Future<Output = Result<u64, LoadError>> + Send + 'static,
    ) -> Result<(), LoadError> {
        while self.tasks.len() >= self.most {
            self.end_one().await?;
        }
        self.tasks.spawn(insert);
        Ok(())
    }

    /// Waits until all are acknowledged.
    pub(super) async fn finish(&mut self) -> Result<(), LoadError> {
        while !self.tasks.is_empty() {
            self.end_one().await?;
        }
        Ok(())
    }

    /// What was inserted so far.
    pub(super) fn count(&self, report: &mut LoadReport) {
        for (table, rows) in &self.rows {
            report.add_rows(table, *rows);
        }
    }

    async fn end_one(&mut self) -> Result<(), LoadError> {
        if let Some(ended) = self.tasks.join_next().await {
            *self.rows.entry(self.table).or_default() += ended??;
        }
        Ok(())
    }
}
