//! From words to a program.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::lex::{Token, words};
use super::{BASES, LONGEST, Literal, Program, Rule, Sign, Term};
use crate::ivcap::words::{Word, Words};

/// Rules of a program.
const MOST_RULES: usize = 64;
/// Literals of a rule.
const MOST_LITERALS: usize = 32;
/// The rule that is asked for, if there is one of this name; else the last one.
const GOAL: &str = "query";

const SIGNS: [(&str, Sign); 6] = [
    ("=", Sign::Equal),
    ("!=", Sign::Differs),
    ("<", Sign::Less),
    ("<=", Sign::AtMost),
    (">", Sign::More),
    (">=", Sign::AtLeast),
];

pub(super) fn parse(text: &str) -> Result<Program, String> {
    if text.len() > LONGEST {
        return Err(format!("a query may have at most {LONGEST} bytes"));
    }
    let words = words(text)?;
    let mut parser = Parser::new(&words);
    let mut rules: Vec<Rule> = Vec::new();
    while parser.at < words.len() {
        rules.push(parser.rule()?);
        if rules.len() > MOST_RULES {
            return Err(format!("a query may have at most {MOST_RULES} rules"));
        }
    }
    let last = rules.last().ok_or("the query is empty")?.name.clone();
    let goal = if rules.iter().any(|rule| rule.name == GOAL) { GOAL.to_owned() } else { last };
    for rule in &rules {
        check(rule)?;
    }
    Ok(Program { rules: ordered(rules)?, goal })
}

/// Refuses rules that have no finite or no sensible answer.
fn check(rule: &Rule) -> Result<(), String> {
    if BASES.iter().any(|(name, ..)| *name == rule.name) {
        return Err(format!("the predicate {} is given and cannot be defined", rule.name));
    }
    let mut bound = BTreeSet::new();
    for literal in &rule.body {
        if let Literal::Atom { terms, .. } = literal {
            bound.extend(terms.iter().filter_map(Term::variable));
        }
    }
    // An equation gives a variable its value, too.
    loop {
        let before = bound.len();
        for literal in &rule.body {
            if let Literal::Compare(left, Sign::Equal, right) = literal {
                let has = |term: &Term, bound: &BTreeSet<String>| match term {
                    Term::Value(_) => true,
                    Term::Variable(name) => bound.contains(name),
                    Term::Any => false,
                };
                if has(left, &bound) {
                    bound.extend(right.variable());
                }
                if has(right, &bound) {
                    bound.extend(left.variable());
                }
            }
        }
        if bound.len() == before {
            break;
        }
    }
    let compared = rule.body.iter().flat_map(|literal| match literal {
        Literal::Compare(left, _, right) => vec![left, right],
        Literal::Atom { .. } => Vec::new(),
    });
    for term in rule.head.iter().chain(compared) {
        match term {
            Term::Variable(name) if !bound.contains(name) => {
                return Err(format!(
                    "the variable {name} of {} stands in no predicate of its body",
                    rule.name
                ));
            }
            Term::Any => return Err("\"_\" stands only for arguments of predicates in a body".to_owned()),
            _ => {}
        }
    }
    Ok(())
}

impl Term {
    fn variable(&self) -> Option<String> {
        match self {
            Self::Variable(name) => Some(name.clone()),
            _ => None,
        }
    }
}

/// Rules in an order in which each uses only what stands before it.
fn ordered(rules: Vec<Rule>) -> Result<Vec<Rule>, String> {
    let mut arity: BTreeMap<String, usize> =
        BASES.iter().map(|(name, n, _)| ((*name).to_owned(), *n)).collect();
    for rule in &rules {
        let known = *arity.entry(rule.name.clone()).or_insert(rule.head.len());
        fits(&rule.name, known, rule.head.len())?;
    }
    for literal in rules.iter().flat_map(|rule| &rule.body) {
        if let Literal::Atom { name, terms } = literal {
            let known = arity.get(name).ok_or_else(|| format!("there is no predicate {name}"))?;
            fits(name, *known, terms.len())?;
        }
    }
    let mut done: BTreeSet<String> = BASES.iter().map(|(name, ..)| (*name).to_owned()).collect();
    let (mut left, mut order) = (rules, Vec::new());
    while !left.is_empty() {
        let ready = |name: &str| {
            left.iter().filter(|rule| rule.name == name).all(|rule| {
                rule.body.iter().all(|literal| match literal {
                    Literal::Atom { name, .. } => done.contains(name),
                    Literal::Compare(..) => true,
                })
            })
        };
        let Some(next) = left.iter().map(|rule| rule.name.clone()).find(|name| ready(name)) else {
            return Err("recursion is not supported".to_owned());
        };
        let (now, later): (Vec<Rule>, Vec<Rule>) = left.into_iter().partition(|rule| rule.name == next);
        order.extend(now);
        left = later;
        done.insert(next);
    }
    Ok(order)
}

