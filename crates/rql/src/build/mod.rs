//! The builder: conditions from code, combined with `&`, `|`, `!`.

mod combine;
mod field;
mod lookup;

use crate::error::BuildError;
use crate::expr::{Expr, Signed};
use crate::parse::parse;
use crate::print::write_expr;
use crate::value::Value;
use combine::{Kind, Node, join_all};
pub use field::{Field, field};

/// A condition in the making.
///
/// Conditions are values: every operator takes and returns one, nothing is shared or changed behind the caller's back.
/// The text is that of the original client's `R` wherever that text means what was asked; negation is pushed to the
/// comparisons, since the service takes no logic inside `not`. The first bad argument is kept and surfaces at
/// [`to_rql`](Self::to_rql).
///
/// ```
/// use pentad_rql::{R, field};
///
/// let open = field("status").in_(["draft", "inquiring"]) & !field("asset.id").null(true);
/// assert_eq!(open.to_rql()?, "and(in(status,(draft,inquiring)),not(eq(asset.id,null())))");
///
/// let neither = !(field("a").eq(1) | field("name").eq("x, y"));
/// assert_eq!(neither.to_rql()?, r#"and(not(eq(a,1)),not(eq(name,"x, y")))"#);
/// # Ok::<(), pentad_rql::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct R {
    node: Node,
    depth: usize,
}

impl R {
    /// The empty condition: no text, no restriction. Whatever it is combined with stays as it is.
    pub fn new() -> Self {
        Self { node: Node::Empty, depth: 0 }
    }

    /// Starts a comparison of `property`. The same as [`field()`].
    pub fn field(property: impl Into<String>) -> Field {
        field(property)
    }

    /// A whole RQL expression as text, taken as it is and not checked; empty text is the empty condition.
    ///
    /// ```
    /// use pentad_rql::{R, field};
    /// let both = R::raw("eq(a,1)") & field("b").eq(2);
    /// assert_eq!(both.to_rql()?, "and(eq(a,1),eq(b,2))");
    /// # Ok::<(), pentad_rql::BuildError>(())
    /// ```
    pub fn raw(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::new() } else { Self::leaf(Node::Raw(text)) }
    }

    /// `ordering(…)` as an expression: names with `-` for descending, `+` or nothing for ascending.
    pub fn ordering<T: AsRef<str>>(fields: impl IntoIterator<Item = T>) -> Self {
        Self::signed(fields, Expr::Ordering)
    }

    /// `select(…)` as an expression: names with `-` to leave out.
    pub fn select<T: AsRef<str>>(fields: impl IntoIterator<Item = T>) -> Self {
        Self::signed(fields, Expr::Select)
    }

    /// `eq(limit,n)`: the size of a page, as an expression of the query.
    pub fn limit(n: u64) -> Self {
        field("limit").eq(n)
    }

    /// `eq(offset,n)`: where the page begins, as an expression of the query.
    pub fn offset(n: u64) -> Self {
        field("offset").eq(n)
    }

    /// `eq(search,text)`: full text search, as an expression of the query.
    pub fn search(text: impl Into<String>) -> Self {
        field("search").eq(text.into())
    }

    /// All of them hold; the empty condition for none.
    pub fn all_of(conditions: impl IntoIterator<Item = Self>) -> Self {
        join_all(Kind::And, conditions)
    }

    /// At least one of them holds; the empty condition, which restricts nothing, for none.
    pub fn any_of(conditions: impl IntoIterator<Item = Self>) -> Self {
        join_all(Kind::Or, conditions)
    }

    /// Whether this is the empty condition.
    pub fn is_empty(&self) -> bool {
        matches!(self.node, Node::Empty)
    }

    /// The RQL text; empty for the empty condition.
    ///
    /// # Errors
    /// The first bad argument that went in.
    pub fn to_rql(&self) -> Result<String, BuildError> {
        let mut out = String::with_capacity(128);
        write_node(&mut out, &self.node)?;
        Ok(out)
    }

    /// The tree, raw texts read.
    ///
    /// # Errors
    /// The first bad argument that went in; [`BuildError::Raw`] if a raw text is not RQL.
    pub fn to_expr(&self) -> Result<Expr, BuildError> {
        expr_of(&self.node)
    }

    fn leaf(node: Node) -> Self {
        Self { node, depth: 0 }
    }

    fn bad(error: BuildError) -> Self {
        Self::leaf(Node::Bad(error))
    }

    fn signed<T: AsRef<str>>(fields: impl IntoIterator<Item = T>, make: fn(Vec<Signed>) -> Expr) -> Self {
        let fields: Result<Vec<_>, _> = fields.into_iter().map(|name| Signed::new(name.as_ref())).collect();
        match fields {
            Ok(fields) => Self::leaf(Node::Leaf(make(fields))),
            Err(error) => Self::bad(error),
        }
    }
}

