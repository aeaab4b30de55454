//! Criteria of events: which windows they look at, and what they ask of them.

use std::collections::BTreeSet;

use segment_rules::{
    canonical::{Criterion, Source, Window},
    instants::{self, Interval, TimesOf},
    time::DAY_MS,
};

use super::{
    super::{
        months::{self, Days},
        rows::{SpanRow, ThresholdRow, WindowRow, form, threshold},
    },
    Planner, parts,
};
use crate::staging::Stage;

#[derive(PartialEq, Eq, Hash)]
pub(super) struct WindowKey {
    form: i8,
    sources: Vec<u32>,
    interval: Interval,
    extra: WindowExtra,
}

/// Marks windows that are put together from spans; they have no row of their own.
const PLANES: i8 = 0;
/// Marks stretches of whole days, in days; they have no row of their own either.
const DAY_PIECE: i8 = -1;

impl WindowKey {
    fn of(form: i8, sources: Vec<u32>, interval: Interval) -> Self {
        Self { form, sources, interval, extra: WindowExtra::default() }
    }
}

#[derive(Default, PartialEq, Eq, Hash)]
struct WindowExtra {
    every_ms: i64,
    latest: bool,
    zone: String,
    /// How many events a profile needs to be looked at.
    least: u64,
    /// Where the newest stretch ends.
    last_ms: i64,
    cut_days: Vec<u16>,
}

/// What of the summaries' counts is right: they count no further.
const COUNTED: u64 = 8;
/// Of a longer span the days tell little.
const SHORT_MS: i64 = 31 * DAY_MS;
/// Of shorter periods too many days lie in two.
const LONG_S: i64 = 2 * DAY_MS / 1000;

