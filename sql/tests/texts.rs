//! What holds for the text of every statement, without a server: nothing is put in by formatting, no clock decides
//! anything, facts are read for named accounts alone, and every file is a statement.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use segment_sql::{FOLDERS, Statement, ephemeral_schema, schema};

/// Functions whose value depends on when, where or how often a statement runs.
const UNREPEATABLE: [&str; 16] = [
    "now",
    "now64",
    "nowInBlock",
    "UTCTimestamp",
    "today",
    "yesterday",
    "timezone",
    "serverTimezone",
    "rand",
    "rand32",
    "rand64",
    "randConstant",
    "generateUUIDv4",
    "generateUUIDv7",
    "hostName",
    "rowNumberInAllBlocks",
];

/// Where such a function stands, and why it may.
const MAY_DIFFER: [(&str, &str, &str); 10] = [
    ("commit/fence_state", "now64", "how long a holder gave no sign of life, by the clock that wrote the signs"),
    ("load/claim_state", "now64", "as for the fence"),
    ("store/write_identity", "generateUUIDv4", "names a database once"),
    ("schema/03_lane_claims", "now64", "when a sign of life came"),
    ("schema/20_store_identity", "generateUUIDv4", "names a database once"),
    ("schema/20_store_identity", "now64", "a note: when the schema was applied"),
    ("schema/29_runs", "now64", "a note: when the run was made"),
    ("schema/38_fences", "now64", "when a sign of life came"),
    ("schema/39_commits", "now64", "a note: when the commit was written"),
    ("schema/40_membership_changes", "now64", "a note, and the start of the retention"),
];

/// What accounts own: rows that no statement may read without saying whose.
const FACTS: [&str; 28] = [
    "profiles",
    "profile_names",
    "traits",
    "traits_by_profile",
    "trait_times",
    "trait_cells",
    "trait_cell_pages",
    "trait_summaries",
    "trait_texts",
    "events",
    "events_by_profile",
    "event_times",
    "event_days",
    "event_day_counts",
    "event_months",
    "month_summaries",
    "event_properties",
    "event_property_values",
    "event_amounts",
    "membership",
    "membership_changes",
    "definitions",
    "live_definitions",
    "nodes",
    "criteria",
    "evaluations",
    "unit_loads",
    "property_pairs",
];

/// The conditions that name accounts; one of them stands in the very SELECT that reads facts.
const OF_ACCOUNTS: [&str; 8] = [
    "account BETWEEN {account_from:UInt64} AND {account_to:UInt64}",
    "account = {account:UInt64}",
    "account IN {accounts:Array(UInt64)}",
    "(account, bucket, profile_no) IN {profiles:Array(Tuple(UInt64, UInt16, UInt32))}",
    "account IN (SELECT account FROM runs WHERE run = {run:UUID})",
    "(account, segment) IN (SELECT account, segment FROM runs WHERE run = {run:UUID})",
    "account IN ( SELECT account FROM run_roots WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32})",
    // All accounts that have something to fill in; the join below it is by account.
    "account IN (SELECT account FROM property_pairs FINAL WHERE filled = 0)",
];

/// Statements that read facts of all accounts, and why that is right.
const OF_ALL_ACCOUNTS: [(&str, &str, &str); 21] = [
    ("commit/apply_live_definitions", "evaluations", "the rows of one batch of a run, whose accounts they name"),
    ("commit/apply_membership", "evaluations", "as above; joined to pages by account"),
    ("commit/membership_changes", "evaluations", "as above"),
    ("ephemeral/live_profiles", "profile_names", "a store for one evaluation: who asks has brought all of it"),
    ("ephemeral/names", "profile_names", "as above"),
    ("load/property_pairs", "property_pairs", "a load may get events of any account"),
    ("load/mend_names", "profiles", "copies rows as they are, for all accounts that a dead load wrote"),
    ("load/summarised_units", "month_summaries", "a load may get events of any account"),
    ("load/units_with_cells", "trait_summaries", "a load may get documents of any account"),
    ("publish/backfill_amounts", "property_pairs", "all accounts that have something to fill in"),
    ("publish/backfill_unfilled", "property_pairs", "all accounts that have something to fill in"),
    ("publish/published", "definitions", "a publication states all Segments of the store"),
    ("publish/published", "live_definitions", "as above"),
    ("publish/retired_since", "definitions", "counts Segments of the store, and tells no more"),
    ("publish/unfilled_buckets", "property_pairs", "all accounts that have something to fill in"),
    ("run/done", "evaluations", "the rows of one run, whose accounts they name"),
    ("run/evaluations", "evaluations", "as above"),
    ("schema/44_members", "membership", "a view for readers, who name the account"),
    ("schema/44_members", "profile_names", "a view for readers, who name the account"),
    ("schema/45_profile_segments", "profiles", "a view for readers, who name the account"),
    ("schema/45_profile_segments", "membership", "a view for readers, who name the account"),
];

