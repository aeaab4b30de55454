//! What the tests share: a plain second evaluator (`oracle`), random worlds (`cases`), hand-written cells (`cells`),
//! the cases of a peer (`conformance`), and the real programs as black boxes: `segmentctl`
//! (`evaluator`), and a store on servers (`store`). What once differed is kept (`regressions`).

pub mod cases;
pub mod cells;
pub mod conformance;
pub mod evaluator;
pub mod json;
pub mod oracle;
pub mod regressions;
pub mod server;
pub mod store;
pub mod world;
