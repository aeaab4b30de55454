//! From canonical criteria to the rows of a slice at one `as_of`. Pure.
//!
//! Everything that a statement joins by gets a small number within the slice: criteria, nodes and universes share the
//! slots, sources and windows have numbers of their own. Equal sources and windows of a unit are one row.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use segment_rules::{
    Child, Node, Op, Target,
    canonical::{Condition, Criterion, NumberRange, Place, Source, Test, Window},
    instants::{self, Interval, TimesOf},
};

use super::months::{self, Days};
use super::rows::{
    NodeRow, RootRow, SourceRow, SpanRow, TestRow, ThresholdRow, WindowRow, form, role, source, test, threshold,
};
use crate::commit::Stage;

/// The rules of an account, as published.
#[derive(Clone, Debug, Default)]
pub struct AccountRules {
    /// By id.
    pub nodes: HashMap<u64, Node>,
    /// By id.
    pub criteria: HashMap<u64, Criterion>,
}

/// A segment that is to be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// The segment.
    pub segment: u64,
    /// The version of its definition.
    pub version: u64,
    /// The node that says what it means.
    pub node: u64,
}

/// Segments that are to be evaluated in one unit.
#[derive(Clone, Debug)]
pub struct UnitWork {
    /// The unit's account.
    pub account: u64,
    /// The unit's bucket.
    pub bucket: u16,
    /// Live profiles of the unit.
    pub profiles: u64,
    /// What to evaluate.
    pub roots: Vec<Root>,
}

/// The rows of a slice, and which statements they need.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "one list a table, documented there")]
pub struct Rows {
    pub tests: Vec<TestRow>,
    pub sources: Vec<SourceRow>,
    pub windows: Vec<WindowRow>,
    pub thresholds: Vec<ThresholdRow>,
    pub spans: Vec<SpanRow>,
    pub nodes: Vec<NodeRow>,
    pub roots: Vec<RootRow>,
    /// The instants that any window of events can reach.
    pub reach: Option<Interval>,
}

/// Metrics that a unit has events of; for sources of every metric.
pub type Metrics = HashMap<(u64, u16), Vec<String>>;

/// The calendar months (first day, counted from 1970-01-01) of a unit that are summarised in `event_months`.
pub type Months = HashMap<(u64, u16), BTreeSet<i32>>;

/// What the summary of a trait is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Cells, whose members may differ in their texts.
    Stretches = 0,
    /// Cells, whose members have one text each.
    Values = 1,
    /// Free texts, each with its profiles.
    Texts = 2,
}

/// The cells or free texts of a trait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// Which building of them counts.
    pub build: u64,
    /// What they are.
    pub form: Form,
}

/// The traits of a unit that have cells or free texts.
pub type TraitCells = HashMap<(u64, u16), HashMap<String, Cells>>;

/// What a plan has to know of a shard's data.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// For sources of every metric.
    pub metrics: Metrics,
    /// For counts over long windows.
    pub months: Months,
    /// For tests of traits.
    pub cells: TraitCells,
}

/// Whether a criterion asks for events of every metric, so that the plan needs [`Metrics`].
pub fn asks_every_metric(criterion: &Criterion) -> bool {
    criterion.sources().iter().any(|source| source.metric == "*")
}

/// The criteria that the roots reach.
pub fn reachable<'a>(rules: &'a AccountRules, roots: &[Root]) -> BTreeMap<u64, &'a Criterion> {
    let mut found = BTreeMap::new();
    let mut seen = BTreeMap::new();
    for root in roots {
        walk(rules, root.node, &mut seen, &mut found);
    }
    found
}

fn walk<'a>(
    rules: &'a AccountRules,
    id: u64,
    seen: &mut BTreeMap<u64, &'a Node>,
    found: &mut BTreeMap<u64, &'a Criterion>,
) {
    let Some(node) = rules.nodes.get(&id) else { return };
    if seen.insert(id, node).is_some() {
        return;
    }
    for child in &node.children {
        match child.target {
            Target::Node(below) => walk(rules, below, seen, found),
            Target::Criterion(criterion) => {
                if let Some(form) = rules.criteria.get(&criterion) {
                    found.insert(criterion, form);
                }
            }
            Target::Universe => {}
        }
    }
}

/// Makes the rows of a slice.
pub fn plan(
    stage: &Stage,
    units: &[UnitWork],
    rules: &HashMap<u64, AccountRules>,
    known: &Known,
    as_of_ms: i64,
) -> Rows {
    let mut planner = Planner {
        stage: *stage,
        as_of_ms,
        known,
        rows: Rows::default(),
        slots: 0,
        windows: HashMap::new(),
        sources: HashMap::new(),
        unit: (0, 0),
    };
    for unit in units {
        if let Some(rules) = rules.get(&unit.account) {
            planner.unit(unit, rules);
        }
    }
    reach_sources(&mut planner.rows);
    planner.rows
}

