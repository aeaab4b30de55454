//! What the tests of the operator on a real cluster share. The cluster is that of KUBECONFIG, with the operator installed;
//! `make test-cluster` sees to both.
//!
//! Each test has a namespace and databases of its own, and waits for states with a deadline.

mod audit;
mod cluster;
mod git;
mod namespace;
mod operator;
mod people;
mod random;
mod shards;
mod store;
mod wait;
mod with_store;

pub use audit::{operators_requests, requests_of};
pub use cluster::{Cluster, restart_api_server};
pub use git::Repository;
pub use namespace::{Namespace, in_namespace};
pub use operator::{Operator, Process};
pub use people::{people, plan};
pub use random::Random;
pub use shards::{PASSWORD, Shards, USER};
pub use store::{ACCOUNT, DEADLINE, Store, is_true, program, why};
pub use wait::until;
pub use with_store::with_store;
