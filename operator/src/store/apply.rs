//! The schema Job: made when a shard lacks the schema, followed, and made anew when what it did was undone.

use futures::TryFutureExt;
use jiff::SignedDuration;
use k8s_openapi::api::{
    batch::v1::{Job, JobCondition},
    core::v1::ConfigMap,
};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    runtime::reflector::ObjectRef,
};
use segment_jobs::store::{Identity, Versions};
use segment_sql::schema::VERSION;

use super::trouble::{Trouble, TroubleKind};
use crate::{
    build::{self, Parent, SchemaWork},
    context::Context,
    names::{COMPONENT, FIELD_MANAGER, MANAGED_BY, OPERATOR, PODS, SHARDS, STORE, StoreKey},
    time::now,
    why::{why_blocked, why_failed},
};

/// What becomes of the schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum SchemaState {
    /// Every shard that answers has it.
    #[default]
    There,
    /// A Job is making it: which, and how it gets on.
    Applying(String),
    /// It cannot be made: the shards that may know where the lanes are do not answer.
    Waiting,
    /// The Job failed for good.
    Failed(String),
    /// The Job could not be made; tried again.
    NotStarted(String),
}

/// A failed schema Job is made again after this long, whatever was wrong, or when the store is changed.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// A Job has a pod that works after this long, or something keeps it from that.
const PODS_WITHIN: SignedDuration = SignedDuration::from_secs(5);

/// A schema Job that ended well. Another one of its name was made for the same finding: it did not help.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    name: String,
    uid: Option<String>,
}

/// What is known of schema Jobs that are gone, since the schema was there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    /// The one that ended well last.
    made: Option<Made>,
    /// The name of one that was deleted so that it is tried again, and how it had failed.
    failed: Option<(String, String)>,
    /// Whether somebody has changed the store since one failed, maybe to mend what made it fail.
    pub(super) is_changed: bool,
}

impl Past {
    /// Another try does not make one well that needs a person: the store would be stalled and not, again and again.
    fn or_failed(&self, name: &str, how: String) -> SchemaState {
        match &self.failed {
            Some((failed, why)) if failed == name => SchemaState::Failed(format!("{why}; tried again: {how}")),
            _ => SchemaState::Applying(how),
        }
    }
}

/// Sees to it that shards without the schema get it.
pub(crate) async fn schema(
    ctx: &Context,
    parent: Parent<'_>,
    (versions, health): (&[Versions], &[Result<Identity, Trouble>]),
    adopt: bool,
    past: &mut Past,
) -> SchemaState {
    let on = match step(versions, health) {
        Step::Nothing => {
            *past = Past::default();
            return SchemaState::There;
        }
        Step::Wait => return SchemaState::Waiting,
        Step::On(on) => on,
    };
    let identity = parent.key.identity(&ctx.cluster);
    let shards: Vec<String> = on.iter().map(|index| parent.store.shards[*index].name.clone()).collect();
    let found = on.iter().map(|index| found(&health[*index])).collect::<Vec<_>>().join("\n");
    let work = SchemaWork { identity: &identity, adopt, shards: &shards, found: &found };
    match follow(ctx, parent, &build::schema_job(parent, work), past).await {
        Ok(state) => state,
        Err(error) => SchemaState::NotStarted(error.to_string()),
    }
}

/// What is to be done about the schema.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    Wait,
    /// A Job has to work on these shards, by index.
    On(Vec<usize>),
}

/// A shard that cannot be worked on keeps nobody from the others, unless it alone may know where the lanes are.
fn step(versions: &[Versions], health: &[Result<Identity, Trouble>]) -> Step {
    let lacks = |shard: &Result<Identity, Trouble>| {
        shard.as_ref().is_err_and(|trouble| trouble.kind == TroubleKind::SchemaMissing)
    };
    if !health.iter().any(lacks) {
        return Step::Nothing;
    }
    let on: Vec<usize> = (0..health.len()).filter(|index| health[*index].is_ok() || lacks(&health[*index])).collect();
    let has_lanes = |index: &usize| versions.get(*index).is_some_and(|versions| versions.schema.is_some());
    if on.len() == health.len() || on.iter().any(has_lanes) { Step::On(on) } else { Step::Wait }
}

/// What was found on a shard, as a text: one that loses its schema again is another finding.
fn found(shard: &Result<Identity, Trouble>) -> String {
    match shard {
        Ok(identity) => format!("{} {}", identity.database_uid, identity.schema_version),
        Err(trouble) => trouble.message.clone(),
    }
}

