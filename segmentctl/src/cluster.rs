//! Segments of a Kubernetes cluster: the commands that find a store through the custom resources.
//!
//! They use the rights of whoever calls them: KUBECONFIG, and for members and explanations the Secret of the store.

pub(crate) mod explain;
mod find;
pub(crate) mod logs;
pub(crate) mod members;
pub(crate) mod spec;
pub(crate) mod status;
