//! A world is one account: its Segments, profiles and events. A batch is many worlds at one instant, each with an
//! account key and Segment names of its own, so that hundreds of accounts go through one evaluation.

use crate::json::Json;
use crate::oracle::{self, Input, Member, Trouble};
use std::collections::BTreeSet;
use std::fmt::Write;

/// One account. Nothing in it names the account: the batch does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// Names (unique in the world) and specs (without store and account).
    pub segments: Vec<(String, Json)>,
    /// Lines of the profiles' file, without `account`.
    pub profiles: Vec<Json>,
    /// Lines of the events' file, without `account`.
    pub events: Vec<Json>,
}

/// Worlds that are evaluated together.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Milliseconds since 1970.
    pub as_of: i64,
    /// The accounts.
    pub worlds: Vec<World>,
}

/// What a call of an evaluator reads.
#[derive(Clone, Debug)]
pub struct Files {
    /// profiles.ndjson
    pub profiles: String,
    /// events.ndjson
    pub events: String,
    /// segments.yaml: JSON documents between `---`
    pub segments: String,
}

/// A member by the index of its world, the name of its segment there, and its id.
pub type Found = (usize, String, String);

/// Texts that accounts may begin with, to see that no evaluator reads anything into them.
const ODD: [&str; 8] = ["", "42-", "a'b\"", "{x:String} ", "-- ", "é\\n", "%_?", "NULL;\t"];

impl Batch {
    /// The account key of a world.
    pub fn account(index: usize) -> String {
        format!("{}{index}", ODD[index % ODD.len()])
    }

    /// A few worlds share a namespace.
    pub fn namespace(index: usize) -> String {
        format!("ns{}", index % 3)
    }

    /// The name of a world's segment among all worlds.
    pub fn segment_name(index: usize, name: &str) -> String {
        format!("w{index}-{name}")
    }

    /// Back from a member to the world.
    pub fn find(member: &Member) -> Option<Found> {
        let (index, name) = member.segment.split_once('/')?.1.strip_prefix('w')?.split_once('-')?;
        Some((index.parse().ok()?, name.to_owned(), member.profile.clone()))
    }

    /// All Segments as documents.
    pub fn documents(&self) -> Vec<Json> {
        let worlds = self.worlds.iter().enumerate();
        worlds.flat_map(|(index, world)| world.segments.iter().map(move |segment| document(index, segment))).collect()
    }

    /// The files of one call.
    pub fn render(&self) -> Files {
        let (mut profiles, mut events, mut segments) = (String::new(), String::new(), String::new());
        for document in self.documents() {
            let _ = writeln!(segments, "---\n{document}");
        }
        for (index, world) in self.worlds.iter().enumerate() {
            for (file, lines) in [(&mut profiles, &world.profiles), (&mut events, &world.events)] {
                for line in lines {
                    let _ = writeln!(file, "{}", with_account(line, index));
                }
            }
        }
        Files { profiles, events, segments }
    }

    /// What the oracle finds.
    pub fn by_oracle(&self) -> Result<BTreeSet<Found>, Trouble> {
        let files = self.render();
        let input = Input {
            documents: &self.documents(),
            store_time_zone: None,
            profiles: &files.profiles,
            events: &files.events,
            as_of: self.as_of,
        };
        Ok(oracle::evaluate(input)?.iter().filter_map(Self::find).collect())
    }
}

fn document(index: usize, (name, spec): &(String, Json)) -> Json {
    let metadata = Json::object([
        ("name", Json::text(Batch::segment_name(index, name))),
        ("namespace", Json::text(Batch::namespace(index))),
    ]);
    let mut fields = vec![
        ("storeRef".to_owned(), Json::object([("name", Json::text("main"))])),
        ("account".to_owned(), Json::text(Batch::account(index))),
    ];
    fields.extend(spec.fields().iter().map(|(key, value)| {
        let value = if key == "criteria" { rename_references(value, index) } else { value.clone() };
        (key.clone(), value)
    }));
    Json::object([
        ("apiVersion", Json::text("segmentation.dev/v1alpha1")),
        ("kind", Json::text("Segment")),
        ("metadata", metadata),
        ("spec", Json::Object(fields)),
    ])
}

/// Criteria of the kind `segment` name a segment of the same world.
fn rename_references(criteria: &Json, index: usize) -> Json {
    let rename = |criterion: &Json| {
        let mut criterion = criterion.clone();
        let name = criterion.get("segment").and_then(|segment| segment.get("name")?.as_text()).map(str::to_owned);
        if let Some(name) = name {
            let renamed = Json::text(Batch::segment_name(index, &name));
            criterion.set("segment", Json::object([("name", renamed)]));
        }
        criterion
    };
    Json::List(criteria.as_list().unwrap_or_default().iter().map(rename).collect())
}

fn with_account(line: &Json, index: usize) -> Json {
    let account = ("account".to_owned(), Json::text(Batch::account(index)));
    Json::Object(std::iter::once(account).chain(line.fields().iter().cloned()).collect())
}
