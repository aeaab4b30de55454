//! Publication: compiled definitions become rows on the shards that hold their accounts, and a run says what is due.
//!
//! Order: property pairs are registered and back-filled, beside criteria and nodes; then definitions; then the run. All rows
//! are replaced by themselves when they are written again, so a publication that was killed is simply repeated.
//!
//! What is due is what is desired less what the units serve: the shards know it, and nobody else has to remember it. A shard
//! that does not answer keeps nobody from publishing on the others: what it lacks is found when it is back.

mod patterns;
mod plan;
mod read;
mod rows;
mod survey;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use segment_rules::{AccountRules, Compiled, Definition, sip_hash_64};
use uuid::Uuid;

pub use self::patterns::BadPattern;
pub(crate) use self::patterns::{first_bad, refused_patterns};
pub(crate) use self::read::buckets;
use self::{plan::Wanted, rows::RunRow, survey::Survey};
pub use self::{
    plan::{Gone, Standing, State},
    read::{
        Numbers, Page, PublishedDefinition, RunSegment, is_whole, members, numbers, published, retired_since,
        run_segments,
    },
    survey::Refusal,
};
use crate::{
    clock::Clock,
    shards::{Shard, ShardError},
    store::{self, Store, StoreError, fan_out},
};

/// How to publish.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Versions are Unix milliseconds of this clock, or one more than the newest.
    pub clock: Clock,
    /// Whether the run names up-to-date segments too, so that they are evaluated at a later instant.
    pub all: bool,
}

/// How to publish where shards may be down.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// As in [`Options`].
    pub clock: Clock,
    /// Shards, by index, that are known to be down: they are not asked.
    pub down: &'a [usize],
}

/// What was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// The run to work through; `None` when nothing is due.
    pub run: Option<Uuid>,
    /// How many segments it names.
    pub due: usize,
    /// The names of shards that it has work on.
    pub shards: Vec<String>,
    /// Definitions that the server would refuse, with the pattern.
    pub refused: Vec<(Definition, BadPattern)>,
}

/// How the definitions stand after a publication.
#[derive(Debug, Default)]
pub struct Publication {
    /// Each accepted or retired definition.
    pub standings: Vec<Standing>,
    /// Definitions that the server would refuse, with the pattern.
    pub refused: Vec<(Definition, BadPattern)>,
    /// Shards, by index, that did not answer or took nothing, and why.
    pub failures: Vec<(usize, ShardError)>,
}

/// A segment that a run names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The account's hash.
    pub account: u64,
    /// The segment.
    pub segment: u64,
    /// The version to evaluate.
    pub version: u64,
    /// Its node.
    pub root: u64,
    /// The shards, by index, on which it is evaluated.
    pub shards: Vec<usize>,
}

/// What is to stand on the shards of an account.
struct Account<'a> {
    hash: u64,
    homes: Vec<usize>,
    /// None where all definitions are gone.
    rules: Option<&'a AccountRules>,
    wanted: Vec<(Wanted, u64)>,
}

/// Publishes all accepted definitions and makes a run of what is due. Every shard has to answer.
pub async fn publish(store: &Store, compiled: &Compiled, options: Options) -> Result<Published, StoreError> {
    let means = Means { clock: options.clock, down: &[] };
    let mut publication = publish_definitions(store, compiled, &[], means).await;
    store::all(publication.failures.drain(..).map(|(_, error)| Err::<(), _>(error.into())).collect())?;
    let mut due = Vec::new();
    for standing in &publication.standings {
        let again = options.all && standing.state == State::Active;
        let shards = if again { standing.homes.clone() } else { standing.due().collect() };
        if !shards.is_empty() {
            let Standing { account, segment, version, root, .. } = *standing;
            due.push(Due { account, segment, version, root, shards });
        }
    }
    let run = Uuid::new_v4();
    let shards = start_run(store, run, &due).await?;
    Ok(Published { run: (!due.is_empty()).then_some(run), due: due.len(), shards, refused: publication.refused })
}

/// Publishes all accepted definitions and retires those that are gone, on every shard that answers.
pub async fn publish_definitions(store: &Store, compiled: &Compiled, gone: &[Gone], means: Means<'_>) -> Publication {
    let clock = means.clock;
    let asked = accounts_of(compiled, gone);
    let (mut surveys, failures) = ask(store, &asked, means.down).await;
    let mut publication = Publication { failures, ..Publication::default() };
    let Some(alive) = surveys.iter().position(Option::is_some) else { return publication };
    let known = surveys.iter().flatten().flat_map(Survey::hashes).collect();
    let bad = match patterns::refused(&store.shards[alive], compiled, &known).await {
        Ok(bad) => bad,
        Err(error) => {
            publication.failures.push((alive, error));
            return publication;
        }
    };
    let mut accounts = accounts(store, compiled, &surveys);
    for account in &mut accounts {
        let definitions = account.rules.map_or(&[][..], |rules| &rules.definitions);
        for definition in definitions {
            match account.rules.and_then(|rules| patterns::first_bad(definition, rules, &bad)) {
                Some(bad) => publication.refused.push((definition.clone(), bad)),
                None => account.want(Wanted::of(account.hash, definition), &surveys, clock),
            }
        }
    }
    accounts.extend(gone.iter().map(|gone| Account::gone(gone, &surveys, clock)));
    let here = surveys.iter().enumerate().filter_map(|(index, survey)| Some((index, survey.as_ref()?)));
    let writes = here.map(|(index, survey)| write_on(store, index, survey, &accounts, clock));
    let written = fan_out(writes.collect()).await;
    for (index, outcome) in written {
        if let Err(error) = outcome {
            surveys[index] = None;
            publication.failures.push((index, error));
        }
    }
    for Account { homes, wanted, .. } in &accounts {
        let standings = wanted.iter().map(|(wanted, version)| plan::standing(wanted, *version, homes, &surveys));
        publication.standings.extend(standings);
    }
    publication
}

