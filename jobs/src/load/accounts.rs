//! Accounts, their units, and the numbers of their profiles.
//!
//! The numbers of an account are read when the account is first seen, and kept as a map from 128 bits of hash. New ones
//! are given in the order of the lines and written, with their acknowledgement, before any row that uses them.

mod sizes;

use std::{
    collections::{BTreeMap, HashMap, HashSet, hash_map::Entry},
    hash::{BuildHasherDefault, Hash, Hasher},
    sync::Arc,
};

use clickhouse::Row;
use futures::{StreamExt, TryStreamExt, stream};
use segment_rules::sip_hash_64;
use segment_sql::load as sql;
use serde::Deserialize;

pub(super) use self::sizes::{Sizes, count_profiles};
use super::{
    Context, LoadError,
    chunk::ProfileKey,
    rows::{AccountRow, LIVE, ProfileRow},
};
use crate::{
    shards::ShardError,
    store::{FAN_OUT, Store},
};

/// Accounts whose numbers one statement reads.
const ACCOUNTS_OF_A_READING: usize = 5_000;
/// Profiles of one insert: below the server's size of a block, so that all or none of them are written.
const PROFILES_OF_AN_INSERT: usize = 500_000;
const READINGS_AT_ONCE: usize = 4;

/// All accounts of the store, and the numbers of those that were seen.
pub(super) struct Accounts {
    known: HashMap<u64, Account>,
    sizes: Sizes,
    /// Rows of `profiles` that are not written yet, by shard.
    unwritten: Vec<Vec<ProfileRow>>,
    versions: Vec<u64>,
    new_profiles: u64,
}

struct Account {
    key: Arc<str>,
    buckets: u16,
    /// By bucket; empty until the account is seen.
    units: Vec<Unit>,
    numbers: HashMap<ProfileKey, u32, BuildHasherDefault<First>>,
}

#[derive(Clone, Debug)]
struct Unit {
    shard: usize,
    next: u32,
    /// Whether the load has lines for it.
    touched: bool,
}

/// Where a profile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the shard in the store.
    pub(super) shard: usize,
    pub(super) bucket: u16,
    pub(super) profile_no: u32,
    /// Whether it had a number already.
    pub(super) known: bool,
}

/// A unit that the load has lines for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TouchedUnit {
    /// Its account.
    pub account: u64,
    /// Its bucket.
    pub bucket: u16,
    /// How many profiles it has.
    pub profiles: u32,
}

#[derive(Row, Deserialize)]
struct KnownAccount {
    account: u64,
    account_key: String,
    buckets: u16,
}

#[derive(Row, Deserialize)]
struct KnownNumber {
    account: u64,
    hash: u64,
    check: u64,
    profile_no: u32,
}

/// The first half of the key is a hash already.
#[derive(Default)]
struct First(u64);

impl Hasher for First {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Hash for ProfileKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Accounts {
    /// Reads all accounts of the store; those that a shard lacks, because a load died, are written there.
    pub(super) async fn read(context: &Context<'_>, sizes: Sizes) -> Result<Self, LoadError> {
        let shards = &context.store.shards;
        let found: Vec<Vec<KnownAccount>> = stream::iter(shards)
            .map(|shard| shard.call(sql::ACCOUNTS, "claim").rows())
            .buffered(FAN_OUT)
            .try_collect()
            .await?;
        let mut known: HashMap<u64, Account> = HashMap::new();
        for row in found.iter().flatten() {
            known.entry(row.account).or_insert_with(|| Account::new(row.account_key.as_str().into(), row.buckets));
        }
        let accounts = Self { known, ..Self::none(context, sizes) };
        for (shard, rows) in found.iter().enumerate().filter(|(_, rows)| rows.len() < accounts.known.len()) {
            let mut missing: Vec<u64> = accounts.known.keys().copied().collect();
            let here: HashSet<u64> = rows.iter().map(|row| row.account).collect();
            missing.retain(|account| !here.contains(account));
            accounts.write_accounts(context, shard, &missing).await?;
        }
        Ok(accounts)
    }

    /// Of a store that has none.
    pub(super) fn none(context: &Context<'_>, sizes: Sizes) -> Self {
        let shards = context.store.shards.len();
        let versions = (0..shards).map(|shard| context.claims.version(shard)).collect();
        Self { known: HashMap::new(), sizes, unwritten: vec![Vec::new(); shards], versions, new_profiles: 0 }
    }

    /// Gives the hashes of accounts. New accounts are written to all shards, the numbers of known ones are read.
    pub(super) async fn prepare(&mut self, context: &Context<'_>, keys: &[Arc<str>]) -> Result<Vec<u64>, LoadError> {
        let hashes: Vec<u64> = keys.iter().map(|key| sip_hash_64(key)).collect();
        let mut new = Vec::new();
        let mut seen = Vec::new();
        for (hash, key) in hashes.iter().zip(keys) {
            match self.known.entry(*hash) {
                Entry::Vacant(entry) => {
                    let account = entry.insert(Account::new(Arc::clone(key), self.sizes.buckets(key)));
                    account.see(context.store);
                    new.push(*hash);
                }
                Entry::Occupied(mut entry) => {
                    let account = entry.get_mut();
                    if account.key != *key {
                        let (known, new) = (account.key.to_string(), key.to_string());
                        return Err(LoadError::AccountClash { known, new });
                    }
                    if account.units.is_empty() {
                        account.see(context.store);
                        seen.push(*hash);
                    }
                }
            }
        }
        if !new.is_empty() {
            for shard in 0..context.store.shards.len() {
                self.write_accounts(context, shard, &new).await?;
            }
        }
        self.read_numbers(context, &seen).await?;
        Ok(hashes)
    }

