//! A store for one evaluation, which a process makes, fills once, reads and drops.
//!
//! Nobody else sees it, so all is left out that serves others: claims, fences, commits, versions, the orders by profile and
//! by minute, summaries of large units. Rules go from the compiler to the plan without being published. What decides who is
//! a member is the same as in every store: the columns of the tables, the loader and the views that it writes through, the
//! plan and the rule-join.

use std::collections::{BTreeMap, HashMap};

use clickhouse::Row;
use segment_rules::{Compiled, Definition, property_pairs, sip_hash_64};
use segment_sql::{ephemeral as sql, ephemeral_schema, run as run_sql, store as store_sql};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    evaluate::{
        self, Limits, known,
        plan::{self, AccountRules, Known, Root, UnitWork},
    },
    load::{self, LoadError, TouchedUnit},
    manual::{Bounds, RunError, slices},
    publish::{self, BadPattern},
    schema,
    shards::{Shard, ShardError},
    staging::Stage,
    store::{self, Store, StoreError},
};

/// The store.
#[derive(Debug)]
pub struct Ephemeral {
    store: Store,
}

/// How to evaluate.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The instant, Unix milliseconds.
    pub as_of_ms: i64,
    /// What fits into a slice.
    pub bounds: Bounds,
    /// Bounds for each statement.
    pub limits: Limits,
}

/// What came of the definitions.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Those that the server would refuse, with the pattern.
    pub refused: Vec<(Definition, BadPattern)>,
    /// Segments that the server would not evaluate in some unit, with its reason.
    pub failed: BTreeMap<u64, String>,
    /// Members of the others.
    pub members: Members,
}

/// Members of segments by external id.
#[derive(Debug, Default)]
pub struct Members {
    /// All external ids, in their order.
    profiles: Vec<String>,
    /// By account and segment: places among the external ids, in order.
    segments: HashMap<(u64, u64), Vec<u32>>,
}

#[derive(Row, Deserialize)]
struct NameRow {
    account: u64,
    bucket: u16,
    profile_no: u32,
    external_id: String,
}

#[derive(Row, Deserialize)]
struct PageRow {
    account: u64,
    bucket: u16,
    segment: u64,
    members: Vec<u32>,
}

impl Ephemeral {
    /// Makes the store in a database that is not there yet.
    pub async fn make(shard: Shard) -> Result<Self, StoreError> {
        store::check_server(&shard).await?;
        let database = &shard.address().database;
        shard.server_call(store_sql::CREATE_DATABASE, "schema").param("database", database).execute().await?;
        schema::make_all(&shard, ephemeral_schema::STEPS).await?;
        Ok(Self { store: Store::of_one(shard) })
    }

    /// Loads profiles and events, once; of events the properties that the rules ask for. Returns the units.
    pub async fn load(
        &self,
        compiled: &Compiled,
        reading: load::Reading,
        stop: &CancellationToken,
    ) -> Result<Vec<TouchedUnit>, LoadError> {
        let units = load::load_unseen(&self.store, compiled, reading, stop).await?;
        self.shard().call(sql::LIVE_PROFILES, "load").execute().await?;
        Ok(units)
    }

    /// Evaluates all definitions in the units that were loaded.
    pub async fn evaluate(
        &self,
        compiled: &Compiled,
        units: &[TouchedUnit],
        options: Options,
        stop: &CancellationToken,
    ) -> Result<Outcome, RunError> {
        let (run, attempt) = (Uuid::new_v4(), Uuid::new_v4());
        let work = Work { shard: self.shard(), options, run, attempt, stop };
        tokio::select! {
            outcome = work.run(compiled, units) => outcome,
            () = stop.cancelled() => {
                let prefix = self.shard().query_prefix(&format!("run/{run}"));
                self.shard().call(run_sql::KILL, "kill").param("prefix", prefix).execute().await?;
                Err(RunError::Stopped { shard: self.shard().name().to_owned() })
            }
        }
    }

    fn shard(&self) -> &Shard {
        &self.store.shards[0]
    }
}

impl Members {
    /// The members of a segment in the order of their external ids.
    pub fn of(&self, account: u64, segment: u64) -> impl Iterator<Item = &str> {
        let places = self.segments.get(&(account, segment)).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| self.profiles.get(*place as usize)).map(String::as_str)
    }

    async fn read(shard: &Shard, run: Uuid, attempt: Uuid) -> Result<Self, ShardError> {
        let results = shard.call(sql::RESULTS, "read").param("run", run.to_string());
        let (pages, names) = futures::try_join!(
            results.param("attempt", attempt.to_string()).rows::<PageRow>(),
            shard.call(sql::NAMES, "read").rows::<NameRow>()
        )?;
        let mut profiles = Vec::with_capacity(names.len());
        let mut places: HashMap<(u64, u16), Vec<u32>> = HashMap::new();
        for (place, NameRow { account, bucket, profile_no, external_id }) in (0..).zip(names) {
            let of_unit = places.entry((account, bucket)).or_default();
            let number = profile_no as usize;
            if of_unit.len() <= number {
                of_unit.resize(number + 1, 0);
            }
            of_unit[number] = place;
            profiles.push(external_id);
        }
        let mut segments: HashMap<(u64, u64), Vec<u32>> = HashMap::new();
        for PageRow { account, bucket, segment, members } in pages {
            let Some(places) = places.get(&(account, bucket)) else { continue };
            let of_segment = segments.entry((account, segment)).or_default();
            of_segment.extend(members.into_iter().filter_map(|number| places.get(number as usize)));
        }
        for places in segments.values_mut() {
            places.sort_unstable();
        }
        Ok(Self { profiles, segments })
    }
}

