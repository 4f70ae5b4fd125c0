use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NODE: &str = "alipay_trade_create_response";

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../testdata/vectors.json")).unwrap()
}

fn node(body: &str) -> &str {
    Members::read(body.as_bytes()).unwrap().raw(NODE).unwrap()
}

#[test]
fn r18_the_published_nodes_come_out_byte_for_byte() {
    let nodes = vectors()["nodes"].as_object().unwrap().clone();
    assert_eq!(nodes.len(), 9);
    for (case, text) in &nodes {
        let text = text.as_str().unwrap();
        for body in [
            format!("{{\"{NODE}\":{text},\"sign\":\"x\"}}"),
            format!("{{\"sign\":\"x\",\"{NODE}\":{text}}}"),
            format!(" {{\n\"{NODE}\"      :   {text}\r\n ,\t\"sign\" : \"x\" }} \n"),
            format!("{{\"alipay_cert_sn\":\"1\",\"{NODE}\":{text},\"sign\":\"x\"}}"),
            format!("{{\"{NODE}\":{text},\"sign\":\"x\",\"alipay_cert_sn\":\"1\"}}"),
        ] {
            assert_eq!(node(&body), text, "{case}");
        }
    }
}

/// Encrypted answers, and the one with the signature before it.
#[test]
fn r18_other_published_shapes_come_out_byte_for_byte() {
    let vectors = vectors();
    let encrypted = vectors["aes_response"]["body"].as_str().unwrap();
    let members = Members::read(encrypted.as_bytes()).unwrap();
    let raw = members.raw("alipay_trade_query_response").unwrap();
    assert!(
        raw.starts_with("\"zTYnI/31") && raw.ends_with("Jdw=\""),
        "{raw}"
    );
    let error = vectors["signed_error"]["body"].as_str().unwrap();
    let members = Members::read(error.as_bytes()).unwrap();
    let raw = members.raw("alipay_trade_query_response").unwrap();
    assert!(raw.starts_with("{\"code\":\"40004\"") && raw.ends_with("\"T20260101000001\"}"));
}

#[test]
fn r18_a_name_that_comes_twice_is_refused_however_it_is_written() {
    for body in [
        r#"{"a":1,"b":2,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"sign":"x","sign":"x"}"#,
        r#"{"a\/b":1,"a/b":2}"#,
    ] {
        let error = Members::read(body.as_bytes()).unwrap_err();
        assert_eq!(error, NotMembers::Repeated, "{body}");
    }
    // A name inside the node is another name.
    assert_eq!(
        node(r#"{"alipay_trade_create_response":{"sign":1},"sign":2}"#),
        r#"{"sign":1}"#
    );
}

#[test]
fn what_is_no_object_is_refused() {
    for body in [
        "",
        "null",
        "[]",
        "\"a\"",
        "{",
        "{}x",
        "{\"a\":}",
        "{\"a\":{}",
        "<html>",
        "{'a':1}",
    ] {
        assert_eq!(
            Members::read(body.as_bytes()).unwrap_err(),
            NotMembers::NotAnObject,
            "{body}"
        );
    }
    assert!(
        Members::read(b"{\"subject\":\"\xbb\xe1\"}").is_err(),
        "GBK is no JSON"
    );
}

#[test]
fn texts_are_read_and_numbers_keep_their_digits() {
    let json = br#"{"s":"a\u4e2d\/\"","n":88.80,"e":1e2,"m":-1,"z":null,"o":{},"l":[],"b":true,"":"x","v":""}"#;
    let members = Members::read(json).unwrap();
    for (name, text) in [
        ("s", Some("a中/\"")),
        ("n", Some("88.80")),
        ("e", Some("1e2")),
        ("m", Some("-1")),
        ("z", None),
        ("v", None),
        ("absent", None),
    ] {
        assert_eq!(members.text(name).unwrap().as_deref(), text, "{name}");
    }
    for name in ["o", "l", "b"] {
        assert_eq!(
            members.text(name).unwrap_err(),
            format!("{name} is no text")
        );
    }
}

/// Any JSON, with texts full of what confuses cutters that are none.
fn any_json() -> impl Strategy<Value = Value> {
    let text = "[{}\\[\\]\"\\\\,:/ sign会\u{1F600}\n]{0,12}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(text, inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn r18_any_node_comes_out_byte_for_byte(value in any_json(), pretty: bool, slashes: bool) {
        let mut text = if pretty {
            serde_json::to_string_pretty(&value).unwrap()
        } else {
            value.to_string()
        };
        if slashes {
            text = text.replace('/', "\\/");
        }
        let sign = json!(text).to_string();
        for body in [
            format!("{{\"{NODE}\":{text},\"sign\":{sign}}}"),
            format!("{{ \"sign\" : {sign} , \"{NODE}\" :\n{text} }}"),
        ] {
            let members = Members::read(body.as_bytes()).unwrap();
            prop_assert_eq!(members.raw(NODE), Some(text.as_str()));
            prop_assert_eq!(members.raw("sign"), Some(sign.as_str()));
        }
    }

    #[test]
    fn no_body_makes_the_tokenizer_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(Members::read(&body).map(|members| members.text("a")));
    }
}
