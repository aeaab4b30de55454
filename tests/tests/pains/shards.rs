//! Shards that are down, full, slow, or of another schema version.

use super::{AS_OF, agrees, color, colors, of, yaml};
use anyhow::{Context, Result, ensure};
use segment_tests::json::Json;
use segment_tests::server::{self, Server};
use segment_tests::store::{Store, whole};

/// The members on a shard.
fn members_on(store: &Store, shard: usize) -> Result<Vec<String>> {
    let (url, database) = &store.shards[shard];
    let rows = server::rows(url, database, "SELECT profile FROM members ORDER BY profile")?;
    ensure!(!rows.is_empty(), "the shard has no units");
    rows.iter().map(|row| row.get("profile").and_then(Json::as_text).map(str::to_owned).context("a profile")).collect()
}

/// Runs statements on the shard 1.
fn on_second(store: &Store, statements: &[&str]) -> Result<()> {
    let (url, database) = &store.shards[1];
    statements.iter().try_for_each(|statement| server::ask(url, database, statement).map(drop))
}

#[test]
fn a_shard_that_is_down_fails_the_run_by_name_keeps_its_members_and_a_rerun_mends_it() -> Result<()> {
    let (first, mut second) = (Server::start()?, Server::start()?);
    let store = Store::new(&[&first, &second], AS_OF)?;
    store.load(&colors(40), &["--profiles-per-bucket", "2"])?;
    let (red, blue) = ([color("chosen", "red")?], [color("chosen", "blue")?]);
    store.evaluate(&yaml(&red), &[])?.context("a run")?;
    let reds = of(&store, &red, "chosen")?;
    assert_eq!(reds.len(), 20);
    let published = store.publish(&yaml(&blue), &[])?;
    let run = published.stdout.trim();
    second.stop()?;
    let failed = store.manual(run)?;
    ensure!(failed.code == Some(10) && failed.stderr.contains("shard 1"), "{failed:?}");
    // The shard that is up can be worked on alone.
    let alone = store.call(&["manual"], &["--run", run, "--shards", "0"])?;
    ensure!(alone.code == Some(0), "{alone:?}");
    second.restart()?;
    for profile in members_on(&store, 1)? {
        ensure!(reds.contains(&profile), "{profile} came while the shard was down");
    }
    let again = store.manual(run)?;
    ensure!(again.code == Some(0), "{again:?}");
    agrees(&store, &blue, &colors(40))
}

#[test]
fn a_full_shard_fails_the_run_by_name_and_no_segment_and_a_rerun_mends_it() -> Result<()> {
    let server = Server::start()?;
    for table in ["run_results", "evaluations"] {
        let store = Store::new(&[&server, &server], AS_OF)?;
        store.load(&colors(40), &["--profiles-per-bucket", "2"])?;
        let (red, blue) =
            ([color("chosen", "red")?, color("other", "red")?], [color("chosen", "blue")?, color("other", "red")?]);
        store.evaluate(&yaml(&red), &[])?.context("a run")?;
        let before = members_on(&store, 1)?;
        let published = store.publish(&yaml(&blue), &["--all"])?;
        let run = published.stdout.trim();
        let setting = "min_free_disk_bytes_to_perform_insert";
        on_second(&store, &[&format!("ALTER TABLE {table} MODIFY SETTING {setting} = 1000000000000000")])?;
        let failed = store.manual(run)?;
        ensure!(failed.code == Some(10), "{failed:?}");
        ensure!(failed.stderr.contains("shard 1") && failed.stderr.contains("NOT_ENOUGH_SPACE"), "{failed:?}");
        let query = format!("SELECT count() AS n FROM evaluations WHERE run = '{run}' AND outcome = 'failed'");
        for row in store.rows(&query)? {
            ensure!(whole(&row, "n")? == 0, "{table}: a segment was blamed");
        }
        assert_eq!(members_on(&store, 1)?, before, "{table}");
        on_second(&store, &[&format!("ALTER TABLE {table} RESET SETTING {setting}")])?;
        let again = store.manual(run)?;
        ensure!(again.code == Some(0), "{again:?}");
        agrees(&store, &blue, &colors(40))?;
    }
    Ok(())
}

#[test]
fn a_shard_that_is_too_slow_for_a_segment_fails_it_with_the_servers_reason() -> Result<()> {
    let server = Server::start()?;
    let store = Store::new(&[&server, &server], AS_OF)?;
    store.load(&colors(40), &["--profiles-per-bucket", "2"])?;
    let documents = [color("chosen", "red")?];
    let published = store.publish(&yaml(&documents), &[])?;
    let run = published.stdout.trim();
    on_second(&store, &["ALTER TABLE run_results ADD CONSTRAINT slow CHECK sleepEachRow(1.5) = 0"])?;
    let done = store.call(&["manual"], &["--run", run, "--statement-seconds", "1"])?;
    ensure!(done.code == Some(0) && done.stderr.contains("TIMEOUT_EXCEEDED"), "{done:?}");
    let (url, database) = &store.shards[1];
    let failed = format!("SELECT error FROM evaluations WHERE run = '{run}' AND outcome = 'failed'");
    ensure!(!server::rows(url, database, &failed)?.is_empty(), "{done:?}");
    on_second(&store, &["ALTER TABLE run_results DROP CONSTRAINT slow"])?;
    let again = store.manual(run)?;
    ensure!(again.code == Some(0), "{again:?}");
    agrees(&store, &documents, &colors(40))
}

