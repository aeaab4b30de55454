//! Whether each shard answers, and what it runs. Pure.

use std::collections::BTreeMap;

use segment_crds::ShardVersions;
use segment_jobs::store::Versions;

use super::{seen::Seen, trouble::TroubleKind};
use crate::{
    conditions::{Facet, Truth, cut, shortened},
    names::{condition::SHARDS_REACHABLE, reason},
};

/// The longest version of a server that is told.
const VERSION_MAX: usize = 64;

/// The longest message of the condition. The status has room for two states beside it.
const MESSAGE_MAX: usize = 400;

/// What each shard runs. Nothing if they were not asked.
pub(super) fn listed(names: &[String], seen: &Seen) -> Vec<ShardVersions> {
    let shard = |(index, (name, versions)): (usize, (&String, &Versions))| ShardVersions {
        name: name.clone(),
        answers: answers(seen, index),
        clickhouse: versions.server.as_deref().map(|version| cut(version, VERSION_MAX).to_owned()),
        schema: versions.schema.map(i64::from),
    };
    names.iter().zip(&seen.versions).enumerate().map(shard).collect()
}

/// So many of them in their order, of more those whose like are the fewest.
pub(super) fn rarest(listed: &[ShardVersions], most: usize) -> Vec<ShardVersions> {
    let mut alike: BTreeMap<String, usize> = BTreeMap::new();
    for shard in listed {
        *alike.entry(runs(shard)).or_default() += 1;
    }
    let mut rarest: Vec<(usize, &ShardVersions)> = listed.iter().enumerate().collect();
    rarest.sort_by_key(|(_, shard)| alike[&runs(shard)]);
    rarest.truncate(most);
    rarest.sort_by_key(|(place, _)| *place);
    rarest.into_iter().map(|(_, shard)| shard.clone()).collect()
}

fn answers(seen: &Seen, index: usize) -> bool {
    let silent = [TroubleKind::Unreachable, TroubleKind::Tls];
    seen.troubles.get(&index).is_none_or(|trouble| !silent.contains(&trouble.kind))
}

/// The condition that says the same in words, shards that run the same together.
pub(super) fn reachable(listed: &[ShardVersions]) -> Facet {
    if listed.is_empty() {
        return Facet::new(SHARDS_REACHABLE, Truth::Unknown, reason::NOT_ASKED, "");
    }
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for shard in listed {
        alike.entry(runs(shard)).or_default().push(&shard.name);
    }
    // The longest message is cut at its end: what few shards run comes first, and is what people look for.
    let mut alike: Vec<(String, Vec<&str>)> = alike.into_iter().collect();
    alike.sort_by_key(|(_, names)| names.len());
    let told = alike.iter().map(|(what, names)| match names.len() {
        1 => format!("shard {} {what}", names[0]),
        count => format!("{count} shards {what}: {}", names.join(", ")),
    });
    let message = shortened(&told.collect::<Vec<_>>().join("; "), MESSAGE_MAX);
    let all = listed.iter().all(|shard| shard.answers);
    Facet::new(SHARDS_REACHABLE, all, if all { reason::ALL_ANSWER } else { TroubleKind::Unreachable.reason() }, message)
}

fn runs(shard: &ShardVersions) -> String {
    match shard {
        ShardVersions { answers: false, .. } => "without an answer".to_owned(),
        ShardVersions { clickhouse: None, .. } => "of a version that is not told".to_owned(),
        ShardVersions { clickhouse: Some(version), schema: None, .. } => {
            format!("with ClickHouse {version}, no schema")
        }
        ShardVersions { clickhouse: Some(version), schema: Some(schema), .. } => {
            format!("with ClickHouse {version}, schema {schema}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::trouble::Trouble;

    fn versions(server: &str, schema: Option<u32>) -> Versions {
        Versions { server: Some(server.to_owned()), schema }
    }

    fn seen(versions: Vec<Versions>, troubles: &[(usize, TroubleKind)]) -> Seen {
        let trouble = |(index, kind): &(usize, TroubleKind)| (*index, Trouble { kind: *kind, message: String::new() });
        Seen { versions, troubles: troubles.iter().map(trouble).collect(), ..Seen::default() }
    }

    fn told(names: &str, seen: &Seen) -> (String, String) {
        let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
        let facet = reachable(&listed(&names, seen));
        (format!("{:?} {}", facet.status, facet.reason), facet.message)
    }

    #[test]
    fn shards_that_run_the_same_are_told_of_together_and_the_rarer_first() {
        let same = versions("26.3.1.1", Some(60));
        let seen = seen(vec![same.clone(), versions("26.4.2.2", Some(59)), same], &[(1, TroubleKind::SchemaMissing)]);
        let text = "shard b with ClickHouse 26.4.2.2, schema 59; 2 shards with ClickHouse 26.3.1.1, schema 60: a, c";
        assert_eq!(told("a b c", &seen), ("True AllAnswer".to_owned(), text.to_owned()));
    }

    #[test]
    fn one_that_does_not_answer_is_told_from_one_that_refuses() {
        let nothing = Versions::default();
        let troubles = [(1, TroubleKind::Unreachable), (2, TroubleKind::Credentials)];
        let seen = seen(vec![versions("26.3.1.1", None), nothing.clone(), nothing], &troubles);
        let text = "shard b without an answer; shard c of a version that is not told; \
                    shard a with ClickHouse 26.3.1.1, no schema";
        let (state, message) = told("a b c", &seen);
        let parts = |text: &str| text.split("; ").map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        assert_eq!((state.as_str(), parts(&message)), ("False ShardUnreachable", parts(text)));
    }

    #[test]
    fn shards_that_were_not_asked_say_nothing() {
        assert_eq!(told("a b", &seen(Vec::new(), &[])), ("Unknown NotAsked".to_owned(), String::new()));
    }

    #[test]
    fn of_many_shards_those_are_listed_that_differ() {
        let names: Vec<String> = (0..512).map(|number| format!("{number:03}-{}", "s".repeat(59))).collect();
        let mut versions = vec![versions(&"v".repeat(100), Some(61)); 512];
        versions[300].schema = Some(60);
        let seen = seen(versions, &[(400, TroubleKind::Unreachable)]);
        let listed = rarest(&listed(&names, &seen), 16);
        assert_eq!(listed.len(), 16);
        let differs = |shard: &&ShardVersions| !shard.answers || shard.schema == Some(60);
        assert_eq!(listed.iter().filter(differs).count(), 2);
        assert!(listed.is_sorted_by_key(|shard| &shard.name));
    }

    #[test]
    fn what_a_server_says_of_itself_fits_into_the_status() {
        let names = ["a".to_owned()];
        let listed = listed(&names, &seen(vec![versions(&"ü".repeat(100), Some(1))], &[]));
        assert_eq!(listed[0].clickhouse.as_ref().map(String::len), Some(VERSION_MAX));
    }
}