impl Planner<'_> {
    pub(super) fn event_criterion(&mut self, criterion: &Criterion, slot: u32) {
        match criterion {
            Criterion::Count { source, window, at_least } => {
                let interval = self.reached(window);
                self.count(slot, source, interval, *at_least);
            }
            Criterion::Sum { source, window, property, negative, at_least } => {
                let window = self.aggregate(source, window, property);
                let op = if *negative { threshold::NEGATIVE_SUM } else { threshold::SUM };
                self.threshold(window, slot, op, |row| row.amount.clone_from(at_least));
            }
            Criterion::Average { source, window, property, bound, above } => {
                let window = self.aggregate(source, window, property);
                self.threshold(window, slot, threshold::AVERAGE, |row| {
                    row.bounded = u8::from(bound.is_some());
                    row.amount = bound.clone().unwrap_or_else(|| "0".to_owned());
                    row.above = u8::from(*above);
                });
            }
            Criterion::Extreme { source, window, property, greatest, range } => {
                let interval = self.reached(window);
                self.put_together(slot, &parts::extreme((source, interval), property, *greatest, *range));
            }
            Criterion::DistinctDays { source, window, zone, at_least } => {
                let (window, op) = self.days(source, window, zone, *at_least);
                self.threshold(window, slot, op, |row| row.at_least = *at_least);
            }
            Criterion::Edge { source, latest, window, has } => {
                let (interval, ever) = (self.reached(window), self.reached(&Window::All));
                self.put_together(slot, &parts::edge(source, (interval, ever), *latest, has));
            }
            Criterion::Regular { source, every_s, of, at_least, count_from: 1, count_below: None, outside: false }
                if source.conditions.is_empty()
                    && (1..=COUNTED).contains(&u64::from(*at_least))
                    && *every_s > LONG_S =>
            {
                let window = self.stretches_of_days(source, *every_s * 1000, *of);
                self.threshold(window, slot, threshold::STRETCHES, |row| row.at_least = u64::from(*at_least));
            }
            Criterion::Regular { source, every_s, of, at_least, count_from, count_below, outside } => {
                let least = u64::from(*at_least).saturating_mul(if *outside { 1 } else { *count_from });
                let window = self.periods(source, *every_s, *of, least);
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
    pub(super) fn count(&mut self, slot: u32, source: &Source, interval: Interval, at_least: u64) {
        let plain = source.conditions.is_empty();
        let (window, op) = match at_least {
            1 => (self.events(form::ANY, source, interval), threshold::ANY),
            2..=8 if plain => (self.planes(source, interval), threshold::PLANES),
            _ => (self.counted(source, interval), threshold::COUNT),
        };
        self.threshold(window, slot, op, |row| row.at_least = at_least);
    }

    /// A window of counts: whole months and whole days as far as they are summarised, and pieces of events for the rest.
    fn planes(&mut self, source: &Source, interval: Interval) -> u32 {
        let number = self.source(source, None);
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
            let piece = self.window(form::PIECE, vec![(number, None)], piece, WindowExtra::default());
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

    fn events(&mut self, form: i8, source: &Source, interval: Interval) -> u32 {
        let source = self.source(source, None);
        self.window(form, vec![(source, None)], interval, WindowExtra::default())
    }

    fn counted(&mut self, source: &Source, interval: Interval) -> u32 {
        let number = self.source(source, None);
        let extra = WindowExtra { least: COUNTED, ..WindowExtra::default() };
        self.window(form::COUNT, vec![(number, plain(source))], interval, extra)
    }

    fn aggregate(&mut self, source: &Source, window: &Window, property: &str) -> u32 {
        let interval = self.reached(window);
        let source = self.source(source, Some(property));
        self.window(form::AGGREGATE, vec![(source, None)], interval, WindowExtra::default())
    }

    /// Days that begin at midnight UTC are stretches; others have to be told apart by their events.
    fn days(&mut self, source: &Source, window: &Window, zone: &str, least: u64) -> (u32, i8) {
        let interval = self.reached(window);
        let is_utc =
            instants::day_pieces(zone, interval.from_ms, interval.to_ms).iter().all(|(_, offset)| *offset == 0);
        if is_utc && source.conditions.is_empty() && least <= COUNTED {
            let last_ms = (interval.to_ms - 1).div_euclid(DAY_MS) * DAY_MS + DAY_MS - 1;
            let cut_days = months::cut_days([interval.from_ms, interval.to_ms]);
            let extra = WindowExtra { every_ms: DAY_MS, last_ms, cut_days, ..WindowExtra::default() };
            return (self.stretches(source, interval, extra), threshold::STRETCHES);
        }
        let number = self.source(source, None);
        let extra = WindowExtra { zone: zone.to_owned(), least: least.min(COUNTED), ..WindowExtra::default() };
        (self.window(form::DAYS, vec![(number, plain(source))], interval, extra), threshold::DAYS)
    }

    /// Periods that end with `as_of`, as stretches.
    fn stretches_of_days(&mut self, source: &Source, every_ms: i64, of: u32) -> u32 {
        let interval = self.reached(&Window::Relative { from_s: Some(-every_ms / 1000 * i64::from(of)), to_s: 0 });
        let cut_days = months::cut_days((0..=i64::from(of)).map(|period| interval.to_ms - period * every_ms));
        let extra = WindowExtra { every_ms, last_ms: interval.to_ms - 1, cut_days, ..WindowExtra::default() };
        self.stretches(source, interval, extra)
    }

    fn stretches(&mut self, source: &Source, interval: Interval, extra: WindowExtra) -> u32 {
        let source = self.source(source, None);
        self.window(form::STRETCHES, vec![(source, None)], interval, extra)
    }

    fn periods(&mut self, source: &Source, every_s: i64, of: u32, least: u64) -> u32 {
        let interval = self.reached(&Window::Relative { from_s: Some(-every_s * i64::from(of)), to_s: 0 });
        let number = self.source(source, None);
        let extra = WindowExtra { every_ms: every_s * 1000, least: least.min(COUNTED), ..WindowExtra::default() };
        self.window(form::REGULAR, vec![(number, plain(source))], interval, extra)
    }

    /// Whether the latest (earliest) of the events in an interval satisfies a condition. The window has two sources, all
    /// events and those that satisfy it.
    pub(super) fn edge(&mut self, slot: u32, source: &Source, chosen: &Source, (interval, latest): (Interval, bool)) {
        let sources = [source, chosen].map(|source| (self.source(source, None), Some(chosen))).to_vec();
        let extra = WindowExtra { latest, least: 1, ..WindowExtra::default() };
        let number = self.window(form::EDGE, sources, interval, extra);
        self.threshold(number, slot, threshold::EDGE, |_| {});
    }

    fn sequence(&mut self, slot: u32, steps: &[Source], span_s: i64, window: &Window) {
        let interval = self.reached(window);
        let sources = steps.iter().map(|step| (self.source(step, None), Some(step))).collect();
        let extra = WindowExtra { every_ms: span_s * 1000, least: 1, ..WindowExtra::default() };
        let number = self.window(form::SEQUENCE, sources, interval, extra);
        self.threshold(number, slot, threshold::SEQUENCE, |_| {});
    }

    /// For each source the slot of those who have so many events of it; for a step of a sequence and the next one, of
    /// those who have the one soon after the other. Summaries tell it of large units at little cost; in small ones it
    /// would cost more than it spares.
    fn candidates(
        &mut self,
        form: i8,
        needed: &[Option<&Source>],
        interval: Interval,
        extra: &WindowExtra,
    ) -> Vec<u32> {
        let mut slots = vec![0; needed.len()];
        if self.known.months.get(&self.unit).is_none_or(BTreeSet::is_empty) {
            return slots;
        }
        for (index, needed_here) in needed.iter().enumerate() {
            let Some(source) = *needed_here else { continue };
            if form == form::EDGE && index > 0 {
                slots[index] = slots[index - 1];
                continue;
            }
            let pair = needed.windows(2).nth(index.min(needed.len().saturating_sub(2)));
            slots[index] = match pair {
                Some([Some(one), Some(other)]) if form == form::SEQUENCE && extra.every_ms <= SHORT_MS => {
                    self.following(one, other, interval, extra.every_ms)
                }
                _ => None,
            }
            .unwrap_or_else(|| self.having(source, interval, extra.least));
        }
        slots
    }

    fn having(&mut self, source: &Source, interval: Interval, least: u64) -> u32 {
        let slot = self.slot();
        self.count(slot, source, interval, least);
        slot
    }

    /// The slot of those who have an event of another source soon after one; days tell only of whole metrics.
    fn following(&mut self, one: &Source, other: &Source, interval: Interval, every_ms: i64) -> Option<u32> {
        let sources = [plain(one)?, plain(other)?].map(|source| (self.source(source, None), None)).to_vec();
        let extra = WindowExtra { every_ms, ..WindowExtra::default() };
        let window = self.window(form::FOLLOWS, sources, interval, extra);
        if let Some(before) = self.rows.thresholds.last().filter(|row| row.window == window) {
            return Some(before.slot);
        }
        let slot = self.slot();
        self.threshold(window, slot, threshold::FOLLOWS, |_| {});
        Some(slot)
    }

    /// The instants of a window of events.
    fn reached(&self, window: &Window) -> Interval {
        instants::interval(window, self.as_of_ms, TimesOf::Events)
    }

    /// The number of a window. Its sources (the steps of a sequence share a window) come with the source of which a
    /// profile needs events to be looked at, if that can be told beforehand.
    fn window(
        &mut self,
        form: i8,
        sources: Vec<(u32, Option<&Source>)>,
        interval: Interval,
        extra: WindowExtra,
    ) -> u32 {
        let (sources, needed): (Vec<_>, Vec<_>) = sources.into_iter().unzip();
        let key = WindowKey { form, sources, interval, extra };
        if let Some(known) = self.windows.get(&key) {
            return *known;
        }
        let candidates = self.candidates(form, &needed, interval, &key.extra);
        let number = self.next_window();
        let Stage { run, attempt, slice, .. } = self.stage;
        let (from_day, to_day) = match form {
            form::PIECE | form::FOLLOWS => months::touched(interval),
            _ => months::whole(interval),
        };
        let (zone_from, zone_offset) = match key.extra.zone.as_str() {
            "" => Default::default(),
            zone => instants::day_pieces(zone, interval.from_ms, interval.to_ms).into_iter().unzip(),
        };
        for (index, (source, candidates)) in key.sources.iter().zip(candidates).enumerate() {
            let row = WindowRow {
                run,
                attempt,
                slice,
                form,
                window: number,
                source: *source,
                account: self.unit.0,
                bucket: self.unit.1,
                metric: String::new(),
                rank: 0,
                step: u8::try_from(index + 1).unwrap_or(u8::MAX),
                from_ms: interval.from_ms,
                to_ms: interval.to_ms,
                from_day,
                to_day,
                every_ms: key.extra.every_ms,
                steps: u8::try_from(key.sources.len()).unwrap_or(u8::MAX),
                latest: u8::from(key.extra.latest),
                zone_from: Clone::clone(&zone_from),
                zone_offset: Clone::clone(&zone_offset),
                last_ms: key.extra.last_ms,
                cut_days: Clone::clone(&key.extra.cut_days),
                candidates,
            };
            self.window_rows(row);
        }
        self.windows.insert(key, number);
        number
    }

    /// A row for each metric whose events count as they are, else one for the events that are staged.
    fn window_rows(&mut self, row: WindowRow) {
        match self.plain.get(&row.source) {
            Some(metrics) => {
                let of_metric =
                    |(rank, metric): (u16, &String)| WindowRow { metric: metric.clone(), rank, ..row.clone() };
                self.rows.windows.extend((0..).zip(metrics).map(of_metric));
            }
            None => self.rows.windows.push(row),
        }
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
            count_from: 0,
            count_below: u64::MAX,
            outside: 0,
        };
        fill(&mut row);
        self.rows.thresholds.push(row);
    }
}

/// The source, if summaries count its events.
fn plain(source: &Source) -> Option<&Source> {
    source.conditions.is_empty().then_some(source)
}
