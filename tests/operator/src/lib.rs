//! What the tests of the operator on a real cluster share. The cluster is that of KUBECONFIG, with the operator installed;
//! `make test-cluster` sees to both.
//!
//! Each test has a namespace and databases of its own, and waits for states with a deadline.

mod cluster;
mod namespace;
mod shards;
mod store;
mod wait;

pub use cluster::Cluster;
pub use namespace::{Namespace, in_namespace};
pub use shards::{PASSWORD, Shards, USER};
pub use store::{ACCOUNT, DEADLINE, Store, is_true, why};
pub use wait::until;
