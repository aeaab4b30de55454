//! The rule-join of one slice on one shard: rules as rows in, staged pages of segments out.
//!
//! Stage 1 gives each distinct criterion the bitmap of its profiles, a statement a kind; stage 2 joins bitmaps to nodes,
//! level by level; the pages of the roots are staged for a commit. Slots keep units apart, so many small accounts go
//! through one set of statements.

pub(crate) mod known;
mod months;
pub mod plan;
mod reach;
pub mod rows;

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use futures::{StreamExt, stream::FuturesUnordered};
use segment_sql::{Statement, rule_join as sql};

use self::{
    plan::Rows,
    reach::Reach,
    rows::{TestRow, form, role, source, test},
};
use crate::{
    shards::{Call, Shard, ShardError},
    staging::Stage,
};

/// Bounds for each statement of an evaluation.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Seconds that a statement may take, 1 or more.
    pub seconds: u64,
    /// Bytes of memory that a statement may take; 0: all that the server has.
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
    let reaches: HashMap<&str, Reach> =
        statements.iter().map(|statement| (statement.name(), Reach::of(*statement, &rows))).collect();
    let bind = |statement: Statement| -> Call<'_> {
        stage
            .bind(shard.call(statement, &stage.scope()))
            .bounded(Duration::from_secs(limits.seconds), limits.memory_bytes)
    };
    stage_rules(shard, stage, rows).await?;
    in_order(statements, limits.statements_at_once, |statement| {
        reaches[statement.name()].bind(bind(statement)).execute()
    })
    .await?;
    for level in levels {
        bind(sql::NODES).param("level", level).execute().await?;
    }
    bind(sql::RESULTS).execute().await
}

/// Runs statements of stage 1, so many at a time, each once those that write what it reads are done or were not asked for.
async fn in_order<F>(
    mut waiting: Vec<Statement>,
    at_once: usize,
    run: impl Fn(Statement) -> F,
) -> Result<(), ShardError>
where
    F: Future<Output = Result<(), ShardError>>,
{
    let mut open: BTreeSet<&str> = waiting.iter().map(Statement::name).collect();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < at_once.max(1) {
            let is_ready = |statement: &Statement| after(*statement).iter().all(|before| !open.contains(before.name()));
            let Some(ready) = waiting.iter().position(is_ready) else { break };
            let statement = waiting.remove(ready);
            let done = run(statement);
            running.push(async move { done.await.map(|()| statement.name()) });
        }
        match running.next().await {
            Some(done) => open.remove(done?),
            None => return Ok(()),
        };
    }
}

