//! `segmentctl explain`: why a profile is a member of a Segment, or why it is none.
//!
//! It loads and publishes as `eval` does, and then asks for the truth of every criterion by the same statements.

use std::io::{self, IsTerminal, Write};

use segment_jobs::{
    causes::chain,
    clock::Clock,
    explain::{self, ExplainError, Explanation, Options, Subject},
    load, publish,
    schema::{self, NewStore},
    store::Store,
};
use segment_rules::{AccountRules, Definition};
use tokio_util::sync::CancellationToken;

use crate::{
    args::{ExplainArgs, ExplainFormat, InputArgs},
    eval,
    exit::{self, Failure},
    explanation,
    files::{self, Segments},
    inputs, scratch,
};

/// Explains and prints.
pub(crate) async fn explain(args: &ExplainArgs, inputs: InputArgs, stop: CancellationToken) -> Result<(), Failure> {
    inputs::check_stdin(&[&inputs.profiles, &inputs.events, &args.files])?;
    inputs::check_data(&inputs)?;
    let clock = inputs::clock(&inputs);
    let new = NewStore { name: scratch::NAME.to_owned(), lanes: 1, clock, adopt: false };
    let make = async |shard| schema::apply(vec![shard], &new).await;
    let (scratch, mut segments) = eval::prepare(&args.files, make).await?;
    unfold(&mut segments);
    let outcome = tokio::select! {
        outcome = explain_on(&scratch.store, (args, &inputs), &segments, clock, stop.clone()) => outcome,
        () = stop.cancelled() => Err(Failure::stopped()),
    };
    let closed = scratch.close().await;
    outcome.and(closed)
}

/// Criteria on which no match depends are evaluated too, because they are shown.
fn unfold(segments: &mut Segments) {
    for rules in segments.compiled.accounts.values_mut() {
        rules.criteria.append(&mut rules.folded);
    }
}

async fn explain_on(
    store: &Store,
    (args, inputs): (&ExplainArgs, &InputArgs),
    segments: &Segments,
    clock: Clock,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let (rules, definition) = find(args, segments)?;
    load::load(store, inputs::load_options(inputs, clock), stop).await.map_err(eval::load_failure)?;
    let published = publish::publish(store, &segments.compiled, publish::Options { clock, all: true }).await?;
    let refused = files::report_refused(segments, &published.refused);
    if published.refused.iter().any(|refused| refused.0.segment == definition.segment) {
        return Err(Failure::Refused);
    }
    let subject = Subject { definition, rules, profile: &args.profile };
    let options = Options { clock, limits: eval::LIMITS };
    let explanation = explain::explain(store, subject, options).await.map_err(|error| match error {
        ExplainError::Shard(error) => error.into(),
        other => Failure::Other(chain(&other)),
    })?;
    exit::written(print(args, definition, &explanation))?;
    if refused { Err(Failure::Refused) } else { Ok(()) }
}

/// The one Segment that is meant.
fn find<'a>(args: &ExplainArgs, segments: &'a Segments) -> Result<(&'a AccountRules, &'a Definition), Failure> {
    let (namespace, name) = match args.segment.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, args.segment.as_str()),
    };
    let is_meant = |definition: &Definition| {
        definition.name == name
            && namespace.is_none_or(|namespace| definition.namespace == namespace)
            && args.account.as_ref().is_none_or(|account| definition.account == *account)
    };
    let accounts = segments.compiled.accounts.values();
    let definitions = accounts.flat_map(|rules| rules.definitions.iter().map(move |definition| (rules, definition)));
    let found: Vec<_> = definitions.filter(|(_, definition)| is_meant(definition)).collect();
    match found.as_slice() {
        [only] => Ok(*only),
        [] if segments.has_refused(namespace, name) => Err(Failure::Refused),
        [] => Err(Failure::Other(format!("the FILEs have no Segment {}{}", args.segment, of_account(args)))),
        several => {
            let names: Vec<String> = several.iter().map(|(_, one)| shown(one)).collect();
            Err(Failure::Usage(format!("there are several Segments {name}: {}; write one of these", names.join(", "))))
        }
    }
}

fn of_account(args: &ExplainArgs) -> String {
    args.account.as_ref().map_or_else(String::new, |account| format!(" of the account {account}"))
}

fn shown(definition: &Definition) -> String {
    format!("{}/{} (account {})", definition.namespace, definition.name, definition.account)
}

pub(crate) fn print(args: &ExplainArgs, definition: &Definition, explanation: &Explanation) -> io::Result<()> {
    let is_terminal = io::stdout().is_terminal();
    let format = args.output.unwrap_or(if is_terminal { ExplainFormat::Table } else { ExplainFormat::Json });
    let shown = explanation::Shown { definition, profile: &args.profile, explanation };
    let text = match format {
        ExplainFormat::Table => shown.table(),
        ExplainFormat::Json => shown.json()?,
    };
    writeln!(io::stdout().lock(), "{text}")
}
