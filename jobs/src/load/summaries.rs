//! Summaries: taken back before a unit gets facts, and built when a large unit has got them all.

use std::collections::HashSet;

use clickhouse::Row;
use segment_sql::load as sql;
use serde::Deserialize;

use super::{Context, LoadError, accounts::Accounts};
use crate::{
    shards::{Shard, ShardError},
    summarise::{cells, months},
};

/// In smaller units facts are looked at one by one in no time.
pub const LARGE_UNIT_PROFILES: u32 = 100_000;

/// A unit: account and bucket.
pub(super) type Unit = (u64, u16);

/// What is summarised.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Events, by month.
    Months,
    /// Traits, by cells.
    Cells,
}

/// What is known of the units of one shard.
#[derive(Default)]
struct Tracked {
    summarised: HashSet<Unit>,
    changed: HashSet<Unit>,
}

/// Which units have summaries of a kind, and which get facts of it.
pub(super) struct Summaries {
    kind: Kind,
    shards: Vec<Tracked>,
}

#[derive(Row, Deserialize)]
struct Summarised {
    account: u64,
    bucket: u16,
}

impl Kind {
    async fn invalidate(self, shard: &Shard, (account, bucket): Unit, version: u64) -> Result<(), ShardError> {
        match self {
            Self::Months => months::invalidate(shard, account, bucket, version).await,
            Self::Cells => cells::invalidate(shard, account, bucket, version).await,
        }
    }

    async fn build(self, shard: &Shard, (account, bucket): Unit, version: u64) -> Result<(), ShardError> {
        match self {
            Self::Months => months::build(shard, account, bucket, version).await,
            Self::Cells => cells::build(shard, account, bucket, version).await,
        }
    }
}

impl Summaries {
    /// Reads which units are summarised. Only loads change that, so it holds as long as the claims.
    pub(super) async fn read(context: &Context<'_>, kind: Kind) -> Result<Self, LoadError> {
        let statement = match kind {
            Kind::Months => sql::SUMMARISED_UNITS,
            Kind::Cells => sql::UNITS_WITH_CELLS,
        };
        let mut shards = Vec::with_capacity(context.store.shards.len());
        for shard in &context.store.shards {
            let rows: Vec<Summarised> = shard.call(statement, "claim").rows().await?;
            let summarised = rows.into_iter().map(|row| (row.account, row.bucket)).collect();
            shards.push(Tracked { summarised, ..Tracked::default() });
        }
        Ok(Self { kind, shards })
    }

    /// Of a store that has none.
    pub(super) fn none(context: &Context<'_>, kind: Kind) -> Self {
        Self { kind, shards: context.store.shards.iter().map(|_| Tracked::default()).collect() }
    }

    /// Has to be called before facts of the units are inserted.
    pub(super) async fn change(
        &mut self,
        context: &Context<'_>,
        number: usize,
        units: impl Iterator<Item = Unit>,
    ) -> Result<(), ShardError> {
        let Some(Tracked { summarised, changed }) = self.shards.get_mut(number) else { return Ok(()) };
        let mut last = None;
        for unit in units {
            if last.replace(unit) != Some(unit) && changed.insert(unit) && summarised.remove(&unit) {
                let (shard, version) = (&context.store.shards[number], context.claims.version(number));
                self.kind.invalidate(shard, unit, version).await?;
            }
        }
        Ok(())
    }

    /// Builds the summaries of units of at least so many profiles that got facts.
    pub(super) async fn build(&self, context: &Context<'_>, accounts: &Accounts, from: u32) -> Result<(), LoadError> {
        for (number, Tracked { changed, .. }) in self.shards.iter().enumerate() {
            let units = accounts.touched_units(number).into_iter().filter(|unit| unit.profiles >= from);
            for unit in units.map(|unit| (unit.account, unit.bucket)).filter(|unit| changed.contains(unit)) {
                context.claims.check(number).await?;
                let (shard, version) = (&context.store.shards[number], context.claims.version(number));
                self.kind.build(shard, unit, version).await?;
            }
        }
        Ok(())
    }
}
