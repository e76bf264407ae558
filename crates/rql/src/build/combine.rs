//! How conditions join (reference 9.4), with negation kept.

use std::collections::HashSet;
use std::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, Not};

use super::{R, write_node};
use crate::error::BuildError;
use crate::expr::Expr;
use crate::parse::{MAX_DEPTH, parse};
use crate::print::write_expr;

/// `Not` holds only leaves and raw texts; `And` and `Or` have at least two children.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Empty,
    Leaf(Expr),
    Raw(String),
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Bad(BuildError),
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Empty, Self::Empty) => true,
            (Self::Leaf(a), Self::Leaf(b)) => a == b,
            (Self::Raw(a), Self::Raw(b)) => a == b,
            (Self::Leaf(leaf), Self::Raw(text)) | (Self::Raw(text), Self::Leaf(leaf)) => {
                let mut printed = String::new();
                write_expr(&mut printed, leaf).is_ok() && printed == *text
            }
            (Self::And(a), Self::And(b)) | (Self::Or(a), Self::Or(b)) => a == b,
            (Self::Not(a), Self::Not(b)) => a == b,
            (Self::Bad(a), Self::Bad(b)) => a == b,
            _ => false,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    And,
    Or,
}

impl Kind {
    fn node(self, children: Vec<Node>) -> Node {
        match self {
            Self::And => Node::And(children),
            Self::Or => Node::Or(children),
        }
    }

    /// The children, if `node` is of this kind.
    fn open(self, node: Node) -> Result<Vec<Node>, Node> {
        match (self, node) {
            (Self::And, Node::And(children)) | (Self::Or, Node::Or(children)) => Ok(children),
            (_, node) => Err(node),
        }
    }
}

/// The texts of the first children of a condition that grows, so that asking for one costs the same however many there
/// are. Conditions are equal if their texts are.
#[derive(Default)]
struct Known {
    texts: HashSet<String>,
    children: usize,
}

impl Known {
    fn has(&mut self, children: &[Node], node: &Node) -> bool {
        let text = |node: &Node| {
            let mut text = String::new();
            write_node(&mut text, node).is_ok().then_some(text)
        };
        self.texts.extend(children[self.children..].iter().filter_map(text));
        self.children = children.len();
        text(node).is_some_and(|text| self.texts.contains(&text))
    }
}

/// All of them joined.
pub(super) fn join_all(kind: Kind, conditions: impl IntoIterator<Item = R>) -> R {
    let mut known = Known::default();
    let join = |all, next| join_known(kind, all, next, &mut |children, node| known.has(children, node));
    conditions.into_iter().fold(R::new(), join)
}

fn join(kind: Kind, left: R, right: R) -> R {
    join_known(kind, left, right, &mut |children, node| children.contains(node))
}

fn join_known(kind: Kind, left: R, right: R, has: &mut dyn FnMut(&[Node], &Node) -> bool) -> R {
    if matches!(left.node, Node::Bad(_)) || right.is_empty() || left == right {
        return left;
    }
    if matches!(right.node, Node::Bad(_)) || left.is_empty() {
        return right;
    }
    let (mut children, mut depth) = match kind.open(left.node) {
        Ok(children) => (children, left.depth),
        Err(node) => (vec![node], left.depth + 1),
    };
    match kind.open(right.node) {
        Ok(more) => {
            // Children of an equal node come in unchecked, as in the original: only whole conditions are compared.
            children.extend(more);
            depth = depth.max(right.depth);
        }
        Err(node) if has(&children, &node) => {}
        Err(node) => {
            children.push(node);
            depth = depth.max(right.depth + 1);
        }
    }
    if depth + 2 > MAX_DEPTH {
        return R::bad(BuildError::Depth);
    }
    R { node: kind.node(children), depth }
}

fn negate(condition: R) -> R {
    let (kind, children) = match condition.node {
        Node::Empty | Node::Bad(_) => return condition,
        Node::Not(inner) => return R::leaf(*inner),
        Node::Leaf(_) => return R::leaf(Node::Not(Box::new(condition.node))),
        Node::Raw(text) => return negate_raw(text),
        Node::And(children) => (Kind::Or, children),
        Node::Or(children) => (Kind::And, children),
    };
    let depth = condition.depth.saturating_sub(1);
    join_all(kind, children.into_iter().map(|node| negate(R { depth, node })))
}

/// A raw text that is logic is opened; anything else, also what is not RQL at all, is wrapped as it stands.
fn negate_raw(text: String) -> R {
    match parse(&text) {
        Ok(expr) if expr.is_logical() => negate(R::from(expr)),
        _ => R::leaf(Node::Not(Box::new(Node::Raw(text)))),
    }
}

/// Both hold.
impl BitAnd for R {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        join(Kind::And, self, other)
    }
}

/// At least one of both holds.
impl BitOr for R {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        join(Kind::Or, self, other)
    }
}

impl BitAndAssign for R {
    fn bitand_assign(&mut self, other: Self) {
        *self = std::mem::take(self) & other;
    }
}

impl BitOrAssign for R {
    fn bitor_assign(&mut self, other: Self) {
        *self = std::mem::take(self) | other;
    }
}

/// It does not hold. Pushed to the comparisons at once, twice is nothing, and the opposite of no condition is none.
impl Not for R {
    type Output = Self;

    fn not(self) -> Self {
        negate(self)
    }
}
