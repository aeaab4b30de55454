//! The nodes say the same as the expressions that they are made of, and are the same for every way to write them.

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests, too, stop at the first surprise")]
#![expect(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "the plainest way to put a small document together"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use segment_rules::canonical::{Criterion, Test, Window};
use segment_rules::{
    AccountRules, Compiled, Definition, Expression, NamedLeaf, Op, PropertyPair, Target, compile, property_pairs, yaml,
};

const HEADER: &str = "apiVersion: segmentation.dev/v1alpha1\nkind: Segment\n";

fn segment(name: &str, criteria: &[String], expression: Option<&str>) -> String {
    let criteria: String = criteria.iter().map(|criterion| format!("  - {criterion}\n")).collect();
    let expression = expression.map_or_else(String::new, |text| format!("  match: {text:?}\n"));
    let spec = format!("spec:\n  storeRef: {{name: main}}\n  account: a\n  timeZone: UTC\n{expression}");
    let criteria = if criteria.is_empty() { criteria } else { format!("  criteria:\n{criteria}") };
    format!("{HEADER}metadata: {{name: {name}}}\n{spec}{criteria}")
}

fn compiled(text: &str) -> Compiled {
    let compiled = compile(&yaml::documents(text).unwrap());
    assert!(compiled.refused.is_empty(), "{text}\n{:#?}", compiled.refused);
    compiled
}

fn rules(text: &str) -> AccountRules {
    compiled(text).accounts.remove("a").unwrap()
}

/// The truth of a definition's root by the rows, given the truth of each criterion.
fn truth(rules: &AccountRules, definition: &Definition, criterion: &impl Fn(&Criterion) -> bool) -> bool {
    let mut truths: BTreeMap<u64, (u16, bool)> = BTreeMap::new();
    for node in &rules.nodes {
        let mut level = 0;
        let mut child = |child: &segment_rules::Child| {
            let below = match child.target {
                Target::Universe => true,
                Target::Criterion(id) => criterion(&rules.criteria[&id]),
                Target::Node(id) => {
                    level = level.max(truths[&id].0);
                    truths[&id].1
                }
            };
            below != child.negated
        };
        let children: Vec<bool> = node.children.iter().map(&mut child).collect();
        let truth = match node.op {
            Op::And => children.iter().all(|truth| *truth),
            Op::Or => children.iter().any(|truth| *truth),
        };
        assert_eq!(node.level, level + 1);
        assert!(!node.children.is_empty() && node.children.is_sorted() && node.id != 0);
        truths.insert(node.id, (node.level, truth));
    }
    truths[&definition.root].1
}

/// On the list `l3` or not, by the bits of a number.
fn on_list(bits: u32) -> impl Fn(&Criterion) -> bool {
    move |criterion| match criterion {
        Criterion::Trait { key, test: Test::Exists, .. } => {
            let number: u32 = key.strip_prefix("list/l").unwrap().parse().unwrap();
            bits >> number & 1 == 1
        }
        other => panic!("{other:?}"),
    }
}

const LISTS: u32 = 5;

#[derive(Clone, Debug)]
enum Tree {
    List(u32),
    Not(Box<Tree>),
    And(Vec<Tree>),
    Or(Vec<Tree>),
}

impl Tree {
    fn truth(&self, bits: u32) -> bool {
        match self {
            Self::List(number) => bits >> number & 1 == 1,
            Self::Not(inner) => !inner.truth(bits),
            Self::And(inner) => inner.iter().all(|inner| inner.truth(bits)),
            Self::Or(inner) => inner.iter().any(|inner| inner.truth(bits)),
        }
    }