    /// The place of a profile of a prepared account; a new one gets a number.
    pub(super) fn place(&mut self, account: u64, key: ProfileKey, id: impl FnOnce() -> Box<str>) -> Option<Place> {
        let (hash, account) = (account, self.known.get_mut(&account)?);
        let bucket = u16::try_from(key.hash % u64::from(account.buckets)).ok()?;
        let unit = account.units.get_mut(usize::from(bucket))?;
        unit.touched = true;
        let shard = unit.shard;
        Some(match account.numbers.entry(key) {
            Entry::Occupied(entry) => Place { shard, bucket, profile_no: *entry.get(), known: true },
            Entry::Vacant(entry) => {
                let profile_no = *entry.insert(unit.next);
                unit.next += 1;
                self.new_profiles += 1;
                self.unwritten[shard].push(ProfileRow {
                    account: hash,
                    bucket,
                    external_id: id(),
                    profile_no,
                    state: LIVE,
                    version: self.versions[shard],
                });
                Place { shard, bucket, profile_no, known: false }
            }
        })
    }

    /// Writes the numbers that were given since the last call, and waits until they are there.
    pub(super) async fn write_numbers(&mut self, context: &Context<'_>) -> Result<(), LoadError> {
        let writes = self.unwritten.iter_mut().enumerate().filter(|(_, rows)| !rows.is_empty());
        let writes = writes.map(|(shard, rows)| async move {
            rows.sort_unstable_by(|a, b| {
                (a.account, a.bucket, &a.external_id).cmp(&(b.account, b.bucket, &b.external_id))
            });
            for rows in rows.chunks(PROFILES_OF_AN_INSERT) {
                context.claims.check(shard).await?;
                let scope = context.claims.scope(shard);
                context.store.shards[shard].insert_all("profiles", &scope, rows.iter().cloned()).await?;
            }
            rows.clear();
            Ok::<(), LoadError>(())
        });
        futures::future::try_join_all(writes).await.map(|_| ())
    }

    /// Profiles that got a number.
    pub(super) fn new_profiles(&self) -> u64 {
        self.new_profiles
    }

    /// Accounts that were seen.
    pub(super) fn touched(&self) -> impl Iterator<Item = u64> {
        self.known.iter().filter(|(_, account)| !account.units.is_empty()).map(|(hash, _)| *hash)
    }

    /// Units that the load has lines for, on a shard, in order.
    pub(super) fn touched_units(&self, shard: usize) -> Vec<TouchedUnit> {
        let units = self.known.iter().flat_map(|(hash, account)| {
            let units = (0..).zip(&account.units).filter(|(_, unit)| unit.shard == shard && unit.touched);
            units.map(|(bucket, unit)| TouchedUnit { account: *hash, bucket, profiles: unit.next })
        });
        let mut units: Vec<TouchedUnit> = units.collect();
        units.sort_unstable_by_key(|unit| (unit.account, unit.bucket));
        units
    }

    async fn write_accounts(&self, context: &Context<'_>, shard: usize, hashes: &[u64]) -> Result<(), LoadError> {
        context.claims.check(shard).await?;
        let rows = hashes.iter().filter_map(|hash| {
            let account = self.known.get(hash)?;
            Some(AccountRow {
                account: *hash,
                account_key: account.key.to_string(),
                buckets: account.buckets,
                version: self.versions[shard],
            })
        });
        let scope = context.claims.scope(shard);
        Ok(context.store.shards[shard].insert_all("accounts", &scope, rows).await?)
    }

    async fn read_numbers(&mut self, context: &Context<'_>, hashes: &[u64]) -> Result<(), LoadError> {
        let mut readings: BTreeMap<(usize, u16), Vec<u64>> = BTreeMap::new();
        for hash in hashes {
            for (bucket, unit) in (0..).zip(self.known.get(hash).map_or(&[][..], |account| &account.units)) {
                readings.entry((unit.shard, bucket)).or_default().push(*hash);
            }
        }
        let statements = readings.iter().flat_map(|((shard, bucket), accounts)| {
            accounts.chunks(ACCOUNTS_OF_A_READING).map(move |accounts| (*shard, *bucket, accounts))
        });
        let mut rows = stream::iter(statements.collect::<Vec<_>>())
            .map(|(shard, bucket, accounts)| async move {
                let scope = context.claims.scope(shard);
                let call = context.store.shards[shard].call(sql::NUMBERS, &scope);
                let rows: Vec<KnownNumber> = call.param("accounts", accounts).param("bucket", bucket).rows().await?;
                Ok::<_, ShardError>((bucket, rows))
            })
            .buffered(READINGS_AT_ONCE);
        while let Some((bucket, rows)) = rows.try_next().await? {
            for row in rows {
                if let Some(account) = self.known.get_mut(&row.account) {
                    account.learn(bucket, &row);
                }
            }
        }
        Ok(())
    }
}

impl Account {
    fn new(key: Arc<str>, buckets: u16) -> Self {
        Self { key, buckets: buckets.max(1), units: Vec::new(), numbers: HashMap::default() }
    }

    fn see(&mut self, store: &Store) {
        let shard = |bucket| {
            let shard = store.shard_of(&self.key, bucket).name();
            store.shards.iter().position(|other| other.name() == shard).unwrap_or(0)
        };
        self.units = (0..self.buckets).map(|bucket| Unit { shard: shard(bucket), next: 0, touched: false }).collect();
    }

    fn learn(&mut self, bucket: u16, row: &KnownNumber) {
        self.numbers.insert(ProfileKey { hash: row.hash, check: row.check }, row.profile_no);
        if let Some(unit) = self.units.get_mut(usize::from(bucket)) {
            unit.next = unit.next.max(row.profile_no + 1);
        }
    }
}