impl Default for R {
    fn default() -> Self {
        Self::new()
    }
}

/// A read tree goes on as a condition. Logic inside `not` is pushed to the comparisons.
impl From<Expr> for R {
    fn from(expr: Expr) -> Self {
        match expr {
            Expr::Everything => Self::new(),
            Expr::And(terms) => Self::all_of(terms.into_iter().map(Self::from)),
            Expr::Or(terms) => Self::any_of(terms.into_iter().map(Self::from)),
            Expr::Not(term) => !Self::from(*term),
            leaf => Self::leaf(Node::Leaf(leaf)),
        }
    }
}

/// Equal if they give the same text (or keep the same error); order counts. By meaning: [`Expr::canonical`].
impl PartialEq for R {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

/// The value `t(…)`: a related object for which all of `tests` hold (reference 14.2).
///
/// # Errors
/// The first bad argument among `tests`; [`BuildError::Operand`] if there is none or one is not a single comparison.
///
/// ```
/// use pentad_rql::{field, tuple};
/// let product = tuple([field("id").eq("PRD-1"), field("name").like("*x*")])?;
/// assert_eq!(field("product").eq(product).to_rql()?, "eq(product,t(eq(id,PRD-1),like(name,*x*)))");
/// # Ok::<(), pentad_rql::BuildError>(())
/// ```
pub fn tuple(tests: impl IntoIterator<Item = R>) -> Result<Value, BuildError> {
    let tests = tests.into_iter().map(|test| test.to_expr()).collect::<Result<Vec<_>, _>>()?;
    if tests.is_empty() || !tests.iter().all(|test| matches!(test, Expr::Test { .. })) {
        return Err(BuildError::Operand { operator: "t".into(), takes: "comparisons with one value each" });
    }
    Ok(Value::Tuple(tests))
}

fn write_node(out: &mut String, node: &Node) -> Result<(), BuildError> {
    let (head, nodes) = match node {
        Node::Empty => return Ok(()),
        Node::Leaf(expr) => return write_expr(out, expr),
        Node::Raw(text) => {
            out.push_str(text);
            return Ok(());
        }
        Node::Bad(error) => return Err(error.clone()),
        Node::And(nodes) => ("and(", nodes.as_slice()),
        Node::Or(nodes) => ("or(", nodes.as_slice()),
        Node::Not(node) => ("not(", std::slice::from_ref(&**node)),
    };
    out.push_str(head);
    for (i, node) in nodes.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_node(out, node)?;
    }
    out.push(')');
    Ok(())
}

fn expr_of(node: &Node) -> Result<Expr, BuildError> {
    let all = |nodes: &[Node]| nodes.iter().map(expr_of).collect::<Result<Vec<_>, _>>();
    Ok(match node {
        Node::Empty => Expr::Everything,
        Node::Leaf(expr) => expr.clone(),
        Node::Raw(text) => parse(text).map_err(BuildError::Raw)?,
        Node::And(nodes) => Expr::And(all(nodes)?),
        Node::Or(nodes) => Expr::Or(all(nodes)?),
        Node::Not(node) => Expr::Not(Box::new(expr_of(node)?)),
        Node::Bad(error) => return Err(error.clone()),
    })
}
