//! Summaries of large units, built by loads: months of events, and cells of traits.
//!
//! A summary is marked as changing before a load adds facts to its unit, and as built when it has been made anew from
//! deduplicated facts afterwards; an evaluation uses what is marked as built only.

pub mod cells;
pub mod months;

/// Statements of one unit that are under way at the same time.
const AT_ONCE: usize = 2;
/// Begins the query ids.
const SCOPE: &str = "summarise";

/// What the marks of a load are numbered with: of one version, built comes after changing.
fn mark_version(version: u64, built: bool) -> u64 {
    version * 2 + u64::from(built)
}
