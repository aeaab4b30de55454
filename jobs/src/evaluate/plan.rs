//! From canonical criteria to the rows of a slice at one `as_of`. Pure.
//!
//! Everything that a statement joins by gets a small number within the slice: criteria, nodes and universes share the
//! slots, sources and windows have numbers of their own. Equal sources and windows of a unit are one row.

mod events;
mod parts;
mod sources;
mod traits;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use segment_rules::{Child, Node, Op, PropertyPair, Target, canonical::Criterion};

use self::events::WindowKey;
use super::rows::{NodeRow, RootRow, SourceRow, SpanRow, TestRow, ThresholdRow, WindowRow, op, role};
use crate::staging::Stage;

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

/// The rows of a slice.
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

/// The pairs, each with its account, of which `event_amounts` is complete.
pub type Amounts = HashSet<(u64, PropertyPair)>;

/// What a plan has to know of a shard's data.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// For sources of every metric.
    pub metrics: Metrics,
    /// For counts over long windows.
    pub months: Months,
    /// For tests of traits.
    pub cells: TraitCells,
    /// For sums over events that one text chooses.
    pub amounts: Amounts,
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
        plain: HashMap::new(),
        unit: (0, 0),
        universe: 0,
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
    /// Metrics of the sources that have no conditions.
    plain: HashMap<u32, Vec<String>>,
    unit: (u64, u16),
    /// The slot of the unit's universe.
    universe: u32,
}

impl Planner<'_> {
    fn unit(&mut self, unit: &UnitWork, rules: &AccountRules) {
        self.unit = (unit.account, unit.bucket);
        self.sources.clear();
        self.universe = self.slot();
        self.root(0, 0, self.universe);
        let mut criteria = BTreeMap::new();
        let mut nodes = BTreeMap::new();
        for root in &unit.roots {
            walk(rules, root.node, &mut nodes, &mut criteria);
        }
        let mut slots = HashMap::from([(Target::Universe, self.universe)]);
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
            self.node(node, &slots);
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

    fn node(&mut self, node: &Node, slots: &HashMap<Target, u32>) {
        let op = match node.op {
            Op::And => op::AND,
            Op::Or => op::OR,
        };
        for Child { target, negated } in &node.children {
            let row = self.node_row(node.level, slots[&Target::Node(node.id)], op);
            let child = slots.get(target).copied().unwrap_or(0);
            self.rows.nodes.push(NodeRow { child, negated: u8::from(*negated), ..row });
        }
    }

    fn node_row(&self, level: u16, node: u32, op: i8) -> NodeRow {
        let Stage { run, attempt, slice, .. } = self.stage;
        NodeRow { run, attempt, slice, level, node, op, child: 0, negated: 0, universe: self.universe }
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
}