async fn stage_rules(shard: &Shard, stage: &Stage, rows: Rows) -> Result<(), ShardError> {
    let scope = stage.scope();
    let Rows { tests, sources, windows, thresholds, spans, nodes, roots } = rows;
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

/// The statements of stage 1 that the rows need.
fn statements(rows: &Rows) -> Vec<Statement> {
    let has_source = |form: i8| rows.sources.iter().any(|source| source.form == form);
    let roles: BTreeSet<i8> = rows.tests.iter().map(|row| row.role).collect();
    let forms: BTreeSet<i8> = rows.windows.iter().map(|row| row.form).collect();
    let cells = rows.tests.iter().any(|row| row.build != 0 && row.role != role::FREE);
    let free = roles.contains(&role::FREE);
    let raw = |role: i8| rows.tests.iter().filter(move |row| row.role == role && row.build == 0);
    let is_asked = |ops: &[i8]| raw(role::TRAIT).any(|row| ops.contains(&row.op));
    let is_of_text = |row: &TestRow| (test::TEXT..=test::MATCH).contains(&row.op);
    let conditions = || rows.tests.iter().filter(|row| row.form == source::FILTERED);
    let of_texts = conditions().any(is_of_text);
    let mut once = rows.windows.iter().filter(|row| row.form == form::ANY).map(|row| row.metric.is_empty());
    let added_up: BTreeSet<u32> =
        rows.windows.iter().filter(|row| row.form == form::AGGREGATE).map(|row| row.source).collect();
    let sums_of_chosen = rows
        .sources
        .iter()
        .any(|row| [source::COMBINED, source::VALUED].contains(&row.form) && added_up.contains(&row.source));
    let needed = [
        (true, sql::UNIVERSE),
        (cells, sql::CELLS),
        (cells, sql::CELL_MEMBERS),
        (of_texts || has_source(source::AMOUNTS), sql::PASSING_TEXTS),
        (conditions().any(|row| !is_of_text(row)), sql::FILTERED),
        (of_texts, sql::FILTERED_TEXTS),
        (has_source(source::COMBINED), sql::COMBINED),
        (has_source(source::VALUED), sql::VALUES),
        (forms.contains(&form::PIECE), sql::PIECES),
        (rows.spans.iter().any(|span| span.piece != 0 && !span.metric.is_empty()), sql::DAY_PIECES),
        (!rows.spans.is_empty(), sql::PLANES),
        (has_source(source::NUMBERS), sql::SUMS),
        (has_source(source::AMOUNTS), sql::AMOUNT_SUMS),
        (sums_of_chosen, sql::CHOSEN_SUMS),
        (once.clone().any(|staged| !staged), sql::ANY),
        (once.any(|staged| staged), sql::CHOSEN),
        (free, sql::PASSING_FREE_TEXTS),
        (free, sql::FREE_TEXTS),
        (is_asked(&[test::NUMBER, test::TIME, test::ITEM]), sql::TRAITS),
        (is_asked(&[test::ANNIVERSARY]), sql::ANNIVERSARIES),
        (is_asked(&[test::EXISTS]), sql::PRESENT),
        (raw(role::TRAIT).any(is_of_text), sql::TRAIT_TEXTS),
        (raw(role::TEXT).next().is_some(), sql::TEXTS),
        (raw(role::NEAR).next().is_some(), sql::NEAR),
        (roles.contains(&role::SAMPLE), sql::SAMPLE),
        (forms.contains(&form::FOLLOWS), sql::FOLLOWS),
        (forms.contains(&form::STRETCHES), sql::STRETCHES),
        (forms.contains(&form::COUNT), sql::COUNTS),
        (forms.contains(&form::DAYS), sql::DAYS),
        (forms.contains(&form::EDGE), sql::EDGE),
        (forms.contains(&form::REGULAR), sql::REGULAR),
        (forms.contains(&form::SEQUENCE), sql::SEQUENCE),
    ];
    needed.into_iter().filter(|(needed, _)| *needed).map(|(_, statement)| statement).collect()
}

/// Those that stage the events of sources with conditions.
const EVENTS: &[Statement] = &[sql::FILTERED, sql::FILTERED_TEXTS, sql::COMBINED];
/// The same, and those that tell candidates.
const SELECTED: &[Statement] =
    &[sql::FILTERED, sql::FILTERED_TEXTS, sql::COMBINED, sql::ANY, sql::PLANES, sql::FOLLOWS];
/// What statements of stage 1 read of what others of it write; the rest reads nothing of that.
const AFTER: [(Statement, &[Statement]); 13] = [
    (sql::CELL_MEMBERS, &[sql::CELLS]),
    (sql::FREE_TEXTS, &[sql::PASSING_FREE_TEXTS]),
    (sql::FILTERED_TEXTS, &[sql::PASSING_TEXTS]),
    (sql::VALUES, EVENTS),
    (sql::CHOSEN, EVENTS),
    (sql::PLANES, &[sql::PIECES, sql::DAY_PIECES]),
    (sql::AMOUNT_SUMS, &[sql::PASSING_TEXTS]),
    (sql::CHOSEN_SUMS, &[sql::FILTERED, sql::FILTERED_TEXTS, sql::COMBINED, sql::VALUES]),
    (sql::COUNTS, SELECTED),
    (sql::DAYS, SELECTED),
    (sql::EDGE, SELECTED),
    (sql::REGULAR, SELECTED),
    (sql::SEQUENCE, SELECTED),
];

/// Those that write what a statement reads.
fn after(statement: Statement) -> &'static [Statement] {
    AFTER.iter().find(|(reader, _)| reader.name() == statement.name()).map_or(&[], |(_, after)| after)
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    /// Runs them, and tells in which order they ended and how many were under way at most.
    async fn ended(statements: Vec<Statement>, at_once: usize) -> (Vec<&'static str>, usize) {
        let (ended, running, most) = (RefCell::new(Vec::new()), Cell::new(0), Cell::new(0));
        let run = |statement: Statement| {
            let (ended, running, most) = (&ended, &running, &most);
            async move {
                running.set(running.get() + 1);
                most.set(running.get().max(most.get()));
                // The longer its name, the sooner it ends.
                for _ in statement.name().len()..30 {
                    tokio::task::yield_now().await;
                }
                running.set(running.get() - 1);
                ended.borrow_mut().push(statement.name());
                Ok(())
            }
        };
        in_order(statements, at_once, run).await.unwrap();
        (ended.into_inner(), most.get())
    }

    #[tokio::test]
    async fn a_step_waits_for_those_that_write_what_it_reads() {
        let statements = [sql::CHOSEN_SUMS, sql::VALUES, sql::FILTERED_TEXTS, sql::PASSING_TEXTS, sql::ANY];
        for at_once in [0, 1, 2, 9] {
            let (ended, most) = ended(statements.to_vec(), at_once).await;
            let place = |name| ended.iter().position(|other| *other == name).unwrap();
            let chain = ["passing_texts", "filtered_texts", "values", "chosen_sums"].map(place);
            assert!(chain.is_sorted(), "{ended:?}");
            assert_eq!(ended.len(), 5);
            assert_eq!(most, at_once.clamp(1, 2), "any can go beside one of the others");
        }
    }

    /// Readers of rows that a statement writes for others.
    const OF_OTHERS: [(&str, &str); 9] = [
        ("amount_sums", "passing_free_texts"),
        ("filtered_texts", "passing_free_texts"),
        ("free_texts", "passing_texts"),
        ("chosen", "values"),
        ("counts", "values"),
        ("days", "values"),
        ("edge", "values"),
        ("regular", "values"),
        ("sequence", "values"),
    ];

    #[test]
    fn every_step_comes_after_those_that_write_what_it_reads() {
        let mut seen = 0;
        for reader in sql::ALL {
            for table in ["run_cells", "run_events", "run_planes", "run_texts"] {
                let reads = reader.text().contains(&format!("FROM {table}\n"));
                let writers = sql::ALL.iter().filter(|writer| writer.text().contains(&format!("INSERT INTO {table} ")));
                for writer in writers.filter(|writer| reads && writer.name() != reader.name()) {
                    let waits = after(*reader).iter().any(|before| before.name() == writer.name());
                    let of_others = OF_OTHERS.contains(&(reader.name(), writer.name()));
                    assert!(waits != of_others, "{} reads {table}, which {} writes", reader.name(), writer.name());
                    seen += 1;
                }
            }
        }
        assert!(seen > 30, "{seen}");
    }

    #[tokio::test]
    async fn what_is_not_asked_for_is_not_waited_for() {
        assert_eq!(ended(vec![sql::CHOSEN_SUMS], 2).await.0, ["chosen_sums"]);
    }
}
