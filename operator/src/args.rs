//! The command line of the operator.

use std::net::SocketAddr;

use clap::{Parser, ValueEnum};

/// Watches SegmentStores and Segments of a Kubernetes cluster and has them evaluated by Jobs.
#[derive(Clone, Debug, Parser)]
#[command(name = "segment-operator", version, about)]
pub struct Args {
    /// Image of the program segment-jobs, for stores that name none.
    #[arg(long, env = "SEGMENT_JOBS_IMAGE")]
    pub jobs_image: String,
    /// Watch this namespace alone; all if absent.
    #[arg(long, env = "WATCH_NAMESPACE")]
    pub watch_namespace: Option<String>,
    /// Name of this cluster in the databases of its stores. Default: the uid of the namespace kube-system.
    #[arg(long, env = "CLUSTER_ID", value_parser = cluster_id)]
    pub cluster_id: Option<String>,
    /// Namespace of the Lease, that of the operator.
    #[arg(long, env = "POD_NAMESPACE", default_value = "default")]
    pub namespace: String,
    /// Name of the Lease by which one replica of several is chosen.
    #[arg(long, env = "LEASE_NAME", default_value = "segment-operator")]
    pub lease: String,
    /// Name of this replica.
    #[arg(long, env = "POD_NAME", default_value = "segment-operator")]
    pub pod: String,
    /// The uid of its pod, for events about it.
    #[arg(long, env = "POD_UID")]
    pub pod_uid: Option<String>,
    /// Service account of the operator, for the commands that conditions print.
    #[arg(long, env = "SERVICE_ACCOUNT", default_value = "segment-operator")]
    pub service_account: String,
    /// Address of /metrics, /livez and /readyz.
    #[arg(long, env = "HTTP_ADDRESS", default_value = "0.0.0.0:8080")]
    pub http_address: SocketAddr,
    /// How to write logs.
    #[arg(long, value_enum, default_value_t = LogFormat::Json, env = "SEGMENT_LOG")]
    pub log: LogFormat,
}

/// What the manifests have in place of a name that nobody but the user can know.
const PLACEHOLDER: &str = "SET-ME";

/// Two clusters of one name would take each other's databases for their own.
fn cluster_id(text: &str) -> Result<String, String> {
    if text.is_empty() || text == PLACEHOLDER {
        let uid = "kubectl get namespace kube-system --output jsonpath={.metadata.uid}";
        return Err(format!("a name that no other cluster has is needed, such as what this prints: {uid}"));
    }
    Ok(text.to_owned())
}

/// Form of logs on stderr.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Human,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_placeholder_of_the_manifests_is_no_name_of_a_cluster() {
        let manifest = include_str!("../../manifests/components/one-namespace/deployment.yaml");
        assert!(manifest.contains(&format!("{{name: CLUSTER_ID, value: {PLACEHOLDER}}}")), "{manifest}");
        let parsed = |id| Args::try_parse_from(["segment-operator", "--jobs-image", "jobs:1", "--cluster-id", id]);
        for id in [PLACEHOLDER, ""] {
            assert!(parsed(id).unwrap_err().to_string().contains("kubectl get namespace kube-system"));
        }
        assert_eq!(parsed("u").unwrap().cluster_id.as_deref(), Some("u"));
    }
}
