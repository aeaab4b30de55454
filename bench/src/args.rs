//! The command line. Sizes and the seed are arguments; the same arguments give the same data and segments.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use segment_jobs::evaluate::Limits;

use crate::eval::EvalArgs;

/// Measures the data plane on a ClickHouse server of its own, and prints ratios with both their sides.
///
/// Data are generated once and kept; a figure generates what it lacks. Build with --release for real figures.
#[derive(Debug, Parser)]
#[command(version, about, long_about)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) figure: Figure,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Figure {
    /// Generate a data set, or say what there is already.
    Generate(DataArgs),
    /// Print the Segments of a batch as JSON, one a line.
    Segments(BatchArgs),
    /// Each segment of a batch in a run of its own.
    Alone {
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        batch: BatchArgs,
        /// How often.
        #[arg(long, default_value_t = 2)]
        passes: usize,
    },
    /// All segments of a batch in one run.
    Together {
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        batch: BatchArgs,
        /// How often.
        #[arg(long, default_value_t = 2)]
        passes: usize,
    },
    /// One run of all segments against queries generated for each segment in the forms of two peers.
    Peers {
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        batch: BatchArgs,
        /// Segments that the peers' forms evaluate; their sums are scaled to the whole batch.
        #[arg(long, default_value_t = 10)]
        sample: usize,
    },
    /// Many small accounts in one run; meant for --accounts 1000 --profiles 10000 --segments 10.
    Accounts {
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        batch: BatchArgs,
        /// How often.
        #[arg(long, default_value_t = 2)]
        passes: usize,
    },
    /// One run over growing numbers of profiles and segments.
    Curve {
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        batch: BatchArgs,
        /// Profiles of the data sets; --profiles has no meaning here.
        #[arg(long, value_delimiter = ',', default_values_t = [1_000_000, 10_000_000, 60_000_000])]
        sizes: Vec<u64>,
        /// Sizes of the batches; --segments has no meaning here.
        #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 100, 1000])]
        batches: Vec<usize>,
        /// How often; the fastest counts.
        #[arg(long, default_value_t = 2)]
        passes: usize,
    },
    /// Load events from NDJSON, against the server's own insert of the same lines into one plain table.
    ///
    /// --accounts, --orders and --anew have no meaning here.
    Load(DataArgs),
    /// `segmentctl eval` on a file of orders, against DuckDB and against a call without data.
    Eval(EvalArgs),
    /// Each kind of criterion against the bare scan of what it has to read.
    Kinds {
        #[command(flatten)]
        data: DataArgs,
        /// How often; the fastest counts.
        #[arg(long, default_value_t = 3)]
        passes: usize,
        /// Only the kinds whose names have this part.
        #[arg(long, default_value = "")]
        only: String,
    },
}

/// Which data.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct DataArgs {
    /// Where data sets are kept, each in a directory of its own.
    #[arg(long, default_value = "target/bench")]
    pub(crate) directory: PathBuf,
    /// Profiles of an account.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) profiles: u64,
    /// Accounts; more than one have one bucket each.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) accounts: u64,
    /// Events a profile.
    #[arg(long, default_value_t = 4)]
    pub(crate) events: u64,
    /// Makes the data.
    #[arg(long, default_value_t = 1)]
    pub(crate) data_seed: u64,
    /// Which orders of facts to write.
    #[arg(long, value_enum, default_value_t = Orders::Key)]
    pub(crate) orders: Orders,
    /// Forget the data set if there is one, and generate it anew.
    #[arg(long)]
    pub(crate) anew: bool,
    /// Memory that the server may take, in bytes; default 0.9 of the machine's.
    #[arg(long)]
    pub(crate) server_memory: Option<u64>,
    /// Memory that a statement of an evaluation may take, in bytes.
    #[arg(long, default_value_t = Limits::default().memory_bytes)]
    pub(crate) statement_memory: u64,
    /// How many criterion kinds of a slice are evaluated at the same time.
    #[arg(long, default_value_t = Limits::default().statements_at_once)]
    pub(crate) statements_at_once: usize,
    /// How many slices of a run are evaluated at the same time.
    #[arg(long, default_value_t = 1)]
    pub(crate) slices_at_once: usize,
}

/// Orders of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Orders {
    /// By key only: what the evaluation of many profiles reads.
    Key,
    /// By key, by profile and by minute, through the views of the schema.
    All,
}

/// Which segments.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct BatchArgs {
    /// Segments of the batch (of each account).
    #[arg(long, default_value_t = 100)]
    pub(crate) segments: usize,
    /// Criteria of a segment.
    #[arg(long, default_value_t = 20, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=64))]
    pub(crate) criteria: usize,
    /// Distinct criteria that segments choose from.
    #[arg(long, default_value_t = 400)]
    pub(crate) pool: usize,
    /// Makes the segments.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Args::command().debug_assert();
    }
}
