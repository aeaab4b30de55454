//! The real program, as users call it: outputs and exit codes, one by one.

mod cluster;
mod eval;
mod explain;
mod files;
mod server;
mod support;
mod usage;
mod validate;
