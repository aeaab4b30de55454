//! A store that exists: its shards, opened and checked, and where units live.

use std::collections::{BTreeMap, HashMap};

use clickhouse::Row;
use futures::{StreamExt, stream};
use segment_rules::sip_hash_64;
use segment_sql::{schema::VERSION, store as sql};
use serde::Deserialize;

use crate::{
    causes::chain,
    clock::Clock,
    shards::{Credentials, OLDEST_SERVER, SHORT_LIMIT, Shard, ShardAddress, ShardError},
};

/// How many shards are driven at the same time.
pub const FAN_OUT: usize = 32;

/// Drives futures, one for each shard, so many at the same time; the outcomes are in their order. It takes a list, because
/// what holds an iterator over references cannot be sent to another thread.
pub async fn fan_out<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    stream::iter(futures).buffered(FAN_OUT).collect().await
}

/// What the shards gave, if all of them gave something; else the errors of all that did not.
pub(crate) fn all<T>(outcomes: Vec<Result<T, StoreError>>) -> Result<Vec<T>, StoreError> {
    let (mut given, mut errors) = (Vec::with_capacity(outcomes.len()), Vec::new());
    for outcome in outcomes {
        match outcome {
            Ok(one) => given.push(one),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(given) } else { Err(one(errors)) }
}

/// One error that tells of all of these.
fn one(mut errors: Vec<StoreError>) -> StoreError {
    match errors.pop() {
        Some(only) if errors.is_empty() => only,
        last => {
            errors.extend(last);
            StoreError::Several(errors)
        }
    }
}

/// Shards, by index, that are left out, and why.
pub type Missing = BTreeMap<usize, StoreError>;

/// A store, open for work.
#[derive(Clone, Debug)]
pub struct Store {
    /// Its shards by name, in order.
    pub shards: Vec<Shard>,
    lanes: Vec<usize>,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A statement failed.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// The server is too old.
    #[error(
        "shard {shard}: the server is ClickHouse {version}, and {}.{} is the oldest that will do; upgrade the server",
        OLDEST_SERVER.0,
        OLDEST_SERVER.1
    )]
    OldServer {
        /// Name of the shard.
        shard: String,
        /// What the server says of itself.
        version: String,
    },
    /// The database has no or another schema.
    #[error("shard {shard}: schema version {found}, and this build needs {VERSION}; {mend}")]
    SchemaVersion {
        /// Name of the shard.
        shard: String,
        /// What was found; 0: none.
        found: u32,
        /// What to do.
        mend: &'static str,
    },
    /// The database belongs to somebody else.
    #[error("shard {shard}: the database {database} {reason}")]
    Foreign {
        /// Name of the shard.
        shard: String,
        /// Its database.
        database: String,
        /// What is foreign about it.
        reason: String,
    },
    /// The list of shards does not fit the store.
    #[error("the list of shards: {0}")]
    Shards(String),
    /// More than one shard will not do.
    #[error("{}", .0.iter().map(|error| chain(error)).collect::<Vec<_>>().join("\n"))]
    Several(Vec<StoreError>),
}

/// What a database says of the store that it belongs to.
#[derive(Clone, Debug, Row, Deserialize)]
pub struct Identity {
    /// Name of the store.
    pub store: String,
    /// Name of the shard.
    pub shard: String,
    /// Given once to the database.
    pub database_uid: String,
    /// `system` or `fixed`.
    pub clock: String,
    /// Number of lanes.
    pub lanes: u16,
    /// The last schema step that was applied.
    pub schema_version: u32,
}

/// What a shard runs, as far as it has said so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// Version of the ClickHouse server.
    pub server: Option<String>,
    /// The last schema step that was applied; none if the database has no store yet.
    pub schema: Option<u32>,
}

#[derive(Row, Deserialize)]
struct Version {
    version: String,
}

/// A lane and the shard that holds it.
#[derive(Clone, Debug, Row, Deserialize)]
pub struct Lane {
    /// Its number.
    pub lane: u16,
    /// Name of the shard.
    pub shard: String,
}

#[derive(Row, Deserialize)]
struct Table {
    name: String,
}

/// Makes shards of a list of addresses; a name or place that stands there twice is refused, and so are credentials.
pub fn shards(addresses: &[ShardAddress], credentials: &Credentials) -> Result<Vec<Shard>, StoreError> {
    let mut sorted = addresses.to_vec();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    if sorted.is_empty() {
        return Err(StoreError::Shards("it is empty; name at least one shard".to_owned()));
    }
    for ShardAddress { name, url, .. } in &sorted {
        if url.contains('@') {
            // The address itself is not told: it would carry a password into logs.
            return Err(StoreError::Shards(format!(
                "the address of `{name}` has a user or password (`@`) in it; give them by --user and --password, or by the store's Secret"
            )));
        }
    }
    for pair in sorted.windows(2) {
        if pair[0].name == pair[1].name {
            return Err(StoreError::Shards(format!("the name `{}` stands there twice", pair[0].name)));
        }
    }
    let mut places = HashMap::new();
    for address in &sorted {
        if let Some(other) = places.insert((&address.url, &address.database), &address.name) {
            return Err(StoreError::Shards(format!(
                "`{other}` and `{}` are the same database {} at {}",
                address.name, address.database, address.url
            )));
        }
    }
    Ok(sorted.into_iter().map(|address| Shard::new(address, credentials)).collect())
}

