//! SegmentStores: read what the shards are like, make their schema, keep the store open for its Segments.
//!
//! Flow: validate (pure), dereference (Secret and shards), apply (the schema Job, if a shard lacks it), open; the status is
//! written by the worker, together with what its Segments add to it. A shard with a trouble keeps nobody from the others.

pub(crate) mod apply;
pub(crate) mod conditions;
pub(crate) mod dereference;
pub(crate) mod trouble;
pub(crate) mod update_status;
pub(crate) mod validate;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Resource, ResourceExt};
use segment_crds::SegmentStore;
use segment_jobs::{
    shards::{Credentials, Shard, ShardAddress},
    store::{self as jobs_store, Identity, Store},
};

use self::{
    apply::SchemaState,
    dereference::SecretTrouble,
    trouble::{Trouble, TroubleKind},
    validate::{BadField, ValidStore},
};
use crate::{
    build::Parent,
    context::Context,
    names::{ADOPT, StoreKey},
};

/// How often the shards of a healthy store are looked at.
const QUIET: Duration = Duration::from_secs(30);
/// How often those of a troubled one are.
const TROUBLED: Duration = Duration::from_secs(5);
/// How long credentials are used before the Secret is read again.
const CREDENTIALS_AGE: Duration = Duration::from_mins(1);

/// What is wrong with a store as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Obstacle {
    #[error("the object cannot be read: {0}")]
    Malformed(String),
    #[error(transparent)]
    Spec(#[from] BadField),
    #[error(transparent)]
    Secret(#[from] SecretTrouble),
    #[error("the shards do not fit together: {0}")]
    Lanes(String),
}

impl Obstacle {
    /// One word for conditions, events and metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "Malformed",
            Self::Spec(_) => "SpecRefused",
            Self::Secret(trouble) => trouble.reason(),
            Self::Lanes(_) => "ForeignDatabase",
        }
    }

    /// Whether a person has to do something.
    pub(crate) fn needs_a_person(&self) -> bool {
        !matches!(self, Self::Secret(SecretTrouble::Api(_)))
    }
}

/// A store as it was last seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) valid: Option<ValidStore>,
    pub(crate) owner: OwnerReference,
    /// What keeps the store from being used at all.
    pub(crate) obstacle: Option<Obstacle>,
    /// The troubles of shards, by index.
    pub(crate) troubles: BTreeMap<usize, Trouble>,
    pub(crate) schema: SchemaState,
    /// Open while at least one shard is well.
    pub(crate) open: Option<Store>,
}

impl Seen {
    /// The shards, by index, that are not to be asked.
    pub(crate) fn down(&self) -> Vec<usize> {
        self.troubles.keys().copied().collect()
    }

    /// Whether everything is as it should be.
    pub(crate) fn is_well(&self) -> bool {
        self.obstacle.is_none() && self.troubles.is_empty() && self.open.is_some()
    }
}

/// A store under watch: what was seen, and when it has to be looked at again.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) seen: Seen,
    credentials: Option<(Option<String>, Credentials, Instant)>,
    shards: (Vec<ShardAddress>, Vec<Shard>),
    generation: Option<(i64, bool)>,
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
            generation: None,
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
        let generation = Some((object.metadata.generation.unwrap_or(0), adopts(object)));
        if generation == self.generation && Instant::now() < self.look_at {
            return false;
        }
        self.generation = generation;
        let before = self.shards.0.clone();
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
        self.untidy |= before != self.shards.0;
        self.tidy(ctx, key).await;
        before != self.shards.0
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
        let credentials = self.credentials(ctx, key, &valid).await?;
        let shards =
            jobs_store::shards(&valid.shards, &credentials).map_err(|error| Obstacle::Lanes(error.to_string()))?;
        self.shards = (valid.shards.clone(), shards);
        let shards = &self.shards.1;
        let identity = key.identity(&ctx.cluster);
        let health = dereference::health(shards, &identity).await;
        let owner = object.controller_owner_ref(&()).unwrap_or_default();
        let schema = apply::schema(ctx, key, &valid, &owner, &health, adopts(object)).await;
        let well = health.iter().position(Result::is_ok);
        let open = match well {
            Some(index) => Some(Store::of_checked(shards.clone(), index).await),
            None => None,
        };
        let open = open.transpose().map_err(|error| Obstacle::Lanes(error.to_string()))?;
        let troubles = troubles(health);
        if troubles.values().any(|trouble| trouble.kind == TroubleKind::Credentials) {
            self.credentials = None;
        }
        Ok(Seen { valid: Some(valid), owner, obstacle: None, troubles, schema, open })
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
        self.credentials = None;
        let credentials = dereference::credentials(ctx, key, valid.secret.as_deref()).await?;
        self.credentials = Some((valid.secret.clone(), credentials.clone(), Instant::now()));
        Ok(credentials)
    }
}

fn adopts(object: &SegmentStore) -> bool {
    object.annotations().get(ADOPT).is_some_and(|value| value == "true")
}

fn troubles(health: Vec<Result<Identity, Trouble>>) -> BTreeMap<usize, Trouble> {
    health.into_iter().enumerate().filter_map(|(index, shard)| Some((index, shard.err()?))).collect()
}