    fn write(&self, name: &impl Fn(u32) -> String, reverse: bool) -> String {
        let join = |inner: &[Tree], operator: &str| {
            let mut parts: Vec<String> = inner.iter().map(|inner| inner.write(name, reverse)).collect();
            if reverse {
                parts.reverse();
            }
            format!("({})", parts.join(operator))
        };
        match self {
            Self::List(number) => name(*number),
            Self::Not(inner) => format!("!{}", inner.write(name, reverse)),
            Self::And(inner) => join(inner, " && "),
            Self::Or(inner) => join(inner, " || "),
        }
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    (0..LISTS).prop_map(Tree::List).prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Tree::Not(Box::new(inner))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Tree::And),
            prop::collection::vec(inner, 1..4).prop_map(Tree::Or),
        ]
    })
}

/// A Segment of a tree; all lists are used, for a tautology about each is added.
fn write_tree(tree: &Tree, prefix: &str, reverse: bool) -> String {
    let name = |number: u32| format!("{prefix}{number}");
    let mut criteria: Vec<String> =
        (0..LISTS).map(|number| format!("{{name: {}, list: {{id: l{number}}}}}", name(number))).collect();
    let mut used: Vec<String> = (0..LISTS).map(|number| format!("({0} || !{0})", name(number))).collect();
    used.push(tree.write(&name, reverse));
    if reverse {
        criteria.reverse();
        used.reverse();
    }
    segment("s", &criteria, Some(&used.join(" && ")))
}

