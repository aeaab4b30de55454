//! Names of Segments and namespaces, by the rules of Kubernetes: RFC 1123. What `kubectl` would refuse is refused in files
//! too. As no name has a `/`, `namespace/name` tells all Segments apart.

use crate::refusal::Problem;

use super::ObjectName;

/// The longest name of an object.
pub(super) const NAME_MAX: usize = 253;
/// The longest name of a namespace.
pub(super) const NAMESPACE_MAX: usize = 63;

/// What Kubernetes would refuse in the names of an object.
pub(super) fn problems(object: &ObjectName) -> impl Iterator<Item = Problem> {
    let ObjectName { namespace, name } = object;
    let name_problem = (!is_name(name)).then(|| {
        let mend = format!(
            "write lower-case letters, digits, `-` and `.`, at most {NAME_MAX}, with a letter or digit at both ends and \
             beside each `.`, such as lapsing-vips"
        );
        Problem::new("metadata.name", format!("Kubernetes takes no object of the name {name:?}"), mend)
    });
    let namespace_problem = (!is_label(namespace)).then(|| {
        let mend = format!(
            "write lower-case letters, digits and `-`, at most {NAMESPACE_MAX}, with a letter or digit at both ends"
        );
        Problem::new("metadata.namespace", format!("Kubernetes takes no namespace of the name {namespace:?}"), mend)
    });
    name_problem.into_iter().chain(namespace_problem)
}

/// A subdomain: labels with dots between them, of which only the whole is bounded.
fn is_name(text: &str) -> bool {
    text.len() <= NAME_MAX && text.split('.').all(is_part)
}

fn is_label(text: &str) -> bool {
    text.len() <= NAMESPACE_MAX && is_part(text)
}

fn is_part(text: &str) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().all(|byte| is_plain(&byte) || byte == b'-')
        && text.as_bytes().first().is_some_and(is_plain)
        && text.as_bytes().last().is_some_and(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(namespace: &str, name: &str) -> Vec<String> {
        let object = ObjectName { namespace: namespace.to_owned(), name: name.to_owned() };
        problems(&object).map(|problem| problem.path).collect()
    }

    #[test]
    fn names_that_kubernetes_takes_are_taken() {
        for name in ["a", "0", "lapsing-vips", "a.b-c.0", &"a".repeat(NAME_MAX)] {
            assert!(paths("marketing", name).is_empty(), "{name}");
        }
        for namespace in ["a", "team-1", &"a".repeat(NAMESPACE_MAX)] {
            assert!(paths(namespace, "a").is_empty(), "{namespace}");
        }
    }

    #[test]
    fn names_that_kubernetes_refuses_are_refused() {
        for name in ["a/b", "A", "a_b", "-a", "a-", ".a", "a.", "a..b", "a.-b", "ä", "a b", "", &"a".repeat(254)] {
            assert_eq!(paths("marketing", name), ["metadata.name"], "{name}");
        }
        for namespace in ["a/b", "a.b", "A", "-a", "a-", "", &"a".repeat(64)] {
            assert_eq!(paths(namespace, "a"), ["metadata.namespace"], "{namespace}");
        }
    }
}
