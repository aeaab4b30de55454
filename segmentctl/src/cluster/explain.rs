//! `segmentctl explain` on a store's data: why a profile is a member of a Segment of the cluster.

use segment_jobs::{
    clock::Clock,
    explain::{self, ExplainError, Options, Subject},
};
use segment_rules::{compile, yaml::Document};
use serde_json::Value;

use super::find::{Cluster, missing_shards};
use crate::{args::ExplainArgs, eval, exit::Failure, explain::print};

/// Explains and prints.
pub(crate) async fn explain(args: &ExplainArgs) -> Result<(), Failure> {
    let mut cluster = Cluster::open(&args.cluster).await?;
    let name = match args.segment.split_once('/') {
        Some((namespace, name)) => {
            namespace.clone_into(&mut cluster.namespace);
            name
        }
        None => &args.segment,
    };
    let segment = cluster.segment(name).await?;
    let (namespace, store) = cluster.store(&segment).await?;
    let mut documents: Vec<Document> =
        cluster.segments().await?.into_iter().map(only_spec).map(Document::new).collect();
    documents.push(Document::new(serde_json::to_value(&store).map_err(|error| Failure::about("the store", &error))?));
    let compiled = compile(&documents);
    let found = compiled.accounts.get(&segment.spec.account).and_then(|rules| {
        let is_meant = |one: &&segment_rules::Definition| one.namespace == cluster.namespace && one.name == name;
        Some((rules, rules.definitions.iter().find(is_meant)?))
    });
    let Some((rules, definition)) = found else {
        for refusal in compiled.refused.iter().filter(|one| one.namespace == cluster.namespace && one.name == name) {
            eprintln!("refused: {refusal}");
        }
        return Err(Failure::Refused);
    };
    let (store, missing) = cluster.open_store(&namespace, &store).await?;
    let subject = Subject { definition, rules, profile: &args.profile };
    let options = Options { clock: Clock::System, limits: eval::LIMITS };
    let explained = explain::explain_in_part(&store, subject, options, &missing).await;
    let explanation = explained.map_err(|error| match error {
        ExplainError::Shard(error) => error.into(),
        ExplainError::NoProfile { .. } => Failure::Other(error.to_string()),
        ExplainError::Missing { .. } | ExplainError::Unknown { .. } => {
            Failure::Missing(format!("{error}; {}", missing_shards(&store, &missing)))
        }
    })?;
    crate::exit::written(print(args, definition, &explanation))
}

/// The object as its author wrote it.
fn only_spec(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    object
}
