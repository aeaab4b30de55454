//! The FILEs of a call: read, split into documents and compiled, each Segment with the FILE that it stands in.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use segment_jobs::publish::BadPattern;
use segment_rules::{API_VERSION, Compiled, Definition, Refusal, compile, yaml};
use serde_json::Value;

use crate::exit::Failure;

/// Stands for standard input where a path is asked for.
const STDIN: &str = "-";

/// What the names of FILEs in a directory end with.
const ENDINGS: [&str; 3] = ["json", "yaml", "yml"];

/// A Segment's namespace and name.
type ObjectName = (String, String);

/// All Segments of a call.
#[derive(Debug)]
pub(crate) struct Segments {
    /// What they mean.
    pub(crate) compiled: Compiled,
    /// The FILE of each document of a Segment, refused ones too.
    places: BTreeMap<ObjectName, Vec<String>>,
    /// The FILEs of Segments without a name, in their order.
    nameless: Vec<String>,
}

impl Segments {
    /// Reads all FILEs; a directory stands for those in it. One that is missing or no YAML is an error.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let (mut documents, mut bad) = (Vec::new(), Vec::new());
        let (mut places, mut nameless): (BTreeMap<_, Vec<String>>, _) = (BTreeMap::new(), Vec::new());
        for path in &with_directories_read(paths)? {
            let shown = path.display().to_string();
            let parsed = text(path)?.map_err(str::to_owned);
            match parsed.and_then(|text| yaml::documents(&text).map_err(|error| error.to_string())) {
                Err(reason) => bad.push(format!("{shown}: {reason}")),
                Ok(parsed) => {
                    for document in parsed.iter().filter(|document| is_segment(&document.value)) {
                        match object_name(&document.value) {
                            Some(object) => places.entry(object).or_default().push(shown.clone()),
                            None => nameless.push(shown.clone()),
                        }
                    }
                    documents.extend(parsed);
                }
            }
        }
        if bad.is_empty() {
            Ok(Self { compiled: compile(&documents), places, nameless })
        } else {
            Err(Failure::BadData(bad.join("\nerror: ")))
        }
    }

    /// Makes suspended Segments active: on the command line that makes no difference.
    pub(crate) fn resume(&mut self) {
        for rules in self.compiled.accounts.values_mut() {
            for definition in &mut rules.definitions {
                definition.suspended = false;
            }
        }
    }

    /// Whether the FILEs have Segments of more than one namespace.
    pub(crate) fn have_several_namespaces(&self) -> bool {
        self.places.keys().map(|object| &object.0).collect::<BTreeSet<_>>().len() > 1
    }

    /// How many Segments were not refused.
    pub(crate) fn accepted(&self) -> usize {
        self.compiled.accounts.values().map(|rules| rules.definitions.len()).sum()
    }

    /// How many Segments were refused.
    pub(crate) fn refused(&self) -> usize {
        let refused = self.compiled.refused.iter().map(|refusal| (refusal.namespace.clone(), refusal.name.clone()));
        let refused: BTreeSet<ObjectName> = refused.collect();
        refused.iter().filter_map(|object| self.places.get(object)).map(Vec::len).sum::<usize>() + self.nameless.len()
    }

    /// Whether such a Segment was refused.
    pub(crate) fn has_refused(&self, namespace: Option<&str>, name: &str) -> bool {
        let mut refused = self.compiled.refused.iter();
        refused.any(|one| one.name == name && namespace.is_none_or(|namespace| one.namespace == namespace))
    }

    /// Every reason for which a Segment was refused, with the FILE.
    pub(crate) fn refusals(&self) -> Vec<String> {
        let mut nameless = self.nameless.iter();
        let mut lines = Vec::new();
        for Refusal { namespace, name, path, reason, mend } in &self.compiled.refused {
            let files = self.files(&(namespace.clone(), name.clone()));
            if files.is_empty() {
                let file = nameless.next().map_or("", String::as_str);
                lines.push(format!("{file}: a Segment: {path}: {reason}; {mend}"));
            }
            for file in files {
                lines.push(format!("{file}: {namespace}/{name}: {path}: {reason}; {mend}"));
            }
        }
        lines
    }

    /// The FILEs that a Segment stands in.
    pub(crate) fn files(&self, object: &ObjectName) -> BTreeSet<&str> {
        self.places.get(object).into_iter().flatten().map(String::as_str).collect()
    }
}

/// Prints what the user should know: notes, then refusals.
pub(crate) fn report(segments: &Segments) {
    for note in &segments.compiled.notes {
        eprintln!("note: {note}");
    }
    for refusal in segments.refusals() {
        eprintln!("refused: {refusal}");
    }
}

/// Prints which Segments the server refused; whether any was, by it or by the compiler.
pub(crate) fn report_refused(segments: &Segments, by_server: &[(Definition, BadPattern)]) -> bool {
    for (definition, bad) in by_server {
        let object = (definition.namespace.clone(), definition.name.clone());
        let why = why_refused(definition, bad, by_server);
        for file in segments.files(&object) {
            eprintln!("refused: {file}: {}/{}: {why}", object.0, object.1);
        }
    }
    segments.refused() + by_server.len() > 0
}