proptest! {
    #[test]
    fn nodes_are_as_true_as_the_expression(tree in trees()) {
        let rules = rules(&write_tree(&tree, "c", false));
        let definition = &rules.definitions[0];
        for bits in 0..1 << LISTS {
            prop_assert_eq!(truth(&rules, definition, &on_list(bits)), tree.truth(bits));
        }
        prop_assert_eq!(definition.true_on_empty, tree.truth(0));
    }

    #[test]
    fn rows_do_not_change_with_order_and_names(tree in trees()) {
        let one = rules(&write_tree(&tree, "c", false));
        let other = rules(&write_tree(&tree, "another_name_", true));
        prop_assert_eq!(&one.nodes, &other.nodes);
        prop_assert_eq!(&one.criteria, &other.criteria);
        prop_assert_eq!(one.definitions[0].hash, other.definitions[0].hash);
        prop_assert_eq!(one.definitions[0].root, other.definitions[0].root);
    }

    #[test]
    fn references_are_as_true_as_copies(target in trees(), tree in trees()) {
        let target_text = write_tree(&target, "c", false).replace("{name: s}", "{name: t}");
        let text = write_tree(&tree, "c", true).replace("{name: c0, list: {id: l0}}", "{name: c0, segment: {name: t}}");
        let both = rules(&format!("{text}---\n{target_text}"));
        for bits in 0..1 << LISTS {
            let replaced = bits & !1 | u32::from(target.truth(bits));
            prop_assert_eq!(truth(&both, &both.definitions[0], &on_list(bits)), tree.truth(replaced));
            prop_assert_eq!(truth(&both, &both.definitions[1], &on_list(bits)), target.truth(bits));
        }
        prop_assert_eq!(both.definitions[0].true_on_empty, tree.truth(u32::from(target.truth(0))));
    }

    #[test]
    fn counts_are_in_range_as_written(bounds in bounds(0_i64..6), distinct: bool) {
        let aggregate = if distinct { "distinctDays" } else { "count" };
        let Some(rules) = try_aggregate(aggregate, "", &bounds) else {
            prop_assert!((0..20).all(|count| !bounds.contain(count)));
            return Ok(());
        };
        for count in 0..12_u64 {
            let criterion = |criterion: &Criterion| match criterion {
                Criterion::Count { at_least, .. } if !distinct => count >= *at_least && *at_least > 0,
                Criterion::DistinctDays { at_least, .. } if distinct => count >= *at_least && *at_least > 0,
                other => panic!("{other:?}"),
            };
            let expected = bounds.contain(i64::try_from(count).unwrap());
            prop_assert_eq!(truth(&rules, &rules.definitions[0], &criterion), expected, "{}", count);
        }
    }

    #[test]
    fn sums_and_averages_are_in_range_as_written(bounds in bounds(-4_i64..5), average: bool) {
        let aggregate = if average { "average" } else { "sum" };
        let Some(rules) = try_aggregate(aggregate, "property: p, ", &bounds) else {
            prop_assert!((-40..40).all(|eighth| !bounds.map(|bound| bound * 8).contain(eighth)));
            return Ok(());
        };
        let billion = 1_000_000_000_i128;
        for eighth in -40..=40_i64 {
            let sum = i128::from(eighth) * billion / 8;
            let criterion = |criterion: &Criterion| match criterion {
                Criterion::Sum { negative, at_least, .. } => {
                    let at_least: i128 = at_least.parse().unwrap();
                    assert!(at_least > 0);
                    (if *negative { -sum } else { sum }) >= at_least
                }
                Criterion::Average { bound: None, .. } => true,
                Criterion::Average { bound: Some(bound), above, .. } => {
                    let bound: i128 = bound.parse().unwrap();
                    sum > bound || (sum == bound && !above)
                }
                other => panic!("{other:?}"),
            };
            let expected = bounds.map(|bound| bound * 8).contain(eighth);
            prop_assert_eq!(truth(&rules, &rules.definitions[0], &criterion), expected, "{}", eighth);
        }
        if average {
            // Without events there is no average, whatever the bounds.
            prop_assert!(!truth(&rules, &rules.definitions[0], &|_| false));
        }
    }

    #[test]
    fn regular_events_are_as_regular_as_written(bounds in bounds(0_i64..4), counts in prop::collection::vec(0_u64..4, 4), k in 1_u32..5) {
        let spec = format!("regularEvent: {{metric: m, every: 1d, of: 4, atLeast: {k}, count: {{{}}}}}", bounds.write());
        let Some(rules) = try_criterion(&spec) else { return Ok(()) };
        let criterion = |criterion: &Criterion| match criterion {
            Criterion::Regular { of: 4, at_least, count_from, count_below, outside: false, .. } => {
                assert!(*count_from > 0 && (1..=4).contains(at_least));
                let inside = |count: &&u64| **count >= *count_from && count_below.is_none_or(|below| **count < below);
                counts.iter().filter(inside).count() >= usize::try_from(*at_least).unwrap()
            }
            other => panic!("{other:?}"),
        };
        let inside = counts.iter().filter(|count| bounds.contain(i64::try_from(**count).unwrap())).count();
        let expected = inside >= usize::try_from(k).unwrap();
        prop_assert_eq!(truth(&rules, &rules.definitions[0], &criterion), expected);
    }

    #[test]
    fn numbers_are_in_range_as_written(bounds in bounds(-3_i64..4), greatest: bool) {
        let aggregate = if greatest { "max" } else { "min" };
        let Some(rules) = try_aggregate(aggregate, "property: p, ", &bounds) else {
            prop_assert!((-4..4).all(|number| !bounds.contain(number)));
            return Ok(());
        };
        let criterion = rules.criteria.values().next().unwrap();
        let Criterion::Extreme { range, greatest: found, .. } = criterion else { panic!("{criterion:?}") };
        prop_assert_eq!(*found, greatest);
        for number in -4..=4_i32 {
            let here = f64::from(number);
            for (value, near) in [(here, 0), (here.next_up(), 1), (here.next_down(), -1)] {
                let inside = range.from.is_none_or(|from| value >= from) && range.below.is_none_or(|below| value < below);
                let expected = bounds.map(|bound| bound * 10).contain(i64::from(number) * 10 + near);
                prop_assert_eq!(inside, expected, "{}", value);
            }
        }
    }
}

/// The five bounds of a range.
#[derive(Clone, Copy, Debug)]
struct Bounds([Option<i64>; 5]);