async fn follow(ctx: &Context, parent: Parent<'_>, job: &Job, past: &mut Past) -> Result<SchemaState, kube::Error> {
    let name = job.name_any();
    let Some(there) = ctx.jobs.get(&ObjectRef::new(&name).within(&parent.key.namespace)) else {
        let does_this = |other: &Job| {
            StoreKey::of_job(other).as_ref() == Some(parent.key)
                && finished(other).is_none()
                && work(other) == work(job)
        };
        if let Some(under_way) = ctx.jobs.find(does_this) {
            // It was begun when more was missing, and is half done.
            return Ok(SchemaState::Applying(applying(ctx, &under_way).await));
        }
        config_map(ctx, parent).await?;
        post(ctx, job).await?;
        past.is_changed = false;
        return Ok(past.or_failed(&name, format!("the Job {name} makes the schema")));
    };
    match finished(&there) {
        None => Ok(past.or_failed(&name, applying(ctx, &there).await)),
        Some(Finished::Failed(message)) => {
            let said = why_failed(ctx, &there).await.map_or(String::new(), |said| format!("; {said}"));
            let why = format!("the Job {name} failed: {message}{said}");
            past.failed = None;
            if past.is_changed || age_of_failure(&there).is_some_and(|age| age > AGAIN_AFTER) {
                delete(ctx, &there).await?;
                past.is_changed = false;
                past.failed = Some((name, why.clone()));
            }
            Ok(SchemaState::Failed(why))
        }
        Some(Finished::Complete)
            if past.made.as_ref().is_some_and(|one| one.name == name && one.uid != there.uid()) =>
        {
            Ok(SchemaState::Failed(format!(
                "the Job {name} ended well, but the shards still lack the schema version {VERSION} of this operator: \
             {} may be the image of an older one; set spec.pods.image anew, or leave it out",
                parent.image()
            )))
        }
        Some(Finished::Complete) => {
            // What it made is gone again, or it has only just been made: a new look tells, and needs a new Job in the first
            // case.
            past.made = Some(Made { name: name.clone(), uid: there.uid() });
            delete(ctx, &there).await?;
            Ok(SchemaState::Applying(format!("the Job {name} made the schema")))
        }
    }
}

/// How a Job that is under way gets on, or what keeps it from that.
async fn applying(ctx: &Context, job: &Job) -> String {
    let name = job.name_any();
    let age = job.creation_timestamp().map(|made| now().duration_since(made.0));
    let why = if age.is_some_and(|age| age > PODS_WITHIN) { why_blocked(ctx, job).await } else { None };
    match why {
        Some(why) => format!("the Job {name}, which makes the schema, does not begin: {why}"),
        None => format!("the Job {name} makes the schema"),
    }
}

fn age_of_failure(job: &Job) -> Option<SignedDuration> {
    let conditions = job.status.as_ref()?.conditions.as_deref()?;
    let failed = conditions.iter().find(|condition| condition.type_ == "Failed" && condition.status == "True")?;
    Some(now().duration_since(failed.last_transition_time.as_ref()?.0))
}

/// Deletes a Job with its pods.
pub(crate) async fn delete(ctx: &Context, job: &Job) -> Result<(), kube::Error> {
    let api: Api<Job> = Api::namespaced(ctx.client.clone(), &job.namespace().unwrap_or_default());
    api.delete(&job.name_any(), &DeleteParams::background()).map_ok(|_| ()).await.or_else(absent_is_fine)
}

/// What a Job does, whatever was found when it was made: its arguments, and with what its pods work.
fn work(job: &Job) -> Option<impl PartialEq> {
    let pod = job.spec.as_ref()?.template.spec.as_ref()?;
    Some((&pod.containers.first()?.args, tools(job)?))
}

/// With what the pods of a Job work, and where: image, list of shards, Secrets, and what the store's `spec.pods` says.
pub(crate) fn tools(job: &Job) -> Option<impl PartialEq> {
    let pod = job.spec.as_ref()?.template.spec.as_ref()?;
    let container = pod.containers.first()?;
    let shards = pod.volumes.iter().flatten().find_map(|volume| Some(&volume.config_map.as_ref()?.name));
    let secrets = container.env.iter().flatten().filter_map(|variable| {
        let secret = variable.value_from.as_ref()?.secret_key_ref.as_ref()?;
        Some((&secret.name, &secret.key))
    });
    let pods = job.annotations().get(PODS);
    Some((&container.image, shards, secrets.collect::<Vec<_>>(), pods))
}

/// How a Job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finished {
    Complete,
    /// With the reason.
    Failed(String),
}

/// Whether a Job has ended, and how.
pub(crate) fn finished(job: &Job) -> Option<Finished> {
    let conditions = job.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let holds = |condition: &&JobCondition| condition.status == "True";
    conditions.iter().filter(holds).find_map(|condition| match condition.type_.as_str() {
        "Complete" => Some(Finished::Complete),
        "Failed" => {
            let text = |field: &Option<String>| field.clone().unwrap_or_default();
            Some(Finished::Failed(format!("{}: {}", text(&condition.reason), text(&condition.message))))
        }
        _ => None,
    })
}

/// Makes sure that the list of shards is there for the pods.
pub(crate) async fn config_map(ctx: &Context, parent: Parent<'_>) -> Result<(), kube::Error> {
    let config_map = build::shards_config_map(parent);
    let api: Api<ConfigMap> = Api::namespaced(ctx.client.clone(), &parent.key.namespace);
    let params = PatchParams::apply(FIELD_MANAGER).force();
    api.patch(&config_map.name_any(), &params, &Patch::Apply(&config_map)).await?;
    Ok(())
}

