use super::*;

fn received(json: &str) -> Message {
    serde_json::from_str(json).unwrap()
}

#[test]
fn data_is_base64_on_the_wire_and_bytes_here() {
    for (data, wire) in [
        ("baz", "YmF6"),
        ("baz1", "YmF6MQ=="),
        ("\u{f9}\u{148}\u{12d}\u{107}\u{151}\u{111}\u{115}", "w7nFiMStxIfFkcSRxJU="),
    ] {
        assert_eq!(Message::from(data).wire_data(), wire);
        let back = received(&format!(r#"{{"messageId":"4","data":"{wire}"}}"#));
        assert_eq!(back.data().unwrap(), data.as_bytes());
        assert_eq!(back.id(), Some("4"));
    }
}

#[test]
fn publishing_sends_only_what_is_there() {
    let json = |message: Message| serde_json::to_string(&message).unwrap();
    assert_eq!(json(Message::from("baz")), r#"{"data":"YmF6"}"#);
    assert_eq!(json(Message::default().attribute("k", "v")), r#"{"attributes":{"k":"v"}}"#);
    let again = received(
        r#"{"messageId":"4","attributes":{"k":"v"},"data":"YmF6","publishTime":"2024-05-06T07:08:09Z"}"#,
    );
    assert_eq!(json(again), r#"{"attributes":{"k":"v"},"data":"YmF6"}"#);
}

#[test]
fn data_that_is_not_base64_is_kept_and_readable() {
    let odd = received(r#"{"data":"123456789thiswillfail"}"#);
    assert_eq!(odd.data().unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(odd.payload(), &Payload::Text("123456789thiswillfail".to_owned()));
    assert_eq!(odd.data_lenient().unwrap_err().kind(), ErrorKind::Decode);
    let wrapped = received(r#"{"data":"YmF6\nMQ"}"#);
    assert!(wrapped.data().is_err());
    assert_eq!(wrapped.data_lenient().unwrap(), "baz1");
}

#[test]
fn message_with_attributes_only_has_empty_data() {
    let message = received(
        r#"{"messageId":"2","attributes":{"only":"attr"},"data":"","publishTime":"2024-05-06T07:08:09.123456789Z"}"#,
    );
    assert!(message.data().unwrap().is_empty());
    assert!(!message.is_empty());
    assert_eq!(message.publish_time().unwrap().subsec_nanosecond(), 123_456_789);
}

#[test]
fn unknown_keys_stay_reachable() {
    assert_eq!(received(r#"{"data":"","orderingKey":"x"}"#).other()["orderingKey"], "x");
}

#[test]
fn stored_size_counts_the_record_as_the_service_writes_it() {
    let record = concat!(
        "{\n   \"messageId\": \"0\",\n   \"attributes\": {\n      \"a\": \"1\",\n      \"bb\": \"22\"\n   },\n",
        "   \"data\": \"YmF6\",\n   \"publishTime\": \"2024-05-06T07:08:09Z\"\n}"
    );
    let message = Message::from("baz").attribute("a", "1").attribute("bb", "22");
    assert_eq!(message.stored_size(), record.len() + 36);
}

#[test]
fn message_above_the_limit_is_refused_before_sending() {
    let fixed = Message::from("x").stored_size() - 4;
    let fits = Message::new(vec![b'x'; (RECORD_LIMIT - fixed) / 4 * 3]);
    fits.check(Some(RECORD_LIMIT)).unwrap();
    let error =
        Message::new(vec![b'x'; (RECORD_LIMIT - fixed) / 4 * 3 + 1]).check(Some(RECORD_LIMIT)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    Message::new(vec![b'x'; 2_000_000]).check(None).unwrap();
}

#[test]
fn empty_message_is_refused_and_risky_attributes_are_named() {
    assert_eq!(Message::default().check(None).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(Message::from("x").attribute("fine", "äöü").hazardous_attribute(), None);
    assert_eq!(Message::from("x").attribute("q", "say \"hi\"").hazardous_attribute(), Some("q"));
}
