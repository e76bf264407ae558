//! Uploads: forms of fields and files as objects.

use serde_json::{Map, Value, json};

use super::super::error::Failure;

/// Most parts of one form.
const MOST: usize = 1000;

/// The object that a form describes: fields as texts, a file as its name, content type and size; what comes more than
/// once is a list. Content of files is not kept.
pub(crate) fn object(content_type: &str, body: &[u8]) -> Result<Map<String, Value>, Failure> {
    let mut object = Map::new();
    for (index, part) in parts(content_type, body)?.into_iter().enumerate() {
        if index == MOST {
            return Err(Failure::invalid(format!("A form of more than {MOST} parts is too long.")));
        }
        let (name, value) = member(part)?;
        match object.get_mut(&name) {
            None => drop(object.insert(name, value)),
            Some(Value::Array(several)) => several.push(value),
            Some(one) => *one = json!([one.take(), value]),
        }
    }
    Ok(object)
}

/// The parts between the boundaries.
fn parts<'b>(content_type: &str, body: &'b [u8]) -> Result<Vec<&'b [u8]>, Failure> {
    let boundary = parameter(content_type, "boundary").filter(|boundary| !boundary.is_empty());
    let boundary = boundary.ok_or_else(|| wrong("there is no boundary"))?;
    let line = format!("--{boundary}");
    let (mut rest, mut found) = (body, Vec::new());
    // What stands before the first boundary is of no account.
    let first = position(rest, line.as_bytes()).ok_or_else(|| wrong("the boundary does not occur"))?;
    rest = &rest[first + line.len()..];
    let between = format!("\r\n{line}");
    loop {
        if rest.starts_with(b"--") {
            return Ok(found);
        }
        rest = rest.strip_prefix(b"\r\n").ok_or_else(|| wrong("a boundary does not end its line"))?;
        let end = position(rest, between.as_bytes()).ok_or_else(|| wrong("the last part has no end"))?;
        found.push(&rest[..end]);
        if found.len() > MOST {
            return Ok(found);
        }
        rest = &rest[end + between.len()..];
    }
}

/// The member that a part describes.
fn member(part: &[u8]) -> Result<(String, Value), Failure> {
    let (head, content) = match position(part, b"\r\n\r\n") {
        Some(at) => (&part[..at], &part[at + 4..]),
        None => return Err(wrong("a part has no content")),
    };
    let head = std::str::from_utf8(head).map_err(|_| wrong("a part's head is no text"))?;
    let header = |wanted: &str| {
        let named = head.lines().filter_map(|line| line.split_once(':'));
        named.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim()).next()
    };
    let disposition = header("content-disposition").unwrap_or_default();
    let name = parameter(disposition, "name").ok_or_else(|| wrong("a part has no name"))?;
    let value = match parameter(disposition, "filename") {
        Some(file) => {
            let kind = header("content-type").unwrap_or("application/octet-stream");
            json!({"name": file, "type": kind, "size": content.len()})
        }
        None => json!(String::from_utf8_lossy(content)),
    };
    Ok((name, value))
}

/// A parameter of a header: `; name="value"`, or without quotes.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (name, value) = rest.split_once('=')?;
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_at(closing(quoted)?),
            None => value.split_once(';').unwrap_or((value, "")),
        };
        if name.trim_matches([' ', ';', '\t', '"']).eq_ignore_ascii_case(wanted) {
            // Browsers and clients escape a quote within a name.
            return Some(value.trim().replace("%22", "\"").replace("\\\"", "\""));
        }
        rest = after;
    }
}

/// Where a quoted text ends: at a quote without a backslash before it.
fn closing(quoted: &str) -> Option<usize> {
    quoted.match_indices('"').map(|(at, _)| at).find(|at| !quoted[..*at].ends_with('\\'))
}

fn position(text: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, wanted)
}

fn wrong(why: &str) -> Failure {
    Failure::invalid(format!("Multipart form parse error - {why}."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KIND: &str = "multipart/form-data; boundary=x";

    #[test]
    fn fields_are_texts_and_files_are_described() {
        let body = "before\r\n--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nLogo\r\n--x\r\n\
                    content-disposition: form-data; name=f; filename=\"a \"; x=1\r\nContent-Type: image/png\r\n\r\n\x01\r\n\r\n\x02\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n\r\n--x--\r\n";
        let expected = json!({"title": ["Logo", ""], "f": {"name": "a", "type": "image/png", "size": 6}});
        assert_eq!(Value::Object(object(KIND, body.as_bytes()).unwrap()), expected);
        assert!(object(KIND, b"--x--").unwrap().is_empty());
    }

    #[test]
    fn quotes_within_names_are_part_of_them() {
        for written in ["a\\\"b.png", "a%22b.png"] {
            let head = format!("form-data; name=\"f\"; filename=\"{written}\"; x=1");
            assert_eq!(parameter(&head, "filename").as_deref(), Some("a\"b.png"), "{written}");
            assert_eq!(parameter(&head, "x").as_deref(), Some("1"));
        }
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for (kind, body) in [
            ("multipart/form-data", "--x--"),
            ("multipart/form-data; boundary=", "--x--"),
            (KIND, ""),
            (KIND, "--x"),
            (KIND, "--x\r\nContent-Disposition: form-data; name=a\r\n\r\nv"),
            (KIND, "--x\r\n\r\n\r\nv\r\n--x--"),
            (KIND, "--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--"),
        ] {
            assert!(object(kind, body.as_bytes()).is_err(), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..200) {
            let mut body = body;
            for piece in [&b"--x\r\n"[..], b"\r\n--x", b"\r\n\r\n", b"Content-Disposition: form-data; name=\""] {
                let at = at.min(body.len());
                body.splice(at..at, piece.iter().copied());
                let _ = object(KIND, &body);
            }
        }
    }
}
