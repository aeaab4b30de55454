//! `explain` never disagrees with `eval`.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::support::{AS_OF, Call, events, profiles, segment};

/// Criteria of every kind; the last two are told apart by nobody's data.
const CRITERIA: [(&str, &str); 25] = [
    ("count", "event: {metric: Buy, count: {atLeast: 2, below: 4}, within: {last: 30d}}"),
    ("none", "event: {metric: Buy, count: {equals: 0}, within: {days: 3}}"),
    ("every", "event: {metric: \"*\", within: {last: 2d}}"),
    ("filtered", "event: {metric: Buy, where: [{property: item, equals: Hat, ignoreCase: true}]}"),
    ("sum", "event: {metric: Buy, sum: {property: v, atLeast: 0.3}}"),
    (
        "hats",
        "event: {metric: Buy, where: [{property: item, equals: hat, ignoreCase: true}], sum: {property: v, atLeast: 0.1}}",
    ),
    (
        "capped",
        "event: {metric: Buy, where: [{property: item, equals: hat, not: true}], max: {property: v, atLeast: 0.2}}",
    ),
    ("below", "event: {metric: Buy, sum: {property: v, below: 0.3}}"),
    ("average", "event: {metric: Buy, average: {property: v, atLeast: 0.1, atMost: 0.15}}"),
    ("max", "event: {metric: Buy, max: {property: v, above: 0.1}}"),
    ("days", "event: {metric: Buy, distinctDays: {atLeast: 2}}"),
    ("last", "lastEvent: {metric: Buy, within: {olderThan: 1d}, has: [{property: item, equals: hat, not: true}]}"),
    ("worn", "lastEvent: {metric: Buy, has: [{property: item, equals: hat, ignoreCase: true}]}"),
    ("first", "firstEvent: {metric: Buy, within: {from: 2026-06-01}}"),
    ("regular", "regularEvent: {metric: Buy, every: 7d, of: 3, atLeast: 2}"),
    ("sequence", "sequence: {steps: [{metric: View}, {metric: Buy}], span: 2d}"),
    ("plan", "property: {name: plan, in: [pro, team]}"),
    ("born", "property: {name: born, anniversary: {next: 7d}}"),
    ("age", "property: {name: age, atLeast: 18, below: 65}"),
    ("sms", "consent: {channel: sms, status: subscribed, within: {last: 365d}}"),
    ("near", "location: {within: 10mi, of: {postalCode: \"02110\", country: US}}"),
    ("vip", "list: {id: vip}"),
    ("part", "segment: {name: only-plan}"),
    ("half", "sample: {percent: 50, salt: x}"),
    ("all", "sample: {percent: 100}"),
];