/// One evaluation.
struct Work<'a> {
    shard: &'a Shard,
    options: Options,
    run: Uuid,
    attempt: Uuid,
    stop: &'a CancellationToken,
}

impl Work<'_> {
    async fn run(&self, compiled: &Compiled, units: &[TouchedUnit]) -> Result<Outcome, RunError> {
        let mut outcome = Outcome::default();
        let bad = publish::refused_patterns(self.shard, compiled).await?;
        let (mut rules, mut roots) = (HashMap::new(), HashMap::new());
        for (key, compiled) in &compiled.accounts {
            let account = sip_hash_64(key);
            let of_account: &mut Vec<Root> = roots.entry(account).or_default();
            for definition in &compiled.definitions {
                match publish::first_bad(definition, compiled, &bad) {
                    Some(bad) => outcome.refused.push((definition.clone(), bad)),
                    None => {
                        of_account.push(Root { segment: definition.segment, version: 0, node: definition.root });
                    }
                }
            }
            rules.insert(account, to_plan(compiled));
        }
        let work = units.iter().filter_map(|unit| {
            let roots = roots.get(&unit.account).filter(|roots| !roots.is_empty())?;
            let (account, bucket, profiles) = (unit.account, unit.bucket, u64::from(unit.profiles));
            Some(UnitWork { account, bucket, profiles, roots: roots.clone() })
        });
        let work: Vec<UnitWork> = work.collect();
        if !work.is_empty() {
            outcome.failed = self.slices(compiled, work, &rules).await?;
            outcome.members = Members::read(self.shard, self.run, self.attempt).await?;
        }
        Ok(outcome)
    }

    /// Evaluates slice by slice. One that the server refuses is halved until the culprit is alone; nothing of it is staged
    /// as a result, because that is the last statement.
    async fn slices(
        &self,
        compiled: &Compiled,
        units: Vec<UnitWork>,
        rules: &HashMap<u64, AccountRules>,
    ) -> Result<BTreeMap<u64, String>, RunError> {
        let every = rules.values().any(|rules| rules.criteria.values().any(plan::asks_every_metric));
        let all = Stage::of(self.run, self.attempt, 0, units.iter().map(|unit| (unit.account, unit.bucket)));
        let metrics = if every { known::metrics(self.shard, &all).await? } else { HashMap::new() };
        let known = Known { metrics, amounts: amounts(compiled), ..Known::default() };
        let mut failed = BTreeMap::new();
        let mut slices = slices::cut(units, rules, self.options.bounds);
        for slice in 0.. {
            let Some(units) = slices.pop() else { break };
            if self.stop.is_cancelled() {
                return Err(RunError::Stopped { shard: self.shard.name().to_owned() });
            }
            let stage = Stage::of(self.run, self.attempt, slice, units.iter().map(|unit| (unit.account, unit.bucket)));
            let rows = plan::plan(&stage, &units, rules, &known, self.options.as_of_ms);
            let Err(error) = evaluate::evaluate(self.shard, &stage, rows, self.options.limits).await else { continue };
            let Some(reason) = error.refused() else { return Err(error.into()) };
            match slices::halve(units) {
                Ok(halves) => slices.extend(halves),
                Err(unit) => failed.extend(unit.roots.iter().map(|root| (root.segment, reason.to_owned()))),
            }
        }
        Ok(failed)
    }
}

/// The load has heeded all pairs.
fn amounts(compiled: &Compiled) -> plan::Amounts {
    let accounts = compiled.accounts.iter().map(|(key, rules)| (sip_hash_64(key), property_pairs(rules)));
    accounts.flat_map(|(account, pairs)| pairs.into_iter().map(move |pair| (account, pair))).collect()
}

/// Rules as a plan takes them.
fn to_plan(rules: &segment_rules::AccountRules) -> AccountRules {
    AccountRules {
        nodes: rules.nodes.iter().map(|node| (node.id, node.clone())).collect(),
        criteria: rules.criteria.iter().map(|(id, criterion)| (*id, criterion.clone())).collect(),
    }
}
