//! Segments that the language takes and a server does not.

use super::{AS_OF, agrees, color, colors, criterion, segment, yaml};
use anyhow::{Result, ensure};
use segment_tests::json::Json;
use segment_tests::server::{self, Server};
use segment_tests::store::Store;

#[test]
fn a_segment_that_the_server_refuses_is_refused_when_it_is_published() -> Result<()> {
    let server = Server::start()?;
    let store = Store::new(&[&server], AS_OF)?;
    store.load(&colors(6), &[])?;
    // RE2 has no memory for this one; the language cannot know.
    let bad = criterion("property", r#"{"name": "color", "matches": "((\\pL{100}){9}x){1}(\\pL{1000}|\\pN{1000})*"}"#)?;
    let documents = [color("good", "red")?, segment("bad", "42", vec![bad]), color("fine", "blue")?];
    let published = store.publish(&yaml(&documents), &[])?;
    ensure!(published.code == Some(3) && published.stderr.contains("refused: default/bad"), "{published:?}");
    let done = store.manual(published.stdout.trim())?;
    ensure!(done.code == Some(0), "{done:?}");
    agrees(&store, &[documents[0].clone(), documents[2].clone()], &colors(6))
}

#[test]
fn a_segment_that_a_server_refuses_only_when_it_evaluates_fails_alone_in_every_unit() -> Result<()> {
    let server = Server::start()?;
    let store = Store::new(&[&server], AS_OF)?;
    store.load(&colors(6), &["--profiles-per-bucket", "2"])?;
    let bad = criterion("property", r#"{"name": "color", "matches": "zebra"}"#)?;
    let documents =
        [color("good", "red")?, segment("bad", "42", vec![bad]), color("fine", "blue")?, color("empty", "green")?];
    let published = store.publish(&yaml(&documents), &[])?;
    let run = published.stdout.trim();
    // As if a server of another version had checked the pattern.
    let (url, database) = &store.shards[0];
    let broken = "INSERT INTO criteria SELECT account, criterion, replaceAll(form, 'zebra', 'open(') \
                  FROM criteria WHERE form LIKE '%zebra%'";
    server::ask(url, database, broken)?;
    let done = store.manual(run)?;
    ensure!(done.code == Some(0), "{done:?}");
    let query = format!(
        "SELECT bucket, outcome, error FROM evaluations FINAL \
         WHERE run = '{run}' AND segment = sipHash64('default/bad') ORDER BY bucket"
    );
    let failed = store.rows(&query)?;
    ensure!(failed.len() == 3, "{failed:?}");
    for row in &failed {
        let text = |key: &str| row.get(key).and_then(Json::as_text).unwrap_or_default().to_owned();
        ensure!(text("outcome") == "failed" && text("error").contains("open("), "{row}");
    }
    let others = [documents[0].clone(), documents[2].clone(), documents[3].clone()];
    agrees(&store, &others, &colors(6))?;
    // Another try meets the same, and harms nobody.
    let again = store.manual(run)?;
    ensure!(again.code == Some(0), "{again:?}");
    agrees(&store, &others, &colors(6))?;
    Ok(())
}
