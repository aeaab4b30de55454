//! SegmentStores: read what the shards are like, make their schema, keep the store open for its Segments.
//!
//! Flow: validate (pure), dereference (Secret and shards), apply (the schema Job, if a shard lacks it), open; the status is
//! written by the worker, together with what its Segments add to it. A shard with a trouble keeps nobody from the others.

pub(crate) mod apply;
pub(crate) mod conditions;
pub(crate) mod dereference;
pub(crate) mod seen;
pub(crate) mod trouble;
pub(crate) mod update_status;
pub(crate) mod validate;
mod versions;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use kube::{Resource, ResourceExt};
use segment_crds::SegmentStore;
use segment_jobs::{
    shards::{Authorities, Credentials, Shard, ShardAddress},
    store::{self as jobs_store, Identity, Store, StoreError},
};

use self::{
    apply::Past,
    dereference::SecretTrouble,
    seen::{Obstacle, Seen},
    trouble::{Trouble, TroubleKind},
    validate::ValidStore,
};
use crate::{
    build::Parent,
    context::Context,
    names::{ADOPT, StoreKey},
    time::is_due,
};

/// How often the shards of a healthy store are looked at.
const QUIET: Duration = Duration::from_secs(30);
/// How often those of a troubled one are.
const TROUBLED: Duration = Duration::from_secs(5);
/// How long credentials are used before the Secret is read again.
const CREDENTIALS_AGE: Duration = Duration::from_mins(1);

/// A store under watch: what was seen, and when it has to be looked at again.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) seen: Seen,
    credentials: Option<(Option<String>, Credentials, Instant)>,
    shards: (Vec<ShardAddress>, Vec<Shard>),
    /// The generation that was looked at, and whose database it may take over.
    looked_at: Option<(i64, Option<String>)>,
    past: Past,
    look_at: Instant,
    /// Whether there may be lists of shards that are no longer true.
    untidy: bool,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self {
            seen: Seen::default(),
            credentials: None,
            shards: (Vec::new(), Vec::new()),
            looked_at: None,
            past: Past::default(),
            look_at: Instant::now(),
            untidy: true,
        }
    }

    /// When the store has to be looked at again.
    pub(crate) fn due(&self) -> Instant {
        self.look_at
    }

    /// Has it looked at again at once.
    pub(crate) fn hurry(&mut self) {
        self.look_at = Instant::now();
    }

    /// Looks at the store if it is due or was changed. Returns whether its shards are other ones than before.
    pub(crate) async fn reconcile(&mut self, ctx: &Context, key: &StoreKey, object: &SegmentStore) -> bool {
        let looked_at = Some((object.metadata.generation.unwrap_or(0), adopts(object).map(str::to_owned)));
        if looked_at == self.looked_at && !is_due(self.look_at) {
            return false;
        }
        self.past.is_changed |= self.looked_at.is_some() && looked_at != self.looked_at;
        self.looked_at = looked_at;
        let (before, trusted) = (self.shards.0.clone(), self.trusted());
        let seen = match self.look(ctx, key, object).await {
            Ok(seen) => seen,
            Err(obstacle) => Seen {
                obstacle: Some(obstacle),
                valid: validate::validate(&object.spec).ok(),
                owner: object.controller_owner_ref(&()).unwrap_or_default(),
                ..Seen::default()
            },
        };
        self.seen = seen;
        self.look_at = Instant::now() + if self.seen.is_well() { QUIET } else { TROUBLED };
        self.untidy |= before != self.shards.0 || trusted != self.trusted();
        self.tidy(ctx, key).await;
        before != self.shards.0
    }

    /// Whom the shards are believed by.
    fn trusted(&self) -> Authorities {
        self.seen.valid.as_ref().map_or_else(Authorities::default, |valid| valid.authorities.clone())
    }

    /// Deletes old lists of shards, when no Job is under way that was made with them.
    async fn tidy(&mut self, ctx: &Context, key: &StoreKey) {
        let Some(store) = self.seen.valid.as_ref().filter(|_| self.untidy && self.seen.is_well()) else { return };
        if apply::is_busy(ctx, key) {
            return;
        }
        let parent = Parent { key, owner: &self.seen.owner, store, default_image: &ctx.args.jobs_image };
        match apply::tidy_config_maps(ctx, parent).await {
            Ok(()) => self.untidy = false,
            Err(error) => tracing::warn!(%error, store = %key, "old lists of shards were not deleted"),
        }
    }

    async fn look(&mut self, ctx: &Context, key: &StoreKey, object: &SegmentStore) -> Result<Seen, Obstacle> {
        let valid = validate::validate(&object.spec)?;
        let authorities = valid.authorities.clone();
        let credentials = Credentials { authorities, ..self.credentials(ctx, key, &valid).await? };
        let shards =
            jobs_store::shards(&valid.shards, &credentials).map_err(|error| Obstacle::Lanes(error.to_string()))?;
        self.shards = (valid.shards.clone(), shards);
        let shards = &self.shards.1;
        let identity = key.identity(&ctx.cluster);
        let (versions, mut health) = dereference::health(shards, &identity, adopts(object)).await;
        let owner = object.controller_owner_ref(&()).unwrap_or_default();
        let parent = Parent { key, owner: &owner, store: &valid, default_image: &ctx.args.jobs_image };
        let schema = apply::schema(ctx, parent, (&versions, &health), adopts(object).is_some(), &mut self.past).await;
        let open = open(shards, &mut health).await?;
        let troubles = troubles(health);
        if troubles.values().any(|trouble| trouble.kind == TroubleKind::Credentials) {
            self.credentials = None;
        }
        Ok(Seen { valid: Some(valid), owner, obstacle: None, versions, troubles, schema, open })
    }

    async fn credentials(
        &mut self,
        ctx: &Context,
        key: &StoreKey,
        valid: &ValidStore,
    ) -> Result<Credentials, SecretTrouble> {
        if let Some((secret, credentials, read_at)) = &self.credentials
            && *secret == valid.secret
            && read_at.elapsed() < CREDENTIALS_AGE
        {
            return Ok(credentials.clone());
        }
        let read = dereference::credentials(ctx, key, valid.secret.as_deref()).await;
        let old = self.credentials.take().filter(|(secret, ..)| *secret == valid.secret);
        if let (Err(trouble), Some(old)) = (&read, &old)
            && !contradicts(trouble)
        {
            tracing::warn!(error = %trouble, store = %key, "the Secret was not read; what it said before holds");
            self.credentials = Some(old.clone());
            return Ok(old.1.clone());
        }
        let credentials = read?;
        self.credentials = Some((valid.secret.clone(), credentials.clone(), Instant::now()));
        Ok(credentials)
    }
}