/// All statements, each by folder and name.
fn all() -> impl Iterator<Item = (String, &'static Statement)> {
    FOLDERS.iter().flat_map(|(folder, statements)| {
        statements.iter().map(move |statement| (format!("{folder}/{}", statement.name()), statement))
    })
}

/// The text in one line, without comments.
fn plain(statement: &Statement) -> String {
    let lines = statement.text().lines().filter(|line| !line.trim_start().starts_with("--"));
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// The text with the insides of its string literals left out.
fn without_literals(text: &str) -> String {
    text.split('\'').step_by(2).collect::<Vec<_>>().join("''")
}

/// The words, each with the place after it.
fn words(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.split(move |character| !is_part(character))
        .filter(|word| !word.is_empty())
        .map(|word| (word, word.as_ptr() as usize - text.as_ptr() as usize + word.len()))
}

/// The SELECT around a place, with all that is nested in it: up to the bracket that holds it.
fn select_around(text: &str, place: usize) -> &str {
    let mut open = 0_i32;
    let start = text[..place].rfind(|character| {
        open += i32::from(character == ')') - i32::from(character == '(');
        open < 0
    });
    let mut open = 0_i32;
    let end = text[place..].find(|character| {
        open += i32::from(character == '(') - i32::from(character == ')');
        open < 0
    });
    let end = end.map_or(text.len(), |end| place + end);
    let start = start.map_or(0, |start| start + 1);
    // A neighbour in a UNION says nothing about this one.
    let start = text[start..place].rfind(" UNION ALL ").map_or(start, |union| start + union);
    &text[start..text[place..end].find(" UNION ALL ").map_or(end, |union| place + union)]
}

/// What stands in no brackets.
fn outermost(text: &str) -> String {
    let mut open = 0_u32;
    let mut outside = |character: &char| {
        open += u32::from(*character == '(');
        let is_outside = open == 0;
        open = open.saturating_sub(u32::from(*character == ')'));
        is_outside
    };
    text.chars().filter(|character| outside(character)).collect()
}

/// The tables of facts that a text reads without naming accounts.
fn unrestricted(text: &str) -> Vec<&str> {
    let words: Vec<(&str, usize)> = words(text).collect();
    let tables = words.windows(2).filter(|pair| matches!(pair[0].0, "FROM" | "JOIN") && FACTS.contains(&pair[1].0));
    let tables = tables.map(|pair| pair[1]);
    let restricted = |place| {
        let select = select_around(text, place).replace(" PREWHERE ", " WHERE ");
        let (_, conditions) = select.split_once(" WHERE ").unwrap_or_default();
        let conditions = format!(" {conditions}");
        let begins = |at: usize| matches!(conditions[..at].split_whitespace().last(), None | Some("AND"));
        // What stands beside an OR does not restrict.
        !outermost(&conditions).contains(" OR ")
            && OF_ACCOUNTS.iter().any(|of| conditions.match_indices(of).any(|(at, _)| begins(at)))
    };
    tables.filter(|(_, place)| !restricted(*place)).map(|(table, _)| table).collect()
}

#[test]
fn values_are_parameters() {
    for (place, statement) in all() {
        let text = plain(statement);
        let bare = without_literals(&text);
        assert!(!bare.contains(['?', '$', ';', '`', '"', '\\']), "{place}: {bare}");
        assert_eq!(bare.matches('{').count(), bare.matches('}').count(), "{place}: a brace has no other");
        for part in bare.split('{').skip(1) {
            let (mark, _) = part.split_once('}').expect("braces come in pairs");
            let (name, kind) = mark.split_once(':').unwrap_or_else(|| panic!("{place}: {{{mark}}} is no parameter"));
            let is_name = |character: char| character.is_ascii_lowercase() || character == '_';
            assert!(!name.is_empty() && name.chars().all(is_name), "{place}: the parameter {name}");
            assert!(kind.starts_with(|character: char| character.is_ascii_uppercase()), "{place}: the type {kind}");
        }
    }
}

#[test]
fn no_clock_and_no_chance_decides_anything() {
    let mut found = BTreeSet::new();
    for (place, statement) in all() {
        let text = without_literals(&plain(statement));
        for (word, end) in words(&text) {
            let name = UNREPEATABLE.iter().find(|name| name.eq_ignore_ascii_case(word));
            if let Some(name) = name.filter(|_| text[end..].starts_with('(')) {
                found.insert((place.clone(), (*name).to_owned()));
            }
        }
        assert!(!text.to_ascii_lowercase().contains("current_timestamp"), "{place}");
    }
    let may = MAY_DIFFER.map(|(place, name, _)| (place.to_owned(), name.to_owned())).into();
    assert_eq!(found, may, "left: what stands in the statements; right: what may");
}

#[test]
fn facts_are_read_for_named_accounts() {
    let mut found = BTreeSet::new();
    for (place, statement) in all() {
        let text = plain(statement);
        // A materialized view sees the rows of one insert, not the table.
        if text.starts_with("CREATE MATERIALIZED VIEW") {
            continue;
        }
        found.extend(unrestricted(&text).into_iter().map(|table| (place.clone(), table.to_owned())));
    }
    let may = OF_ALL_ACCOUNTS.map(|(place, table, _)| (place.to_owned(), table.to_owned())).into();
    assert_eq!(found, may, "left: what reads facts of whatever account; right: what may");
}

#[test]
fn a_read_without_accounts_would_be_noticed() {
    let noticed = |text| unrestricted(text).len();
    assert_eq!(noticed("SELECT 1 FROM traits FINAL WHERE account = {account:UInt64} AND trait = 'x'"), 0);
    assert_eq!(noticed("SELECT 1 FROM traits FINAL WHERE trait = 'x'"), 1);
    assert_eq!(noticed("SELECT 1 FROM traits FINAL WHERE trait = 'x' OR account = {account:UInt64}"), 1);
    assert_eq!(noticed("SELECT 1 FROM traits FINAL WHERE account = {account:UInt64} OR trait = 'x'"), 1);
    assert_eq!(
        noticed("SELECT 1 FROM (SELECT 1 FROM traits) AS t WHERE account = {account:UInt64}"),
        1,
        "a condition further out comes too late"
    );
    assert_eq!(
        noticed(
            "SELECT 1 FROM events WHERE account = {account:UInt64} UNION ALL SELECT 1 FROM events WHERE bucket = 0"
        ),
        1,
        "each part of a UNION has its own"
    );
    assert_eq!(
        noticed("SELECT 1 FROM a INNER JOIN membership ON x = y WHERE account = {account_from:UInt64}"),
        1,
        "a bound is no name"
    );
}

#[test]
fn a_statement_is_opened_by_its_name() {
    for (place, statement) in all() {
        let (first, _) = statement.text().split_once('\n').expect("a statement has two lines");
        let comment = first.strip_prefix("-- ").unwrap_or_else(|| panic!("{place} does not begin with a comment"));
        if !place.starts_with("schema/") {
            assert!(comment == statement.name() || comment.starts_with(&format!("{}: ", statement.name())), "{place}");
        }
        assert!(!statement.text().contains("-- @"), "{place}: a part was not put in");
    }
}

#[test]
fn every_file_is_listed_once() {
    let mut listed: BTreeMap<String, u32> = BTreeMap::new();
    for (place, _) in all() {
        *listed.entry(place).or_default() += 1;
    }
    let twice: Vec<_> = listed.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "listed more than once: {twice:?}");
    let files: BTreeSet<String> = files().into_iter().filter(|file| !is_part(file)).collect();
    assert_eq!(listed.into_keys().collect::<BTreeSet<_>>(), files, "left: listed; right: files");
}