impl Bounds {
    fn contain(&self, number: i64) -> bool {
        let [equals, at_least, above, at_most, below] = self.0;
        equals.is_none_or(|bound| number == bound)
            && at_least.is_none_or(|bound| number >= bound)
            && above.is_none_or(|bound| number > bound)
            && at_most.is_none_or(|bound| number <= bound)
            && below.is_none_or(|bound| number < bound)
    }

    fn map(&self, change: impl Fn(i64) -> i64) -> Self {
        Self(self.0.map(|bound| bound.map(&change)))
    }

    fn write(&self) -> String {
        let names = ["equals", "atLeast", "above", "atMost", "below"];
        let stated = names.iter().zip(self.0).filter_map(|(name, bound)| Some(format!("{name}: {}", bound?)));
        stated.collect::<Vec<_>>().join(", ")
    }
}

fn bounds(numbers: std::ops::Range<i64>) -> impl Strategy<Value = Bounds> {
    let bound = || prop::option::weighted(0.4, numbers.clone());
    let all = (bound(), bound(), bound(), bound(), bound());
    all.prop_map(|all| Bounds([all.0, all.1, all.2, all.3, all.4]))
        .prop_filter("a bound", |bounds| bounds.0.iter().any(Option::is_some))
}

fn try_aggregate(aggregate: &str, property: &str, bounds: &Bounds) -> Option<AccountRules> {
    try_criterion(&format!("event: {{metric: m, {aggregate}: {{{property}{}}}}}", bounds.write()))
}

/// The rules of a Segment with one criterion, or none if no number is in its range.
fn try_criterion(criterion: &str) -> Option<AccountRules> {
    let text = segment("s", &[format!("{{name: c, {criterion}}}")], None);
    let mut compiled = compile(&yaml::documents(&text).unwrap());
    if let Some(refusal) = compiled.refused.first() {
        assert!(refusal.reason.contains("satisfies the range"), "{refusal}");
    }
    compiled.accounts.remove("a")
}

#[track_caller]
fn check_same(one: &str, other: &str) {
    let rules = |criterion: &str| rules(&segment("s", &[format!("{{name: c, {criterion}}}")], None));
    let (one, other) = (rules(one), rules(other));
    assert_eq!(one.criteria, other.criteria);
    assert_eq!(one.definitions[0].hash, other.definitions[0].hash);
}

#[test]
fn what_means_the_same_is_the_same() {
    check_same("property: {name: p, in: [b, a, \"1\", true]}", "property: {name: p, in: [1, \"true\", a, b, a]}");
    check_same("property: {name: p, equals: 2.0}", "property: {name: p, in: [\"2\"]}");
    check_same(
        "event: {metric: m, where: [{property: a, exists: true}, {property: b, equals: 1}]}",
        "event: {metric: m, where: [{property: b, equals: \"1\"}, {property: a, exists: true}, {property: b, equals: 1}]}",
    );
    check_same("event: {metric: m}", "event: {metric: m, where: [], count: {above: 0}}");
    check_same("lastEvent: {metric: m}", "event: {metric: m, count: {atLeast: 1}}");
    check_same("event: {metric: m, within: {last: 2w}}", "event: {metric: m, within: {last: 14d}}");
    check_same("event: {metric: m, within: {days: 1}}", "event: {metric: m, within: {calendar: today}}");
    check_same(
        "location: {within: 1km, of: {latitude: 0, longitude: -0}}",
        "location: {within: 1000m, of: {latitude: -0.0, longitude: 0}}",
    );
    check_same(
        "property: {name: p, above: 1, atMost: 3}",
        "property: {name: p, atLeast: 1.0000000000000002, below: 3.0000000000000004}",
    );
    check_same(
        "property: {name: p, before: 2026-01-01}",
        "property: {name: p, within: {to: \"2026-01-01T00:00:00+00\"}}",
    );
}

