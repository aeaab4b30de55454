//! The rule-join of one slice on one shard: rules as rows in, staged pages of segments out.
//!
//! Stage 1 gives each distinct criterion the bitmap of its profiles, a statement a kind; stage 2 joins bitmaps to nodes,
//! level by level; the pages of the roots are staged for a commit. Slots keep units apart, so many small accounts go
//! through one set of statements.

mod months;
pub mod plan;
pub mod rows;

use std::{collections::BTreeSet, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use segment_rules::time::DAY_MS;
use segment_sql::{Statement, rule_join as sql};

use self::{
    plan::Rows,
    rows::{TestRow, form, role, source, test},
};
use crate::{
    commit::Stage,
    shards::{Call, Shard, ShardError},
};

/// Bounds for each statement of an evaluation.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Seconds that a statement may take.
    pub seconds: u64,
    /// Bytes of memory that a statement may take.
    pub memory_bytes: u64,
    /// How many criterion kinds of a slice are evaluated at the same time.
    pub statements_at_once: usize,
}

impl Default for Limits {
    /// As large units need it.
    fn default() -> Self {
        Self { seconds: 600, memory_bytes: 6_000_000_000, statements_at_once: 2 }
    }
}

/// Evaluates a slice: afterwards its pages stand in `run_results`, seen by nobody.
pub async fn evaluate(shard: &Shard, stage: &Stage, rows: Rows, limits: Limits) -> Result<(), ShardError> {
    let statements = statements(&rows);
    let levels: BTreeSet<u16> = rows.nodes.iter().map(|node| node.level).collect();
    let (day_from, day_to) = days(&rows);
    let bind = |statement: Statement| -> Call<'_> {
        stage
            .bind(shard.call(statement, &stage.scope()))
            .bounded(Duration::from_secs(limits.seconds), limits.memory_bytes)
    };
    stage_rules(shard, stage, rows).await?;
    for wave in statements {
        stream::iter(wave)
            .map(|statement| bind(statement).param("day_from", &day_from).param("day_to", &day_to).execute())
            .buffer_unordered(limits.statements_at_once.max(1))
            .try_collect::<()>()
            .await?;
    }
    for level in levels {
        bind(sql::NODES).param("level", level).execute().await?;
    }
    bind(sql::RESULTS).execute().await
}

async fn stage_rules(shard: &Shard, stage: &Stage, rows: Rows) -> Result<(), ShardError> {
    let scope = stage.scope();
    let Rows { tests, sources, windows, thresholds, spans, nodes, roots, reach: _ } = rows;
    futures::try_join!(
        shard.insert_all("run_tests", &scope, tests),
        shard.insert_all("run_sources", &scope, sources),
        shard.insert_all("run_windows", &scope, windows),
        shard.insert_all("run_thresholds", &scope, thresholds),
        shard.insert_all("run_spans", &scope, spans),
        shard.insert_all("run_nodes", &scope, nodes),
        shard.insert_all("run_roots", &scope, roots),
    )?;
    Ok(())
}

/// The statements of stage 1 that the rows need: those of a wave do not depend on each other, and need only waves before.
fn statements(rows: &Rows) -> [Vec<Statement>; 4] {
    let of_form = |form: i8| rows.sources.iter().filter(move |source| source.form == form);
    let roles: BTreeSet<i8> = rows.tests.iter().map(|row| row.role).collect();
    let forms: BTreeSet<i8> = rows.windows.iter().map(|row| row.form).collect();
    let cells = rows.tests.iter().any(|row| row.build != 0 && row.role != role::FREE);
    let free = roles.contains(&role::FREE);
    let raw = |role: i8| rows.tests.iter().filter(move |row| row.role == role && row.build == 0);
    let is_asked = |ops: &[i8]| raw(role::TRAIT).any(|row| ops.contains(&row.op));
    let is_of_text = |row: &TestRow| (test::TEXT..=test::MATCH).contains(&row.op);
    let filtered = of_form(source::FILTERED).map(|source| source.source).collect::<BTreeSet<_>>();
    let conditions = || rows.tests.iter().filter(|row| row.role >= role::WHERE && filtered.contains(&row.slot));
    let of_texts = conditions().any(is_of_text);
    let plain = of_form(source::ALL).map(|source| source.source).collect::<BTreeSet<_>>();
    let mut once = rows.windows.iter().filter(|row| row.form == form::ANY).map(|row| plain.contains(&row.source));
    let first = [
        (true, sql::UNIVERSE),
        (cells, sql::CELLS),
        (conditions().any(|row| !is_of_text(row)), sql::FILTERED),
        (of_texts, sql::PASSING_TEXTS),
        (free, sql::PASSING_FREE_TEXTS),
        (of_form(source::COMBINED).next().is_some(), sql::COMBINED),
        (is_asked(&[test::NUMBER, test::TIME, test::ITEM]), sql::TRAITS),
        (is_asked(&[test::ANNIVERSARY]), sql::ANNIVERSARIES),
        (is_asked(&[test::EXISTS]), sql::PRESENT),
        (raw(role::TRAIT).any(is_of_text), sql::TRAIT_TEXTS),
        (raw(role::TEXT).next().is_some(), sql::TEXTS),
        (raw(role::NEAR).next().is_some(), sql::NEAR),
        (roles.contains(&role::SAMPLE), sql::SAMPLE),
        (once.clone().any(|plain| plain), sql::ANY),
        (forms.contains(&form::FOLLOWS), sql::FOLLOWS),
        (forms.contains(&form::STRETCHES), sql::STRETCHES),
        (forms.contains(&form::PIECE), sql::PIECES),
        (rows.spans.iter().any(|span| span.piece != 0 && !span.metric.is_empty()), sql::DAY_PIECES),
    ];
    let second = [(of_texts, sql::FILTERED_TEXTS), (free, sql::FREE_TEXTS), (cells, sql::CELL_MEMBERS)];
    let third = [
        (of_form(source::VALUED).next().is_some(), sql::VALUES),
        (once.any(|plain| !plain), sql::CHOSEN),
        (!rows.spans.is_empty(), sql::PLANES),
    ];
    let fourth = [
        (forms.contains(&form::COUNT), sql::COUNTS),
        (forms.contains(&form::AGGREGATE), sql::AGGREGATE),
        (forms.contains(&form::DAYS), sql::DAYS),
        (forms.contains(&form::EDGE), sql::EDGE),
        (forms.contains(&form::REGULAR), sql::REGULAR),
        (forms.contains(&form::SEQUENCE), sql::SEQUENCE),
    ];
    [needed(&first), needed(&second), needed(&third), needed(&fourth)]
}

fn needed(statements: &[(bool, Statement)]) -> Vec<Statement> {
    statements.iter().filter(|(needed, _)| *needed).map(|(_, statement)| *statement).collect()
}

/// The UTC days that windows of events reach, as ClickHouse's Date: 1970-01-01 to 2149-06-06.
fn days(rows: &Rows) -> (String, String) {
    let (from_ms, to_ms) = rows.reach.map_or((0, 0), |reach| (reach.from_ms, reach.to_ms));
    let date = |ms: i64| {
        let day = ms.max(0).div_euclid(DAY_MS).min(65_535);
        jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(day)).to_string()
    };
    (date(from_ms), date(to_ms))
}
