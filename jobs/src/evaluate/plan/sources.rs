//! Sources: the events that a criterion is about, by metric and conditions.

use segment_rules::canonical::{Condition, NumberRange, Source, Test};

use super::{
    super::rows::{SourceRow, TestRow, role, source},
    Planner,
};
use crate::commit::Stage;

impl Planner<'_> {
    /// The number of a source: its events, the property that is aggregated, the conditions that an edge has to satisfy.
    pub(super) fn source(&mut self, source: &Source, value: Option<&str>, has: &[Condition]) -> u32 {
        let key = format!("{source:?} {value:?} {has:?}");
        if let Some(known) = self.sources.get(&key) {
            return *known;
        }
        if let Some(property) = value
            && source.conditions.iter().any(|condition| !condition.negated)
        {
            return self.valued(key, source, property);
        }
        let number = self.next_source(key);
        for (rank, metric) in (0..).zip(self.metrics_of(&source.metric)) {
            self.source_rows(number, (&metric, rank), source, value, has);
        }
        number
    }

    /// A source that adds up a property of the events that another source chooses by its conditions: to look up the
    /// property of chosen events is cheaper than to bring together all rows of all events.
    fn valued(&mut self, key: String, source: &Source, property: &str) -> u32 {
        let chosen_by = self.source(source, None, &[]);
        let number = self.next_source(key);
        for (rank, metric) in (0..).zip(self.metrics_of(&source.metric)) {
            let row = SourceRow { form: source::VALUED, chosen_by, ..self.source_row(number, &metric, rank) };
            self.rows.sources.push(row);
            self.value_row(number, &metric, property);
        }
        number
    }

    /// Sources are numbered over the whole slice, though they are shared within a unit only.
    fn next_source(&mut self, key: String) -> u32 {
        let number = self.slot();
        self.sources.insert(key, number);
        number
    }

    fn source_row(&self, source: u32, metric: &str, rank: u16) -> SourceRow {
        let Stage { run, attempt, slice, .. } = self.stage;
        let (account, bucket) = self.unit;
        SourceRow {
            run,
            attempt,
            slice,
            source,
            account,
            bucket,
            metric: metric.to_owned(),
            rank,
            form: source::ALL,
            based: 0,
            wheres: 0,
            has: 0,
            chosen_by: 0,
            reach_from_ms: 0,
            reach_to_ms: 0,
        }
    }

    fn value_row(&mut self, source: u32, metric: &str, property: &str) {
        let any = Test::Number { range: NumberRange { from: None, below: None } };
        let row =
            TestRow { metric: metric.to_owned(), key: property.to_owned(), ..self.tested(role::VALUE, source, &any) };
        self.rows.tests.push(row);
    }

    fn source_rows(
        &mut self,
        number: u32,
        (metric, rank): (&str, u16),
        source: &Source,
        value: Option<&str>,
        has: &[Condition],
    ) {
        let demands =
            source.conditions.iter().filter(|condition| !condition.negated).count() + usize::from(value.is_some());
        let asked = source.conditions.len() + usize::from(value.is_some()) + has.len();
        let form = match (demands, asked) {
            (_, 0) => source::ALL,
            (1, 1) => source::FILTERED,
            _ => source::COMBINED,
        };
        let row = SourceRow {
            form,
            based: u8::from(asked > 0 && demands == 0),
            wheres: u16::try_from(demands).unwrap_or(u16::MAX),
            has: u16::try_from(has.iter().filter(|condition| !condition.negated).count()).unwrap_or(u16::MAX),
            ..self.source_row(number, metric, rank)
        };
        self.rows.sources.push(row);
        let conditions = source.conditions.iter().map(|condition| (condition, [role::WHERE, role::UNLESS]));
        for (condition, [holds, fails]) in
            conditions.chain(has.iter().map(|condition| (condition, [role::HAS, role::LACKS])))
        {
            let role = if condition.negated { fails } else { holds };
            let row = TestRow {
                metric: metric.to_owned(),
                key: condition.property.clone(),
                ..self.tested(role, number, &condition.test)
            };
            self.rows.tests.push(row);
        }
        if let Some(property) = value {
            self.value_row(number, metric, property);
        }
    }

    pub(super) fn metrics_of(&self, metric: &str) -> Vec<String> {
        if metric == "*" {
            // In the order of their texts: so events of one instant and id are ordered.
            return self.known.metrics.get(&self.unit).cloned().unwrap_or_default();
        }
        vec![metric.to_owned()]
    }
}