/// The path, the reason and the mend: of the pattern, or of the reference to a Segment that has it.
fn why_refused(definition: &Definition, bad: &BadPattern, by_server: &[(Definition, BadPattern)]) -> String {
    if let Some(path) = definition.patterns.get(&bad.pattern) {
        return format!("{path}: {bad}; write it in another way");
    }
    let refused =
        |name: &str| by_server.iter().any(|one| one.0.namespace == definition.namespace && one.0.name == name);
    match definition.references.iter().find(|(name, _)| refused(name)) {
        Some((name, path)) => {
            format!("{path}: the Segment {}/{name} is refused itself; mend that Segment first", definition.namespace)
        }
        None => format!("spec.criteria: {bad}; write it in another way"),
    }
}

/// Prints that the server would not evaluate a Segment.
pub(crate) fn report_failed(segments: &Segments, segment: u64, reason: &str) {
    let mut definitions = segments.compiled.accounts.values().flat_map(|rules| &rules.definitions);
    let found = definitions.find(|definition| definition.segment == segment);
    let (namespace, name) = found.map_or(("", ""), |found| (&found.namespace, &found.name));
    eprintln!("failed: {namespace}/{name}: {reason}");
}

/// Whether a path means standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

/// The FILEs with each directory replaced by its own, as kubectl does: YAML and JSON, by name, none of those below.
fn with_directories_read(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !is_stdin(path) && path.is_dir() {
            let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
            let entries = entries.map_err(|error| Failure::about(path.display(), &error))?;
            let mut found: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
            found.retain(|file| ENDINGS.iter().any(|ending| file.extension().is_some_and(|found| found == *ending)));
            found.sort_unstable();
            files.append(&mut found);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// The text of a FILE; inside, why its bytes are no text.
fn text(path: &Path) -> Result<Result<String, &'static str>, Failure> {
    let mut bytes = Vec::new();
    if is_stdin(path) {
        io::stdin().lock().read_to_end(&mut bytes).map_err(|error| Failure::about("standard input", &error))?;
    } else {
        bytes = fs::read(path).map_err(|error| Failure::about(path.display(), &error))?;
    }
    Ok(String::from_utf8(bytes).map_err(|_| "this is no text in UTF-8"))
}

fn is_segment(document: &Value) -> bool {
    document["kind"] == "Segment" && document["apiVersion"] == API_VERSION
}

/// Namespace and name as the compiler takes them; `None` for a Segment that it calls nameless.
fn object_name(document: &Value) -> Option<ObjectName> {
    let metadata = &document["metadata"];
    let text = |field: &str| match &metadata[field] {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    let (namespace, name) = (text("namespace")?, text("name")?);
    let namespace = if namespace.is_empty() { "default".to_owned() } else { namespace };
    (!name.is_empty()).then_some((namespace, name))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(files: &[&str]) -> (Result<Segments, Failure>, Vec<tempfile::NamedTempFile>) {
        let made: Vec<_> = files
            .iter()
            .map(|text| {
                let mut file = tempfile::NamedTempFile::new().unwrap();
                file.write_all(text.as_bytes()).unwrap();
                file
            })
            .collect();
        let paths: Vec<PathBuf> = made.iter().map(|file| file.path().to_owned()).collect();
        (Segments::read(&paths), made)
    }

    const GOOD: &str = "apiVersion: segmentation.dev/v1alpha1\nkind: Segment\nmetadata: {name: a}\n\
                        spec: {storeRef: {name: main}, account: '1'}\n";

    #[test]
    fn a_name_that_is_used_twice_is_told_for_both_files() {
        let (segments, files) = read(&[GOOD, GOOD]);
        let segments = segments.unwrap();
        let lines = segments.refusals();
        assert_eq!((segments.accepted(), segments.refused(), lines.len()), (0, 2, 2));
        for file in &files {
            let start = format!("{}: default/a: metadata.name: ", file.path().display());
            assert!(lines.iter().any(|line| line.starts_with(&start)), "{lines:?}");
        }
    }

    #[test]
    fn a_segment_without_a_name_is_told_with_its_file() {
        let (segments, files) = read(&[GOOD, &GOOD.replace("{name: a}", "{}")]);
        let segments = segments.unwrap();
        let start = format!("{}: a Segment: metadata.name: ", files[1].path().display());
        assert_eq!(segments.refused(), 1);
        assert!(segments.refusals()[0].starts_with(&start), "{:?}", segments.refusals());
    }

    #[test]
    fn every_file_that_is_no_yaml_is_told() {
        let (segments, files) = read(&["{", GOOD, "- 1\n"]);
        let Err(Failure::BadData(message)) = segments else { panic!("{segments:?}") };
        assert!(message.contains(&files[0].path().display().to_string()), "{message}");
        assert!(message.contains(&files[2].path().display().to_string()), "{message}");
        assert!(!message.contains(&files[1].path().display().to_string()), "{message}");
    }
}
