//! Members: brought into the order of the output, and printed.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufWriter, Write},
};

use segment_jobs::ephemeral::Members;
use segment_rules::{Compiled, Definition, sip_hash_64};
use serde::Serialize;

use crate::{
    args::Format,
    exit::{self, Failure},
    table,
};

/// A member of a segment, with the fields of the output.
#[derive(Clone, Copy, Debug, Serialize)]
struct Member<'a> {
    namespace: &'a str,
    segment: &'a str,
    profile: &'a str,
}

/// What a line of the output holds where all Segments are of one namespace.
#[derive(Serialize)]
struct ShortMember<'a> {
    segment: &'a str,
    profile: &'a str,
}

/// How members are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// The form.
    pub(crate) format: Format,
    /// Whether the namespace is told.
    pub(crate) with_namespace: bool,
}

/// Prints the members of all Segments, sorted by name, profile and namespace.
pub(crate) fn print(compiled: &Compiled, members: &Members, style: Style) -> Result<(), Failure> {
    let mut named: BTreeMap<&str, Vec<&Definition>> = BTreeMap::new();
    for definition in compiled.accounts.values().flat_map(|rules| &rules.definitions) {
        named.entry(&definition.name).or_default().push(definition);
    }
    let mut printer = Printer::new(BufWriter::with_capacity(1 << 16, io::stdout().lock()), style);
    for (segment, definitions) in named {
        let mut found: Vec<Member<'_>> = Vec::new();
        for definition in &definitions {
            let namespace = definition.namespace.as_str();
            let profiles = members.of(sip_hash_64(&definition.account), definition.segment);
            found.extend(profiles.map(|profile| Member { namespace, segment, profile }));
        }
        // Those of one definition are in order.
        if definitions.len() > 1 {
            found.sort_unstable_by_key(|member| (member.profile, member.namespace));
        }
        for member in found {
            printer.take(member);
        }
    }
    exit::written(printer.end())
}

/// Takes members in order. The first error of the output is kept, and nothing is written after it.
struct Printer<'a, W> {
    out: W,
    style: Style,
    outcome: io::Result<()>,
    members: usize,
    /// Of a table, whose columns are as wide as their widest cell.
    kept: Vec<Member<'a>>,
}

impl<'a, W: Write> Printer<'a, W> {
    fn new(out: W, style: Style) -> Self {
        Self { out, style, outcome: Ok(()), members: 0, kept: Vec::new() }
    }

    fn take(&mut self, member: Member<'a>) {
        self.members += 1;
        if self.style.format == Format::Table {
            self.kept.push(member);
        } else if self.outcome.is_ok() {
            self.outcome = self.json(&member);
        }
    }

    fn json(&mut self, member: &Member<'_>) -> io::Result<()> {
        if self.style.format == Format::Json {
            self.out.write_all(if self.members == 1 { b"[\n  " } else { b",\n  " })?;
        }
        if self.style.with_namespace {
            serde_json::to_writer(&mut self.out, member)?;
        } else {
            serde_json::to_writer(&mut self.out, &ShortMember { segment: member.segment, profile: member.profile })?;
        }
        if self.style.format == Format::Ndjson { self.out.write_all(b"\n") } else { Ok(()) }
    }

    fn end(mut self) -> io::Result<()> {
        self.outcome?;
        match self.style.format {
            Format::Ndjson => {}
            Format::Json => self.out.write_all(if self.members == 0 { b"[]\n" } else { b"\n]\n" })?,
            Format::Table => {
                if self.members > 0 {
                    writeln!(self.out, "{}", as_table(&self.kept, self.style.with_namespace))?;
                }
                self.out.flush()?;
                eprintln!("{}", count(&self.kept));
            }
        }
        self.out.flush()
    }
}

fn as_table(members: &[Member<'_>], with_namespace: bool) -> String {
    let row = |member: &Member<'_>| {
        let Member { namespace, segment, profile } = member;
        with_namespace
            .then_some(namespace)
            .into_iter()
            .chain([segment, profile])
            .map(|text| (*text).to_owned())
            .collect()
    };
    let header = if with_namespace { &["NAMESPACE", "SEGMENT", "PROFILE"][..] } else { &["SEGMENT", "PROFILE"] };
    table::table(header, members.iter().map(row))
}

fn count(members: &[Member<'_>]) -> String {
    let segments: BTreeSet<_> = members.iter().map(|member| (member.namespace, member.segment)).collect();
    let plural = |count: usize, noun| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    match members.len() {
        0 => "no members".to_owned(),
        found => format!("{} of {}", plural(found, "member"), plural(segments.len(), "segment")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(members: &[(&str, &str, &str)], format: Format, with_namespace: bool) -> String {
        let mut out = Vec::new();
        let mut printer = Printer::new(&mut out, Style { format, with_namespace });
        for (namespace, segment, profile) in members {
            printer.take(Member { namespace, segment, profile });
        }
        printer.end().unwrap();
        String::from_utf8(out).unwrap()
    }

    const TWO: [(&str, &str, &str); 2] = [("a", "vip", "p1"), ("b", "vip", "p\"2")];

    #[test]
    fn ndjson_has_a_line_a_member() {
        let lines = "{\"segment\":\"vip\",\"profile\":\"p1\"}\n{\"segment\":\"vip\",\"profile\":\"p\\\"2\"}\n";
        assert_eq!(print(&TWO, Format::Ndjson, false), lines);
        assert_eq!(print(&[], Format::Ndjson, false), "");
    }

    #[test]
    fn the_namespace_is_added_where_there_are_several() {
        let line = "{\"namespace\":\"a\",\"segment\":\"vip\",\"profile\":\"p1\"}\n";
        assert_eq!(print(&TWO[..1], Format::Ndjson, true), line);
    }

    #[test]
    fn json_is_one_list() {
        for members in [&TWO[..], &TWO[..1], &[]] {
            let text = print(members, Format::Json, true);
            let list: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
            assert_eq!(list.len(), members.len());
        }
    }

    #[test]
    fn a_table_is_aligned() {
        let text = print(&TWO, Format::Table, true);
        assert_eq!(text, "NAMESPACE  SEGMENT  PROFILE\na          vip      p1\nb          vip      p\"2\n");
    }
}
