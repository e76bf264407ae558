//! The paths of a document as a tree of segments.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Result};
use crate::tree::{Kind, Node, Tree};

/// The place before the first segment.
pub(crate) const TOP: usize = 0;
/// No path has more segments.
const SEGMENTS: usize = 64;

/// One segment of one or more paths.
#[derive(Debug, Default)]
pub(crate) struct Spot {
    pub(crate) parent: usize,
    pub(crate) segment: String,
    pub(crate) literals: BTreeMap<String, usize>,
    /// Segments with a template behind literal text, as `report-{id}.csv`.
    mixed: Vec<usize>,
    pub(crate) template: Option<usize>,
    /// The paths that end here, as written, and their path items. More than one if only template names differ.
    pub(crate) items: Vec<(String, u32)>,
}

#[derive(Debug)]
pub(crate) struct Routes {
    spots: Vec<Spot>,
    pub(crate) order: Vec<(String, u32)>,
}

impl Routes {
    /// # Errors
    /// For a path of more segments than any sensible one has.
    pub(crate) fn of(tree: &Tree) -> Result<Self> {
        let mut routes = Self { spots: vec![Spot::default()], order: Vec::new() };
        let paths = tree.root().get("paths").filter(|paths| paths.kind() == Kind::Object);
        for (path, item) in paths.into_iter().flat_map(Node::entries) {
            if let Some(relative) = path.strip_prefix('/') {
                if relative.split('/').count() > SEGMENTS {
                    let text = format!("a path has more than {SEGMENTS} segments");
                    return Err(Error::new(ErrorKind::TooLarge, text).pointed("/paths"));
                }
                routes.add(relative, item.offset());
                routes.order.push((relative.to_owned(), item.offset()));
            }
        }
        Ok(routes)
    }

    fn add(&mut self, path: &str, item: u32) {
        let mut here = TOP;
        for segment in path.split('/') {
            here = self.step(here, segment);
        }
        self.spots[here].items.push((path.to_owned(), item));
    }

    fn step(&mut self, here: usize, segment: &str) -> usize {
        let spot = &self.spots[here];
        let known = if segment.starts_with('{') {
            spot.template
        } else if segment.contains('{') {
            spot.mixed.iter().copied().find(|child| self.spots[*child].segment == segment)
        } else {
            spot.literals.get(segment).copied()
        };
        if let Some(known) = known {
            return known;
        }
        let new = self.spots.len();
        self.spots.push(Spot { parent: here, segment: segment.to_owned(), ..Spot::default() });
        let spot = &mut self.spots[here];
        if segment.starts_with('{') {
            spot.template = Some(new);
        } else if segment.contains('{') {
            spot.mixed.push(new);
        } else {
            spot.literals.insert(segment.to_owned(), new);
        }
        new
    }

    pub(crate) fn spot(&self, index: usize) -> &Spot {
        &self.spots[index]
    }

    /// All spots that a path can mean, literal segments before templates.
    pub(crate) fn candidates(&self, path: &str) -> Vec<usize> {
        let segments: Vec<&str> = path.split('/').collect();
        let mut found = Vec::new();
        let mut open = vec![(TOP, 0)];
        while let Some((here, depth)) = open.pop() {
            let Some(segment) = segments.get(depth) else {
                found.push(here);
                continue;
            };
            // The last one pushed is the first one taken.
            let spot = &self.spots[here];
            open.extend(spot.template.map(|child| (child, depth + 1)));
            let mixed = spot.mixed.iter().rev().filter(|child| fits(&self.spots[**child].segment, segment));
            open.extend(mixed.map(|child| (*child, depth + 1)));
            open.extend(spot.literals.get(*segment).map(|child| (*child, depth + 1)));
        }
        found
    }

    /// The deepest spot that the path reaches, and how many segments lead there.
    pub(crate) fn deepest(&self, path: &str) -> (usize, usize) {
        let segments: Vec<&str> = path.split('/').collect();
        (1..=segments.len().min(SEGMENTS))
            .rev()
            .find_map(|length| {
                let spot = self.candidates(&segments[..length].join("/")).into_iter().next()?;
                Some((spot, length))
            })
            .unwrap_or((TOP, 0))
    }

    /// The path that leads to the spot, as written in the document.
    pub(crate) fn template(&self, mut index: usize) -> String {
        if let Some((path, _)) = self.spots[index].items.first() {
            return path.clone();
        }
        let mut segments = Vec::new();
        while index != TOP {
            segments.push(self.spots[index].segment.as_str());
            index = self.spots[index].parent;
        }
        segments.reverse();
        segments.join("/")
    }
}

/// Whether text fits a segment with literal text around its templates.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('{') else { return pattern == text };
    let tail = rest.rsplit_once('}').map_or("", |(_, tail)| tail);
    text.len() > head.len() + tail.len() && text.starts_with(head) && text.ends_with(tail)
}
