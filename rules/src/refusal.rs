//! Why a Segment is refused: the field's path, the reason and how to mend it.

use std::fmt;

/// A reason for which a Segment is refused. A Segment may have several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// The Segment's namespace.
    pub namespace: String,
    /// The Segment's name.
    pub name: String,
    /// The field, such as `spec.criteria[2].event.within.last`.
    pub path: String,
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub mend: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, name, path, reason, mend } = self;
        write!(formatter, "Segment {namespace}/{name}: {path}: {reason}; {mend}")
    }
}

/// A trouble at a field of the Segment that is being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) path: String,
    pub(crate) reason: String,
    pub(crate) mend: String,
}

impl Problem {
    pub(crate) fn new(path: impl Into<String>, reason: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { path: path.into(), reason: reason.into(), mend: mend.into() }
    }
}

/// What a piece of text lacks to be a duration, a pattern and so on: the reason and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) reason: String,
    pub(crate) mend: String,
}

impl Complaint {
    pub(crate) fn new(reason: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { reason: reason.into(), mend: mend.into() }
    }
}

/// A field on the way from the document's root, made into text only if there is something to say about it.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Field(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    pub(crate) fn root(field: &'a str) -> Self {
        Self { parent: None, step: Step::Field(field) }
    }

    pub(crate) fn field(&'a self, field: &'a str) -> At<'a> {
        At { parent: Some(self), step: Step::Field(field) }
    }

    pub(crate) fn index(&'a self, index: usize) -> At<'a> {
        At { parent: Some(self), step: Step::Index(index) }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(formatter)?;
        }
        match self.step {
            Step::Field(field) if self.parent.is_some() => write!(formatter, ".{field}"),
            Step::Field(field) => formatter.write_str(field),
            Step::Index(index) => write!(formatter, "[{index}]"),
        }
    }
}
