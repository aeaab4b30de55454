//! Criteria of events: which windows they look at, and what they ask of them.

use std::collections::BTreeSet;

use segment_rules::{
    canonical::{Condition, Criterion, Source, Window},
    instants::{self, Interval, TimesOf},
};

use super::{
    super::{
        months::{self, Days},
        rows::{SpanRow, ThresholdRow, WindowRow, form, threshold},
    },
    Planner, traits,
};
use crate::commit::Stage;

#[derive(PartialEq, Eq, Hash)]
pub(super) struct WindowKey {
    form: i8,
    sources: Vec<u32>,
    interval: Interval,
    every_ms: i64,
    latest: bool,
    zone: String,
}

/// Marks windows that are put together from spans; they have no row of their own.
const PLANES: i8 = 0;
/// Marks stretches of whole days, in days; they have no row of their own either.
const DAY_PIECE: i8 = -1;

impl WindowKey {
    fn of(form: i8, sources: Vec<u32>, interval: Interval) -> Self {
        Self { form, sources, interval, every_ms: 0, latest: false, zone: String::new() }
    }
}

#[derive(Default)]
struct WindowExtra {
    every_ms: i64,
    latest: bool,
    zone: String,
}

impl Planner<'_> {
    pub(super) fn event_criterion(&mut self, criterion: &Criterion, slot: u32) {
        match criterion {
            Criterion::Count { source, window, at_least } => self.count(slot, source, window, *at_least),
            Criterion::Sum { source, window, property, negative, at_least } => {
                let window = self.events(form::AGGREGATE, source, window, Some(property));
                let op = if *negative { threshold::NEGATIVE_SUM } else { threshold::SUM };
                self.threshold(window, slot, op, |row| row.amount.clone_from(at_least));
            }
            Criterion::Average { source, window, property, bound, above } => {
                let window = self.events(form::AGGREGATE, source, window, Some(property));
                self.threshold(window, slot, threshold::AVERAGE, |row| {
                    row.bounded = u8::from(bound.is_some());
                    row.amount = bound.clone().unwrap_or_else(|| "0".to_owned());
                    row.above = u8::from(*above);
                });
            }
            Criterion::Extreme { source, window, property, greatest, range } => {
                let window = self.events(form::AGGREGATE, source, window, Some(property));
                let op = if *greatest { threshold::GREATEST } else { threshold::LEAST };
                self.threshold(window, slot, op, |row| (row.number_from, row.number_below) = traits::bounds(*range));
            }
            Criterion::DistinctDays { source, window, zone, at_least } => {
                let window = self.days(source, window, zone);
                self.threshold(window, slot, threshold::DAYS, |row| row.at_least = *at_least);
            }
            Criterion::Edge { source, latest, window, has } => self.edge(slot, source, *latest, window, has),
            Criterion::Regular { source, every_s, of, at_least, count_from, count_below, outside } => {
                let window = self.periods(source, *every_s, *of);
                self.threshold(window, slot, threshold::REGULAR, |row| {
                    row.at_least = u64::from(*at_least);
                    row.count_from = *count_from;
                    row.count_below = count_below.unwrap_or(u64::MAX);
                    row.outside = u8::from(*outside);
                });
            }
            Criterion::Sequence { steps, span_s, window } => self.sequence(slot, steps, *span_s, window),
            Criterion::Trait { .. } | Criterion::Near { .. } | Criterion::Sample { .. } => {}
        }
    }

    /// Counts of whole metrics are served by summaries as far as they reach.
    fn count(&mut self, slot: u32, source: &Source, window: &Window, at_least: u64) {
        let plain = source.conditions.is_empty();
        let (window, op) = match at_least {
            1 if plain => (self.any(source, window), threshold::ANY),
            2..=8 if plain => (self.planes(source, window), threshold::PLANES),
            _ => (self.events(form::COUNT, source, window, None), threshold::COUNT),
        };
        self.threshold(window, slot, op, |row| row.at_least = at_least);
    }

    fn any(&mut self, source: &Source, window: &Window) -> u32 {
        let interval = self.reached(window);
        let source = self.source(source, None, &[]);
        self.window(form::ANY, vec![source], interval, WindowExtra::default())
    }

    /// A window of counts: whole months and whole days as far as they are summarised, and pieces of events for the rest.
    fn planes(&mut self, source: &Source, window: &Window) -> u32 {
        let interval = self.reached(window);
        let number = self.source(source, None, &[]);
        let key = WindowKey::of(PLANES, vec![number], interval);
        if let Some(known) = self.windows.get(&key) {
            return *known;
        }
        let window = self.next_window();
        self.windows.insert(key, window);
        let known = self.known;
        let no_months = BTreeSet::new();
        let cover = months::cover(interval, known.months.get(&self.unit).unwrap_or(&no_months));
        for piece in cover.pieces {
            let piece = self.window(form::PIECE, vec![number], piece, WindowExtra::default());
            let row = SpanRow { piece, ..self.span(window) };
            self.rows.spans.push(row);
        }
        for days in cover.days {
            let piece = self.day_piece(number, days);
            self.day_spans(window, piece, &source.metric, days);
        }
        if let Some(months) = cover.months {
            self.day_spans(window, 0, &source.metric, months);
        }
        window
    }

    /// The number of a stretch of whole days; windows that share one count it once.
    fn day_piece(&mut self, source: u32, (day_from, day_to): Days) -> u32 {
        let interval = Interval { from_ms: i64::from(day_from), to_ms: i64::from(day_to) };
        let number = self.next_window();
        *self.windows.entry(WindowKey::of(DAY_PIECE, vec![source], interval)).or_insert(number)
    }

    fn day_spans(&mut self, window: u32, piece: u32, metric: &str, (day_from, day_to): Days) {
        for metric in self.metrics_of(metric) {
            let row = SpanRow { piece, metric, day_from, day_to, ..self.span(window) };
            self.rows.spans.push(row);
        }
    }

    fn span(&self, window: u32) -> SpanRow {
        let Stage { run, attempt, slice, .. } = self.stage;
        let (account, bucket) = self.unit;
        SpanRow {
            run,
            attempt,
            slice,
            window,
            piece: 0,
            account,
            bucket,
            metric: String::new(),
            day_from: 0,
            day_to: 0,
        }
    }

    fn events(&mut self, form: i8, source: &Source, window: &Window, value: Option<&str>) -> u32 {
        let interval = self.reached(window);
        let source = self.source(source, value, &[]);
        self.window(form, vec![source], interval, WindowExtra::default())
    }

    fn days(&mut self, source: &Source, window: &Window, zone: &str) -> u32 {
        let interval = self.reached(window);
        let source = self.source(source, None, &[]);
        self.window(form::DAYS, vec![source], interval, WindowExtra { zone: zone.to_owned(), ..WindowExtra::default() })
    }

    fn periods(&mut self, source: &Source, every_s: i64, of: u32) -> u32 {
        let interval = self.reached(&Window::Relative { from_s: Some(-every_s * i64::from(of)), to_s: 0 });
        let source = self.source(source, None, &[]);
        let extra = WindowExtra { every_ms: every_s * 1000, ..WindowExtra::default() };
        self.window(form::REGULAR, vec![source], interval, extra)
    }

    fn edge(&mut self, slot: u32, source: &Source, latest: bool, window: &Window, has: &[Condition]) {
        let all = self.reached(&Window::All);
        let source = self.source(source, None, has);
        let number = self.window(form::EDGE, vec![source], all, WindowExtra { latest, ..WindowExtra::default() });
        let interval = instants::interval(window, self.as_of_ms, TimesOf::Events);
        self.threshold(number, slot, threshold::EDGE, |row| {
            (row.from_ms, row.to_ms) = (interval.from_ms, interval.to_ms);
        });
    }

    fn sequence(&mut self, slot: u32, steps: &[Source], span_s: i64, window: &Window) {
        let interval = self.reached(window);
        let sources = steps.iter().map(|step| self.source(step, None, &[])).collect();
        let extra = WindowExtra { every_ms: span_s * 1000, ..WindowExtra::default() };
        let number = self.window(form::SEQUENCE, sources, interval, extra);
        self.threshold(number, slot, threshold::SEQUENCE, |_| {});
    }

    /// The instants of a window of events; they widen the slice's reach.
    fn reached(&mut self, window: &Window) -> Interval {
        let interval = instants::interval(window, self.as_of_ms, TimesOf::Events);
        self.rows.reach = Some(match self.rows.reach {
            None => interval,
            Some(reach) => {
                Interval { from_ms: reach.from_ms.min(interval.from_ms), to_ms: reach.to_ms.max(interval.to_ms) }
            }
        });
        interval
    }

    /// The number of a window; the steps of a sequence share one.
    fn window(&mut self, form: i8, sources: Vec<u32>, interval: Interval, extra: WindowExtra) -> u32 {
        let WindowExtra { every_ms, latest, zone } = extra;
        let number = self.next_window();
        let key = WindowKey { form, sources, interval, every_ms, latest, zone };
        if let Some(known) = self.windows.get(&key) {
            return *known;
        }
        let Stage { run, attempt, slice, .. } = self.stage;
        let (from_day, to_day) = if form == form::PIECE { months::touched(interval) } else { months::whole(interval) };
        let (zone_from, zone_offset) = match key.zone.as_str() {
            "" => Default::default(),
            zone => instants::day_pieces(zone, interval.from_ms, interval.to_ms).into_iter().unzip(),
        };
        for (index, source) in key.sources.iter().enumerate() {
            self.rows.windows.push(WindowRow {
                run,
                attempt,
                slice,
                form,
                window: number,
                source: *source,
                step: u8::try_from(index + 1).unwrap_or(u8::MAX),
                from_ms: interval.from_ms,
                to_ms: interval.to_ms,
                from_day,
                to_day,
                every_ms,
                steps: u8::try_from(key.sources.len()).unwrap_or(u8::MAX),
                latest: u8::from(latest),
                zone_from: Clone::clone(&zone_from),
                zone_offset: Clone::clone(&zone_offset),
            });
        }
        self.windows.insert(key, number);
        number
    }

    fn next_window(&self) -> u32 {
        u32::try_from(self.windows.len()).unwrap_or(u32::MAX) + 1
    }

    fn threshold(&mut self, window: u32, slot: u32, op: i8, fill: impl FnOnce(&mut ThresholdRow)) {
        let Stage { run, attempt, slice, .. } = self.stage;
        let mut row = ThresholdRow {
            run,
            attempt,
            slice,
            window,
            slot,
            op,
            at_least: 0,
            amount: "0".to_owned(),
            bounded: 0,
            above: 0,
            number_from: f64::NEG_INFINITY,
            number_below: f64::INFINITY,
            from_ms: i64::MIN,
            to_ms: i64::MAX,
            count_from: 0,
            count_below: u64::MAX,
            outside: 0,
        };
        fill(&mut row);
        self.rows.thresholds.push(row);
    }
}
