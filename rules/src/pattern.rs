//! Patterns in RE2's syntax, respelled so that ClickHouse's `match` reads them as RE2 does.
//!
//! Before RE2 sees a pattern, ClickHouse looks through it for a text that every match must contain, and this search is
//! naive: it takes `é` of `éü?` and half of `ü`, it ends the class `[]a]` at its first bracket, it stops at a zero
//! byte. Therefore the pattern is read here by RE2's own grammar and written anew: texts character by character,
//! classes by code points, and all of it within `(?-i:` and `)`, which changes nothing for RE2, but makes ClickHouse look for
//! no text at all, because it takes the `i` for a flag that switches to ignoring case.

mod class;
mod groups;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use crate::{json::abridged, refusal::Complaint};

/// The most repetitions, nested ones multiplied; RE2's own limit.
const REPETITIONS_MAX: u32 = 1000;

/// The pattern as ClickHouse's `match` has to be given it, or why RE2 refuses it.
pub(crate) fn respell(pattern: &str) -> Result<String, Complaint> {
    let mut reader = Reader { rest: pattern, out: String::from("(?-i:"), groups: vec![Group::default()] };
    match reader.read() {
        Ok(()) => Ok(reader.out + ")"),
        Err(reason) => Err(Complaint::new(
            format!("RE2 does not take the pattern {:?}: {reason}", abridged(pattern)),
            "write it in RE2's syntax (no look-around, no back-references)",
        )),
    }
}

/// An open group, or the whole pattern.
#[derive(Default)]
struct Group {
    /// Whether the current branch has something that can be repeated.
    repeatable: bool,
    /// Whether the last thing read is a repetition.
    repeated: bool,
    /// How often the last thing repeats what is innermost in it.
    last: u32,
    /// The same, of the branch's and of the whole group's things the most.
    most: u32,
}

struct Reader<'a> {
    rest: &'a str,
    out: String,
    groups: Vec<Group>,
}

type Read<T> = Result<T, String>;

