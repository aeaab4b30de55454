//! From an object of properties to paths and values: `{"a": {"b": 1}}` becomes `a.b`.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::data_error::DataError;
use crate::json::{Cursor, Token};
use crate::value::{Value, read_leaf};

/// Objects nested deeper than this are bad data.
const DEPTH_MAX: usize = 128;

/// An object that is being read.
struct Frame<'a> {
    /// How much of the path belongs to the objects around it.
    prefix: usize,
    /// Its keys so far, each with the number of leaves before it.
    keys: Vec<(Cow<'a, str>, usize)>,
}

/// A path and what stands there. `None`: null, or a key that a later one of the same name replaces.
struct Leaf {
    path: String,
    value: Option<Value>,
    replaced: bool,
}

/// The properties that a JSON object holds, in the order of the text.
///
/// `{"a": {"b": 1}}` and a key `"a.b"` are the same property, and the last one in the text counts; a null counts as absent.
/// Of two equal keys in one object the last one counts, with all that it holds. Null instead of an object holds nothing.
pub fn flatten(json: &str) -> Result<Vec<(String, Value)>, DataError> {
    let mut cursor = Cursor::new(json);
    let properties = if cursor.token()? == Token::Null { Vec::new() } else { read_object(&mut cursor)? };
    cursor.end()?;
    Ok(properties)
}

/// As [`flatten`], of the object that a text begins with; also says where that ends.
pub fn flatten_first(text: &str) -> Result<(Vec<(String, Value)>, usize), DataError> {
    let mut cursor = Cursor::new(text);
    let properties = read_object(&mut cursor)?;
    Ok((properties, cursor.at()))
}

fn read_object(cursor: &mut Cursor<'_>) -> Result<Vec<(String, Value)>, DataError> {
    if !cursor.take(b'{') {
        return Err(DataError::new("properties are no object"));
    }
    let (leaves, dotted) = read_leaves(cursor)?;
    let leaves = if dotted { last_of_each_path(leaves) } else { leaves };
    let kept = leaves.into_iter().filter(|leaf| !leaf.replaced);
    Ok(kept.filter_map(|leaf| Some((leaf.path, leaf.value?))).collect())
}

/// All leaves, and whether two of them may have the same path.
fn read_leaves(cursor: &mut Cursor<'_>) -> Result<(Vec<Leaf>, bool), DataError> {
    let mut leaves: Vec<Leaf> = Vec::with_capacity(16);
    let (mut dotted, mut nested) = (false, false);
    let mut path = String::with_capacity(64);
    let mut frames = vec![Frame { prefix: 0, keys: Vec::with_capacity(16) }];
    while let Some(frame) = frames.last_mut() {
        let Some(key) = cursor.key(frame.keys.is_empty())? else {
            mark_replaced(&frame.keys, &mut leaves);
            frames.pop();
            continue;
        };
        dotted |= key.contains('.');
        path.truncate(frame.prefix);
        path.push_str(&key);
        frame.keys.push((key, leaves.len()));
        if cursor.take(b'{') {
            if frames.len() == DEPTH_MAX {
                return Err(DataError::new(format!("objects are nested deeper than {DEPTH_MAX} levels")));
            }
            nested = true;
            path.push('.');
            frames.push(Frame { prefix: path.len(), keys: Vec::new() });
        } else {
            leaves.push(Leaf { path: path.clone(), value: read_leaf(cursor)?, replaced: false });
        }
    }
    Ok((leaves, dotted && nested))
}

/// Marks the leaves under keys that appear again in the same object.
fn mark_replaced(keys: &[(Cow<'_, str>, usize)], leaves: &mut [Leaf]) {
    let mut mark = |number: usize| {
        let end = keys.get(number + 1).map_or(leaves.len(), |next| next.1);
        leaves[keys[number].1..end].iter_mut().for_each(|leaf| leaf.replaced = true);
    };
    if keys.len() <= 16 {
        for number in 1..keys.len() {
            if let Some(earlier) = keys[..number].iter().rposition(|key| key.0 == keys[number].0) {
                mark(earlier);
            }
        }
    } else {
        let mut last = HashMap::with_capacity(keys.len());
        for (number, (key, _)) in keys.iter().enumerate() {
            if let Some(earlier) = last.insert(key.as_ref(), number) {
                mark(earlier);
            }
        }
    }
}

fn last_of_each_path(mut leaves: Vec<Leaf>) -> Vec<Leaf> {
    let mut last: HashMap<String, usize> = HashMap::with_capacity(leaves.len());
    for number in 0..leaves.len() {
        if leaves[number].replaced {
            continue;
        }
        if let Some(earlier) = last.insert(leaves[number].path.clone(), number) {
            leaves[earlier].replaced = true;
        }
    }
    leaves
}
