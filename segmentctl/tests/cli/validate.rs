//! Every class of refusal, by `validate`, which needs no server.

use anyhow::{Result, ensure};

use crate::support::{Call, segment, segment_in};

/// A Segment with this spec is refused at the path, with these words.
fn refused(spec: &str, path: &str, words: &[&str]) -> Result<()> {
    let outcome = Call::new(&["validate", "s.yaml"])?.file("s.yaml", segment("a", spec))?.run()?.ended(3)?;
    outcome.says(&[&format!("s.yaml: default/a: {path}: "), "; "])?;
    outcome.says(words)?;
    ensure!(outcome.stdout == "0 Segments are fine, 1 Segment is refused\n", "{outcome:?}");
    Ok(())
}

/// A criterion `c` of this kind is refused at the path below it.
fn criterion(kind: &str, path: &str, words: &[&str]) -> Result<()> {
    refused(&format!("criteria: [{{name: c, {kind}}}]"), &format!("spec.criteria[0]{path}"), words)
}

#[test]
fn fields() -> Result<()> {
    refused("timezone: UTC", "spec.timezone", &["unknown"])?;
    criterion("event: {metric: m, windows: {last: 1d}}", ".event.windows", &["unknown"])?;
    refused("suspend: 1", "spec.suspend", &["type"])?;
    criterion("event: {metric: 5}", ".event.metric", &["quote it"])
}

#[test]
fn kinds() -> Result<()> {
    refused("criteria: [{name: c}]", "spec.criteria[0]", &["no kind"])?;
    criterion("list: {id: x}, segment: {name: b}", "", &["two kinds"])
}

#[test]
fn names_and_match() -> Result<()> {
    let list = "list: {id: x}";
    let two = |first, second| format!("criteria: [{{name: {first}, {list}}}, {{name: {second}, {list}}}]");
    refused(&two("c", "c"), "spec.criteria[1].name", &["used twice"])?;
    refused(&two("B", "c"), "spec.criteria[0].name", &["no name of a criterion"])?;
    refused(&two("in", "c"), "spec.criteria[0].name", &["keyword"])?;
    refused(&(two("b", "c") + "\nmatch: b"), "spec.criteria[1].name", &["not used in match"])?;
    refused(&(two("b", "c") + "\nmatch: b && c && d"), "spec.match", &["no criterion d"])?;
    for bad in ["b == c", "b &&", "'true || b || c'", "''", "b || c // x", "has(b) || c"] {
        refused(&format!("{}\nmatch: {bad}", two("b", "c")), "spec.match", &[])?;
    }
    Ok(())
}

#[test]
fn values() -> Result<()> {
    criterion("event: {metric: m, within: {last: 3 days}}", ".event.within.last", &[])?;
    criterion("event: {metric: m, within: {last: 3651d}}", ".event.within.last", &["3650d"])?;
    criterion("location: {within: 10 miles, of: {postalCode: \"02110\", country: US}}", ".location.within", &[])?;
    criterion("property: {name: p, before: tomorrow}", ".property.before", &["is no time"])?;
    refused("timeZone: Europe/Nowhere", "spec.timeZone", &["unknown"])?;
    criterion("property: {name: p, matches: \"(\"}", ".property.matches", &[])?;
    let place = |code, country| format!("location: {{within: 1km, of: {{postalCode: {code}, country: {country}}}}}");
    criterion(&place("02110", "US"), ".location.of.postalCode", &["quote it"])?;
    criterion(&place("\"00000\"", "US"), ".location.of.postalCode", &["unknown"])?;
    criterion(&place("\"02110\"", "FR"), ".location.of.country", &["US or CA"])?;
    criterion("sample: {percent: 100.5}", ".sample.percent", &["0 to 100"])
}

#[test]
fn ranges_and_windows() -> Result<()> {
    criterion("event: {metric: m, count: {}}", ".event.count", &["no bounds"])?;
    criterion("event: {metric: m, count: {atLeast: 3, below: 3}}", ".event.count", &["satisf"])?;
    criterion("event: {metric: m, within: {from: 2026-01-02, to: 2026-01-01}}", ".event.within", &["not before"])?;
    criterion("event: {metric: m, within: {last: 1d, days: 3}}", ".event.within", &["more than one form"])?;
    criterion("event: {metric: m, within: {next: 1d}}", ".event.within.next", &[])?;
    criterion("regularEvent: {metric: m, every: 30d, of: 3, atLeast: 4}", ".regularEvent.atLeast", &["1 to 3"])
}

