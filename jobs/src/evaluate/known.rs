//! What a plan has to know of the data on a shard.

use clickhouse::Row;
use segment_sql::{run as sql, summary};
use serde::Deserialize;

use super::plan::{Amounts, Cells, Form, Metrics, Months, TraitCells};
use crate::{
    pairs::KeptPair,
    shards::{Shard, ShardError},
    staging::Stage,
};

#[derive(Row, Deserialize)]
struct MetricRow {
    account: u64,
    bucket: u16,
    metric: String,
}

#[derive(Row, Deserialize)]
struct CellsRow {
    account: u64,
    bucket: u16,
    r#trait: String,
    form: i8,
    build: u64,
}

#[derive(Row, Deserialize)]
struct MonthRow {
    account: u64,
    bucket: u16,
    month: i32,
}

/// The metrics that units have events of.
pub(crate) async fn metrics(shard: &Shard, stage: &Stage) -> Result<Metrics, ShardError> {
    let rows: Vec<MetricRow> = stage.bind(shard.call(sql::METRICS, "read")).rows().await?;
    let mut metrics = Metrics::new();
    for MetricRow { account, bucket, metric } in rows {
        metrics.entry((account, bucket)).or_default().push(metric);
    }
    Ok(metrics)
}

/// The months of units that are summarised.
pub(crate) async fn months(shard: &Shard, stage: &Stage) -> Result<Months, ShardError> {
    let rows: Vec<MonthRow> = stage.bind(shard.call(summary::BUILT_MONTHS, "read")).rows().await?;
    let mut months = Months::new();
    for MonthRow { account, bucket, month } in rows {
        months.entry((account, bucket)).or_default().insert(month);
    }
    Ok(months)
}

/// The pairs of which `event_amounts` is complete.
pub(crate) async fn amounts(shard: &Shard, stage: &Stage) -> Result<Amounts, ShardError> {
    let rows: Vec<KeptPair> = stage.bind(shard.call(sql::AMOUNTS, "read")).rows().await?;
    Ok(rows.into_iter().map(KeptPair::pair).collect())
}

/// The traits of units that have cells.
pub(crate) async fn cells(shard: &Shard, stage: &Stage) -> Result<TraitCells, ShardError> {
    let rows: Vec<CellsRow> = stage.bind(shard.call(summary::BUILT_CELLS, "read")).rows().await?;
    let mut cells = TraitCells::new();
    for CellsRow { account, bucket, r#trait, form, build } in rows {
        let form = match form {
            0 => Form::Stretches,
            1 => Form::Values,
            _ => Form::Texts,
        };
        cells.entry((account, bucket)).or_default().insert(r#trait, Cells { build, form });
    }
    Ok(cells)
}
