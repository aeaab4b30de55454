//! The Job that makes and upgrades the schema of a store's shards.

use k8s_openapi::api::batch::v1::{Job, JobSpec};
use segment_sql::schema::VERSION;

use super::{Parent, hash_of, job::frame, pod, shards_file};
use crate::names::SCHEMA;

/// Ten minutes: it makes tables, and moves no data.
const DEADLINE_S: i64 = 600;
const TRIES: i32 = 5;

/// What the Job is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SchemaWork<'a> {
    /// How the databases know the store.
    pub(crate) identity: &'a str,
    /// Whether a database of another store is taken over.
    pub(crate) adopt: bool,
    /// Names of the shards that it works on.
    pub(crate) shards: &'a [String],
    /// What was found on the shards: another finding is another Job.
    pub(crate) found: &'a str,
}

/// The schema Job. Its name tells what it is to do with what was found, so that it is made once.
pub(crate) fn schema_job(parent: Parent<'_>, work: SchemaWork<'_>) -> Job {
    let SchemaWork { identity, adopt, shards, found } = work;
    let mut arguments: Vec<String> = ["schema", "apply", "--store", identity].map(str::to_owned).into();
    arguments.extend(pod::shards_arguments(parent));
    arguments.extend(adopt.then(|| "--adopt".to_owned()));
    if shards.len() < parent.store.shards.len() {
        arguments.extend(["--shards".to_owned(), shards.join(",")]);
    }
    let (called, list, version) = (arguments.join(" "), shards_file(&parent.store.shards), VERSION.to_string());
    let secret = parent.store.secret.as_deref().unwrap_or_default();
    let pods = parent.pods();
    let mut texts = vec![called.as_str(), &list, parent.image(), secret, &version, found, &pods];
    texts.extend(parent.store.authorities.pem());
    let hash = hash_of(&texts);
    Job {
        metadata: parent.job_metadata(SCHEMA, hash),
        spec: Some(JobSpec {
            backoff_limit: Some(TRIES),
            template: pod::pod_template(parent, SCHEMA, arguments),
            ..frame(DEADLINE_S, "FailJob")
        }),
        status: None,
    }
}
