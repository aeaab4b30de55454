//! What `eval` prints, and its exit codes.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::support::{Call, events, profiles, segment, segment_in};

const ZONE: &str = "timeZone: UTC\n";

fn everyone(name: &str) -> String {
    segment(name, ZONE)
}

fn buyers(name: &str) -> String {
    segment(name, &format!("{ZONE}criteria: [{{name: c, event: {{metric: Buy, within: {{last: 30d}}}}}}]"))
}

#[test]
fn members_are_sorted_by_segment_then_profile_as_bytes() -> Result<()> {
    let call = Call::eval(&["--profiles", "p.ndjson", "--events", "e.ndjson", "z.yaml", "b.yaml"])?;
    let call = call.file("p.ndjson", profiles(&[("é", ""), ("b", ""), ("B", ""), ("a\\u0000b", "")]))?;
    let call =
        call.file("e.ndjson", events(&[("1", "b", "Buy", "2026-06-01", ""), ("2", "c", "Buy", "2026-07-01", "")]))?;
    let outcome =
        call.file("z.yaml", everyone("z-2") + &everyone("z"))?.file("b.yaml", buyers("b"))?.run()?.ended(0)?;
    // c is known only from an event that is still to come.
    let one = |segment: &str| ["B", "a\0b", "b", "c", "é"].map(|profile| format!("{segment}/{profile}"));
    let expected: Vec<String> = [vec!["b/b".to_owned()], one("z").to_vec(), one("z-2").to_vec()].concat();
    ensure!(outcome.members()? == expected, "{outcome:#?}");
    ensure!(outcome.stdout.lines().next() == Some(r#"{"segment":"b","profile":"b"}"#), "{outcome:#?}");
    ensure!(outcome.stderr.is_empty(), "{outcome:#?}");
    Ok(())
}

#[test]
fn the_namespace_is_added_where_there_are_several() -> Result<()> {
    let call = Call::eval(&["--profiles", "-", "s.yaml"])?.stdin(&profiles(&[("p", ""), ("q", "")]));
    let call = call.file("s.yaml", segment_in("two", "a", ZONE) + &segment_in("one", "a", ZONE))?;
    let outcome = call.run()?.ended(0)?;
    let line = |namespace, profile| format!(r#"{{"namespace":"{namespace}","segment":"a","profile":"{profile}"}}"#);
    let lines = [line("one", "p"), line("two", "p"), line("one", "q"), line("two", "q")];
    ensure!(outcome.stdout.lines().eq(lines.iter()), "{outcome:#?}");
    Ok(())
}

#[test]
fn json_is_a_list_and_a_table_has_columns() -> Result<()> {
    for format in ["json", "table"] {
        let call = Call::eval(&["--profiles", "p.ndjson", "-o", format, "-"])?.stdin(&everyone("all"));
        let outcome = call.file("p.ndjson", profiles(&[("p1", ""), ("p2", "")]))?.run()?.ended(0)?;
        if format == "json" {
            let found: Value = serde_json::from_str(&outcome.stdout)?;
            let member = |profile| json!({"segment": "all", "profile": profile});
            ensure!(found == json!([member("p1"), member("p2")]), "{outcome:#?}");
        } else {
            ensure!(outcome.stdout == "SEGMENT  PROFILE\nall      p1\nall      p2\n", "{outcome:#?}");
            ensure!(outcome.stderr == "2 members of 1 segment\n", "{outcome:#?}");
        }
    }
    Ok(())
}

#[test]
fn later_lines_replace_earlier_ones_and_events_from_standard_input_correct_each_other() -> Result<()> {
    let pro = format!("{ZONE}criteria: [{{name: c, property: {{name: plan, equals: pro}}}}]");
    let spent = format!("{ZONE}criteria: [{{name: c, event: {{metric: Buy, sum: {{property: v, equals: 5}}}}}}]");
    let plan = |plan: &str| format!(r#""properties":{{"plan":"{plan}"}}"#);
    let (free, pro_plan) = (plan("free"), plan("pro"));
    let value = |value: u8| format!(r#""properties":{{"v":{value}}}"#);
    let (four, five) = (value(4), value(5));
    let time = "2026-06-01T00:00:00Z";
    let call = Call::eval(&["--profiles", "p.ndjson", "--events", "-", "s.yaml"])?;
    let call = call.stdin(&events(&[("1", "p", "Buy", time, &four), ("1", "p", "Buy", time, &five)]));
    let call = call.file("p.ndjson", profiles(&[("p", &pro_plan), ("q", &free), ("p", &free), ("q", &pro_plan)]))?;
    let outcome = call.file("s.yaml", segment("pro", &pro) + &segment("spent", &spent))?.run()?.ended(0)?;
    ensure!(outcome.members()? == ["pro/q", "spent/p"], "{outcome:#?}");
    Ok(())
}

#[test]
fn suspend_makes_no_difference_and_accounts_do() -> Result<()> {
    let other = everyone("other").replace("\"42\"", "\"7\"");
    let call = Call::eval(&["--profiles", "p.ndjson", "s.yaml"])?;
    let call = call.file("p.ndjson", profiles(&[("p", "")]) + "{\"account\":\"7\",\"id\":\"seven\"}\n")?;
    let suspended = segment("asleep", &format!("{ZONE}suspend: true"));
    let refers = segment("refers", &format!("{ZONE}criteria: [{{name: c, segment: {{name: asleep}}}}]"));
    let outcome = call.file("s.yaml", suspended + &refers + &other)?.run()?.ended(0)?;
    ensure!(outcome.members()? == ["asleep/p", "other/seven", "refers/p"], "{outcome:#?}");
    Ok(())
}

#[test]
fn the_default_instant_is_now() -> Result<()> {
    let call = Call::new(&["eval", "--profiles", "p.ndjson", "--events", "e.ndjson", "s.yaml"])?;
    let call = call.file("p.ndjson", "")?.file(
        "e.ndjson",
        events(&[("1", "past", "Buy", "2020-01-01", ""), ("1", "future", "Buy", "2149-01-01", "")]),
    )?;
    let ever = segment("ever", &format!("{ZONE}criteria: [{{name: c, event: {{metric: Buy}}}}]"));
    let outcome = call.file("s.yaml", ever)?.run()?.ended(0)?;
    ensure!(outcome.members()? == ["ever/past"], "{outcome:#?}");
    Ok(())
}

#[test]
fn a_refused_segment_is_3_and_the_others_are_printed() -> Result<()> {
    let call = Call::eval(&["--profiles", "p.ndjson", "s.yaml"])?.file("p.ndjson", profiles(&[("p", "")]))?;
    let bad = segment("bad", "criteria: [{name: c, sample: {percent: 101}}]");
    let outcome = call.file("s.yaml", everyone("good") + &bad)?.run()?.ended(3)?;
    ensure!(outcome.members()? == ["good/p"], "{outcome:#?}");
    outcome.says(&["refused: s.yaml: default/bad: spec.criteria[0].sample.percent: ", "write 0 to 100"])
}

#[test]
fn bad_data_is_4_and_nothing_is_printed() -> Result<()> {
    let segments = everyone("all") + &segment("bad", "suspend: 5");
    let call = Call::eval(&["--profiles", "p.ndjson", "--events", "e.ndjson", "s.yaml"])?;
    let call = call.file("p.ndjson", profiles(&[("p", "")]))?.file("s.yaml", &segments)?;
    let bad = events(&[("1", "p", "Buy", "2026-06-01", ""), ("2", "p", "Buy", "soon", "")]);
    let outcome = call.file("e.ndjson", format!("\n{bad}"))?.run()?.ended(4)?;
    outcome.only_says(&["error: e.ndjson, line 3: ", "\"soon\" is no time"])?;
    let call = Call::eval(&["--profiles", "-", "s.yaml"])?.file("s.yaml", segments)?;
    let outcome = call.stdin("{\"account\":\"42\",\"id\":\"p\"}\n{\"account\":\"42\"}\n").run()?.ended(4)?;
    outcome.only_says(&["error: standard input, line 2: "])
}

#[test]
fn a_file_that_is_no_yaml_is_4_before_anything_else() -> Result<()> {
    let call = Call::eval(&["--profiles", "p.ndjson", "s.yaml"])?.file("p.ndjson", "no json\n")?;
    call.file("s.yaml", "a: [")?.run()?.ended(4)?.only_says(&["error: s.yaml: "])
}

#[test]
fn files_without_segments_and_data_give_nothing() -> Result<()> {
    for format in ["ndjson", "json", "table"] {
        let call = Call::eval(&["--profiles", "p.ndjson", "-o", format, "s.yaml"])?.file("p.ndjson", "")?;
        let outcome = call.file("s.yaml", "")?.run()?.ended(0)?;
        ensure!(outcome.stdout == if format == "json" { "[]\n" } else { "" }, "{outcome:#?}");
    }
    Ok(())
}
