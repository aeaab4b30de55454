//! tmp
fn main() {
    let mut n = std::collections::BTreeMap::new();
    for seed in 1..11 {
        let batch = segment_tests::cases::batch(seed, 100);
        let found = batch.by_oracle().unwrap();
        for (i, w) in batch.worlds.iter().enumerate() {
            let ids: std::collections::BTreeSet<_> =
                w.profiles.iter().filter_map(|l| l.get("id")).map(|i| i.to_string()).collect();
            for (name, spec) in &w.segments {
                let m = found.iter().filter(|f| f.0 == i && f.1 == *name).count();
                let c = spec.get("criteria").and_then(|c| c.as_list()).unwrap_or_default();
                if c.len() == 1 && m > 0 && m < ids.len() {
                    let s = spec.to_string();
                    for k in [
                        "\"event\"",
                        "lastEvent",
                        "firstEvent",
                        "regularEvent",
                        "sequence",
                        "\"property\": {",
                        "consent",
                        "location",
                        "list\"",
                        "segment\"",
                        "sample",
                        "\"count\"",
                        "distinctDays",
                        "\"sum\"",
                        "average",
                        "\"min\"",
                        "\"max\"",
                        "\"equals\"",
                        "\"in\"",
                        "contains",
                        "startsWith",
                        "endsWith",
                        "matches",
                        "before",
                        "after",
                        "anniversary",
                        "hasItem",
                        "exists",
                        "last\"",
                        "next",
                        "between",
                        "olderThan",
                        "\"from\"",
                        "\"to\"",
                        "calendar",
                        "days\"",
                        "ignoreCase",
                        "\"not\"",
                        "\"has\"",
                        "where",
                    ] {
                        if s.contains(k) {
                            *n.entry(k).or_insert(0) += 1;
                        }
                    }
                }
            }
        }
    }
    println!("{n:?}");
}
