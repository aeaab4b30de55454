//! From Segments to rows: parse, normal form, canonical criteria, nodes, instants. Pure: no I/O, no clock.

pub mod canonical;
