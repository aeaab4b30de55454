//! From Segments to rows: parse, normal form, canonical criteria, nodes, instants. Pure: no I/O, no clock.

pub mod canonical;
mod decimal;
mod flatten;
pub mod instants;
mod json;
pub mod time;
mod value;
mod zone;

pub use flatten::flatten;
pub use value::{DataError, Kind, Value};
pub use zone::Zone;