/// Makes a run of what is due. Returns the names of the shards that it has work on.
pub async fn start_run(store: &Store, run: Uuid, due: &[Due]) -> Result<Vec<String>, ShardError> {
    let mut shards = Vec::new();
    for (index, shard) in store.shards.iter().enumerate() {
        let here = due.iter().filter(|due| due.shards.contains(&index));
        let rows: Vec<RunRow> = here
            .map(|due| RunRow { run, account: due.account, segment: due.segment, version: due.version, root: due.root })
            .collect();
        if !rows.is_empty() {
            shards.push(shard.name().to_owned());
            shard.insert_all("runs", "publish", rows).await?;
        }
    }
    Ok(shards)
}

/// Brings standings up to date with what the shards say now. Returns the shards, by index, that did not answer.
pub async fn look(store: &Store, standings: &mut [&mut Standing], down: &[usize]) -> Vec<(usize, ShardError)> {
    let accounts: BTreeSet<u64> = standings.iter().map(|standing| standing.account).collect();
    let (surveys, failures) = ask(store, &accounts.into_iter().collect::<Vec<_>>(), down).await;
    for standing in standings {
        standing.look(&surveys);
    }
    failures
}

fn accounts_of(compiled: &Compiled, gone: &[Gone]) -> Vec<u64> {
    let mut accounts: BTreeSet<u64> = compiled.accounts.keys().map(|key| sip_hash_64(key)).collect();
    accounts.extend(gone.iter().map(|gone| gone.account));
    accounts.into_iter().collect()
}

/// What every shard says of the accounts, and who did not answer.
async fn ask(store: &Store, accounts: &[u64], down: &[usize]) -> (Vec<Option<Survey>>, Vec<(usize, ShardError)>) {
    let up = (0..store.shards.len()).filter(|index| !down.contains(index));
    let asked = up.clone().map(|index| survey::survey(&store.shards[index], accounts));
    let asked: BTreeMap<usize, Result<Survey, ShardError>> = up.zip(fan_out(asked.collect()).await).collect();
    let (mut surveys, mut failures) = (vec![None; store.shards.len()], Vec::new());
    for (index, answer) in asked {
        surveys[index] = answer.map_err(|error| failures.push((index, error))).ok();
    }
    (surveys, failures)
}

/// The accounts with the shards that hold them, as yet without anything that is wanted there.
fn accounts<'a>(store: &Store, compiled: &'a Compiled, surveys: &[Option<Survey>]) -> Vec<Account<'a>> {
    let account = |(key, rules): (&String, &'a AccountRules)| {
        let hash = sip_hash_64(key);
        let buckets = surveys.iter().flatten().filter_map(|survey| survey.buckets.get(&hash)).max();
        let homes = shard_indices(store, key, buckets.copied().unwrap_or(1));
        Account { hash, homes, rules: Some(rules), wanted: Vec::new() }
    };
    compiled.accounts.iter().map(account).collect()
}

impl Account<'_> {
    fn want(&mut self, wanted: Wanted, surveys: &[Option<Survey>], clock: Clock) {
        let version = wanted.version(surveys, clock);
        self.wanted.push((wanted, version));
    }

    /// A definition that is gone stands alone: it is retired where it is known.
    fn gone(gone: &Gone, surveys: &[Option<Survey>], clock: Clock) -> Self {
        let wanted = Wanted::gone(gone);
        let knows = |survey: &Option<Survey>| survey.as_ref().is_some_and(|survey| wanted.known(survey));
        let homes = (0..surveys.len()).filter(|index| knows(&surveys[*index])).collect();
        let mut account = Self { hash: gone.account, homes, rules: None, wanted: Vec::new() };
        account.want(wanted, surveys, clock);
        account
    }
}

async fn write_on(
    store: &Store,
    index: usize,
    survey: &Survey,
    accounts: &[Account<'_>],
    clock: Clock,
) -> (usize, Result<(), ShardError>) {
    let here: Vec<&Account> = accounts.iter().filter(|account| account.homes.contains(&index)).collect();
    (index, write::write(&store.shards[index], survey, &here, clock).await)
}

fn shard_indices(store: &Store, key: &str, buckets: u16) -> Vec<usize> {
    let names: BTreeSet<&str> = store.shards_of(key, buckets).into_iter().map(Shard::name).collect();
    (0..store.shards.len()).filter(|index| names.contains(store.shards[*index].name())).collect()
}