/// Stores keep these: with another hash each Segment would be published and evaluated again after an upgrade.
#[test]
fn hashes_are_those_that_stores_have() {
    let criteria = ["{name: a, list: {id: vip}}".to_owned(), "{name: b, sample: {percent: 10}}".to_owned()];
    let rules = rules(&segment("s", &criteria, Some("a && !b || b && !a")));
    let definition = &rules.definitions[0];
    assert_eq!(definition.root, 6_617_938_062_582_416_912);
    assert_eq!(definition.hash, 302_382_418_238_105_893_027_866_532_245_964_310_278);
    assert_eq!(segment_rules::nobody().id, 5_526_931_228_700_677_312);
}

#[test]
fn constants_are_folded() {
    let root = |criterion: &str| {
        let rules = rules(&segment("s", &[format!("{{name: c, {criterion}}}")], None));
        assert!(rules.criteria.is_empty() && rules.nodes.len() == 1);
        assert_eq!(rules.definitions[0].true_on_empty, truth(&rules, &rules.definitions[0], &|_| false));
        (rules.nodes[0].op, rules.nodes[0].children[0].target, rules.nodes[0].children[0].negated)
    };
    let always = (Op::And, Target::Universe, false);
    let never = (Op::Or, Target::Universe, true);
    assert_eq!(root("sample: {percent: 100}"), always);
    assert_eq!(root("sample: {percent: 0, salt: x}"), never);
    assert_eq!(root("event: {metric: m, count: {atLeast: 0}}"), always);
    assert_eq!(root("regularEvent: {metric: m, every: 1d, of: 3, atLeast: 2, count: {atLeast: 0}}"), always);
    let empty = rules(&segment("s", &[], None));
    assert_eq!(empty.nodes[0].children[0].target, Target::Universe);
    assert!(empty.definitions[0].true_on_empty);
    let contradiction = rules(&segment("s", &["{name: c, list: {id: x}}".to_owned()], Some("c && !c")));
    assert!(contradiction.criteria.is_empty() && contradiction.folded.len() == 1);
    assert_eq!(contradiction.definitions[0].criterion_ids().len(), 1);
}

#[test]
fn equal_parts_of_segments_are_one() {
    let criteria = |names: [&str; 3]| {
        let lists = names.iter().zip(["x", "yy", "z"]);
        lists.map(|(name, list)| format!("{{name: {name}, list: {{id: {list}}}}}")).collect::<Vec<_>>()
    };
    let one = segment("one", &criteria(["a", "b", "c"]), Some("a && (b || c)"));
    let two = segment("two", &criteria(["c", "a", "b"]), Some("(b || a) && c"));
    let rules = rules(&format!("{one}---\n{two}"));
    assert_eq!((rules.nodes.len(), rules.criteria.len()), (2, 3));
    assert_eq!(rules.definitions[0].root, rules.definitions[1].root);
    assert_eq!(rules.definitions[0].hash, rules.definitions[1].hash);
    assert_ne!(rules.definitions[0].segment, rules.definitions[1].segment);
    assert_eq!(rules.definitions[0].segment, segment_rules::segment_id("default", "one"));
}

#[test]
fn a_hash_covers_what_is_referred_to() {
    let dependent = segment("one", &["{name: a, segment: {name: two}}".to_owned()], None);
    let hash = |list: &str| {
        let target = segment("two", &[format!("{{name: a, list: {{id: {list}}}}}")], None);
        rules(&format!("{dependent}---\n{target}")).definitions[0].hash
    };
    assert_ne!(hash("x"), hash("yy"));
    assert_eq!(hash("x"), hash("x"));
}

#[test]
fn a_long_chain_of_references_is_built() {
    let mut text = segment("s0", &["{name: a, list: {id: x}}".to_owned()], None);
    for number in 1..3000 {
        let criterion = format!("{{name: a, segment: {{name: s{}}}}}", number - 1);
        text.push_str(&format!("---\n{}", segment(&format!("s{number}"), &[criterion], None)));
    }
    let rules = rules(&text);
    assert_eq!(rules.definitions.len(), 3000);
    assert_eq!(rules.nodes.last().unwrap().level, 3000);
}

