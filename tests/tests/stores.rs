//! Random worlds: the oracle against stores of several shapes: shards, buckets, summaries of months, loads.
//!
//! `SEGMENT_TESTS_SEED` (default 1), `SEGMENT_TESTS_STORE_ROUNDS` (1) and `SEGMENT_TESTS_WORLDS` (a round's accounts, 16, and
//! half as many again) say how much is tried; each round goes through every shape. A world that differs is made small,
//! printed, and added to `regressions.jsonl`; commit that line.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use segment_tests::cases;
use segment_tests::cells;
use segment_tests::regressions;
use segment_tests::server::Server;
use segment_tests::store::{Shape, resumed, whole};
use segment_tests::world::Batch;
use std::collections::BTreeSet;

const ONE_BUCKET: usize = 1_000_000;

const SHAPES: [Shape; 4] = [
    Shape { shards: 1, profiles: ONE_BUCKET, loads: &[true] },
    Shape { shards: 2, profiles: 4, loads: &[true, true] },
    Shape { shards: 5, profiles: 4, loads: &[false, false] },
    Shape { shards: 5, profiles: ONE_BUCKET, loads: &[true, false] },
];

fn setting(name: &str, default: u64) -> Result<u64> {
    std::env::var(name).map_or(Ok(default), |text| text.parse().map_err(|_| anyhow!("{name} is no number: {text}")))
}

/// Worlds of all sorts, and half as many that count events over months, and that sum up events by their texts.
fn batch(seed: u64) -> Result<Batch> {
    let worlds = usize::try_from(setting("SEGMENT_TESTS_WORLDS", 16)?)?;
    let mut batch = cases::batch(seed, worlds);
    batch.worlds.extend(cases::counts(seed, worlds.div_ceil(2), batch.as_of));
    batch.worlds.extend(cases::sums(seed, worlds.div_ceil(2), batch.as_of));
    Ok(batch)
}

#[test]
fn stores_of_every_shape_agree_with_the_oracle_on_random_worlds() -> Result<()> {
    let server = Server::start()?;
    let seed = setting("SEGMENT_TESTS_SEED", 1)?;
    let rounds = setting("SEGMENT_TESTS_STORE_ROUNDS", 1)?;
    let turns = (0..rounds).flat_map(|round| SHAPES.map(|shape| (round, shape)));
    for (seed, (_, shape)) in (seed..).zip(turns) {
        println!("seed {seed}, {shape:?}");
        let batch = batch(seed)?;
        let evaluate = |batch: &Batch| shape.members(&server, batch);
        let differs = cases::mismatches(&batch, &evaluate)?;
        if let Some(index) = differs.iter().position(|differs| *differs) {
            let count = differs.iter().filter(|differs| **differs).count();
            let world = cases::shrink(batch.as_of, batch.worlds[index].clone(), &evaluate)?;
            bail!(
                "seed {seed}, {shape:?}: {count} worlds differ; one, made small:\n{}",
                regressions::keep(batch.as_of, world, &evaluate)?
            );
        }
    }
    Ok(())
}

#[test]
fn stores_of_every_shape_agree_on_what_once_differed() -> Result<()> {
    let server = Server::start()?;
    for batch in regressions::all()? {
        for shape in SHAPES {
            let difference = regressions::difference(&batch, &|batch| shape.members(&server, batch))?;
            ensure!(difference.is_none(), "{shape:?}: {difference:?} in {:?}", batch.worlds);
        }
    }
    Ok(())
}

#[test]
fn summaries_agree_with_cells_of_days_worked_out_by_hand() -> Result<()> {
    let server = Server::start()?;
    let cells = cells::parse(include_str!("cells/days.txt"))?;
    let shape = Shape { shards: 1, profiles: ONE_BUCKET, loads: &[true] };
    cells::check(&cells, &|batch| shape.members(&server, batch))
}