/// Whether a trouble with a Secret says that what was read before is wrong. Else it holds as long as the shards take it.
fn contradicts(trouble: &SecretTrouble) -> bool {
    !matches!(trouble, SecretTrouble::Api(_) | SecretTrouble::Forbidden(_))
}

/// The store whose databases this one takes over, if any.
fn adopts(object: &SegmentStore) -> Option<&str> {
    object.annotations().get(ADOPT).map(String::as_str)
}

/// Opens the store with the lanes as the first shard knows them that is well. One that fails at that is not.
async fn open(shards: &[Shard], health: &mut [Result<Identity, Trouble>]) -> Result<Option<Store>, Obstacle> {
    while let Some(index) = health.iter().position(Result::is_ok) {
        match Store::of_checked(shards.to_vec(), index).await {
            Ok(store) => return Ok(Some(store)),
            Err(StoreError::Shard(error)) => health[index] = Err(Trouble::of_shard(&error)),
            Err(error) => return Err(Obstacle::Lanes(error.to_string())),
        }
    }
    Ok(None)
}

fn troubles(health: Vec<Result<Identity, Trouble>>) -> BTreeMap<usize, Trouble> {
    health.into_iter().enumerate().filter_map(|(index, shard)| Some((index, shard.err()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_shard_that_fails_when_lanes_are_read_has_a_trouble_and_the_store_has_none() {
        let address =
            ShardAddress { name: "0".to_owned(), url: "http://127.0.0.1:1".to_owned(), database: "a".to_owned() };
        let shards = jobs_store::shards(&[address], &Credentials::default()).unwrap();
        let identity = Identity {
            store: "c/shop/main".to_owned(),
            shard: "0".to_owned(),
            database_uid: String::new(),
            clock: "system".to_owned(),
            lanes: 8,
            schema_version: 1,
        };
        let mut health = vec![Ok(identity)];
        assert!(open(&shards, &mut health).await.unwrap().is_none());
        assert_eq!(health[0].as_ref().unwrap_err().kind, TroubleKind::Unreachable);
    }

    #[test]
    fn a_secret_that_cannot_be_read_for_a_moment_closes_no_store() {
        assert!(!contradicts(&SecretTrouble::Api("timeout".to_owned())));
        assert!(!contradicts(&SecretTrouble::Forbidden("grant it".to_owned())));
        assert!(contradicts(&SecretTrouble::Missing("gone".to_owned())));
        assert!(contradicts(&SecretTrouble::Key { secret: "a".to_owned(), key: "username" }));
    }
}