#[test]
fn explanations_name_criteria_and_segments() {
    let target = segment("two", &["{name: a, list: {id: x}}".to_owned()], None);
    let criteria =
        ["{name: few, event: {metric: m, count: {atLeast: 1, atMost: 2}}}", "{name: two, segment: {name: two}}"];
    let rules = rules(&format!("{}---\n{target}", segment("one", &criteria.map(str::to_owned), Some("few || two"))));
    let one = &rules.definitions[0];
    assert_eq!(one.criteria["few"].kind, "event");
    let Expression::All(parts) = &one.criteria["few"].expression else { panic!("{one:?}") };
    assert!(matches!(parts.as_slice(), [Expression::Leaf(NamedLeaf::Criterion(_)), Expression::Not(_)]));
    let leaf = NamedLeaf::Segment { name: "two".to_owned(), root: rules.definitions[1].root };
    assert_eq!(one.criteria["two"].expression, Expression::Leaf(leaf));
    let id = one.criterion_ids()[0];
    let expected = Criterion::Count {
        source: segment_rules::canonical::Source { metric: "m".to_owned(), conditions: vec![] },
        window: Window::All,
        at_least: 1,
    };
    assert_eq!(rules.criteria[&id], expected);
}

#[test]
fn stores_give_zones_and_other_documents_are_noted() {
    let plain = segment("s", &["{name: a, event: {metric: m, within: {days: 2}}}".to_owned()], None);
    let text = plain.replace("  timeZone: UTC\n", "");
    let zone = |text: &str| {
        let mut compiled = compiled(text);
        let rules = compiled.accounts.remove("a").unwrap();
        let criterion = rules.criteria.values().next().unwrap().clone();
        let Criterion::Count { window: Window::Days { zone, .. }, .. } = criterion else { panic!("{criterion:?}") };
        (zone, compiled.notes)
    };
    let (found, notes) = zone(&text);
    assert_eq!(found, "UTC");
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with("UTC is used: 1 Segment states no timeZone"), "{notes:?}");
    let store = "apiVersion: segmentation.dev/v1alpha1\nkind: SegmentStore\nmetadata: {name: main}\n\
                 spec: {timeZone: America/New_York}\n";
    assert_eq!(zone(&format!("{store}---\n{text}")), ("America/New_York".to_owned(), vec![]));
    assert_eq!(zone(&format!("{store}---\n{plain}")), ("UTC".to_owned(), vec![]));
    let (_, notes) = zone(&format!("{plain}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\n"));
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains("ConfigMap"), "{notes:?}");
}

#[test]
fn properties_of_events_are_listed() {
    let criteria = [
        "{name: a, event: {metric: m, where: [{property: w, equals: 1}], sum: {property: s, above: 0}}}",
        "{name: b, lastEvent: {metric: \"*\", has: [{property: h, equals: 1}]}}",
        "{name: c, sequence: {span: 1d, steps: [{metric: k, where: [{property: x, exists: true}]}, {metric: o}]}}",
        "{name: d, property: {name: p, equals: 1}}",
    ];
    let rules = rules(&segment("s", &criteria.map(str::to_owned), None));
    let pairs: Vec<PropertyPair> = property_pairs(&rules).into_iter().collect();
    let alone = PropertyPair::alone;
    let beside = PropertyPair { summed: "s".to_owned(), ..alone("m", "w") };
    assert_eq!(pairs, [alone("*", "h"), alone("k", "x"), alone("m", "s"), alone("m", "w"), beside]);
}

