//! What the tests share: a plain second evaluator (`oracle`), random worlds (`cases`), hand-written cells (`cells`),
//! the cases of a peer (`conformance`), and the real program as a black box (`evaluator`).

pub mod cases;
pub mod cells;
pub mod conformance;
pub mod evaluator;
pub mod json;
pub mod oracle;
pub mod world;