const PROFILES: [(&str, &str); 4] = [
    (
        "p1",
        r#""properties":{"plan":"pro","age":18,"born":"1990-06-20"},"consent":{"sms":{"status":"subscribed","time":"2026-01-01"}},
        "location":{"latitude":42.36,"longitude":-71.05},"lists":["vip"]"#,
    ),
    (
        "p2",
        r#""properties":{"plan":["pro"],"age":"64.9","born":"2000-02-29T00:00:00Z"},"consent":{"sms":"subscribed"}"#,
    ),
    ("p3", r#""location":{"latitude":41,"longitude":-71}"#),
    ("p4", ""),
];

fn data() -> (String, String) {
    let value = |value: &str, item: &str| format!(r#""properties":{{"v":{value},"item":"{item}"}}"#);
    let (hat, cap, shoe) = (value("0.1", "HAT"), value("\"0.2\"", "cap"), value("null", "shoe"));
    let events = events(&[
        ("1", "p1", "View", "2026-06-01T00:00:00Z", ""),
        ("2", "p1", "Buy", "2026-06-02T00:00:00Z", &hat),
        ("3", "p1", "Buy", "2026-06-14T00:00:00Z", &cap),
        ("4", "p2", "Buy", "2026-05-02T00:00:00Z", &hat),
        ("5", "p2", "View", "2026-06-15T00:00:00Z", ""),
        ("6", "p3", "Buy", "2026-06-15T12:00:00Z", &shoe),
        ("7", "p3", "Buy", "2026-06-15T12:00:00.001Z", &cap),
    ]);
    (profiles(&PROFILES).replace("\n        ", ""), events)
}

/// A Segment for each criterion alone, and one with all of them.
fn segments() -> String {
    let listed: Vec<String> = CRITERIA.iter().map(|(name, kind)| format!("{{name: {name}, {kind}}}")).collect();
    let names: Vec<&str> = CRITERIA.iter().map(|(name, _)| *name).collect();
    let expression = format!("(count || !count) && ({})", names.join(" || "));
    let together = format!("timeZone: Europe/Berlin\ncriteria: [{}]\nmatch: {expression}", listed.join(", "));
    let alone = CRITERIA.iter().zip(&listed).map(|((name, _), criterion)| {
        segment(&format!("only-{name}"), &format!("timeZone: Europe/Berlin\ncriteria: [{criterion}]"))
    });
    alone.chain([segment("together", &together)]).collect()
}

fn call(arguments: &[&str]) -> Result<Call> {
    let (profiles, events) = data();
    let inputs = ["--profiles", "p.ndjson", "--events", "e.ndjson", "--as-of", AS_OF, "s.yaml"];
    let call = Call::new(&[arguments, &inputs].concat())?;
    call.file("p.ndjson", profiles)?.file("e.ndjson", events)?.file("s.yaml", segments())
}

#[test]
fn every_criterion_is_as_eval_has_it() -> Result<()> {
    let members: BTreeSet<String> = call(&["eval"])?.run()?.ended(0)?.members()?.into_iter().collect();
    let mut seen = BTreeSet::new();
    for (profile, _) in PROFILES {
        let outcome = call(&["explain", "together", profile])?.run()?.ended(0)?;
        let explanation: Value = serde_json::from_str(&outcome.stdout)?;
        let is_member = |segment: &str| members.contains(&format!("{segment}/{profile}"));
        ensure!(explanation["member"] == is_member("together"), "{explanation:#}");
        let criteria = explanation["criteria"].as_array().context("no criteria")?;
        ensure!(criteria.len() == CRITERIA.len());
        for criterion in criteria {
            let name = criterion["name"].as_str().context("no name")?;
            ensure!(criterion["truth"] == is_member(&format!("only-{name}")), "{profile}: {criterion:#}");
            ensure!(criterion["seen"].as_str().is_some_and(|seen| !seen.is_empty()), "{criterion:#}");
            seen.insert((name.to_owned(), criterion["truth"].as_bool()));
        }
    }
    // Every criterion is true of somebody, and all but one are false of somebody else.
    ensure!(seen.len() == 2 * CRITERIA.len() - 1, "{seen:?}");
    Ok(())
}

#[test]
fn a_table_shows_what_was_seen() -> Result<()> {
    let outcome = call(&["explain", "default/together", "p1", "-o", "table"])?.run()?.ended(0)?;
    let first = format!("p1 of account 42 is a member of default/together at {AS_OF}\n");
    ensure!(outcome.stdout.starts_with(&first), "{}", outcome.stdout);
    let rows = [
        ("count", "event true 2 events, latest 2026-06-14T00:00:00Z (2026-05-16T12:00:00Z, 2026-06-15T12:00:00Z]"),
        ("none", "event false 1 event at 2026-06-14T00:00:00Z [2026-06-12T22:00:00Z, 2026-06-15T12:00:00Z]"),
        ("filtered", "event true 1 event at 2026-06-02T00:00:00Z (-inf, 2026-06-15T12:00:00Z]"),
        ("sum", "event true sum of v = 0.3 over 2 events, latest 2026-06-14T00:00:00Z (-inf, 2026-06-15T12:00:00Z]"),
        ("hats", "event true sum of v = 0.1 over 1 event at 2026-06-02T00:00:00Z (-inf, 2026-06-15T12:00:00Z]"),
        ("capped", "event true max of v = 0.2 over 2 events, latest 2026-06-14T00:00:00Z (-inf, 2026-06-15T12:00:00Z]"),
        ("days", "event true 2 events, latest 2026-06-14T00:00:00Z on 2 days (-inf, 2026-06-15T12:00:00Z]"),
        (
            "last",
            "lastEvent true latest Buy at 2026-06-14T00:00:00Z, which has all of `has` (-inf, 2026-06-14T12:00:00Z]",
        ),
        (
            "worn",
            "lastEvent false latest Buy at 2026-06-14T00:00:00Z, which lacks some of `has` (-inf, 2026-06-15T12:00:00Z]",
        ),
        ("plan", "property true plan = \"pro\""),
        ("sms", "consent true subscribed since 2026-01-01T00:00:00Z (2025-06-15T12:00:00Z, 2026-06-15T12:00:00Z]"),
        ("near", "location true 291 m away"),
        ("vip", "list true on the list vip"),
        ("part", "segment true a member of only-plan"),
        ("all", "sample true the same for every profile"),
    ];
    for (name, expected) in rows {
        let row = outcome.stdout.lines().find(|line| line.split_whitespace().next() == Some(name)).context(name)?;
        let row: Vec<&str> = row.split_whitespace().skip(1).collect();
        ensure!(row.join(" ") == expected, "{name}: {row:?}");
    }
    ensure!(outcome.stdout.ends_with("\nresult true\n"), "{}", outcome.stdout);
    Ok(())
}

#[test]
fn what_is_not_there_is_1_and_what_is_not_clear_is_2() -> Result<()> {
    let arguments = ["explain", "together", "nobody"];
    call(&arguments)?.run()?.ended(1)?.only_says(&["the account `42` has no profile `nobody`"])?;
    call(&["explain", "nothing", "p1"])?.run()?.ended(1)?.only_says(&["no Segment nothing"])?;
    let twice = segment("a", "").replace("default", "x") + &segment("a", "");
    let call = Call::new(&["explain", "a", "p1", "--profiles", "p.ndjson", "s.yaml"])?;
    let outcome = call.file("p.ndjson", "")?.file("s.yaml", twice)?.run()?.ended(2)?;
    outcome.only_says(&["x/a (account 42)", "default/a (account 42)"])
}
