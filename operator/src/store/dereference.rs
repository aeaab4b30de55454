//! What has to be read for a store: its credentials, and how each shard is.

use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use segment_jobs::{
    clock::Clock,
    shards::{Credentials, Shard, unfit_for_header},
    store::{self, Identity, Versions, fan_out},
};
use segment_sql::schema::VERSION;

use super::trouble::{Trouble, TroubleKind};
use crate::{
    context::Context,
    names::{StoreKey, reason},
};

/// A shard that has not answered after so long does not answer.
const CHECK_LIMIT: Duration = Duration::from_secs(5);

/// Why there are no credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SecretTrouble {
    #[error("there is no Secret {0}; create it with the keys username and password")]
    Missing(String),
    #[error("{0}")]
    Forbidden(String),
    #[error("the Secret {secret} has no key {key}, or no text in it")]
    Key { secret: String, key: &'static str },
    #[error(
        "the key {key} of the Secret {secret} {what}, which no shard can be sent; make it of the text alone, by `printf %s` or \
         `echo -n` where it was made by `echo`"
    )]
    Control { secret: String, key: &'static str, what: &'static str },
    #[error("cannot read the Secret: {0}")]
    Api(String),
}

impl SecretTrouble {
    /// One word for conditions, events and metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Missing(_) => reason::SECRET_MISSING,
            Self::Forbidden(_) => reason::SECRET_FORBIDDEN,
            Self::Key { .. } | Self::Control { .. } => reason::SECRET_INCOMPLETE,
            Self::Api(_) => reason::SECRET_UNREADABLE,
        }
    }
}

/// Reads the Secret that the store names.
pub(crate) async fn credentials(
    ctx: &Context,
    key: &StoreKey,
    secret: Option<&str>,
) -> Result<Credentials, SecretTrouble> {
    let Some(name) = secret else { return Ok(Credentials::default()) };
    let api: Api<Secret> = Api::namespaced(ctx.client.clone(), &key.namespace);
    let found = api.get_opt(name).await.map_err(|error| match error {
        kube::Error::Api(status) if status.code == 403 => SecretTrouble::Forbidden(grant(&account(ctx), key, name)),
        other => SecretTrouble::Api(other.to_string()),
    })?;
    let secret = found.ok_or_else(|| SecretTrouble::Missing(format!("{}/{name}", key.namespace)))?;
    Ok(Credentials::of(text(&secret, name, "username")?, text(&secret, name, "password")?))
}

/// What a key of the Secret holds.
fn text(secret: &Secret, name: &str, key: &'static str) -> Result<String, SecretTrouble> {
    let bytes = secret.data.as_ref().and_then(|data| data.get(key));
    let text = bytes.and_then(|bytes| String::from_utf8(bytes.0.clone()).ok());
    let text = text.ok_or_else(|| SecretTrouble::Key { secret: name.to_owned(), key })?;
    match unfit_for_header(&text) {
        None => Ok(text),
        Some(what) => Err(SecretTrouble::Control { secret: name.to_owned(), key, what }),
    }
}

/// The operator as RBAC names it.
fn account(ctx: &Context) -> String {
    format!("{}:{}", ctx.args.namespace, ctx.args.service_account)
}

/// What the store's owner has to do so that the operator may read the Secret.
pub(crate) fn grant(account: &str, key: &StoreKey, secret: &str) -> String {
    let StoreKey { namespace, name } = key;
    // The Secret is in the name: a store that names another one later needs another Role.
    let role = format!("segment-store-{name}-{secret}");
    format!(
        "the operator may not read the Secret {namespace}/{secret}. Grant it: kubectl -n {namespace} create role {role} \
         --verb=get --resource=secrets --resource-name={secret} && kubectl -n {namespace} create rolebinding {role} \
         --role={role} --serviceaccount={account}"
    )
}