#[test]
fn limits() -> Result<()> {
    let many: Vec<String> = (0..65).map(|number| format!("{{name: c{number}, list: {{id: x}}}}")).collect();
    refused(&format!("criteria: [{}]", many.join(", ")), "spec.criteria", &["at most 64"])?;
    let deep = format!("{}c{}", "(".repeat(65), ")".repeat(65));
    refused(&format!("criteria: [{{name: c, list: {{id: x}}}}]\nmatch: {deep}"), "spec.match", &["64"])
}

#[test]
fn references() -> Result<()> {
    criterion("segment: {name: b}", ".segment.name", &["no Segment default/b"])?;
    let refers = |to| format!("criteria: [{{name: c, segment: {{name: {to}}}}}]");
    let two = |first: String, second: String| -> Result<_> {
        Call::new(&["validate", "s.yaml", "t.yaml"])?.file("s.yaml", first)?.file("t.yaml", second)?.run()?.ended(3)
    };
    let outcome = two(segment("a", &refers("b")), segment("b", "suspend: x"))?;
    outcome.says(&["s.yaml: default/a: spec.criteria[0].segment.name: ", "refused itself", "t.yaml: default/b: "])?;
    let outcome = two(segment("a", &refers("b")), segment("b", "").replace("\"42\"", "\"43\""))?;
    outcome.says(&["s.yaml: default/a: ", "another account"])?;
    ensure!(outcome.stdout == "1 Segment is fine, 1 Segment is refused\n", "{outcome:?}");
    let outcome = two(segment("a", &refers("b")), segment("b", &refers("a")))?;
    outcome.says(&["s.yaml: default/a: ", "t.yaml: default/b: ", "a -> b -> a"])?;
    let outcome = two(segment_in("x", "a", &refers("b")), segment_in("y", "b", ""))?;
    outcome.says(&["no Segment x/b"])?;
    // YAML takes a plain y for a boolean, as kubectl does.
    let outcome = two(segment_in("y", "a", ""), segment("b", ""))?;
    outcome.says(&["s.yaml: a Segment: metadata.namespace: ", "quote it"])
}

#[test]
fn names_that_kubernetes_refuses() -> Result<()> {
    let call = Call::new(&["validate", "s.yaml"])?;
    let documents = format!("{}---\n{}", segment_in("a", "b/c", ""), segment_in("a/b", "c", ""));
    let outcome = call.file("s.yaml", documents)?.run()?.ended(3)?;
    outcome.says(&["s.yaml: a/b/c: metadata.name: ", "s.yaml: a/b/c: metadata.namespace: ", "write lower-case letters"])
}

#[test]
fn a_name_of_two_segments() -> Result<()> {
    let call = Call::new(&["validate", "s.yaml", "t.yaml"])?;
    let outcome = call.file("s.yaml", segment("a", ""))?.file("t.yaml", segment("a", ""))?.run()?.ended(3)?;
    outcome.says(&["s.yaml: default/a: metadata.name: ", "t.yaml: default/a: metadata.name: "])?;
    ensure!(outcome.stdout == "0 Segments are fine, 2 Segments are refused\n", "{outcome:?}");
    Ok(())
}

#[test]
fn good_segments_are_counted() -> Result<()> {
    let both = segment("a", "") + &segment("b", "criteria: [{name: c, segment: {name: a}}]");
    let outcome = Call::new(&["validate", "-"])?.stdin(&both).run()?.ended(0)?;
    ensure!(outcome.stdout == "2 Segments are fine\n", "{outcome:?}");
    Ok(())
}

#[test]
fn a_directory_stands_for_its_files() -> Result<()> {
    let call = Call::new(&["validate", "."])?.file("b.yaml", segment("b", "suspend: x"))?.file("c.txt", "a: [")?;
    let outcome = call.file("a.yml", segment("a", ""))?.run()?.ended(3)?;
    outcome.says(&["./b.yaml: default/b: spec.suspend: "])?;
    ensure!(outcome.stdout == "1 Segment is fine, 1 Segment is refused\n", "{outcome:?}");
    Ok(())
}

#[test]
fn what_is_no_yaml_is_4() -> Result<()> {
    for bad in [&b"a: [1"[..], b"- 1\n", b"just text\n", b"a: 1\n---\n5\n", b"a: \xff\n"] {
        let call = Call::new(&["validate", "good.yaml", "bad.yaml"])?;
        let outcome = call.file("good.yaml", segment("a", "suspend: x"))?.file("bad.yaml", bad)?.run()?.ended(4)?;
        outcome.only_says(&["error: bad.yaml: "])?;
    }
    Ok(())
}
