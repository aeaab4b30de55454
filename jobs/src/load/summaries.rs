//! Summaries of months: taken back before a unit gets events, and built when a large unit has got them all.

use std::collections::HashSet;

use clickhouse::Row;
use segment_sql::load as sql;
use serde::Deserialize;

use super::{Context, LoadError, accounts::Accounts};
use crate::{shards::ShardError, summarise};

/// Units of fewer profiles are counted event by event in no time.
pub const LARGE_UNIT_PROFILES: u32 = 100_000;

/// A unit: account and bucket.
pub(super) type Unit = (u64, u16);

/// What is known of the units of one shard.
#[derive(Default)]
struct Shard {
    summarised: HashSet<Unit>,
    changed: HashSet<Unit>,
}

/// Which units are summarised, and which get events.
pub(super) struct Summaries(Vec<Shard>);

#[derive(Row, Deserialize)]
struct Summarised {
    account: u64,
    bucket: u16,
}

impl Summaries {
    /// Reads which units are summarised. Only loads change that, so it holds as long as the claims.
    pub(super) async fn read(context: &Context<'_>) -> Result<Self, LoadError> {
        let mut shards = Vec::with_capacity(context.store.shards.len());
        for shard in &context.store.shards {
            let rows: Vec<Summarised> = shard.call(sql::SUMMARISED_UNITS, "claim").rows().await?;
            let summarised = rows.into_iter().map(|row| (row.account, row.bucket)).collect();
            shards.push(Shard { summarised, ..Shard::default() });
        }
        Ok(Self(shards))
    }

    /// Has to be called before events of the units are inserted.
    pub(super) async fn change(
        &mut self,
        context: &Context<'_>,
        number: usize,
        units: impl Iterator<Item = Unit>,
    ) -> Result<(), ShardError> {
        let Some(Shard { summarised, changed }) = self.0.get_mut(number) else { return Ok(()) };
        let mut last = None;
        for unit in units {
            if last.replace(unit) != Some(unit) && changed.insert(unit) && summarised.remove(&unit) {
                let (account, bucket) = unit;
                let version = context.claims.version(number);
                summarise::invalidate(&context.store.shards[number], account, bucket, version).await?;
            }
        }
        Ok(())
    }

    /// Builds the summaries of units of at least so many profiles that got events.
    pub(super) async fn build(&self, context: &Context<'_>, accounts: &Accounts, from: u32) -> Result<(), LoadError> {
        for (number, Shard { changed, .. }) in self.0.iter().enumerate() {
            let units = accounts.touched_units(number).into_iter();
            let large = units.filter(|unit| unit.profiles >= from && changed.contains(&(unit.account, unit.bucket)));
            for unit in large {
                context.claims.check(number).await?;
                let (shard, version) = (&context.store.shards[number], context.claims.version(number));
                summarise::summarise(shard, unit.account, unit.bucket, version).await?;
            }
        }
        Ok(())
    }
}