#[test]
fn numbers_are_kept_beside_the_one_text_that_chooses_their_events() {
    let beside = |what: &str| {
        let rules = rules(&segment("s", &[format!("{{name: a, event: {{metric: m, {what}}}}}")], None));
        let pairs = property_pairs(&rules).into_iter().filter(|pair| !pair.summed.is_empty());
        pairs.map(|pair| format!("{} {}", pair.property, pair.summed)).collect::<Vec<_>>()
    };
    let sum = "sum: {property: s, above: 1}";
    for test in
        ["in: [a, b]", "startsWith: a", "endsWith: a", "contains: a", "matches: a", "equals: a, ignoreCase: true"]
    {
        assert_eq!(beside(&format!("where: [{{property: t, {test}}}], {sum}")), ["t s"], "{test}");
    }
    let text = "{property: t, equals: a}";
    assert_eq!(beside(&format!("where: [{text}], average: {{property: s, atLeast: 1}}")), ["t s"]);
    assert_eq!(beside(&format!("where: [{{property: s, equals: a}}], {sum}")), ["s s"]);
    for test in ["above: 1", "exists: true", "equals: a, not: true", "within: {last: 1d}", "hasItem: a"] {
        assert!(beside(&format!("where: [{{property: t, {test}}}], {sum}")).is_empty(), "{test}");
    }
    assert!(beside(&format!("where: [{text}, {{property: u, equals: a}}], {sum}")).is_empty());
    assert!(beside(&format!("where: [{text}], max: {{property: s, above: 1}}")).is_empty());
    assert!(beside(&format!("where: [{text}]")).is_empty());
    assert!(beside(sum).is_empty());
}

#[test]
fn canonical_criteria_are_read_back_from_their_rows() {
    let criteria = [
        "{name: a, event: {metric: m, where: [{property: w, matches: \"é?\", not: true}], sum: {property: s, above: -0.3}}}",
        "{name: b, event: {metric: m, average: {property: s, below: 1e-9, above: -99999999999999999999}, within: {days: 3}}}",
        "{name: c, event: {metric: m, max: {property: s, atMost: 0.1}, within: {between: {from: 2d, to: 1s}}}}",
        "{name: d, event: {metric: m, distinctDays: {above: 3}, within: {calendar: lastWeek}}}",
        "{name: e, lastEvent: {metric: \"*\", has: [{property: h, in: [1, x], ignoreCase: true}], within: {olderThan: 3d}}}",
        "{name: f, sequence: {span: 1d, steps: [{metric: n1, where: [{property: x, exists: true}]}, {metric: o}]}}",
        "{name: g, regularEvent: {metric: m, every: 1w, of: 9, atLeast: 2, count: {atLeast: 2, below: 7}}}",
        "{name: h, property: {name: p, atLeast: -5e-324, below: 1.7976931348623157e308}}",
        "{name: i, property: {name: p, anniversary: {next: 2w}}}",
        "{name: j, property: {name: p, hasItem: 2.50}}",
        "{name: k, property: {name: p, within: {from: 2026-01-01, to: 2027-01-01}}}",
        "{name: l, property: {name: p, endsWith: \"\\\"\\u0000\"}}",
        "{name: m, consent: {channel: sms, status: subscribed, within: {last: 3d}}}",
        "{name: o, location: {within: 0.001m, of: {latitude: 1e-7, longitude: -180}}}",
        "{name: p, list: {id: x}}",
        "{name: q, sample: {percent: 99.99, salt: s}}",
        "{name: r, property: {name: p, anniversary: {today: true}}}",
    ];
    let rules = rules(&segment("s", &criteria.map(str::to_owned), None));
    assert_eq!(rules.criteria.len(), criteria.len() + 1);
    for (id, criterion) in &rules.criteria {
        let text = serde_json::to_string(criterion).unwrap();
        let read: Criterion = serde_json::from_str(&text).unwrap();
        assert_eq!(&read, criterion, "{text}");
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!(*id, segment_rules::sip_hash_64(&text));
    }
}