#[test]
fn every_shared_part_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &String| fs::read_to_string(root.join(file).with_extension("sql")).expect("a file is text");
    let texts: Vec<String> = files().iter().map(read).collect();
    for part in files().iter().filter(|file| is_part(file)) {
        let (_, name) = part.split_once('/').expect("a part lies in a folder");
        let mark = format!("-- @{name}");
        assert!(texts.iter().any(|text| text.lines().any(|line| line.trim() == mark)), "nobody uses {part}");
    }
}

#[test]
fn schema_steps_are_numbered_without_gaps() {
    let (_, steps) = FOLDERS.iter().find(|(folder, _)| *folder == "schema").expect("there is a schema");
    for (number, step) in (1..).zip(*steps) {
        assert!(step.name().starts_with(&format!("{number:02}_")), "{} is step {number}", step.name());
        let text = plain(step);
        let makes = text.starts_with("CREATE ") && text.contains(" IF NOT EXISTS ");
        let adds = text.starts_with("ALTER TABLE ")
            && [" ADD COLUMN IF NOT EXISTS ", " MODIFY COLUMN "].iter().any(|word| text.contains(word));
        assert!(makes || adds, "{}", step.name());
    }
}

#[test]
fn the_ephemeral_schema_has_the_columns_of_the_schema() {
    let columns = |text: &'static str| text.split_once("\nENGINE = ").map_or(text, |(columns, _)| columns);
    for step in ephemeral_schema::STEPS {
        let of_schema =
            schema::STEPS.iter().find(|other| other.name() == step.name()).expect("it is a step of the schema");
        assert_eq!(columns(step.text()), columns(of_schema.text()), "{}", step.name());
        assert!(!step.text().contains("PARTITION BY"), "{}: one part is enough", step.name());
    }
}

fn is_part(file: &str) -> bool {
    file.contains("/part_")
}

/// All files of statements, by folder and name.
fn files() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = BTreeSet::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).expect("a folder is read") {
            let path = entry.expect("an entry is read").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "sql") {
                let file = path.strip_prefix(root).expect("it lies below").with_extension("");
                files.insert(file.to_str().expect("names are text").to_owned());
            }
        }
    }
    files
}
