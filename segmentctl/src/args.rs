//! The command line as clap reads it.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Evaluate, explain and validate customer segments on this machine, and look after those of a cluster.
///
/// The commands of the second kind find a cluster as kubectl does. As `kubectl-segment` on PATH they are `kubectl segment`.
///
/// Exit codes: 0 done; 1 something else (a missing file, a server that does not start); 2 wrong usage; 3 a Segment was
/// refused (the others were evaluated); 4 bad data or a FILE that is no YAML (nothing was printed); 5 shards of the store do
/// not answer or will not do, and what they hold is missing in the answer (standard error names them).
#[derive(Debug, Parser)]
#[command(name = "segmentctl", version, about, long_about, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "Examples:
  segmentctl eval --profiles profiles.ndjson --events events.ndjson segments/*.yaml
  segmentctl explain lapsing-vips p1 --profiles profiles.ndjson --events events.ndjson segments/*.yaml
  segmentctl validate segments/*.yaml
  segmentctl status -n marketing
  segmentctl completion bash > /etc/bash_completion.d/segmentctl";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the members of Segments, computed from files of profiles and events.
    Eval(EvalArgs),
    /// Show why a profile is a member of a Segment, or why it is none.
    Explain(ExplainArgs),
    /// Say what would be refused in FILEs; needs no data and no server.
    Validate(ValidateArgs),
    /// Show how the Segments of a cluster are.
    Status(StatusArgs),
    /// Print the members of a Segment of a cluster, by id.
    Members(MembersArgs),
    /// Have Segments of a cluster evaluated now.
    Run(RunArgs),
    /// Suspend Segments of a cluster: their members stay as they are.
    #[command(after_help = SUSPEND_EXAMPLES)]
    Suspend(SuspendArgs),
    /// Resume Segments that were suspended.
    #[command(after_help = RESUME_EXAMPLES)]
    Resume(SuspendArgs),
    /// Print the logs of the pods that evaluated a Segment of a cluster last.
    Logs(LogsArgs),
    /// Print the completions of a shell.
    Completion(CompletionArgs),
}

/// Which cluster, and where in it.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct ClusterArgs {
    /// Namespace of the Segments; that of the current context if absent.
    #[arg(short, long)]
    pub(crate) namespace: Option<String>,
    /// Context of KUBECONFIG; the current one if absent.
    #[arg(long)]
    pub(crate) context: Option<String>,
}

const STATUS_EXAMPLES: &str = "Examples:
  segmentctl status -n marketing
  segmentctl status lapsing-vips -n marketing
  segmentctl status --all-namespaces";

#[derive(Debug, ClapArgs)]
#[command(after_help = STATUS_EXAMPLES)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// Segments of all namespaces.
    #[arg(short = 'A', long, conflicts_with = "segment")]
    pub(crate) all_namespaces: bool,
    /// Show this Segment with its conditions.
    pub(crate) segment: Option<String>,
}

const MEMBERS_EXAMPLES: &str =
    "It asks the store's shards, so their addresses have to be reachable from here; the store's Secret is
read with the rights of the caller. Where shards that hold some of the account do not answer, the members
on the others are printed, and the exit code is 5.

Examples:
  segmentctl members lapsing-vips -n marketing
  segmentctl members lapsing-vips -n marketing --after p1000 --limit 5000   # the next page";

#[derive(Debug, ClapArgs)]
#[command(after_help = MEMBERS_EXAMPLES)]
pub(crate) struct MembersArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// The Segment.
    pub(crate) segment: String,
    /// At most so many.
    #[arg(long, default_value_t = 1000)]
    pub(crate) limit: u64,
    /// Only those whose ids come after this one.
    #[arg(long, value_name = "PROFILE", default_value = "")]
    pub(crate) after: String,
}

const RUN_EXAMPLES: &str = "Examples:
  segmentctl run lapsing-vips -n marketing --wait";

#[derive(Debug, ClapArgs)]
#[command(after_help = RUN_EXAMPLES)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// Wait until they were evaluated.
    #[arg(long)]
    pub(crate) wait: bool,
    /// How long to wait for each Segment, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, requires = "wait")]
    pub(crate) timeout: u64,
    /// The Segments.
    #[arg(required = true, value_name = "SEGMENT")]
    pub(crate) segments: Vec<String>,
}

const SUSPEND_EXAMPLES: &str = "Examples:
  segmentctl suspend lapsing-vips near-boston -n marketing";

const RESUME_EXAMPLES: &str = "Examples:
  segmentctl resume lapsing-vips near-boston -n marketing";

#[derive(Debug, ClapArgs)]
pub(crate) struct SuspendArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// The Segments.
    #[arg(required = true, value_name = "SEGMENT")]
    pub(crate) segments: Vec<String>,
}

const LOGS_EXAMPLES: &str = "Examples:
  segmentctl logs lapsing-vips -n marketing";

#[derive(Debug, ClapArgs)]
#[command(after_help = LOGS_EXAMPLES)]
pub(crate) struct LogsArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// The Segment.
    pub(crate) segment: String,
}

/// What is evaluated, and when.
#[derive(Debug, ClapArgs)]
pub(crate) struct InputArgs {
    /// Profiles, one JSON object a line; `-` is standard input. Of two lines for a profile the later one counts.
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) profiles: Vec<PathBuf>,
    /// Events, one JSON object a line; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Vec<PathBuf>,
    /// The instant of the evaluation, RFC 3339 with an offset or Z; the present if absent.
    #[arg(long, value_name = "TIME", value_parser = as_of_ms)]
    pub(crate) as_of: Option<i64>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = EVAL_EXAMPLES)]
pub(crate) struct EvalArgs {
    #[command(flatten)]
    pub(crate) inputs: InputArgs,
    /// How to print; table on a terminal, else ndjson.
    #[arg(short, long, value_enum)]
    pub(crate) output: Option<Format>,
    /// YAML or JSON files with Segments and their SegmentStores, read as kubectl reads them; a directory stands for those
    /// in it, `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

const EVAL_EXAMPLES: &str =
    "Prints one line a member, sorted by segment, then profile. CLICKHOUSE_URL names a server to use;
without it one is started and ended with this call.

Examples:
  segmentctl eval --profiles profiles.ndjson --events events.ndjson segments.yaml
  segmentctl eval --profiles profiles.ndjson --as-of 1998-06-30T00:00:00Z -o json segments/*.yaml
  kubectl get segments -A -o yaml | segmentctl eval --profiles profiles.ndjson -";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// The Segment: its name, or namespace/name.
    pub(crate) segment: String,
    /// The id of the profile.
    pub(crate) profile: String,
    #[command(flatten)]
    pub(crate) data: ExplainData,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// The account, where Segments of that name are of several.
    #[arg(long, requires = "profiles")]
    pub(crate) account: Option<String>,
    /// How to print; table on a terminal, else as one JSON object.
    #[arg(short, long, value_enum)]
    pub(crate) output: Option<ExplainFormat>,
    /// YAML or JSON files with the Segment and those that it refers to, as for eval. Without FILEs and profiles the Segment
    /// of a cluster is explained, on the data of its store.
    #[arg(value_name = "FILE", requires = "profiles")]
    pub(crate) files: Vec<PathBuf>,
}

/// Data to explain by; as for eval.
#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainData {
    /// Profiles, one JSON object a line; `-` is standard input.
    #[arg(long, value_name = "FILE", requires = "files", conflicts_with_all = ["namespace", "context"])]
    pub(crate) profiles: Vec<PathBuf>,
    /// Events, one JSON object a line; `-` is standard input.
    #[arg(long, value_name = "FILE", requires = "profiles")]
    pub(crate) events: Vec<PathBuf>,
    /// The instant of the evaluation, RFC 3339 with an offset or Z; the present if absent.
    #[arg(long, value_name = "TIME", value_parser = as_of_ms, requires = "profiles")]
    pub(crate) as_of: Option<i64>,
}

impl ExplainData {
    /// The inputs of the call, if there are any.
    pub(crate) fn inputs(&self) -> Option<InputArgs> {
        let Self { profiles, events, as_of } = self;
        (!profiles.is_empty()).then(|| InputArgs { profiles: profiles.clone(), events: events.clone(), as_of: *as_of })
    }
}

const EXPLAIN_EXAMPLES: &str = "Every criterion is evaluated by the same statements as in eval.

Examples:
  segmentctl explain lapsing-vips p1 --profiles profiles.ndjson --events events.ndjson segments.yaml
  segmentctl explain marketing/lapsing-vips p1 --profiles profiles.ndjson -o json segments/*.yaml
  segmentctl explain lapsing-vips p1 -n marketing          # of a cluster, on its store's data";

#[derive(Debug, ClapArgs)]
#[command(after_help = VALIDATE_EXAMPLES)]
pub(crate) struct ValidateArgs {
    /// YAML or JSON files with Segments and their SegmentStores, as for eval.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

const VALIDATE_EXAMPLES: &str =
    "Prints a line for each reason, as FILE: namespace/name: path: reason; how to mend it. One thing is left to a
server: whether a pattern is too large for it. `eval` and the operator refuse such a Segment.

Examples:
  segmentctl validate segments/*.yaml
  kustomize build . | segmentctl validate -";

#[derive(Debug, ClapArgs)]
#[command(after_help = COMPLETION_EXAMPLES)]
pub(crate) struct CompletionArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

const COMPLETION_EXAMPLES: &str = "Examples:
  segmentctl completion bash > /etc/bash_completion.d/segmentctl
  segmentctl completion zsh > \"${fpath[1]}/_segmentctl\"
  segmentctl completion fish > ~/.config/fish/completions/segmentctl.fish";

/// How members are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns, for people.
    Table,
    /// One JSON object a line.
    Ndjson,
    /// One JSON list.
    Json,
}

/// How an explanation is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainFormat {
    /// Aligned columns, for people.
    Table,
    /// One JSON object.
    Json,
}

fn as_of_ms(text: &str) -> Result<i64, String> {
    segment_rules::time::as_of_ms(text).map_err(|error| error.to_string())
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
    fn an_instant_needs_an_offset() {
        assert_eq!(as_of_ms("1998-06-30T02:00:00.1239+02:00"), Ok(899_164_800_123));
        assert!(as_of_ms("1998-06-30T00:00:00").is_err());
        assert!(as_of_ms("1998-06-30").is_err());
    }
}
