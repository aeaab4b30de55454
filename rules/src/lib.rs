//! From Segments to rows: parse, normal form, canonical criteria, nodes, instants. Pure: no I/O, no clock.

pub mod canonical;
mod canonicalize;
mod compile;
mod data_error;
mod decimal;
mod distance;
mod duration;
mod expression;
mod flatten;
mod graph;
mod hash;
pub mod instants;
mod json;
mod normal;
mod pairs;
mod parse;
mod pattern;
mod postal;
mod refusal;
pub mod time;
mod value;
pub mod yaml;
mod zone;

pub use compile::{API_VERSION, AccountRules, Compiled, Definition, NamedCriterion, NamedLeaf, compile, compile_each};
pub use data_error::DataError;
pub use expression::Expression;
pub use flatten::{flatten, flatten_first};
pub use graph::{Child, Node, Op, Target, nobody};
pub use hash::{segment_id, sip_hash_64};
pub use pairs::{PropertyPair, property_pairs};
pub use refusal::Refusal;
pub use value::{Kind, Value};
pub use zone::Zone;
