//! Patterns: respelled, and refused where RE2 refuses them. That ClickHouse reads the respelled ones as RE2 reads the
//! written ones needs a server to be seen.

use super::respell;

#[track_caller]
fn check(pattern: &str, respelled: &str) {
    assert_eq!(respell(pattern), Ok(format!("(?-i:{respelled})")), "{pattern}");
}

#[test]
fn what_clickhouse_reads_otherwise_is_respelled() {
    check("éü?", "éü?");
    check("[]a]b", "[\\x{5d}\\x{61}]b");
    check("[[(]", "[\\x{5b}\\x{28}]");
    check("a\0b", "a\\x{0}b");
    check("", "");
}

#[test]
fn patterns_are_written_anew() {
    check("a.b|^c$", "a.b|^c$");
    check("a-b \"/", "a\\-b \\\"\\/");
    check("(a)(?:b)(?P<n>c)(?<n>d)", "(?:a)(?:b)(?:c)(?:d)");
    check("(?i)a(?s-m:b)(?i:c)", "(?i)a(?s-m:b)(?i:c)");
    check("a*?b+?c??d{2}e{2,}f{2,3}?", "a*?b+?c??d{2}e{2,}f{2,3}?");
    check("a{,2}{x}{01}{", "a\\{\\,2\\}\\{x\\}\\{01\\}\\{");
    check("\\x41\\x{e9}\\101\\0\\n\\.\\_", "AéA\\x{0}\\x{a}\\.\\_");
    check("\\d\\S\\b\\A\\z\\C", "\\d\\S\\b\\A\\z\\C");
    check("\\pL\\p{Greek}\\P{^Lu}\\p{^Nd}", "\\p{L}\\p{Greek}\\p{Lu}\\P{Nd}");
    check(
        "[^-a-c\\d[:alpha:][:^digit:]\\pL\\]-]",
        "[^\\x{2d}\\x{61}-\\x{63}\\d[:alpha:][:^digit:]\\p{L}\\x{5d}\\x{2d}]",
    );
    check("\\Qa.b\\E*\\Q\\E", "a\\.b*(?)");
    check("a*\\Q\\E*", "a*(?)*");
    check("a(?i)*", "a(?i)*");
    check("(?:(?:a{10}){10}){10}", "(?:(?:a{10}){10}){10}");
    check("a||b|()", "a||b|(?:)");
}

#[test]
fn what_re2_refuses_is_refused() {
    let bad = [
        "a**",
        "a*+",
        "a+{2}",
        "*a",
        "a|*",
        "(*)",
        "(?i)*",
        "(a",
        "a)",
        ")",
        "(?",
        "(?i",
        "(?x)",
        "(?-)",
        "(?i-)",
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?<!a)",
        "(?P=n)",
        "(?P<>a)",
        "(?P<n",
        "(?P<a-b>c)",
        "(?#c)",
        "(?>a)",
        "[a",
        "[]",
        "[^]",
        "[b-a]",
        "[a-\\d]",
        "[[:foo:]]",
        "[\\b]",
        "\\",
        "a\\",
        "\\1",
        "\\8",
        "\\Z",
        "\\G",
        "\\h",
        "\\é",
        "\\x",
        "\\xg0",
        "\\x{}",
        "\\x{110000}",
        "\\x{41",
        "\\p",
        "\\p{",
        "\\p{Nope}",
        "\\pl",
        "a{1001}",
        "a{2,1}",
        "a{0,1001}",
        "(a{11}){100}",
    ];
    for pattern in bad {
        assert!(respell(pattern).is_err(), "{pattern}");
    }
    assert!(respell(&"(".repeat(100_000)).is_err());
    assert!(respell(&format!("{}a{}", "(".repeat(3000), ")".repeat(3000))).is_ok());
}
