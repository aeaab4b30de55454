//! Named groups of characters in patterns: `[:digit:]`, `\pL`, `\p{Greek}`.

/// The names in `[:name:]`.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// The names of Unicode's general categories and scripts (Unicode 15) that RE2 knows, sorted. See `data/README.md`.
const UNICODE: &str = include_str!("unicode_groups.txt");

/// Reads `[:digit:]` or `[:^digit:]` if the text starts with it.
pub(super) fn read_posix<'a>(rest: &mut &'a str) -> Result<Option<&'a str>, String> {
    let Some(end) = rest.strip_prefix("[:").and_then(|inner| inner.find(":]")) else { return Ok(None) };
    let (group, after) = rest.split_at(end + 4);
    let name = &group[2..end + 2];
    if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
        return Err(format!("there is no class {group}"));
    }
    *rest = after;
    Ok(Some(group))
}

/// Reads `\pL`, `\p{Greek}`, `\P{Greek}` or `\p{^Greek}` if the text starts with such a thing.
pub(super) fn read_unicode(rest: &mut &str) -> Result<Option<String>, String> {
    let Some(inner) = rest.strip_prefix("\\p").or_else(|| rest.strip_prefix("\\P")) else { return Ok(None) };
    let (name, after) = if let Some(braced) = inner.strip_prefix('{') {
        braced.split_once('}').ok_or("a Unicode group is not closed")?
    } else {
        let length = inner.chars().next().map_or(0, char::len_utf8);
        inner.split_at(length)
    };
    let plain = name.strip_prefix('^').unwrap_or(name);
    if plain != "Any" && !UNICODE.lines().any(|known| known == plain) {
        return Err(format!("there is no Unicode group {name:?}"));
    }
    let negated = rest.starts_with("\\P") != name.starts_with('^');
    *rest = after;
    Ok(Some(format!("\\{}{{{plain}}}", if negated { 'P' } else { 'p' })))
}
