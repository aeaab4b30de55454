//! From YAML's events to trees: anchors, merge keys, unique keys. What aliases make of a text is bounded.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::Value;

use super::YamlError;
use super::scalar::{self, Scalar};

/// Deeper nesting is refused.
const DEPTH_MAX: usize = 128;

/// Aliases may add this many items to a text: far more than any Segment has, far less than fills the memory.
const ALIASED_MAX: usize = 100_000;

/// A node of a document.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) line: usize,
    /// How many items it is, itself included.
    size: usize,
    /// How many levels it has, its own included.
    height: usize,
    pub(super) content: Content,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Scalar(Scalar),
    List(Vec<Item>),
    Map(Vec<(String, Item)>),
}

/// A list or mapping that is being read.
struct Open {
    anchor: usize,
    line: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Item>),
    Map { fields: Vec<(String, Item)>, names: HashSet<String>, merged: Vec<(String, Item)>, key: Option<Key> },
}

enum Key {
    Name(String),
    Merge,
}

#[derive(Default)]
struct Composer {
    open: Vec<Open>,
    anchors: HashMap<usize, Item>,
    aliased: usize,
    roots: Vec<Item>,
}

/// The roots of all documents of a text.
pub(super) fn compose(text: &str) -> Result<Vec<Item>, YamlError> {
    let mut composer = Composer::default();
    let options = granit_parser::options! { emit_anchor_events: true };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| YamlError::new(error.marker().line(), error.info().clone()))?;
        composer.event(event, span.start.line())?;
    }
    Ok(composer.roots)
}

impl Composer {
    fn event(&mut self, event: Event<'_>, line: usize) -> Result<(), YamlError> {
        match event {
            Event::DocumentStart(..) => {
                self.anchors.clear();
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref(), line),
            Event::Anchor(_, name) => check_anchor(&name, line),
            Event::Alias(anchor) => {
                let item = self.anchors.get(&anchor).cloned();
                let item = item.ok_or_else(|| YamlError::new(line, "an alias within what it stands for"))?;
                self.aliased += item.size;
                if self.aliased > ALIASED_MAX {
                    return Err(YamlError::new(line, format!("aliases add more than {ALIASED_MAX} items")));
                }
                self.value(item, 0)
            }
            Event::SequenceStart(_, anchor, _) => self.begin(anchor, line, Parts::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => self.begin(
                anchor,
                line,
                Parts::Map { fields: Vec::new(), names: HashSet::new(), merged: Vec::new(), key: None },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.end(line),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, anchor: usize, line: usize, parts: Parts) -> Result<(), YamlError> {
        if self.open.len() == DEPTH_MAX {
            return Err(YamlError::new(line, format!("nested deeper than {DEPTH_MAX} levels")));
        }
        self.open.push(Open { anchor, line, parts });
        Ok(())
    }

    fn end(&mut self, line: usize) -> Result<(), YamlError> {
        let open = self.open.pop().ok_or_else(|| YamlError::new(line, "an end without a beginning"))?;
        let content = match open.parts {
            Parts::List(items) => Content::List(items),
            Parts::Map { mut fields, mut names, merged, .. } => {
                fields.extend(merged.into_iter().filter(|field| names.insert(field.0.clone())));
                Content::Map(fields)
            }
        };
        let (size, height) = match &content {
            Content::Scalar(..) => (0, 0),
            Content::List(items) => measure(items.iter()),
            Content::Map(fields) => measure(fields.iter().map(|field| &field.1)),
        };
        self.value(Item { line: open.line, size: size + 1, height: height + 1, content }, open.anchor)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        line: usize,
    ) -> Result<(), YamlError> {
        let plain = style == ScalarStyle::Plain;
        if let Some(Open { parts: Parts::Map { key: key @ None, .. }, .. }) = self.open.last_mut()
            && plain
            && tag.is_none()
            && text == "<<"
        {
            *key = Some(Key::Merge);
            return Ok(());
        }
        let scalar = resolve(text, plain, tag).map_err(|reason| YamlError::new(line, reason))?;
        self.value(Item { line, size: 1, height: 1, content: Content::Scalar(scalar) }, anchor)
    }

    /// Puts a finished node where it belongs.
    fn value(&mut self, item: Item, anchor: usize) -> Result<(), YamlError> {
        let line = item.line;
        if self.open.len() + item.height > DEPTH_MAX {
            return Err(YamlError::new(line, format!("nested deeper than {DEPTH_MAX} levels")));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, item.clone());
        }
        match self.open.last_mut().map(|open| &mut open.parts) {
            None => self.roots.push(item),
            Some(Parts::List(items)) => items.push(item),
            Some(Parts::Map { fields, names, merged, key }) => match key.take() {
                None => *key = Some(Key::Name(key_name(&item)?)),
                Some(Key::Merge) => merge(item, merged)?,
                Some(Key::Name(name)) => {
                    if !names.insert(name.clone()) {
                        return Err(YamlError::new(line, format!("the key {name:?} stands twice in one object")));
                    }
                    fields.push((name, item));
                }
            },
        }
        Ok(())
    }
}

fn measure<'a>(items: impl Iterator<Item = &'a Item>) -> (usize, usize) {
    items.fold((0, 0), |(size, height), item| (size + item.size, height.max(item.height)))
}

/// The keys of an object are texts; numbers and booleans become such.
fn key_name(item: &Item) -> Result<String, YamlError> {
    match &item.content {
        Content::Scalar(Scalar { value: Value::String(name), .. }) => Ok(name.clone()),
        Content::Scalar(Scalar { value: value @ (Value::Bool(_) | Value::Number(_)), .. }) => Ok(value.to_string()),
        _ => Err(YamlError::new(item.line, "a key of an object has to be a text")),
    }
}

/// What `<<` brings in: an object, or a list of them of which the earlier count more.
fn merge(item: Item, merged: &mut Vec<(String, Item)>) -> Result<(), YamlError> {
    match item.content {
        Content::Map(fields) => merged.extend(fields),
        Content::List(items) if items.iter().all(|item| matches!(item.content, Content::Map(_))) => {
            for item in items {
                merge(item, merged)?;
            }
        }
        _ => return Err(YamlError::new(item.line, "<< takes an object or a list of objects")),
    }
    Ok(())
}

/// Kubernetes's YAML library takes fewer names than YAML does. Of those others `&` is the one that people write: unquoted
/// in `match: !a && b`, where `!a` is a tag.
fn check_anchor(name: &str, line: usize) -> Result<(), YamlError> {
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        return Ok(());
    }
    let quote = "quote a text with && in it, such as match: \"!a && b\"";
    Err(YamlError::new(
        line,
        format!("YAML takes &{name} for an anchor, whose name may have letters, digits, _ and - only; {quote}"),
    ))
}

fn resolve(text: &str, plain: bool, tag: Option<&Tag>) -> Result<Scalar, String> {
    let as_text = || Ok(Scalar::from(Value::from(text)));
    let Some(tag) = tag else {
        return if plain { scalar::resolve(text) } else { as_text() };
    };
    let fits: fn(&Value) -> bool = match tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() {
        Some("bool") => Value::is_boolean,
        Some("null") => Value::is_null,
        Some("int") => |value: &Value| value.is_i64() || value.is_u64(),
        Some("float") => Value::is_number,
        Some("binary") => return Err("!!binary has no place in these documents".to_owned()),
        _ => return as_text(),
    };
    let scalar = scalar::resolve(text)?;
    if fits(&scalar.value) { Ok(scalar) } else { Err(format!("{text:?} is not of the type that its tag states")) }
}
