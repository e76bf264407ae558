//! Regular expressions of `like_regex`: what PostgreSQL's and ours have in common, with PostgreSQL's meaning.

use regex::{Regex, RegexBuilder};

/// Bytes of a compiled pattern.
const LARGEST: usize = 1 << 20;
/// Largest count of a repetition, as in PostgreSQL.
const MOST: u32 = 255;

/// Compiles a pattern.
///
/// # Errors
/// What is wrong with it or not supported.
pub(super) fn compile(pattern: &str, ignore_case: bool) -> Result<Regex, String> {
    let mut translator = Translator { letters: pattern.chars().peekable(), out: String::new(), atom: false };
    translator.run()?;
    RegexBuilder::new(&translator.out)
        .case_insensitive(ignore_case)
        .size_limit(LARGEST)
        .build()
        .map_err(|_| format!("\"{pattern}\" is not a supported regular expression"))
}

struct Translator<'p> {
    letters: std::iter::Peekable<std::str::Chars<'p>>,
    out: String,
    /// Whether something stands before that can be repeated.
    atom: bool,
}

impl Translator<'_> {
    fn run(&mut self) -> Result<(), String> {
        let mut open = 0_u32;
        while let Some(letter) = self.letters.next() {
            match letter {
                '(' => {
                    self.group()?;
                    open += 1;
                }
                ')' => {
                    open = open.checked_sub(1).ok_or("a parenthesis is closed that is not open")?;
                    self.put(")", true);
                }
                '|' => self.put("|", false),
                '^' => self.put("^", false),
                '$' => self.put("$", false),
                '*' | '+' | '?' => self.repeat(&letter.to_string())?,
                '{' if self.letters.peek().is_some_and(char::is_ascii_digit) => self.bound()?,
                '[' => self.set()?,
                '\\' => self.escape()?,
                '.' => self.put(".", true),
                other => self.put(&regex::escape(other.encode_utf8(&mut [0; 4])), true),
            }
        }
        if open == 0 { Ok(()) } else { Err("a parenthesis is not closed".to_owned()) }
    }

    fn put(&mut self, text: &str, atom: bool) {
        self.out.push_str(text);
        self.atom = atom;
    }

    fn group(&mut self) -> Result<(), String> {
        if self.letters.next_if_eq(&'?').is_none() {
            self.put("(", false);
            return Ok(());
        }
        match self.letters.next() {
            Some(':') => self.put("(?:", false),
            Some(other) => return Err(format!("\"(?{other}\" is not supported in a regular expression")),
            None => return Err("a parenthesis is not closed".to_owned()),
        }
        Ok(())
    }

    fn repeat(&mut self, quantifier: &str) -> Result<(), String> {
        if !self.atom {
            return Err(format!("there is nothing that \"{quantifier}\" could repeat"));
        }
        self.put(quantifier, false);
        if self.letters.next_if_eq(&'?').is_some() {
            self.out.push('?');
        }
        Ok(())
    }

    fn bound(&mut self) -> Result<(), String> {
        let mut text = String::new();
        loop {
            match self.letters.next() {
                Some('}') => break,
                Some(letter) if letter.is_ascii_digit() || letter == ',' => text.push(letter),
                _ => return Err("a count in braces is not right".to_owned()),
            }
        }
        let (least, most) = text.split_once(',').unwrap_or((&text, &text));
        let count = |text: &str| text.parse::<u32>().ok().filter(|count| *count <= MOST);
        let right = match (count(least), most) {
            (None, _) => false,
            (Some(_), "") => true,
            (Some(least), most) => count(most).is_some_and(|most| least <= most),
        };
        if !right {
            return Err(format!("a count in braces must be from 0 to {MOST}"));
        }
        self.repeat(&format!("{{{text}}}"))
    }

    /// A set in brackets. What is not in a set is no line end either.
    fn set(&mut self) -> Result<(), String> {
        let negated = self.letters.next_if_eq(&'^').is_some();
        let mut set = String::from(if negated { "[^\\n" } else { "[" });
        let mut first = true;
        loop {
            match self.letters.next() {
                None => return Err("a bracket is not closed".to_owned()),
                Some(']') if !first => break,
                Some('[') => match self.letters.peek() {
                    Some(':') => set.push_str(&self.class()?),
                    Some('.' | '=') => {
                        return Err("collating elements are not supported in a regular expression".to_owned());
                    }
                    _ => set.push_str("\\["),
                },
                Some('\\') => match self.letters.next() {
                    Some(letter @ ('d' | 'w' | 's')) => set.extend(['\\', letter]),
                    Some(letter) if !letter.is_alphanumeric() => set.push_str(&quoted(letter)),
                    other => set.push_str(control(other)?),
                },
                Some('-') => set.push('-'),
                Some(letter) => set.push_str(&quoted(letter)),
            }
            first = false;
        }
        set.push(']');
        self.put(&set, true);
        Ok(())
    }

    /// A named class such as `[:alpha:]`; its opening bracket is read.
    fn class(&mut self) -> Result<String, String> {
        let mut name = String::new();
        self.letters.next();
        while let Some(letter) = self.letters.next_if(char::is_ascii_alphabetic) {
            name.push(letter);
        }
        let known = [
            "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
            "upper", "xdigit",
        ];
        let ends = self.letters.next() == Some(':') && self.letters.next() == Some(']');
        if ends && known.contains(&name.as_str()) {
            return Ok(format!("[:{name}:]"));
        }
        Err(format!("the class \"[:{name}:]\" is not supported in a regular expression"))
    }

    fn escape(&mut self) -> Result<(), String> {
        match self.letters.next() {
            Some(letter @ ('d' | 'D' | 'w' | 'W' | 's' | 'S')) => self.put(&format!("\\{letter}"), true),
            Some('A') => self.put("\\A", false),
            Some('Z') => self.put("\\z", false),
            Some('y') => self.put("\\b", false),
            Some('Y') => self.put("\\B", false),
            Some('m') => self.put("\\b{start}", false),
            Some('M') => self.put("\\b{end}", false),
            Some(letter) if !letter.is_alphanumeric() => {
                self.put(&regex::escape(letter.encode_utf8(&mut [0; 4])), true);
            }
            other => {
                let text = control(other)?;
                self.put(text, true);
            }
        }
        Ok(())
    }
}

/// A letter inside a set.
fn quoted(letter: char) -> String {
    let special = matches!(letter, '[' | ']' | '\\' | '^' | '-' | '&' | '~');
    if special { format!("\\{letter}") } else { letter.to_string() }
}

fn control(letter: Option<char>) -> Result<&'static str, String> {
    match letter {
        Some('n') => Ok("\\n"),
        Some('r') => Ok("\\r"),
        Some('t') => Ok("\\t"),
        Some('f') => Ok("\\f"),
        Some('v') => Ok("\\v"),
        Some(other) => Err(format!("\"\\{other}\" is not supported in a regular expression")),
        None => Err("a regular expression ends with a backslash".to_owned()),
    }
}