/// Notes with each source what windows look at; a source that chooses for another has to reach as far as that one.
fn reach_sources(rows: &mut Rows) {
    let mut reaches: HashMap<u32, (i64, i64)> = HashMap::new();
    let mut widen = |source: u32, (from, to): (i64, i64)| {
        let reach = reaches.entry(source).or_insert((from, to));
        *reach = (reach.0.min(from), reach.1.max(to));
        *reach
    };
    for window in &rows.windows {
        widen(window.source, (window.from_ms, window.to_ms));
    }
    for source in rows.sources.iter().filter(|source| source.chosen_by != 0) {
        let reach = widen(source.source, (i64::MAX, i64::MIN));
        widen(source.chosen_by, reach);
    }
    for source in &mut rows.sources {
        (source.reach_from_ms, source.reach_to_ms) = reaches.get(&source.source).copied().unwrap_or((0, 0));
    }
}

struct Planner<'a> {
    stage: Stage,
    as_of_ms: i64,
    known: &'a Known,
    rows: Rows,
    slots: u32,
    windows: HashMap<WindowKey, u32>,
    sources: HashMap<String, u32>,
    unit: (u64, u16),
}

#[derive(PartialEq, Eq, Hash)]
struct WindowKey {
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

impl Planner<'_> {
    fn unit(&mut self, unit: &UnitWork, rules: &AccountRules) {
        self.unit = (unit.account, unit.bucket);
        self.sources.clear();
        let universe = self.slot();
        self.root(0, 0, universe);
        let mut criteria = BTreeMap::new();
        let mut nodes = BTreeMap::new();
        for root in &unit.roots {
            walk(rules, root.node, &mut nodes, &mut criteria);
        }
        let mut slots = HashMap::from([(Target::Universe, universe)]);
        for (id, criterion) in criteria {
            let slot = self.slot();
            slots.insert(Target::Criterion(id), slot);
            self.criterion(criterion, slot);
        }
        for id in nodes.keys() {
            let slot = self.slot();
            slots.insert(Target::Node(*id), slot);
        }
        for node in nodes.values() {
            self.node(node, &slots, universe);
        }
        for root in &unit.roots {
            if let Some(slot) = slots.get(&Target::Node(root.node)) {
                self.root(root.segment, root.version, *slot);
            }
        }
    }

    fn slot(&mut self) -> u32 {
        self.slots += 1;
        self.slots
    }

    fn root(&mut self, segment: u64, version: u64, slot: u32) {
        let Stage { run, attempt, slice, .. } = self.stage;
        let (account, bucket) = self.unit;
        self.rows.roots.push(RootRow { run, attempt, slice, account, bucket, segment, version, slot });
    }

    fn node(&mut self, node: &Node, slots: &HashMap<Target, u32>, universe: u32) {
        let Stage { run, attempt, slice, .. } = self.stage;
        let op = match node.op {
            Op::And => 1,
            Op::Or => 2,
        };
        for Child { target, negated } in &node.children {
            self.rows.nodes.push(NodeRow {
                run,
                attempt,
                slice,
                level: node.level,
                node: slots[&Target::Node(node.id)],
                op,
                child: slots.get(target).copied().unwrap_or(0),
                negated: u8::from(*negated),
                universe,
            });
        }
    }

    fn criterion(&mut self, criterion: &Criterion, slot: u32) {
        match criterion {
            Criterion::Trait { key, test, set_within } => self.trait_test(slot, key, test, set_within.as_ref()),
            Criterion::Near { latitude, longitude, radius_m } => {
                let row = TestRow {
                    number_from: *latitude,
                    number_below: *longitude,
                    radius_m: *radius_m,
                    key: "geo".to_owned(),
                    build: self.cells("geo").map_or(0, |cells| cells.build),
                    ..self.test_row(role::NEAR, slot)
                };
                self.rows.tests.push(row);
            }
            Criterion::Sample { salt, below } => {
                let row =
                    TestRow { text: salt.clone(), number_from: f64::from(*below), ..self.test_row(role::SAMPLE, slot) };
                self.rows.tests.push(row);
            }
            of_events => self.event_criterion(of_events, slot),
        }
    }

