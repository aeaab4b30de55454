//! The data plane: schema, load, publish and the evaluators.
//!
//! Imports run down: the modes (`load`, `publish`, `manual`, `schema`) use `commit` and `evaluate`, which use `shards`,
//! which knows nothing above it. Truth about what was evaluated is on the shards; nothing is kept elsewhere.

pub mod causes;
pub mod clock;
pub mod commit;
pub mod ephemeral;
pub mod evaluate;
pub mod explain;
pub mod fence;
pub mod load;
pub mod manual;
mod pairs;
pub mod publish;
pub mod schema;
pub mod shards;
pub mod staging;
pub mod store;
pub mod summarise;
