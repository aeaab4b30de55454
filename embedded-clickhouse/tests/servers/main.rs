//! Real servers, started and ended in every way that a test, a demo or an accident may end them. Needs the library (or
//! `clickhouse` on PATH); the first run fetches it.

mod binary;
mod life;
mod options;
mod support;