    fn event_criterion(&mut self, criterion: &Criterion, slot: u32) {
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
                self.threshold(window, slot, op, |row| (row.number_from, row.number_below) = bounds(*range));
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

    fn trait_test(&mut self, slot: u32, key: &str, test: &Test, set_within: Option<&Window>) {
        let set = set_within.map(|window| instants::interval(window, self.as_of_ms, TimesOf::Consents));
        let cells = self.cells(key).filter(|cells| cells.form != Form::Stretches || !asks_for_text(test));
        // Most tests of texts ask for one of some, and a join finds that faster than a look at each.
        let role = match (cells.map(|cells| cells.form), test) {
            (Some(Form::Texts), _) => role::FREE,
            (_, Test::Text { ignore_case: false, .. }) => role::TEXT,
            _ => role::TRAIT,
        };
        let row = TestRow {
            key: key.to_owned(),
            build: cells.map_or(0, |cells| cells.build),
            // An unknown time is the least Int64: it lies in no window, but passes where none is asked for.
            set_from_ms: set.map_or(i64::MIN, |interval| interval.from_ms.max(i64::MIN + 1)),
            set_to_ms: set.map_or(i64::MAX, |interval| interval.to_ms),
            ..self.tested(role, slot, test)
        };
        self.rows.tests.push(row);
    }

    fn cells(&self, key: &str) -> Option<Cells> {
        self.known.cells.get(&self.unit)?.get(key).copied()
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

    /// The number of a source: its events, the property that is aggregated, the conditions that an edge has to satisfy.
    fn source(&mut self, source: &Source, value: Option<&str>, has: &[Condition]) -> u32 {
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

    fn metrics_of(&self, metric: &str) -> Vec<String> {
        if metric == "*" {
            // In the order of their texts: so events of one instant and id are ordered.
            return self.known.metrics.get(&self.unit).cloned().unwrap_or_default();
        }
        vec![metric.to_owned()]
    }

    fn tested(&self, role: i8, slot: u32, test: &Test) -> TestRow {
        let row = self.test_row(role, slot);
        match test {
            Test::Exists => TestRow { op: test::EXISTS, ..row },
            Test::Number { range } => {
                let (number_from, number_below) = bounds(*range);
                TestRow { op: test::NUMBER, number_from, number_below, ..row }
            }
            Test::Text { values, ignore_case } => TestRow {
                op: test::TEXT,
                texts: values.iter().cloned().collect(),
                ignore_case: u8::from(*ignore_case),
                ..row
            },
            Test::Part { place, text, ignore_case } => TestRow {
                op: match place {
                    Place::Contains => test::CONTAINS,
                    Place::Starts => test::STARTS,
                    Place::Ends => test::ENDS,
                },
                text: text.clone(),
                ignore_case: u8::from(*ignore_case),
                ..row
            },
            Test::Match { pattern } => TestRow { op: test::MATCH, text: pattern.clone(), ..row },
            Test::Item { text } => TestRow { op: test::ITEM, text: text.clone(), ..row },
            Test::Time { window, zone } => {
                let interval = instants::interval(window, self.as_of_ms, TimesOf::Properties);
                let (from_day, to_day) = instants::day_interval(interval, zone);
                let Interval { from_ms, to_ms } = interval;
                TestRow { op: test::TIME, from_ms, to_ms, from_day, to_day, ..row }
            }
            Test::Anniversary { window, zone } => {
                let (zone_from, zone_offset) = instants::day_pieces(zone, i64::MIN, i64::MAX).into_iter().unzip();
                let month_days = instants::anniversary_days(*window, zone, self.as_of_ms).into_iter().collect();
                TestRow { op: test::ANNIVERSARY, month_days, zone_from, zone_offset, ..row }
            }
        }
    }

    fn test_row(&self, role: i8, slot: u32) -> TestRow {
        let Stage { run, attempt, slice, .. } = self.stage;
        let (account, bucket) = self.unit;
        TestRow {
            run,
            attempt,
            slice,
            role,
            slot,
            account,
            bucket,
            metric: String::new(),
            key: String::new(),
            build: 0,
            op: test::EXISTS,
            ignore_case: 0,
            text: String::new(),
            texts: Vec::new(),
            number_from: f64::NEG_INFINITY,
            number_below: f64::INFINITY,
            radius_m: 0.0,
            from_ms: i64::MIN,
            to_ms: i64::MAX,
            from_day: i32::MIN,
            to_day: i32::MAX,
            set_from_ms: i64::MIN,
            set_to_ms: i64::MAX,
            month_days: Vec::new(),
            zone_from: Vec::new(),
            zone_offset: Vec::new(),
        }
    }
}

#[derive(Default)]
struct WindowExtra {
    every_ms: i64,
    latest: bool,
    zone: String,
}

/// Whether a test can tell profiles apart that have one kind, and one number or instant about.
fn asks_for_text(test: &Test) -> bool {
    match test {
        Test::Exists | Test::Number { .. } | Test::Time { .. } | Test::Item { .. } => false,
        Test::Text { .. } | Test::Part { .. } | Test::Match { .. } | Test::Anniversary { .. } => true,
    }
}

fn bounds(range: NumberRange) -> (f64, f64) {
    (range.from.unwrap_or(f64::NEG_INFINITY), range.below.unwrap_or(f64::INFINITY))
}