/// How each shard is: what it runs, whose it is, or what is wrong with it. `adopts` is the store whose databases are taken over.
pub(crate) async fn health(
    shards: &[Shard],
    owner: &str,
    adopts: Option<&str>,
) -> (Vec<Versions>, Vec<Result<Identity, Trouble>>) {
    let examined = shards.iter().map(|shard| async move {
        let mut versions = Versions::default();
        let health = one(shard, owner, adopts, &mut versions).await;
        (versions, health)
    });
    fan_out(examined.collect()).await.into_iter().unzip()
}

async fn one(shard: &Shard, owner: &str, adopts: Option<&str>, versions: &mut Versions) -> Result<Identity, Trouble> {
    let checked = tokio::time::timeout(CHECK_LIMIT, store::examine(shard, Clock::System, versions)).await;
    let identity = match checked {
        Ok(Ok(identity)) => identity,
        Ok(Err(error)) => return Err(Trouble::of_store(&error, VERSION)),
        Err(_) => return Err(Trouble::too_slow(shard.name(), &shard.address().url, CHECK_LIMIT)),
    };
    match foreign(&identity, owner, adopts) {
        None => Ok(identity),
        Some(Trouble { kind, message }) => {
            let message = format!("shard {}: the database {} {message}", shard.name(), shard.address().database);
            Err(Trouble { kind, message })
        }
    }
}

/// What is wrong with a database of this identity, if it is not the owner's.
pub(crate) fn foreign(identity: &Identity, owner: &str, adopts: Option<&str>) -> Option<Trouble> {
    let other = identity.store.as_str();
    if other == owner {
        None
    } else if adopts == Some(other) {
        // The schema Job makes it ours.
        let message = format!("belongs to the store `{other}`, which this one takes over");
        Some(Trouble { kind: TroubleKind::SchemaMissing, message })
    } else {
        let message = format!(
            "belongs to the store `{other}`; if that one is gone, annotate this store with {}={other}",
            crate::names::ADOPT
        );
        Some(Trouble { kind: TroubleKind::Taken, message })
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::ByteString;

    use super::*;
    use crate::store::seen::Obstacle;

    #[test]
    fn credentials_with_a_line_break_are_told_of_without_their_value() {
        let of = |value: &str| {
            let data = Some([("password".to_owned(), ByteString(value.into()))].into());
            text(&Secret { data, ..Secret::default() }, "clickhouse", "password")
        };
        for good in ["pa55", "", "p\u{e4}ss w\tord"] {
            assert_eq!(of(good), Ok(good.to_owned()));
        }
        for (bad, what) in [
            ("pa55\n", "the key password of the Secret clickhouse ends with a line break"),
            ("pa55\r\n", "the key password of the Secret clickhouse ends with a line break"),
            (
                "pa\n55\n",
                "the key password of the Secret clickhouse has a line break or another control character in it",
            ),
            (
                "pa\u{1b}55",
                "the key password of the Secret clickhouse has a line break or another control character in it",
            ),
        ] {
            let trouble = of(bad).unwrap_err();
            let message = trouble.to_string();
            assert!(message.starts_with(what) && message.contains("printf %s") && !message.contains("55"), "{message}");
            assert_eq!(trouble.reason(), "SecretIncomplete");
            assert!(Obstacle::Secret(trouble).needs_a_person());
        }
    }

    fn kind(store: &str, adopts: Option<&str>) -> Option<TroubleKind> {
        let identity = Identity {
            store: store.to_owned(),
            shard: "0".to_owned(),
            database_uid: String::new(),
            clock: "system".to_owned(),
            lanes: 8,
            schema_version: VERSION,
        };
        foreign(&identity, "c/shop/main", adopts).map(|trouble| trouble.kind)
    }

    #[test]
    fn only_the_database_of_the_store_that_is_named_is_taken_over() {
        assert_eq!(kind("c/shop/main", None), None);
        assert_eq!(kind("c/shop/main", Some("c/shop/old")), None, "and once it is taken, nothing more");
        assert_eq!(kind("c/shop/old", Some("c/shop/old")), Some(TroubleKind::SchemaMissing));
        for adopts in [None, Some("true"), Some("c/shop/main")] {
            assert_eq!(kind("c/shop/old", adopts), Some(TroubleKind::Taken));
        }
    }
}
