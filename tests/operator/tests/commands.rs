//! segmentctl on a cluster: what people do with Segments besides applying them.

use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use segment_operator_tests::{ACCOUNT, Namespace, Store, is_true, plan, program, with_store};
use serde_json::json;

/// A ready store with a Segment of those who pay.
async fn with_segment<F>(test: F) -> Result<()>
where
    F: AsyncFnOnce(Namespace, Store) -> Result<()>,
{
    with_store(2, async |namespace, store, _shards| {
        store.apply_segment("paying", plan("gold")).await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        test(namespace, store).await
    })
    .await
}

fn segmentctl(namespace: &Namespace, arguments: &[&str]) -> Result<Output> {
    let (command, rest) = arguments.split_first().context("a command")?;
    let mut call = Command::new(program("segmentctl")?);
    Ok(call.arg(command).args(["--namespace", &namespace.name]).args(rest).output()?)
}

/// What it prints where it does what it was asked for.
fn said(namespace: &Namespace, arguments: &[&str]) -> Result<String> {
    let output = segmentctl(namespace, arguments)?;
    ensure!(output.status.success(), "segmentctl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// What it says where it does not.
fn refused(namespace: &Namespace, arguments: &[&str]) -> Result<String> {
    let output = segmentctl(namespace, arguments)?;
    ensure!(!output.status.success(), "segmentctl {arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    Ok(String::from_utf8(output.stderr)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_shown_listed_and_explained() -> Result<()> {
    with_segment(async |namespace, _store| {
        let list = said(&namespace, &["status"])?;
        let row = list.lines().find(|line| line.contains("paying")).context("a row")?;
        ensure!(row.contains("True") && row.contains("Evaluated"), "{list}");
        let one = said(&namespace, &["status", "paying"])?;
        ensure!(one.contains("Members     2") && one.contains("SpecAccepted"), "{one}");
        ensure!(said(&namespace, &["members", "paying"])? == "ada\nbob\n");
        ensure!(said(&namespace, &["members", "paying", "--limit", "1"])? == "ada\n");
        ensure!(said(&namespace, &["members", "paying", "--after", "ada"])? == "bob\n");
        let why = said(&namespace, &["explain", "paying", "ada", "--output", "json"])?;
        ensure!(why.contains("\"plan\""), "{why}");
        let none = refused(&namespace, &["status", "nobody"])?;
        ensure!(none.contains("there is no Segment"), "{none}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_evaluated_when_somebody_asks_for_it() -> Result<()> {
    with_segment(async |namespace, store| {
        store.load(&[json!({"account": ACCOUNT, "id": "eve", "properties": {"plan": "gold"}})])?;
        let done = said(&namespace, &["run", "--wait", "paying"])?;
        ensure!(done == "paying was evaluated and has 3 members\n", "{done}");
        ensure!(said(&namespace, &["members", "paying"])? == "ada\nbob\neve\n");
        let logs = segmentctl(&namespace, &["logs", "paying"])?;
        ensure!(logs.status.success() && !logs.stderr.is_empty(), "{logs:?}");
        let bad = json!({"criteria": [{"name": "plan", "property": {"name": "plan", "matches": "("}}]});
        store.apply_segment("bad", bad).await?;
        store.until_segment("bad", "stalled", |status| is_true(&status.conditions, "Stalled")).await?;
        let why = refused(&namespace, &["run", "--wait", "bad"])?;
        ensure!(why.contains("SpecRefused: spec.criteria[0]"), "{why}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_suspended_and_resumed() -> Result<()> {
    with_segment(async |namespace, store| {
        ensure!(said(&namespace, &["suspend", "paying"])? == "paying is suspended\n");
        store.until_segment("paying", "suspended", |status| is_true(&status.conditions, "Suspended")).await?;
        let why = refused(&namespace, &["run", "--wait", "paying"])?;
        ensure!(why.contains("is suspended"), "{why}");
        ensure!(said(&namespace, &["resume", "paying"])? == "paying goes on\n");
        store.until_segment("paying", "no more suspended", |status| !is_true(&status.conditions, "Suspended")).await?;
        store.until_members("paying", &["ada", "bob"]).await.map(drop)
    })
    .await
}