impl Reader<'_> {
    fn take(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest.chars().next()?;
        self.rest = &self.rest[character.len_utf8()..];
        Some(character)
    }

    fn group(&mut self) -> Read<&mut Group> {
        self.groups.last_mut().ok_or_else(|| "a closing parenthesis without an opening one".to_owned())
    }

    /// Notes that something was written that can be repeated.
    fn wrote(&mut self, repetitions: u32) -> Read<()> {
        let group = self.group()?;
        group.repeatable = true;
        group.repeated = false;
        group.last = repetitions;
        group.most = group.most.max(repetitions);
        Ok(())
    }

    fn write(&mut self, text: &str) -> Read<()> {
        self.out.push_str(text);
        self.wrote(1)
    }

    fn write_literal(&mut self, code: u32) -> Read<()> {
        match char::from_u32(code) {
            Some(character) if character.is_ascii_graphic() && !character.is_ascii_alphanumeric() => {
                self.out.extend(['\\', character]);
            }
            Some(character) if !character.is_control() => self.out.push(character),
            _ => drop(write!(self.out, "\\x{{{code:x}}}")),
        }
        self.wrote(1)
    }

    fn read(&mut self) -> Read<()> {
        while let Some(character) = self.rest.chars().next() {
            match character {
                '(' => self.open()?,
                ')' => self.close()?,
                '|' => {
                    self.next();
                    self.out.push('|');
                    let group = self.group()?;
                    group.repeatable = false;
                    group.repeated = false;
                }
                '^' | '$' | '.' => {
                    self.next();
                    self.write(character.encode_utf8(&mut [0; 4]))?;
                }
                '[' => {
                    let class = class::read(&mut self.rest)?;
                    self.write(&class)?;
                }
                '*' | '+' | '?' => {
                    self.next();
                    self.repeat(character.encode_utf8(&mut [0; 4]), 1)?;
                }
                '{' => self.counted_or_literal()?,
                '\\' => self.escape()?,
                _ => {
                    self.next();
                    self.write_literal(u32::from(character))?;
                }
            }
        }
        if self.groups.len() == 1 { Ok(()) } else { Err("a closing parenthesis is missing".to_owned()) }
    }

    fn repeat(&mut self, operator: &str, count: u32) -> Read<()> {
        let lazy = self.take("?");
        let group = self.group()?;
        if group.repeated {
            return Err(format!("{operator} follows another repetition"));
        }
        if !group.repeatable {
            return Err(format!("there is nothing for {operator} to repeat"));
        }
        group.last = group.last.saturating_mul(count.max(1));
        if group.last > REPETITIONS_MAX {
            return Err(format!("there are more than {REPETITIONS_MAX} repetitions"));
        }
        group.most = group.most.max(group.last);
        group.repeated = true;
        self.out.push_str(operator);
        self.out.push_str(if lazy { "?" } else { "" });
        Ok(())
    }

    /// `{2}`, `{2,}` or `{2,4}`; any other brace stands for itself.
    fn counted_or_literal(&mut self) -> Read<()> {
        let Some((operator, low, high)) = counted(self.rest) else {
            self.next();
            return self.write_literal(u32::from('{'));
        };
        self.rest = &self.rest[operator.len()..];
        if low > REPETITIONS_MAX || high.is_some_and(|high| high > REPETITIONS_MAX || high < low) {
            return Err(format!("the repetition {operator} is out of range"));
        }
        self.repeat(operator, high.unwrap_or(low))
    }

    fn open(&mut self) -> Read<()> {
        self.next();
        if !self.take("?") {
            self.begin_group("(?:");
            return Ok(());
        }
        if ["=", "!", "<=", "<!"].iter().any(|look| self.rest.starts_with(look)) {
            return Err("look-around".to_owned());
        }
        if self.take("P<") || self.take("<") {
            let (name, rest) = self.rest.split_once('>').ok_or("a group's name has no end")?;
            let good = |character: char| character == '_' || character.is_alphanumeric();
            if name.is_empty() || !name.chars().all(good) {
                return Err(format!("the group's name {name:?} is bad"));
            }
            self.rest = rest;
            self.begin_group("(?:");
            return Ok(());
        }
        self.flags()
    }

    fn begin_group(&mut self, opening: &str) {
        self.out.push_str(opening);
        self.groups.push(Group::default());
    }

    /// `(?i)`, `(?s-m:` and the like.
    fn flags(&mut self) -> Read<()> {
        let mut flags = String::from("(?");
        let (mut negated, mut seen) = (false, false);
        loop {
            let flag = self.next().ok_or("a group is not closed")?;
            flags.push(flag);
            match flag {
                'i' | 'm' | 's' | 'U' => seen = true,
                '-' if !negated => (negated, seen) = (true, false),
                ':' | ')' if negated && !seen => return Err(format!("bad flags {flags}")),
                ':' => {
                    self.begin_group(&flags);
                    return Ok(());
                }
                ')' => {
                    self.out.push_str(&flags);
                    self.group()?.repeated = false;
                    return Ok(());
                }
                _ => return Err(format!("RE2 has no {flags}")),
            }
        }
    }

    fn close(&mut self) -> Read<()> {
        self.next();
        let group = self.groups.pop().filter(|_| !self.groups.is_empty());
        let group = group.ok_or("a closing parenthesis without an opening one")?;
        self.out.push(')');
        self.wrote(group.most.max(1))
    }

    fn escape(&mut self) -> Read<()> {
        for simple in ["\\b", "\\B", "\\A", "\\z", "\\C", "\\d", "\\D", "\\s", "\\S", "\\w", "\\W"] {
            if self.take(simple) {
                return self.write(simple);
            }
        }
        if self.take("\\Q") {
            return self.quoted();
        }
        if let Some(group) = groups::read_unicode(&mut self.rest)? {
            return self.write(&group);
        }
        let code = class::read_escape(&mut self.rest)?;
        self.write_literal(code)
    }

    fn quoted(&mut self) -> Read<()> {
        let (text, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
        self.rest = rest;
        if text.is_empty() {
            // A repetition after this applies to what stands before it, as after a change of flags: so write one of none.
            self.out.push_str("(?)");
            self.group()?.repeated = false;
        }
        text.chars().try_for_each(|character| self.write_literal(u32::from(character)))
    }
}

/// The repetition that a text starts with: as written, and its bounds.
fn counted(text: &str) -> Option<(&str, u32, Option<u32>)> {
    let end = text.find('}')?;
    let inner = text.get(1..end)?;
    let number = |digits: &str| {
        let good = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let good = good && (digits.len() == 1 || !digits.starts_with('0'));
        // RE2 takes a brace with a longer number for a literal one.
        good.then(|| digits.parse::<u32>().ok()).flatten().filter(|number| *number < 1_000_000_000)
    };
    let (low, high) = match inner.split_once(',') {
        None => (number(inner)?, Some(number(inner)?)),
        Some((low, "")) => (number(low)?, None),
        Some((low, high)) => (number(low)?, Some(number(high)?)),
    };
    Some((&text[..=end], low, high))
}