/// Says of the shard 1 that it has another schema version; the table that says the truth is called `other` then.
fn restate(store: &Store, version: &str) -> Result<()> {
    let replace = format!(
        "CREATE TABLE other ENGINE = MergeTree ORDER BY at AS SELECT * REPLACE (toUInt32({version}) AS schema_version) \
         FROM store_identity"
    );
    on_second(store, &[&replace, "EXCHANGE TABLES other AND store_identity"])
}

#[test]
fn a_shard_of_another_schema_version_is_refused_by_name_keeps_its_members_and_a_rerun_mends_it() -> Result<()> {
    let server = Server::start()?;
    for (version, mend) in [("schema_version + 1", "use a newer build"), ("schema_version - 1", "schema apply")] {
        let store = Store::new(&[&server, &server], AS_OF)?;
        let (red, blue) = ([color("chosen", "red")?], [color("chosen", "blue")?]);
        store.load(&colors(40), &["--profiles-per-bucket", "2"])?;
        store.evaluate(&yaml(&red), &[])?.context("a run")?;
        let before = members_on(&store, 1)?;
        let published = store.publish(&yaml(&blue), &[])?;
        let run = published.stdout.trim();
        restate(&store, version)?;
        let file = "/dev/null";
        for (mode, arguments) in [
            (&["schema", "check"][..], &[][..]),
            (&["load"], &["--profiles", file]),
            (&["publish"], &[file]),
            (&["manual"], &["--run", run]),
        ] {
            let outcome = store.call(mode, arguments)?;
            let named = outcome.stderr.contains("shard 1") && outcome.stderr.contains(mend);
            ensure!(outcome.code == Some(11) && named, "{mode:?} at {version}: {outcome:?}");
        }
        assert_eq!(members_on(&store, 1)?, before);
        if mend == "schema apply" {
            // As the build before this one left it: the last step makes this table.
            on_second(&store, &["DROP TABLE other SYNC", "DROP TABLE trait_texts SYNC"])?;
            let applied = store.call(&["schema", "apply"], &[])?;
            ensure!(applied.code == Some(0), "{applied:?}");
        } else {
            on_second(&store, &["EXCHANGE TABLES other AND store_identity", "DROP TABLE other SYNC"])?;
        }
        let again = store.manual(run)?;
        ensure!(again.code == Some(0), "{again:?}");
        agrees(&store, &blue, &colors(40))?;
    }
    Ok(())
}

#[test]
fn a_shard_that_was_emptied_is_loaded_and_evaluated_again() -> Result<()> {
    let server = Server::start()?;
    let store = Store::new(&[&server, &server], AS_OF)?;
    let (files, documents) = (colors(40), [color("chosen", "red")?]);
    let by_two = ["--profiles-per-bucket", "2"];
    store.load(&files, &by_two)?;
    store.evaluate(&yaml(&documents), &[])?.context("a run")?;
    ensure!(store.evaluate(&yaml(&documents), &[])?.is_none(), "nothing is due");
    let (url, database) = &store.shards[1];
    server::ask(url, "default", &format!("DROP DATABASE {database} SYNC"))?;
    let applied = store.call(&["schema", "apply"], &[])?;
    ensure!(applied.code == Some(0), "{applied:?}");
    store.load(&files, &by_two)?;
    store.evaluate(&yaml(&documents), &[])?.context("the emptied shard is due")?;
    agrees(&store, &documents, &files)?;
    let numbers = server::rows(url, database, "SELECT count() AS n FROM members")?;
    ensure!(whole(&numbers[0], "n")? > 0, "the shard has its members back");
    Ok(())
}

#[test]
fn a_shard_that_is_added_leaves_members_where_they_are() -> Result<()> {
    let server = Server::start()?;
    let mut store = Store::new(&[&server, &server], AS_OF)?;
    let (files, documents) = (colors(40), [color("chosen", "red")?]);
    store.load(&files, &["--profiles-per-bucket", "2"])?;
    store.evaluate(&yaml(&documents), &[])?.context("a run")?;
    let before = of(&store, &documents, "chosen")?;
    let (url, database) = store.shards[0].clone();
    store.shards.push((url, format!("{database}_added")));
    let refused = store.call(&["manual"], &["--run", "01234567-89ab-cdef-0123-456789abcdef"])?;
    ensure!(refused.code == Some(11) && refused.stderr.contains("shard 2"), "{refused:?}");
    let applied = store.call(&["schema", "apply"], &[])?;
    ensure!(applied.code == Some(0), "{applied:?}");
    assert_eq!(of(&store, &documents, "chosen")?, before);
    store.load(&files, &["--profiles-per-bucket", "2"])?;
    store.evaluate(&yaml(&[color("chosen", "blue")?]), &[])?.context("a run")?;
    agrees(&store, &[color("chosen", "blue")?], &files)
}