fn fits(name: &str, known: usize, used: usize) -> Result<(), String> {
    if known == used {
        Ok(())
    } else {
        Err(format!("the predicate {name} has {known} arguments, not {used}"))
    }
}

type Parser<'w> = Words<'w, Token>;

impl Parser<'_> {
    /// A rule, or a bare question: literals whose variables are asked for.
    fn rule(&mut self) -> Result<Rule, String> {
        self.sign("?");
        let first = self.literal()?;
        if self.sign(":-") || self.sign("<-") || self.sign("⟸") {
            let Literal::Atom { name, terms } = first else {
                return Err("a rule begins with a predicate".to_owned());
            };
            let body = self.body(Vec::new())?;
            return Ok(Rule { name, head: terms, body });
        }
        let body = if self.sign(",") { self.body(vec![first])? } else { self.end(vec![first])? };
        let mut head: Vec<Term> = Vec::new();
        for literal in &body {
            let terms = match literal {
                Literal::Atom { terms, .. } => terms.clone(),
                Literal::Compare(left, _, right) => vec![left.clone(), right.clone()],
            };
            for term in terms {
                if term.variable().is_some_and(|name| !name.starts_with('_')) && !head.contains(&term) {
                    head.push(term);
                }
            }
        }
        if head.is_empty() {
            return Err("facts are not supported: a question needs a variable".to_owned());
        }
        Ok(Rule { name: GOAL.to_owned(), head, body })
    }

    fn body(&mut self, mut body: Vec<Literal>) -> Result<Vec<Literal>, String> {
        loop {
            body.push(self.literal()?);
            if body.len() > MOST_LITERALS {
                return Err(format!("a rule may have at most {MOST_LITERALS} parts"));
            }
            if !self.sign(",") {
                return self.end(body);
            }
        }
    }

    fn end(&mut self, body: Vec<Literal>) -> Result<Vec<Literal>, String> {
        if self.sign(".") || self.sign("?") || self.peek().is_none() {
            return Ok(body);
        }
        match self.peek() {
            Some(Token::Sign("|>")) => Err("transforms (\"|>\") are not supported".to_owned()),
            _ => Err(format!("expected \",\" or \".\", not {}", self.shown())),
        }
    }

    fn literal(&mut self) -> Result<Literal, String> {
        match self.peek() {
            Some(Token::Sign("!")) => return Err("negation (\"!\") is not supported".to_owned()),
            Some(Token::Function(name)) => return Err(format!("\"{name}\" is not supported")),
            Some(Token::Name(name)) => {
                let name = name.clone();
                self.at += 1;
                if matches!(name.as_str(), "Package" | "Use" | "let" | "do") {
                    return Err(format!("\"{name}\" is not supported"));
                }
                return self.atom(name);
            }
            Some(Token::Variable(name)) if matches!(name.as_str(), "Decl" | "Package" | "Use") => {
                return Err(format!("declarations (\"{name}\") are not supported"));
            }
            _ => {}
        }
        let left = self.term()?;
        for (text, sign) in SIGNS {
            if self.sign(text) {
                return Ok(Literal::Compare(left, sign, self.term()?));
            }
        }
        Err(format!("expected a comparison, not {}", self.shown()))
    }

    fn atom(&mut self, name: String) -> Result<Literal, String> {
        if !self.sign("(") {
            return Err(format!("expected \"(\" after {name}, not {}", self.shown()));
        }
        let mut terms = Vec::new();
        loop {
            terms.push(self.term()?);
            if self.sign(")") {
                return Ok(Literal::Atom { name, terms });
            }
            if !self.sign(",") {
                return Err(format!("expected \",\" or \")\", not {}", self.shown()));
            }
        }
    }

    fn term(&mut self) -> Result<Term, String> {
        match self.next() {
            Some(Token::Variable(name)) if name == "_" => Ok(Term::Any),
            Some(Token::Variable(name)) => Ok(Term::Variable(name.clone())),
            Some(Token::Value(value)) => Ok(Term::Value(value.clone())),
            Some(Token::Constant(name)) if name == "/true" => Ok(Term::Value(Value::Bool(true))),
            Some(Token::Constant(name)) if name == "/false" => Ok(Term::Value(Value::Bool(false))),
            Some(Token::Constant(name)) => Err(format!("the name constant \"{name}\" is not supported")),
            Some(Token::Function(name)) => Err(format!("the function \"{name}\" is not supported")),
            Some(Token::Sign("[" | "{")) => Err("lists and structures are not supported".to_owned()),
            Some(other) => Err(format!("\"{}\" is not supported as an argument", other.shown())),
            None => Err("expected an argument, not the end".to_owned()),
        }
    }
}
