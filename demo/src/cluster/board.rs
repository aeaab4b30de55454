//! The Segments on their way to Ready, as `kubectl get segments --watch` would show them. Pure.

use segment_crds::Segment;

use crate::report;

/// What is known of each Segment.
#[derive(Clone, Debug)]
pub(super) struct Board {
    rows: Vec<Row>,
    customers: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Row {
    name: String,
    ready: String,
    reason: String,
    message: String,
    stalled: bool,
    members: Option<i64>,
}

impl Board {
    /// Nothing is known yet.
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a str>, customers: usize) -> Self {
        let row = |name: &str| Row { name: name.to_owned(), ..Row::default() };
        Self { rows: names.map(row).collect(), customers }
    }

    /// Takes in a Segment as it is now; gives its line if that is another one than before.
    pub(super) fn see(&mut self, segment: &Segment) -> Option<String> {
        let new = row_of(segment);
        let row = self.rows.iter_mut().find(|row| row.name == new.name && **row != new)?;
        *row = new;
        let members = row.members.map(|members| members.to_string()).unwrap_or_default();
        Some(format!("   {:30}  {:5}  {:10}  {members}", row.name, row.ready, row.reason).trim_end().to_owned())
    }

    /// Whether every Segment is ready and has its number of members.
    pub(super) fn is_ready(&self) -> bool {
        self.rows.iter().all(|row| row.ready == "True" && row.members.is_some())
    }

    /// A Segment that nobody but a person can help, and why.
    pub(super) fn stalled(&self) -> Option<String> {
        let row = self.rows.iter().find(|row| row.stalled)?;
        Some(format!("{}: {} {}", row.name, row.reason, row.message))
    }

    /// The names with their numbers of members.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, i64)> {
        self.rows.iter().filter_map(|row| Some((row.name.as_str(), row.members?)))
    }

    /// The table.
    pub(super) fn text(&self) -> String {
        let row = |row: &Row| {
            let members = row.members.and_then(|members| u64::try_from(members).ok());
            let share = members.map(|members| report::percent(members, self.customers));
            let members = members.map(report::thousands);
            [row.name.clone(), row.ready.clone(), row.reason.clone()]
                .into_iter()
                .chain([members.unwrap_or_default(), share.unwrap_or_default()])
                .collect()
        };
        report::numbers(&["NAME", "READY", "REASON", "MEMBERS", "SHARE"], self.rows.iter().map(row), 3)
    }
}

fn row_of(segment: &Segment) -> Row {
    let name = segment.metadata.name.clone().unwrap_or_default();
    let status = segment.status.clone().unwrap_or_default();
    if status.observed_generation != segment.metadata.generation {
        // It speaks of an older definition.
        return Row { name, ..Row::default() };
    }
    let find = |type_: &str| status.conditions.iter().find(|condition| condition.type_ == type_);
    let stalled = find("Stalled").is_some_and(|condition| condition.status == "True");
    let Some(ready) = find("Ready") else { return Row { name, ..Row::default() } };
    Row {
        name,
        ready: ready.status.clone(),
        reason: ready.reason.clone(),
        message: ready.message.clone(),
        stalled,
        members: status.member_count,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn segment(name: &str, observed: i64, [ready, stalled]: [&str; 2], members: Option<i64>) -> Segment {
        let condition = |type_: &str, status: &str| {
            let time = "2026-01-01T00:00:00Z";
            json!({"type": type_, "status": status, "reason": "Why", "message": "m", "lastTransitionTime": time})
        };
        serde_json::from_value(json!({
            "apiVersion": "segmentation.dev/v1alpha1", "kind": "Segment",
            "metadata": {"name": name, "generation": 2},
            "spec": {"storeRef": {"name": "main"}, "account": "1"},
            "status": {
                "observedGeneration": observed, "memberCount": members,
                "conditions": [condition("Ready", ready), condition("Stalled", stalled)],
            },
        }))
        .unwrap()
    }

    #[test]
    fn it_is_ready_when_every_segment_is_and_has_its_members() {
        let mut board = Board::new(["a", "b"].into_iter(), 10);
        assert!(board.see(&segment("a", 2, ["True", "False"], Some(5))).is_some());
        assert!(board.see(&segment("b", 2, ["True", "False"], None)).is_some());
        assert!(!board.is_ready());
        board.see(&segment("b", 2, ["True", "False"], Some(0)));
        assert!(board.is_ready());
        assert_eq!(board.members().collect::<Vec<_>>(), [("a", 5), ("b", 0)]);
        assert!(board.text().contains("50.0 %"), "{}", board.text());
    }

    #[test]
    fn a_line_is_given_for_what_is_new_and_of_ours() {
        let mut board = Board::new(["a"].into_iter(), 10);
        let seen = segment("a", 2, ["False", "False"], None);
        assert_eq!(board.see(&seen).unwrap().split_whitespace().collect::<Vec<_>>(), ["a", "False", "Why"]);
        assert_eq!(board.see(&seen), None);
        assert_eq!(board.see(&segment("other", 2, ["True", "False"], Some(1))), None);
    }

    #[test]
    fn what_is_said_of_an_older_definition_counts_for_nothing() {
        let mut board = Board::new(["a"].into_iter(), 10);
        board.see(&segment("a", 1, ["True", "True"], Some(1)));
        assert!(!board.is_ready() && board.stalled().is_none());
        board.see(&segment("a", 2, ["False", "True"], Some(1)));
        assert_eq!(board.stalled().unwrap(), "a: Why m");
    }
}
