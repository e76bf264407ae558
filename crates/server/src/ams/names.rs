//! Names in paths, full names in bodies and the spelling of times (AMS reference 4).

use jiff::Timestamp;
use jiff::civil::DateTime;

/// Whether `name` may stand in a path: letters, digits, `_` and `-`, at least one.
pub(crate) fn is_valid(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// `/projects/{project}/topics/{topic}`.
pub(crate) fn topic(project: &str, topic: &str) -> String {
    format!("/projects/{project}/topics/{topic}")
}

/// `/projects/{project}/subscriptions/{subscription}`.
pub(crate) fn subscription(project: &str, subscription: &str) -> String {
    format!("/projects/{project}/subscriptions/{subscription}")
}

/// `projects/{project}/schemas/{schema}`, without a leading slash.
pub(crate) fn schema(project: &str, schema: &str) -> String {
    format!("projects/{project}/schemas/{schema}")
}

/// Splits a schema reference `projects/P/schemas/X` into `(P, X)`.
pub(crate) fn schema_reference(reference: &str) -> Option<(&str, &str)> {
    let mut parts = reference.split('/');
    match (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()) {
        ("projects", project, "schemas", schema, None) if is_valid(project) && is_valid(schema) => {
            Some((project, schema))
        }
        _ => None,
    }
}

/// The topic name inside a topic reference `projects/P/topics/T` (AMS reference 12.3).
///
/// `lenient` keeps the released server's check, for which one right literal of the two is enough.
pub(crate) fn topic_reference(reference: &str, lenient: bool) -> Option<&str> {
    let parts: Vec<&str> = reference.split('/').collect();
    let [projects, project, topics, topic] = parts[..] else { return None };
    let literals = if lenient {
        projects == "projects" || topics == "topics"
    } else {
        projects == "projects" && topics == "topics"
    };
    (literals && is_valid(project) && is_valid(topic)).then_some(topic)
}

/// The end position in an acknowledgement id of this subscription, if it is one and not negative.
pub(crate) fn ack_offset(id: &str, project: &str, subscription: &str) -> Option<i64> {
    let rest = id.strip_prefix("projects/")?.strip_prefix(project)?.strip_prefix("/subscriptions/")?;
    let number = rest.strip_prefix(subscription)?.strip_prefix(':')?;
    number.parse().ok().filter(|offset| *offset >= 0)
}

/// Microseconds since the epoch as a time, saturating.
pub(crate) fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// `YYYY-MM-DDTHH:MM:SSZ`, the fraction cut off.
pub(crate) fn seconds(micros: i64) -> String {
    time(micros).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `YYYY-MM-DDTHH:MM:SS[.f…]Z` with up to nine digits, trailing zeros and a bare dot dropped.
pub(crate) fn publish_time(micros: i64) -> String {
    let fraction = micros.rem_euclid(1_000_000);
    let mut text = time(micros - fraction).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    if fraction != 0 {
        text.push_str(format!(".{fraction:06}").trim_end_matches('0'));
    }
    text.push('Z');
    text
}

/// The UTC day, `YYYY-MM-DD`.
pub(crate) fn day(micros: i64) -> String {
    time(micros).strftime("%Y-%m-%d").to_string()
}

/// First microsecond of a day written `YYYY-MM-DD`; `None` for any other spelling.
pub(crate) fn day_start(text: &str) -> Option<i64> {
    let shape = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if !shape {
        return None;
    }
    let date: jiff::civil::Date = text.parse().ok()?;
    Some(micros(date.to_datetime(jiff::civil::Time::midnight())))
}

/// A time written exactly `YYYY-MM-DDTHH:MM:SS.mmmZ`, in microseconds.
pub(crate) fn zulu_millis(text: &str) -> Option<i64> {
    let shape = text.len() == 24
        && text.bytes().enumerate().all(|(i, b)| match i {
            4 | 7 => b == b'-',
            10 => b == b'T',
            13 | 16 => b == b':',
            19 => b == b'.',
            23 => b == b'Z',
            _ => b.is_ascii_digit(),
        });
    if !shape {
        return None;
    }
    // There is no second 60; the parser below would take it for 59.
    if &text[17..19] == "60" {
        return None;
    }
    text[..23].parse::<DateTime>().ok().map(micros)
}

/// Microseconds since the epoch of a time in UTC, for every time that can be written: also for the last hours of the
/// year 9999, which a [`Timestamp`] cannot hold.
fn micros(time: DateTime) -> i64 {
    let passed = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    i64::try_from(passed.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publish_time_drops_trailing_zeros_and_a_bare_dot() {
        assert_eq!(publish_time(1_714_979_289_120_000), "2024-05-06T07:08:09.12Z");
        assert_eq!(publish_time(1_714_979_289_000_000), "2024-05-06T07:08:09Z");
    }

    #[test]
    fn a_topic_reference_has_no_leading_slash_and_four_parts() {
        assert_eq!(topic_reference("projects/P/topics/T", false), Some("T"));
        assert_eq!(topic_reference("/projects/P/topics/T", false), None);
        assert_eq!(topic_reference("project/P/topics/T", false), None);
        assert_eq!(topic_reference("project/P/topics/T", true), Some("T"));
    }

    #[test]
    fn only_three_fraction_digits_and_z_are_a_zulu_time() {
        assert_eq!(zulu_millis("2024-05-06T07:08:09.123Z"), Some(1_714_979_289_123_000));
        for wrong in ["2024-05-06T07:08:09Z", "2024-05-06 07:08:09.123Z", "2024-05-06T07:08:09.123+", ""] {
            assert_eq!(zulu_millis(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_last_millisecond_of_the_year_9999_is_a_time() {
        assert_eq!(zulu_millis("9999-12-31T23:59:59.999Z"), Some(253_402_300_799_999_000));
        assert_eq!(zulu_millis("0001-01-01T00:00:00.000Z"), Some(-62_135_596_800_000_000));
        assert_eq!(zulu_millis("2016-12-31T23:59:60.000Z"), None);
        assert_eq!(day_start("9999-12-31"), Some(253_402_214_400_000_000));
        assert_eq!(day_start("1970-01-02"), Some(86_400_000_000));
    }

    #[test]
    fn an_ack_id_of_another_subscription_is_refused() {
        assert_eq!(ack_offset("projects/P/subscriptions/S:4", "P", "S"), Some(4));
        for wrong in [
            "projects/P/subscriptions/S2:4",
            "projects/Q/subscriptions/S:4",
            "4",
            "projects/P/subscriptions/S:-1",
        ] {
            assert_eq!(ack_offset(wrong, "P", "S"), None, "{wrong}");
        }
    }
}