impl Store {
    /// Opens a store: every shard answers, is new enough, has this schema, and belongs to the same store.
    pub async fn open(shards: Vec<Shard>, clock: Clock) -> Result<Self, StoreError> {
        let checked = fan_out(shards.iter().map(|shard| check(shard, clock)).collect()).await;
        let identities: Vec<Identity> = all(checked)?;
        are_of_one_store(shards.iter().zip(&identities))?;
        Self::of_checked(shards, 0).await
    }

    /// As [`Self::open`], but shards that do not answer or will not do are left out. An error if that leaves none.
    pub async fn open_in_part(shards: Vec<Shard>, clock: Clock) -> Result<(Self, Missing), StoreError> {
        let checked = fan_out(shards.iter().map(|shard| check(shard, clock)).collect()).await;
        let (mut fit, mut missing) = (BTreeMap::new(), Missing::new());
        for (index, outcome) in checked.into_iter().enumerate() {
            match outcome {
                Ok(identity) => drop(fit.insert(index, identity)),
                Err(error) => drop(missing.insert(index, error)),
            }
        }
        let Some(first) = fit.keys().next().copied() else { return Err(one(missing.into_values().collect())) };
        are_of_one_store(fit.iter().map(|(index, identity)| (&shards[*index], identity)))?;
        Ok((Self::of_checked(shards, first).await?, missing))
    }

    /// A store of shards that are known to be right. The lanes are read on one of them, for others may be down.
    pub async fn of_checked(shards: Vec<Shard>, lanes_on: usize) -> Result<Self, StoreError> {
        let lanes = lanes(&shards, lanes_on).await?;
        Ok(Self { shards, lanes })
    }

    /// A store of one shard, which holds its only lane.
    pub(crate) fn of_one(shard: Shard) -> Self {
        Self { shards: vec![shard], lanes: vec![0] }
    }

    /// The shard that holds a unit.
    pub fn shard_of(&self, account_key: &str, bucket: u16) -> &Shard {
        &self.shards[self.lanes[usize::from(self.lane_of(account_key, bucket))]]
    }

    /// The lane that a unit comes through.
    pub fn lane_of(&self, account_key: &str, bucket: u16) -> u16 {
        let lanes = u64::try_from(self.lanes.len()).unwrap_or(1);
        u16::try_from(sip_hash_64(&format!("{account_key}/{bucket}")) % lanes).unwrap_or(0)
    }

    /// The lanes that a shard holds.
    pub fn lanes_of(&self, shard: &Shard) -> Vec<u16> {
        let held = |index: &usize| self.shards[*index].name() == shard.name();
        (0..).zip(&self.lanes).filter(|(_, index)| held(index)).map(|(lane, _)| lane).collect()
    }

    /// Whether a shard is among those that are missing.
    pub(crate) fn is_missing(&self, shard: &Shard, missing: &Missing) -> bool {
        missing.keys().any(|index| self.shards[*index].name() == shard.name())
    }

    /// The shards that hold units of an account.
    pub fn shards_of(&self, account_key: &str, buckets: u16) -> Vec<&Shard> {
        let mut indices: Vec<usize> =
            (0..buckets).map(|bucket| self.lanes[usize::from(self.lane_of(account_key, bucket))]).collect();
        indices.sort_unstable();
        indices.dedup();
        indices.into_iter().map(|index| &self.shards[index]).collect()
    }
}

/// Refuses shards of several stores.
fn are_of_one_store<'a>(shards: impl Iterator<Item = (&'a Shard, &'a Identity)>) -> Result<(), StoreError> {
    let mut first: Option<&str> = None;
    for (shard, Identity { store, .. }) in shards {
        let first = *first.get_or_insert(store);
        if store != first {
            return Err(foreign(shard, format!("belongs to the store `{store}`, the first shard to `{first}`")));
        }
    }
    Ok(())
}

/// Refuses a server that is too old, by name.
pub async fn check_server(shard: &Shard) -> Result<(), StoreError> {
    refuse_old(shard, &server_version(shard).await?)
}

async fn server_version(shard: &Shard) -> Result<String, ShardError> {
    let found: Option<Version> = shard.server_call(sql::SERVER_VERSION, "store").limit(SHORT_LIMIT).row().await?;
    Ok(found.map_or_else(String::new, |row| row.version))
}

