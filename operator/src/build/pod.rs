//! The pod in which segment-jobs runs: no rights in the cluster, none on the node, and credentials by the Secret's name.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{
        Capabilities, ConfigMapVolumeSource, Container, EnvVar, EnvVarSource, PodSecurityContext, PodSpec,
        PodTemplateSpec, ResourceRequirements, SeccompProfile, SecretKeySelector, SecurityContext, Toleration, Volume,
        VolumeMount,
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta},
};
use kube::ResourceExt;
use segment_crds::{PodResources, TolerationOperator};

use super::{
    Parent,
    shards::{AUTHORITIES, FILE},
    shards_config_map,
};

/// Where the list of shards is mounted.
const FOLDER: &str = "/etc/segmentation";
/// Name of the container.
pub(super) const CONTAINER: &str = "segment-jobs";
/// The user that distroless images call nonroot.
const USER: i64 = 65532;

/// The template of a pod that runs segment-jobs with these arguments.
pub(super) fn pod_template(parent: Parent<'_>, component: &str, arguments: Vec<String>) -> PodTemplateSpec {
    let pods = &parent.store.pods;
    let tolerations: Vec<Toleration> = pods.tolerations.iter().map(toleration).collect();
    let config_map = shards_config_map(parent);
    let volume = Volume {
        name: "shards".to_owned(),
        config_map: Some(ConfigMapVolumeSource { name: config_map.name_any(), ..ConfigMapVolumeSource::default() }),
        ..Volume::default()
    };
    PodTemplateSpec {
        metadata: Some(ObjectMeta { labels: Some(parent.labels(component)), ..ObjectMeta::default() }),
        spec: Some(PodSpec {
            containers: vec![container(parent, arguments)],
            volumes: Some(vec![volume]),
            restart_policy: Some("Never".to_owned()),
            automount_service_account_token: Some(false),
            enable_service_links: Some(false),
            // segment-jobs ends its statements when it is told to stop.
            termination_grace_period_seconds: Some(30),
            node_selector: (!pods.node_selector.is_empty()).then(|| pods.node_selector.clone()),
            tolerations: (!tolerations.is_empty()).then_some(tolerations),
            priority_class_name: pods.priority_class_name.clone(),
            security_context: Some(PodSecurityContext {
                run_as_non_root: Some(true),
                run_as_user: Some(USER),
                run_as_group: Some(USER),
                seccomp_profile: Some(SeccompProfile {
                    type_: "RuntimeDefault".to_owned(),
                    ..SeccompProfile::default()
                }),
                ..PodSecurityContext::default()
            }),
            ..PodSpec::default()
        }),
    }
}

/// The arguments that say where the list of shards is, and whom to trust.
pub(super) fn shards_arguments(parent: Parent<'_>) -> Vec<String> {
    let mut arguments = vec!["--shards-file".to_owned(), format!("{FOLDER}/{FILE}")];
    if parent.store.authorities.pem().is_some() {
        arguments.extend(["--ca".to_owned(), format!("{FOLDER}/{AUTHORITIES}")]);
    }
    arguments
}

fn container(parent: Parent<'_>, arguments: Vec<String>) -> Container {
    Container {
        name: CONTAINER.to_owned(),
        image: Some(parent.image().to_owned()),
        args: Some(arguments),
        env: Some(environment(parent)),
        resources: Some(resources(parent.store.pods.resources.as_ref())),
        // The last lines say why a pod failed; the operator and kubectl show them.
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        volume_mounts: Some(vec![VolumeMount {
            name: "shards".to_owned(),
            mount_path: FOLDER.to_owned(),
            read_only: Some(true),
            ..VolumeMount::default()
        }]),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
            ..SecurityContext::default()
        }),
        ..Container::default()
    }
}

fn environment(parent: Parent<'_>) -> Vec<EnvVar> {
    let plain =
        |name: &str, value: &str| EnvVar { name: name.to_owned(), value: Some(value.to_owned()), ..EnvVar::default() };
    let mut environment = vec![plain("SEGMENT_LOG", "json")];
    if let Some(secret) = &parent.store.secret {
        let of_secret = |name: &str, key: &str| EnvVar {
            name: name.to_owned(),
            value: None,
            value_from: Some(EnvVarSource {
                secret_key_ref: Some(SecretKeySelector {
                    name: secret.clone(),
                    key: key.to_owned(),
                    ..SecretKeySelector::default()
                }),
                ..EnvVarSource::default()
            }),
        };
        environment.push(of_secret("CLICKHOUSE_USER", "username"));
        environment.push(of_secret("CLICKHOUSE_PASSWORD", "password"));
    }
    environment
}

/// The evaluation happens in ClickHouse; the pod sends statements and holds the rules of a run.
fn resources(stated: Option<&PodResources>) -> ResourceRequirements {
    let quantities = |map: &BTreeMap<String, String>| {
        let of = |(name, value): (&String, &String)| (name.clone(), Quantity(value.clone()));
        map.iter().map(of).collect::<BTreeMap<_, _>>()
    };
    let few = |pairs: &[(&str, &str)]| {
        let of = |(name, value): &(&str, &str)| ((*name).to_owned(), Quantity((*value).to_owned()));
        pairs.iter().map(of).collect::<BTreeMap<_, _>>()
    };
    let (requests, limits) = match stated {
        Some(stated) => (quantities(&stated.requests), quantities(&stated.limits)),
        None => (few(&[("cpu", "50m"), ("memory", "64Mi")]), few(&[("memory", "1Gi")])),
    };
    ResourceRequirements { requests: Some(requests), limits: Some(limits), claims: None }
}

fn toleration(toleration: &segment_crds::Toleration) -> Toleration {
    let operator = toleration.operator.map(|operator| match operator {
        TolerationOperator::Equal => "Equal".to_owned(),
        TolerationOperator::Exists => "Exists".to_owned(),
    });
    Toleration {
        key: toleration.key.clone(),
        operator,
        value: toleration.value.clone(),
        effect: toleration.effect.clone(),
        toleration_seconds: None,
    }
}
