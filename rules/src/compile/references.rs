//! References between Segments: missing ones, those into other accounts, circles; and an order in which every Segment comes
//! after those that it refers to.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::parse::{ObjectName, ParsedSegment};
use crate::refusal::Problem;

/// In circles of more Segments than this, one circle is shown for all of them.
const OWN_CIRCLE_MAX: usize = 200;

type Segments = BTreeMap<ObjectName, ParsedSegment>;
type Refused = BTreeMap<ObjectName, Vec<Problem>>;

/// Takes the Segments with bad references out and gives the order of the others.
pub(super) fn order(segments: &mut Segments, refused: &mut Refused) -> Vec<ObjectName> {
    let names: Vec<ObjectName> = segments.keys().cloned().collect();
    let numbers: HashMap<&ObjectName, usize> = names.iter().enumerate().map(|(number, name)| (name, number)).collect();
    let edges: Vec<Vec<usize>> = segments
        .values()
        .map(|segment| segment.references().iter().filter_map(|one| numbers.get(&one.0).copied()).collect())
        .collect();
    let components = strong_components(&edges);
    let mut order = Vec::new();
    for component in components {
        if component.len() > 1 || edges[component[0]].contains(&component[0]) {
            refuse_circle(&component, &edges, &names, segments, refused);
            continue;
        }
        let name = &names[component[0]];
        let Some(segment) = segments.get(name) else { continue };
        let problems: Vec<Problem> = segment
            .references()
            .into_iter()
            .filter_map(|(target, path)| {
                let (reason, mend) = reference_trouble(segment, &target, segments, refused)?;
                Some(Problem::new(path, reason, mend))
            })
            .collect();
        if problems.is_empty() {
            order.push(name.clone());
        } else {
            refused.insert(name.clone(), problems);
            segments.remove(name);
        }
    }
    order
}

/// What is wrong with a reference. Refused Segments are no longer among the Segments.
fn reference_trouble(
    segment: &ParsedSegment,
    target: &ObjectName,
    segments: &Segments,
    refused: &Refused,
) -> Option<(String, &'static str)> {
    let ObjectName { namespace, name } = target;
    let Some(found) = segments.get(target) else {
        return Some(if refused.contains_key(target) {
            (format!("the Segment {namespace}/{name} is refused itself"), "mend that Segment first")
        } else {
            (format!("there is no Segment {namespace}/{name}"), "write the name of a Segment of this namespace")
        });
    };
    if found.account != segment.account {
        let reason = format!("the Segment {namespace}/{name} is of another account, {:?}", found.account);
        return Some((reason, "refer to a Segment of the same account"));
    }
    (found.store != segment.store).then(|| {
        let reason = format!(
            "the Segment {namespace}/{name} is in another store, {}/{}",
            found.store.namespace, found.store.name
        );
        (reason, "refer to a Segment of the same store")
    })
}

fn refuse_circle(
    component: &[usize],
    edges: &[Vec<usize>],
    names: &[ObjectName],
    segments: &mut Segments,
    refused: &mut Refused,
) {
    let mut members = component.to_vec();
    members.sort_unstable();
    let shared = (members.len() > OWN_CIRCLE_MAX).then(|| circle(members[0], &members, edges));
    for member in &members {
        let circle = shared.clone().unwrap_or_else(|| circle(*member, &members, edges));
        let shown: Vec<&str> = circle.iter().map(|number| names[*number].name.as_str()).collect();
        let name = &names[*member];
        let path = segments.remove(name).and_then(|segment| {
            let next = circle.get(1).map(|number| &names[*number]);
            let references = segment.references();
            let first = references.iter().find(|reference| Some(&reference.0) == next).or(references.first())?;
            Some(first.1.clone())
        });
        let reason = format!("the Segments refer to each other in a circle: {}", shown.join(" -> "));
        let path = path.unwrap_or_else(|| "spec.criteria".to_owned());
        refused.insert(name.clone(), vec![Problem::new(path, reason, "remove one of these references")]);
    }
}

/// The shortest way from a Segment back to itself.
fn circle(start: usize, members: &[usize], edges: &[Vec<usize>]) -> Vec<usize> {
    let mut came_from: HashMap<usize, usize> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in edges[at].iter().filter(|next| members.binary_search(next).is_ok()) {
            if *next == start {
                let mut way = vec![start, at];
                while way.last() != Some(&start) {
                    let before = way.last().and_then(|last| came_from.get(last)).copied().unwrap_or(start);
                    way.push(before);
                }
                way.reverse();
                return way;
            }
            came_from.entry(*next).or_insert_with(|| {
                queue.push_back(*next);
                at
            });
        }
    }
    vec![start]
}

/// Tarjan's strongly connected components, each after those that it refers to; without recursion, for chains may be long.
fn strong_components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut search = Search {
        edges,
        next_index: 0,
        index: vec![None; edges.len()],
        low: vec![0; edges.len()],
        on_stack: vec![false; edges.len()],
        stack: Vec::new(),
        components: Vec::new(),
    };
    for start in 0..edges.len() {
        if search.index[start].is_none() {
            search.from(start);
        }
    }
    search.components
}

struct Search<'a> {
    edges: &'a [Vec<usize>],
    next_index: usize,
    index: Vec<Option<usize>>,
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    components: Vec<Vec<usize>>,
}

impl Search<'_> {
    fn enter(&mut self, number: usize) -> (usize, usize) {
        self.index[number] = Some(self.next_index);
        self.low[number] = self.next_index;
        self.next_index += 1;
        self.stack.push(number);
        self.on_stack[number] = true;
        (number, 0)
    }

    fn from(&mut self, start: usize) {
        let mut path = vec![self.enter(start)];
        while let Some((number, edge)) = path.last_mut() {
            let number = *number;
            if let Some(next) = self.edges[number].get(*edge).copied() {
                *edge += 1;
                match self.index[next] {
                    None => path.push(self.enter(next)),
                    Some(index) if self.on_stack[next] => self.low[number] = self.low[number].min(index),
                    Some(_) => {}
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                self.low[*parent] = self.low[*parent].min(self.low[number]);
            }
            if self.index[number] == Some(self.low[number]) {
                self.leave(number);
            }
        }
    }

    fn leave(&mut self, root: usize) {
        let at = self.stack.iter().rposition(|number| *number == root).unwrap_or(0);
        let component = self.stack.split_off(at);
        for number in &component {
            self.on_stack[*number] = false;
        }
        self.components.push(component);
    }
}