#[test]
fn the_shapes_have_the_shards_buckets_and_summaries_that_they_name() -> Result<()> {
    let server = Server::start()?;
    let store = Shape { shards: 2, profiles: 4, loads: &[true] }.fill(&server, &batch(3)?)?;
    let number = |query: &str| -> Result<Vec<u64>> { store.rows(query)?.iter().map(|row| whole(row, "n")).collect() };
    let members = number("SELECT count() AS n FROM members")?;
    ensure!(members.len() == 2 && members.iter().all(|members| *members > 20), "{members:?}");
    let buckets = number("SELECT max(buckets) AS n FROM accounts")?;
    ensure!(buckets.iter().all(|buckets| *buckets >= 3), "{buckets:?}");
    let months = number("SELECT countIf(built = 1) AS n FROM month_summaries FINAL")?;
    ensure!(months.iter().all(|months| *months > 50), "{months:?}");
    let many = number("SELECT count() AS n FROM event_months FINAL WHERE bitmapCardinality(many) > 0")?;
    ensure!(many.iter().all(|many| *many > 2), "{many:?}");
    Ok(())
}

#[test]
fn worlds_with_a_theme_tell_profiles_apart() -> Result<()> {
    let as_of = cases::batch(5, 1).as_of;
    for (theme, worlds) in [("counts", cases::counts(5, 40, as_of)), ("sums", cases::sums(5, 40, as_of))] {
        let batch = Batch { as_of, worlds };
        let found = batch.by_oracle().map_err(|trouble| anyhow!("{trouble:?}"))?;
        let all: usize = batch.worlds.iter().map(|world| world.segments.len()).sum();
        let segments: BTreeSet<_> = found.iter().map(|found| (found.0, &found.1)).collect();
        println!("{theme}: {} members of {} segments, {} of them not empty", found.len(), all, segments.len());
        ensure!(segments.len() * 5 > all * 2, "{theme}: {} of {all}", segments.len());
    }
    Ok(())
}

/// The worlds of the test below.
fn many_profiles(seed: u64) -> Batch {
    let as_of = cases::batch(seed, 1).as_of;
    Batch { as_of, worlds: cases::traits(seed, 3, as_of) }
}

#[test]
fn cells_of_traits_agree_with_the_oracle_where_bounds_cut_them() -> Result<()> {
    let server = Server::start()?;
    let seed = setting("SEGMENT_TESTS_SEED", 1)?;
    for round in 0..setting("SEGMENT_TESTS_STORE_ROUNDS", 1)? {
        let batch = many_profiles(seed + round);
        let expected = batch.by_oracle().map_err(|trouble| anyhow!("{trouble:?}"))?;
        for loads in [&[true][..], &[true, true]] {
            let found = Shape { shards: 1, profiles: ONE_BUCKET, loads }.members(&server, &batch)?;
            let differing: Vec<_> = expected.symmetric_difference(&found).collect();
            let segments: BTreeSet<_> = differing.iter().map(|found| (found.0, &found.1)).collect();
            let spec =
                |(world, name): &(usize, &String)| batch.worlds[*world].segments.iter().find(|one| one.0 == **name);
            ensure!(
                differing.is_empty(),
                "seed {}, {} loads: {} members of {} segments differ; one: {:?} in {:?}",
                seed + round,
                loads.len(),
                differing.len(),
                segments.len(),
                differing.first(),
                segments.first().and_then(spec).map(|found| found.1.to_string())
            );
        }
    }
    Ok(())
}

#[test]
fn bounds_cut_cells_of_every_axis() -> Result<()> {
    let server = Server::start()?;
    let store = Shape { shards: 1, profiles: ONE_BUCKET, loads: &[true, true] }.fill(&server, &many_profiles(1))?;
    let axes = "SELECT axis, count() AS n, countIf(greatest > least OR number_greatest > number_least OR radius_m > 0) AS wide \
                FROM trait_cells GROUP BY axis";
    let axes = store.rows(axes)?;
    ensure!(axes.len() == 6, "{axes:?}");
    let wide = axes.iter().filter(|row| whole(row, "wide").is_ok_and(|wide| wide >= 4)).count();
    ensure!(wide == 5, "{axes:?}");
    let texts = store.rows("SELECT uniqExact(trait) AS n, uniqExact(text) AS texts FROM trait_texts")?;
    ensure!(texts.iter().all(|row| whole(row, "n").is_ok_and(|n| n >= 1)), "{texts:?}");
    ensure!(texts.iter().all(|row| whole(row, "texts").is_ok_and(|texts| texts > 20)), "{texts:?}");
    // The second load has built all anew, and nothing of the first one is left.
    let builds =
        store.rows("SELECT uniqExact(account, build) AS n, uniqExact(account) AS accounts FROM trait_cell_pages")?;
    ensure!(builds.iter().all(|row| whole(row, "n").ok() == whole(row, "accounts").ok()), "{builds:?}");
    Ok(())
}

