//! Batches of Segments by seed: criteria of all kinds out of a pool, joined by a random match, as real documents.

use anyhow::{Result, ensure};
use segment_rules::{Compiled, compile, yaml::Document};
use serde_json::{Value, json};

use crate::{
    args::BatchArgs,
    bench::account_key,
    criteria::{self, Criterion, Dice, KINDS},
};

/// A segment of a batch.
#[derive(Clone, Debug)]
pub(crate) struct BenchSegment {
    pub(crate) name: String,
    pub(crate) criteria: Vec<Criterion>,
    /// Criteria by index and whether they are negated; those of a group are joined by one operator.
    pub(crate) groups: Vec<Vec<(usize, bool)>>,
    /// Whether a group asks for all of its criteria (and any group is enough), or the other way round.
    pub(crate) all_in_group: bool,
}

/// `segment-bench segments`.
pub(crate) fn command(args: &BatchArgs) -> Result<()> {
    let segments = batch(args);
    for segment in &segments {
        println!("{}", segment.json(0));
    }
    let compiled = compiled(&segments, 0)?;
    let criteria: usize = compiled.accounts.values().map(|rules| rules.criteria.len()).sum();
    eprintln!("{} segments, {criteria} distinct criteria", segments.len());
    Ok(())
}

/// The segments of a batch.
pub(crate) fn batch(args: &BatchArgs) -> Vec<BenchSegment> {
    let mut dice = Dice::new(args.seed);
    let pools = criteria::pools(&mut dice, args.pool);
    (0..args.segments).map(|number| segment(&mut dice, &pools, number, args.criteria)).collect()
}

fn segment(dice: &mut Dice, pools: &[Vec<Criterion>], number: usize, size: usize) -> BenchSegment {
    let mut chosen: Vec<Criterion> = Vec::new();
    let of_twenty = KINDS.iter().enumerate().flat_map(|(kind, (many, _))| std::iter::repeat_n(kind, *many));
    let mut kinds: Vec<usize> = of_twenty.collect();
    for at in (1..kinds.len()).rev() {
        kinds.swap(at, dice.below(at + 1));
    }
    for kind in kinds.iter().cycle().take(size) {
        let mut criterion = dice.pick(&pools[*kind]);
        for _ in 0..100 {
            if !chosen.contains(&criterion) {
                break;
            }
            criterion = dice.pick(&pools[*kind]);
        }
        chosen.push(criterion);
    }
    let mut groups = Vec::new();
    let mut rest = (0..chosen.len()).peekable();
    while rest.peek().is_some() {
        let length = 2 + dice.below(3);
        groups.push(rest.by_ref().take(length).map(|index| (index, dice.below(7) == 0)).collect());
    }
    BenchSegment { name: format!("segment-{number}"), criteria: chosen, groups, all_in_group: dice.below(3) > 0 }
}

impl BenchSegment {
    /// The Segment of an account as users write it.
    pub(crate) fn json(&self, account: u64) -> Value {
        let criteria: Vec<Value> =
            self.criteria.iter().enumerate().map(|(index, criterion)| criterion.json(&format!("c{index}"))).collect();
        document(&self.name, account, &criteria, &self.expression())
    }

    fn expression(&self) -> String {
        let (inner, outer) = if self.all_in_group { (" && ", " || ") } else { (" || ", " && ") };
        let group = |group: &Vec<(usize, bool)>| {
            let names: Vec<String> =
                group.iter().map(|(index, negated)| format!("{}c{index}", if *negated { "!" } else { "" })).collect();
            format!("({})", names.join(inner))
        };
        self.groups.iter().map(group).collect::<Vec<_>>().join(outer)
    }
}

/// A Segment of a name, criteria and a match.
pub(crate) fn document(name: &str, account: u64, criteria: &[Value], expression: &str) -> Value {
    json!({
        "apiVersion": "segmentation.dev/v1alpha1",
        "kind": "Segment",
        "metadata": {"name": format!("{name}-{account}"), "namespace": "bench"},
        "spec": {
            "storeRef": {"name": "bench"},
            "account": account_key(account),
            "timeZone": "UTC",
            "criteria": criteria,
            "match": expression,
        },
    })
}

/// Segments of an account, compiled; none may be refused.
pub(crate) fn compiled(segments: &[BenchSegment], account: u64) -> Result<Compiled> {
    accepted(&segments.iter().map(|segment| segment.json(account)).collect::<Vec<_>>())
}

/// Documents, compiled; none may be refused.
pub(crate) fn accepted(documents: &[Value]) -> Result<Compiled> {
    let documents: Vec<Document> = documents.iter().cloned().map(Document::new).collect();
    let compiled = compile(&documents);
    ensure!(compiled.refused.is_empty(), "a segment of the benchmark is refused: {:?}", compiled.refused);
    Ok(compiled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_made_of_about_as_many_criteria_as_asked_for() {
        let args = BatchArgs { segments: 100, criteria: 20, pool: 400, seed: 1 };
        let compiled = compiled(&batch(&args), 0).unwrap();
        let rules = &compiled.accounts["bench-0"];
        assert_eq!(rules.definitions.len(), 100);
        assert!((350..=400).contains(&rules.criteria.len()), "{}", rules.criteria.len());
    }

    #[test]
    fn a_seed_makes_the_same_batch_again() {
        let args = BatchArgs { segments: 3, criteria: 20, pool: 100, seed: 7 };
        let text = || batch(&args).iter().map(|segment| segment.json(0).to_string()).collect::<Vec<_>>();
        assert_eq!(text(), text());
    }
}