fn refuse_old(shard: &Shard, version: &str) -> Result<(), StoreError> {
    if is_too_old(version) {
        return Err(StoreError::OldServer { shard: shard.name().to_owned(), version: version.to_owned() });
    }
    Ok(())
}

fn is_too_old(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < OLDEST_SERVER
}

/// The names of the tables in a shard's database.
pub async fn tables(shard: &Shard) -> Result<Vec<String>, ShardError> {
    let rows: Vec<Table> = shard.call(sql::TABLES, "store").limit(SHORT_LIMIT).rows().await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// What the database says of itself; `None` if it has no store yet.
pub async fn identity(shard: &Shard) -> Result<Option<Identity>, ShardError> {
    shard.call(sql::IDENTITY, "store").limit(SHORT_LIMIT).row().await
}

/// Refuses an identity that does not fit the shard or the clock.
pub fn fits(shard: &Shard, identity: &Identity, clock: Clock) -> Result<(), StoreError> {
    if identity.shard != shard.name() {
        return Err(foreign(
            shard,
            format!("is shard `{}` of the store `{}`; mend the list of shards", identity.shard, identity.store),
        ));
    }
    if identity.clock != clock.kind().to_string() {
        return Err(foreign(
            shard,
            format!("was made for a {} clock, and --clock gives a {} one", identity.clock, clock.kind()),
        ));
    }
    Ok(())
}

/// The error for a database that belongs to somebody else.
pub fn foreign(shard: &Shard, reason: String) -> StoreError {
    StoreError::Foreign { shard: shard.name().to_owned(), database: shard.address().database.clone(), reason }
}

/// Refuses a shard that is too old, has another schema, or belongs to somebody else.
pub async fn check(shard: &Shard, clock: Clock) -> Result<Identity, StoreError> {
    examine(shard, clock, &mut Versions::default()).await
}

/// As [`check`]; what the shard says of its versions is noted, even if it will not do or falls silent later.
pub async fn examine(shard: &Shard, clock: Clock, versions: &mut Versions) -> Result<Identity, StoreError> {
    let server = server_version(shard).await?;
    versions.server = Some(server.clone());
    refuse_old(shard, &server)?;
    let missing = |found, mend| StoreError::SchemaVersion { shard: shard.name().to_owned(), found, mend };
    if !tables(shard).await?.iter().any(|table| table == "store_identity") {
        return Err(missing(0, "run `segment-jobs schema apply`"));
    }
    let identity = identity(shard).await?.ok_or_else(|| missing(0, "run `segment-jobs schema apply`"))?;
    versions.schema = Some(identity.schema_version);
    if identity.schema_version < VERSION {
        return Err(missing(identity.schema_version, "run `segment-jobs schema apply`"));
    }
    if identity.schema_version > VERSION {
        return Err(missing(identity.schema_version, "use a newer build"));
    }
    fits(shard, &identity, clock)?;
    Ok(identity)
}

/// The lanes as a shard knows them.
pub async fn lane_rows(shard: &Shard) -> Result<Vec<Lane>, ShardError> {
    shard.call(sql::LANES, "store").limit(SHORT_LIMIT).rows().await
}

/// For each lane the index of its shard.
async fn lanes(shards: &[Shard], lanes_on: usize) -> Result<Vec<usize>, StoreError> {
    let shard = shards.get(lanes_on).ok_or_else(|| StoreError::Shards("it is empty".to_owned()))?;
    let rows = lane_rows(shard).await?;
    let mut lanes = vec![0; rows.len()];
    for row in rows {
        let index = shards.iter().position(|shard| shard.name() == row.shard).ok_or_else(|| {
            StoreError::Shards(format!(
                "the shard `{}` of the store is missing (it holds lane {})",
                row.shard, row.lane
            ))
        })?;
        lanes[usize::from(row.lane)] = index;
    }
    if lanes.is_empty() {
        return Err(StoreError::Shards("the store has no lanes; run `segment-jobs schema apply`".to_owned()));
    }
    Ok(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_before_the_oldest_are_too_old() {
        for version in ["25.12.1.1", "26.2.9.9-lts", "8.1", "", "unknown"] {
            assert!(is_too_old(version), "{version}");
        }
        for version in ["26.3.1.1", "26.11.2", "27.1"] {
            assert!(!is_too_old(version), "{version}");
        }
    }

    #[test]
    fn credentials_in_an_address_are_refused_and_not_repeated() {
        let address = |url: &str| ShardAddress { name: "0".into(), url: url.into(), database: "d".into() };
        let made = |url: &str| shards(&[address(url)], &Credentials::default());
        let refused = made("http://ann:tulip@127.0.0.1:8123").unwrap_err().to_string();
        assert!(refused.contains("`0`") && refused.contains("--password"), "{refused}");
        assert!(!refused.contains("tulip") && !refused.contains("ann:"), "{refused}");
        assert!(made("http://127.0.0.1:8123").is_ok());
    }
}