/// Deletes lists of shards that are no longer true. Pods that were made with them have read them.
pub(crate) async fn tidy_config_maps(ctx: &Context, parent: Parent<'_>) -> Result<(), kube::Error> {
    let api: Api<ConfigMap> = Api::namespaced(ctx.client.clone(), &parent.key.namespace);
    let current = build::shards_config_map(parent).name_any();
    let labels = format!("{MANAGED_BY}={OPERATOR},{STORE}={},{COMPONENT}={SHARDS}", parent.key.name);
    for old in api.list_metadata(&ListParams::default().labels(&labels)).await? {
        let name = old.name_any();
        if name != current {
            api.delete(&name, &DeleteParams::default()).map_ok(|_| ()).await.or_else(absent_is_fine)?;
        }
    }
    Ok(())
}

/// Whether a Job of the store is under way.
pub(crate) fn is_busy(ctx: &Context, key: &StoreKey) -> bool {
    let is_ours = |job: &Job| StoreKey::of_job(job).as_ref() == Some(key) && finished(job).is_none();
    ctx.jobs.find(is_ours).is_some()
}

/// Makes a Job once: one that is there already is the same, since its name tells what it does.
pub(crate) async fn post(ctx: &Context, job: &Job) -> Result<(), kube::Error> {
    let api: Api<Job> = Api::namespaced(ctx.client.clone(), &job.namespace().unwrap_or_default());
    let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
    match api.create(&params, job).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
        Err(error) => Err(error),
    }
}

fn absent_is_fine(error: kube::Error) -> Result<(), kube::Error> {
    match error {
        kube::Error::Api(status) if status.code == 404 => Ok(()),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(image: &str, shards: &str) -> Job {
        let container = json!({"name": "segment-jobs", "image": image, "args": ["schema", "apply"]});
        let volume = json!({"name": "shards", "configMap": {"name": shards}});
        let pod = json!({"containers": [container], "volumes": [volume]});
        serde_json::from_value(json!({"spec": {"template": {"spec": pod}}})).unwrap()
    }

    /// How a shard of each letter is: `u`p, `o`f an older schema, `e`mpty, `d`own.
    fn step_of(shards: &str) -> Step {
        let trouble = |kind| Err(Trouble { kind, message: String::new() });
        let identity = Identity {
            store: String::new(),
            shard: String::new(),
            database_uid: String::new(),
            clock: "system".to_owned(),
            lanes: 8,
            schema_version: VERSION,
        };
        let of = |letter| match letter {
            'u' => (Some(VERSION), Ok(identity.clone())),
            'o' => (Some(VERSION - 1), trouble(TroubleKind::SchemaMissing)),
            'e' => (None, trouble(TroubleKind::SchemaMissing)),
            _ => (None, trouble(TroubleKind::Unreachable)),
        };
        let shards = shards.chars().map(of).map(|(schema, health)| (Versions { server: None, schema }, health));
        let (versions, health): (Vec<_>, Vec<_>) = shards.unzip();
        step(&versions, &health)
    }

    #[test]
    fn a_shard_that_is_down_holds_up_the_schema_of_the_others_only_if_it_alone_may_know_the_lanes() {
        assert_eq!(step_of("uud"), Step::Nothing);
        assert_eq!(step_of("uoe"), Step::On(vec![0, 1, 2]));
        assert_eq!(step_of("ee"), Step::On(vec![0, 1]), "a new store");
        assert_eq!(step_of("odo"), Step::On(vec![0, 2]));
        assert_eq!(step_of("ude"), Step::On(vec![0, 2]));
        assert_eq!(step_of("ed"), Step::Wait);
    }

    #[test]
    fn a_schema_job_that_failed_is_not_forgotten_while_it_is_tried_again() {
        let failed = Some(("a".to_owned(), "the Job a failed: no".to_owned()));
        let past = Past { failed, ..Past::default() };
        let state = |past: &Past, name| past.or_failed(name, "the Job makes it".to_owned());
        let both = "the Job a failed: no; tried again: the Job makes it".to_owned();
        assert_eq!(state(&past, "a"), SchemaState::Failed(both));
        let applying = SchemaState::Applying("the Job makes it".to_owned());
        assert_eq!(state(&past, "b"), applying, "the store was changed, or something else was found");
        assert_eq!(state(&Past::default(), "a"), applying);
    }

    #[test]
    fn a_job_does_the_same_whatever_its_name_and_what_the_api_server_adds() {
        let mut there = job("jobs:1", "main-shards-1");
        there.metadata.name = Some("main-schema-1".to_owned());
        there.spec.as_mut().unwrap().template.spec.as_mut().unwrap().dns_policy = Some("ClusterFirst".to_owned());
        let is_same = |other: Job| work(&there) == work(&other);
        assert!(is_same(job("jobs:1", "main-shards-1")));
        assert!(!is_same(job("jobs:2", "main-shards-1")));
        assert!(!is_same(job("jobs:1", "main-shards-2")));
    }
}
