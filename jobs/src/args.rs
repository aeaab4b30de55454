//! The command line of the data plane.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use secrecy::SecretString;
use segment_jobs::{
    clock::Clock,
    evaluate::Limits,
    load::LARGE_UNIT_PROFILES,
    manual::Bounds,
    shards::{Authorities, Credentials, ShardAddress},
};
use uuid::Uuid;

/// Keeps the segments of a store: its schema, its data, its definitions and their evaluation.
///
/// Exit codes: 0 done; 1 something else; 2 wrong usage; 3 a Segment was refused (the others were published); 4 bad data;
/// 10 a shard could not be reached or failed, another try may help; 11 the store or the server will not do, another try
/// will not help; 12 stopped by a signal.
#[derive(Debug, Parser)]
#[command(version, about, long_about, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How to write logs.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Human, env = "SEGMENT_LOG")]
    pub(crate) log: LogFormat,
    #[command(subcommand)]
    pub(crate) mode: Mode,
}

const EXAMPLES: &str = "Examples:
  segment-jobs schema apply --store main --shard 0=http://127.0.0.1:8123/segments
  segment-jobs load --shard 0=http://127.0.0.1:8123/segments --profiles profiles.ndjson --events events.ndjson
  segment-jobs publish --shard 0=http://127.0.0.1:8123/segments segments/*.yaml
  segment-jobs manual --shard 0=http://127.0.0.1:8123/segments --run 7f7c…";

/// Form of logs on stderr.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mode {
    /// Make, upgrade or check the schema of every shard.
    Schema(SchemaArgs),
    /// Load profiles and events from NDJSON.
    Load(LoadArgs),
    /// Publish Segments and print the id of the run that is due.
    Publish(PublishArgs),
    /// Evaluate what a run names.
    Manual(ManualArgs),
}

/// Where the store is.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct StoreArgs {
    /// A shard as NAME=URL/DATABASE; once for each shard of the store.
    #[arg(long = "shard", value_name = "NAME=URL/DATABASE", value_parser = shard, required_unless_present = "shards_file")]
    pub(crate) shards: Vec<ShardAddress>,
    /// A JSON file with all shards: [{"name": "0", "url": "http://..", "database": ".."}].
    #[arg(long, value_name = "FILE", conflicts_with = "shards")]
    pub(crate) shards_file: Option<PathBuf>,
    /// User of the ClickHouse servers.
    #[arg(long, env = "CLICKHOUSE_USER")]
    pub(crate) user: Option<String>,
    /// Password of the ClickHouse servers; best given by the environment.
    #[arg(long, env = "CLICKHOUSE_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<SecretString>,
    /// A file with certificates (PEM) of authorities that may have signed those of the shards, beside Mozilla's list.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// `system`, or an instant (RFC 3339) at which the clock stands. A store is made for one of the two kinds.
    #[arg(long, default_value = "system", value_name = "system|RFC3339")]
    pub(crate) clock: Clock,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SchemaArgs {
    #[command(subcommand)]
    pub(crate) action: SchemaAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaAction {
    /// Apply the steps that are missing; makes the store where there is none.
    Apply {
        #[command(flatten)]
        store: StoreArgs,
        /// Name of the store; a database that belongs to another one is refused.
        #[arg(long = "store", default_value = "main", value_name = "NAME")]
        name: String,
        /// Number of lanes of a new store; fixed for ever, so at least the number of shards it may ever have.
        #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
        lanes: u16,
        /// Take over a database that belongs to another store.
        #[arg(long)]
        adopt: bool,
        /// Names of the shards to work on; all if absent. The others may be down, if one of these knows the lanes.
        #[arg(long = "shards", value_name = "NAME,..", value_delimiter = ',')]
        only: Vec<String>,
    },
    /// Check that every shard answers and has the schema of this build.
    Check {
        #[command(flatten)]
        store: StoreArgs,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct LoadArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// Profiles, one JSON object a line; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) profiles: Vec<PathBuf>,
    /// Events, one JSON object a line; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Vec<PathBuf>,
    /// A new account gets a bucket for each so many profiles.
    #[arg(long, default_value_t = 4_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) profiles_per_bucket: u64,
    /// Units (an account, or a bucket of it) of at least so many profiles get summaries: months of events, cells of traits.
    #[arg(long, default_value_t = LARGE_UNIT_PROFILES, value_name = "PROFILES")]
    pub(crate) summarise_from: u32,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PublishArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// Evaluate up-to-date Segments too, at the clock's instant.
    #[arg(long)]
    pub(crate) all: bool,
    /// YAML or JSON files with Segments (and their SegmentStore); `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ManualArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// The run, as `publish` printed it.
    #[arg(long)]
    pub(crate) run: Uuid,
    /// The instant (RFC 3339) to evaluate as of, so that all processes that work on a run take the same one. Default: the
    /// clock's. It never lies before the newest evaluation.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) at: Option<Clock>,
    /// Names of the shards to work on; all if absent.
    #[arg(long = "shards", value_name = "NAME,..", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Work on 32 of these shards, by name: those from 32 times this number on. The pods of an Indexed Job share the
    /// shards of a store in this way.
    #[arg(long, env = "JOB_COMPLETION_INDEX", value_name = "NUMBER")]
    pub(crate) index: Option<usize>,
    /// A slice holds at most so many profiles (a unit alone always fits).
    #[arg(long, default_value_t = Bounds::default().profiles)]
    pub(crate) slice_profiles: u64,
    /// Seconds that a statement may take.
    #[arg(long, default_value_t = Limits::default().seconds, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) statement_seconds: u64,
    /// Bytes of memory that a statement may take on the server.
    #[arg(long, default_value_t = Limits::default().memory_bytes)]
    pub(crate) statement_memory: u64,
}

impl StoreArgs {
    /// How to sign in, where these authorities are trusted.
    pub(crate) fn credentials(&self, authorities: Authorities) -> Credentials {
        Credentials { user: self.user.clone(), password: self.password.clone(), authorities }
    }
}

fn shard(text: &str) -> Result<ShardAddress, String> {
    let form = "write NAME=URL/DATABASE, such as 0=http://127.0.0.1:8123/segments";
    let (name, place) = text.split_once('=').ok_or(form)?;
    let (url, database) = place.rsplit_once('/').ok_or(form)?;
    if name.is_empty()
        || database.is_empty()
        || !(url.starts_with("http://") || url.starts_with("https://"))
        || url.len() < 9
    {
        return Err(form.to_owned());
    }
    Ok(ShardAddress { name: name.to_owned(), url: url.to_owned(), database: database.to_owned() })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_shard_is_name_url_and_database() {
        let address = shard("a=http://host:8123/segments").unwrap();
        assert_eq!(
            (address.name.as_str(), address.url.as_str(), address.database.as_str()),
            ("a", "http://host:8123", "segments")
        );
        for bad in ["a", "a=host/db", "a=http://host", "=http://host/db", "a=http://host/"] {
            assert!(shard(bad).is_err(), "{bad}");
        }
    }
}
