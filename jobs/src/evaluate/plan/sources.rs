//! Sources: the events that a criterion is about, by metric and conditions.

use segment_rules::{
    PropertyPair,
    canonical::{Condition, NumberRange, Source, Test},
};

use super::{
    super::rows::{SourceRow, TestRow, role, source},
    Planner,
};
use crate::staging::Stage;

impl Planner<'_> {
    /// The number of a source: its events, and the property that is aggregated.
    pub(super) fn source(&mut self, source: &Source, value: Option<&str>) -> u32 {
        let key = format!("{source:?} {value:?}");
        if let Some(known) = self.sources.get(&key) {
            return *known;
        }
        if let Some(property) = value
            && source.conditions.iter().any(|condition| !condition.negated)
            && !self.has_amounts(source, property)
        {
            return self.valued(key, source, property);
        }
        let number = self.next_source(key);
        for (rank, metric) in (0..).zip(self.metrics_of(&source.metric)) {
            self.source_rows(number, (&metric, rank), source, value);
        }
        number
    }

    /// A source that adds up a property of the events that another source chooses by its conditions: to look up the
    /// property of chosen events is cheaper than to bring together all rows of all events.
    fn valued(&mut self, key: String, source: &Source, property: &str) -> u32 {
        let chosen_by = self.source(source, None);
        let number = self.next_source(key);
        for (rank, metric) in (0..).zip(self.metrics_of(&source.metric)) {
            let row = SourceRow { form: source::VALUED, chosen_by, ..self.source_row(number, &metric, rank) };
            self.rows.sources.push(row);
            self.value_row((number, source::VALUED), &metric, property);
        }
        number
    }

    /// Whether the numbers of the property stand beside the one text that chooses the source's events.
    fn has_amounts(&self, source: &Source, property: &str) -> bool {
        source.text_property().is_some_and(|text| {
            let pair = PropertyPair { summed: property.to_owned(), ..PropertyPair::alone(&source.metric, text) };
            self.known.amounts.contains(&(self.unit.0, pair))
        })
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
            chosen_by: 0,
            reach_from_ms: 0,
            reach_to_ms: 0,
        }
    }

    fn value_row(&mut self, source: (u32, i8), metric: &str, property: &str) {
        let any = Test::Number { range: NumberRange { from: None, below: None } };
        self.source_test(role::VALUE, source, (metric, property), &any);
    }

    fn source_test(&mut self, role: i8, (source, form): (u32, i8), (metric, property): (&str, &str), test: &Test) {
        let row = self.tested(role, source, test);
        self.rows.tests.push(TestRow { form, metric: metric.to_owned(), key: property.to_owned(), ..row });
    }

    fn source_rows(&mut self, number: u32, (metric, rank): (&str, u16), source: &Source, value: Option<&str>) {
        let wanted = source.conditions.iter().filter(|condition| !condition.negated).count();
        let form = match (source.conditions.len(), value) {
            (0, None) => source::ALL,
            (0, Some(_)) => source::NUMBERS,
            (_, Some(property)) if self.has_amounts(source, property) => source::AMOUNTS,
            (1, None) if wanted == 1 => source::FILTERED,
            _ => source::COMBINED,
        };
        let demands = wanted + usize::from(value.is_some());
        let row = SourceRow {
            form,
            based: u8::from(form == source::COMBINED && demands == 0),
            wheres: u16::try_from(demands).unwrap_or(u16::MAX),
            ..self.source_row(number, metric, rank)
        };
        self.rows.sources.push(row);
        if form == source::ALL {
            self.plain.entry(number).or_default().push(metric.to_owned());
        }
        for Condition { property, test, negated } in &source.conditions {
            let role = if *negated { role::UNLESS } else { role::WHERE };
            self.source_test(role, (number, form), (metric, property), test);
        }
        if let Some(property) = value {
            self.value_row((number, form), metric, property);
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