/// Every summary, as a fault in what makes it would leave it.
const FAULTS: [(&str, &str); 7] = [
    ("event_days", "SELECT * FROM event_days WHERE toDayOfMonth(day) % 5 != 0"),
    ("event_day_counts", "SELECT * REPLACE (bitmapXor(ones, twos) AS ones) FROM event_day_counts"),
    ("event_months", "SELECT * REPLACE (bitmapXor(ones, twos) AS ones) FROM event_months"),
    ("trait_cells", "SELECT * REPLACE (least AS greatest, number_least AS number_greatest) FROM trait_cells"),
    (
        "trait_cell_pages",
        "SELECT * REPLACE (arrayMap(number -> number + 1, numbers) AS numbers, arrayMap(whole -> whole + 1, wholes) AS \
         wholes) FROM trait_cell_pages",
    ),
    ("trait_texts", "SELECT * REPLACE (concat(text, ' ') AS text) FROM trait_texts"),
    ("event_amounts", "SELECT * REPLACE (amount + 1000000000 AS amount) FROM event_amounts"),
];

#[test]
fn a_fault_in_any_summary_is_seen_by_the_oracle() -> Result<()> {
    let server = Server::start()?;
    let mut batch = many_profiles(1);
    batch.worlds.extend(cases::counts(1, 24, batch.as_of));
    batch.worlds.extend(cases::sums(1, 12, batch.as_of));
    let batch = resumed(&batch);
    let expected = batch.by_oracle().map_err(|trouble| anyhow!("{trouble:?}"))?;
    let store = Shape { shards: 1, profiles: ONE_BUCKET, loads: &[true] }.fill(&server, &batch)?;
    let segments = batch.render().segments;
    let again = || {
        store.evaluate(&segments, &["--all"])?.context("a run")?;
        store.found(&batch)
    };
    ensure!(again()? == expected, "they differ without any fault");
    store.tamper(&["CREATE DATABASE faults ENGINE = Atomic".to_owned()])?;
    for (table, fault) in FAULTS {
        let exchange = format!("EXCHANGE TABLES {{database}}.{table} AND faults.{table}");
        store.tamper(&[
            format!("CREATE TABLE faults.{table} AS {table}"),
            format!("INSERT INTO faults.{table} {fault}"),
            exchange.clone(),
        ])?;
        ensure!(again()? != expected, "nobody sees a fault in {table}");
        store.tamper(&[exchange])?;
    }
    ensure!(again()? == expected, "they differ when all faults are mended");
    Ok(())
}

#[test]
fn numbers_beside_texts_are_used_only_where_they_are_complete() -> Result<()> {
    let server = Server::start()?;
    let as_of = cases::batch(1, 1).as_of;
    let batch = Batch { as_of, worlds: cases::sums(1, 40, as_of) };
    let expected = batch.by_oracle().map_err(|trouble| anyhow!("{trouble:?}"))?;
    let store = Shape { shards: 1, profiles: ONE_BUCKET, loads: &[true] }.fill(&server, &batch)?;
    let segments = batch.render().segments;
    let numbers = || whole(&store.rows("SELECT count() AS n FROM event_amounts")?[0], "n");
    let published = store.publish(&segments, &["--all"])?;
    ensure!(numbers()? > 0, "the batch sums no events that a text chooses");
    // As in a store that was filled before they were kept.
    store.tamper(&[
        "TRUNCATE TABLE event_amounts".to_owned(),
        "ALTER TABLE property_pairs DELETE WHERE summed != '' SETTINGS mutations_sync = 1".to_owned(),
    ])?;
    let evaluated = store.manual(published.stdout.trim())?;
    ensure!(evaluated.code == Some(0), "{}", evaluated.stderr);
    ensure!(store.found(&batch)? == expected, "they differ without the numbers");
    store.evaluate(&segments, &["--all"])?.context("a run")?;
    ensure!(numbers()? > 0, "a publication fills them in");
    ensure!(store.found(&batch)? == expected, "they differ with the numbers");
    Ok(())
}
