//! What lies under a signature that is genuine: encrypted for others, garbled, or of another kind.
//! The platform's double signs each of these anew, so only the content can be at fault.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use paydesk_provider::{NoticeError, ProviderError};
use serde_json::{Value, json};

use super::bodies::{bomb, gzip};
use super::{ANSWERS, Forger, Forgery, Message, NOTICES, Refused, Role, forgery, paid};
use super::{refunded, refunded_notice};
use crate::platform::API_V3_KEY;

fn json(message: &Message) -> Value {
    serde_json::from_slice(&message.body).unwrap()
}

/// The notice's JSON, altered and signed.
fn notice(name: &str, alter: fn(&mut Value)) -> Forgery {
    forgery(name, move |forger, it| {
        let mut body = json(&it);
        alter(&mut body);
        Some(forger.signed(200, body.to_string()))
    })
}

/// Another field in `resource`.
fn resource(name: &str, field: &'static str, value: impl Into<Value>) -> Forgery {
    let value = value.into();
    forgery(name, move |forger, it| {
        let mut body = json(&it);
        body["resource"][field] = value.clone();
        Some(forger.signed(200, body.to_string()))
    })
}

/// Its `ciphertext` as bytes, altered.
fn sealed(name: &str, alter: fn(&mut Vec<u8>)) -> Forgery {
    forgery(name, move |forger, it| {
        let mut body = json(&it);
        let text = body["resource"]["ciphertext"].as_str().unwrap();
        let mut bytes = STANDARD.decode(text).unwrap();
        alter(&mut bytes);
        body["resource"]["ciphertext"] = json!(STANDARD.encode(bytes));
        Some(forger.signed(200, body.to_string()))
    })
}

/// Its `ciphertext` as text, altered; none where that changes nothing.
fn written(name: &str, alter: fn(&str) -> String) -> Forgery {
    forgery(name, move |forger, it| {
        let mut body = json(&it);
        let text = body["resource"]["ciphertext"].as_str().unwrap();
        let altered = alter(text);
        let changes = altered != text;
        body["resource"]["ciphertext"] = json!(altered);
        changes.then(|| forger.signed(200, body.to_string()))
    })
}

/// Sealed with this key and nonce, as another merchant's would be.
fn seal(key: &[u8; 32], nonce: &[u8; 12], data: &[u8], content: &str) -> String {
    let payload = Payload {
        msg: content.as_bytes(),
        aad: data,
    };
    let sealed = Aes256Gcm::new(key.into()).encrypt(nonce.into(), payload);
    STANDARD.encode(sealed.unwrap())
}

fn resealed(name: &str, key: &'static [u8; 32], nonce: &'static [u8; 12]) -> Forgery {
    forgery(name, move |forger, it| {
        let mut body = json(&it);
        let data = body["resource"]["associated_data"].as_str().unwrap();
        let text = seal(key, nonce, data.as_bytes(), &paid().to_string());
        body["resource"]["ciphertext"] = json!(text);
        Some(forger.signed(200, body.to_string()))
    })
}

/// Well encrypted, but this is what is in it.
fn plain(name: &str, make: fn(Role) -> String) -> Forgery {
    forgery(name, move |forger, it| {
        let event = json(&it)["event_type"].as_str().unwrap().to_owned();
        let (role, kind) = match event.as_str() {
            "TRANSACTION.SUCCESS" => (Role::PaymentNotice, "transaction"),
            _ => (Role::RefundNotice, "refund"),
        };
        let notice = forger.platform.notice(&event, kind, &make(role));
        Some(Message {
            headers: notice.headers,
            body: notice.body.to_vec(),
            ..it
        })
    })
}

fn content(role: Role) -> Value {
    match role {
        Role::PaymentNotice => paid(),
        _ => refunded_notice(),
    }
}

const OTHER_KEY: &[u8; 32] = b"VUTSRQPONMLKJIHGFEDCBA9876543210";

fn own_key() -> &'static [u8; 32] {
    API_V3_KEY.as_bytes().try_into().unwrap()
}

pub(super) fn all() -> Vec<Forgery> {
    let mut all = of_resource();
    all.extend(of_envelope());
    all.extend(of_plain_text());
    all
}

fn of_resource() -> Vec<Forgery> {
    vec![
        resealed("encrypted for another merchant", OTHER_KEY, b"abcdefghijkl"),
        resealed("encrypted under another nonce", own_key(), b"lkjihgfedcba"),
        resource("another way of encryption", "algorithm", "AEAD_SM4_GCM"),
        resource("no way of encryption", "algorithm", ""),
        resource("the way in small letters", "algorithm", "aead_aes_256_gcm"),
        resource("the way is no text", "algorithm", 256),
        resource("another nonce", "nonce", "abcdefghijkm"),
        resource("a nonce of 11 bytes", "nonce", "abcdefghijk"),
        resource("a nonce of 13 bytes", "nonce", "abcdefghijklm"),
        resource("a nonce of 16 bytes", "nonce", "abcdefghijklmnop"),
        resource(
            "a nonce of 12 wide letters",
            "nonce",
            "ａｂｃｄｅｆｇｈｉｊｋｌ",
        ),
        resource("no nonce", "nonce", ""),
        resource("a nonce of null", "nonce", Value::Null),
        resource("other associated data", "associated_data", "certificate"),
        resource("no associated data", "associated_data", ""),
        resource("associated data of null", "associated_data", Value::Null),
        resource(
            "associated data of a list",
            "associated_data",
            json!(["transaction"]),
        ),
        resource("no ciphertext", "ciphertext", ""),
        resource("a ciphertext of null", "ciphertext", Value::Null),
        resource(
            "the plain text for the ciphertext",
            "ciphertext",
            paid().to_string(),
        ),
        sealed("the ciphertext's first byte is another", |it| it[0] ^= 1),
        sealed("the tag is another", |it| *it.last_mut().unwrap() ^= 1),
        sealed("the tag is cut off", |it| it.truncate(it.len() - 16)),
        sealed("a byte of the tag is cut off", |it| {
            it.truncate(it.len() - 1);
        }),
        sealed("less than a tag", |it| it.truncate(15)),
        sealed("nothing but the tag", |it| {
            *it = it.split_off(it.len() - 16);
        }),
        sealed("more after the tag", |it| it.push(0)),
        sealed("the tag stands first", |it| it.rotate_right(16)),
        written("the ciphertext's base64 is cut off", |it| {
            it[..it.len() - 3].to_owned()
        }),
        written("the ciphertext's base64 is for addresses", |it| {
            URL_SAFE.encode(STANDARD.decode(it).unwrap())
        }),
        written("the ciphertext's base64 is in lines", |it| {
            format!("{}\n{}", &it[..8], &it[8..])
        }),
        written("the ciphertext in hex", |it| {
            hex::encode(STANDARD.decode(it).unwrap())
        }),
    ]
}

fn of_envelope() -> Vec<Forgery> {
    vec![
        notice("no resource", |it| {
            drop(it.as_object_mut().unwrap().remove("resource"));
        }),
        notice("a resource of null", |it| it["resource"] = Value::Null),
        notice("a resource of text", |it| it["resource"] = json!("evil")),
        notice("a list of resources", |it| {
            it["resource"] = json!([it["resource"]]);
        }),
        notice("payment for refund and refund for payment", |it| {
            it["event_type"] = match it["event_type"].as_str() {
                Some("TRANSACTION.SUCCESS") => json!("REFUND.SUCCESS"),
                _ => json!("TRANSACTION.SUCCESS"),
            };
        }),
        notice("an event of another product", |it| {
            it["event_type"] = json!("PAYSCORE.USER_OPEN_SERVICE");
        }),
        notice("an event in small letters", |it| {
            it["event_type"] = json!(it["event_type"].as_str().unwrap().to_lowercase());
        }),
        notice("no event", |it| {
            drop(it.as_object_mut().unwrap().remove("event_type"));
        }),
        notice("an event of null", |it| it["event_type"] = Value::Null),
        notice("no id", |it| drop(it.as_object_mut().unwrap().remove("id"))),
        notice("a number for an id", |it| it["id"] = json!(7)),
        notice("no time", |it| {
            drop(it.as_object_mut().unwrap().remove("create_time"));
        }),
        notice("a time that is none", |it| it["create_time"] = json!("now")),
        notice("a list of notices", |it| *it = json!([it])),
        notice("a notice within a notice", |it| {
            *it = json!({ "notice": it });
        }),
    ]
}

fn of_plain_text() -> Vec<Forgery> {
    vec![
        plain("nothing inside", |_| String::new()),
        plain("null inside", |_| "null".to_owned()),
        plain("a list inside", |role| json!([content(role)]).to_string()),
        plain("a text inside", |_| "\"evil\"".to_owned()),
        plain("a page inside", |_| "<html>evil</html>".to_owned()),
        plain("the notice of the old protocol inside", |_| {
            "<xml><a/></xml>".to_owned()
        }),
        plain("two objects inside", |role| {
            content(role).to_string().repeat(2)
        }),
        plain("half an object inside", |role| {
            let text = content(role).to_string();
            text[..text.len() / 2].to_owned()
        }),
        plain("a key twice inside", |role| {
            let text = content(role).to_string();
            text.replacen('{', "{\"out_trade_no\":\"PO0002\",", 1)
        }),
        plain("ten thousand brackets inside", |_| "[".repeat(10_000)),
        plain("a number that is no number inside", |role| {
            content(role).to_string().replace("\"PO0001\"", "1")
        }),
        plain("no number inside", |role| {
            content(role)
                .to_string()
                .replace("out_trade_no", "out_trade")
        }),
        plain("an amount with a point inside", |role| {
            content(role).to_string().replace("990", "990.0")
        }),
        plain("an amount in words inside", |role| {
            content(role).to_string().replace("990", "\"990\"")
        }),
        plain("an amount beyond 64 bits inside", |role| {
            content(role)
                .to_string()
                .replace("990", "9223372036854775808")
        }),
        plain("the other kind inside", |role| match role {
            Role::PaymentNotice => refunded_notice().to_string(),
            _ => paid().to_string(),
        }),
        plain("an answer about a refund inside", |_| {
            refunded().to_string()
        }),
    ]
}

#[tokio::test]
async fn r18_a_notice_with_other_content_is_not_taken_for_ours() {
    let forger = Forger::new();
    let forgeries = all();
    let refused = forger.assert_refused(&NOTICES, &forgeries).await;
    assert!(forgeries.len() >= 60, "{}", forgeries.len());
    // An answer about a refund names its state otherwise; that of a payment is what a notice holds.
    assert!(
        refused.len() >= 2 * forgeries.len() - 2,
        "{}",
        refused.len()
    );
}

/// Signed by the platform, and nobody can read it: it may have happened.
#[tokio::test]
async fn authentic_messages_that_make_no_sense_are_malformed() {
    let forger = Forger::new();
    let doubled = |text: String| text.replacen('{', "{\"out_trade_no\":\"PO0001\",", 1);
    let mut code = b"{\"code_url\":\"weixin://".to_vec();
    code.extend_from_slice(b"\xff\"}");
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("no UTF-8", code),
        ("ten thousand brackets", b"[".repeat(10_000)),
        ("ten thousand objects", b"{\"code_url\":".repeat(10_000)),
        (
            "a mark of byte order",
            format!("\u{feff}{}", paid()).into_bytes(),
        ),
        ("a key twice", doubled(paid().to_string()).into_bytes()),
        ("two objects", paid().to_string().repeat(2).into_bytes()),
        ("packed", gzip(paid().to_string().as_bytes())),
        ("a bomb", bomb(b"")),
        ("a page", b"<html></html>".to_vec()),
    ];
    for (what, body) in bodies {
        let message = forger.signed(200, body).with("Content-Encoding", "gzip");
        for role in NOTICES.into_iter().chain(ANSWERS) {
            if role == Role::Close {
                continue;
            }
            let refused = forger.take(role, &message).await.unwrap_err();
            assert!(
                matches!(
                    refused,
                    Refused::Notice(NoticeError::Malformed(_))
                        | Refused::Answer(ProviderError::Malformed { .. })
                ),
                "{role:?} {what}: {refused:?}"
            );
        }
    }
}

/// The cap is on answers, and a notice may be as long as its ciphertext is documented to be.
#[tokio::test]
async fn a_long_notice_is_read_and_a_long_answer_is_not() {
    let forger = Forger::new();
    let long = format!("{}{}", paid(), " ".repeat(1024 * 1024));
    let answer = forger.signed(200, long);
    let refused = forger.take(Role::Query, &answer).await.unwrap_err();
    assert!(
        matches!(refused, Refused::Answer(ProviderError::Unknown { .. })),
        "{refused:?}"
    );
    let notice = forger.genuine(Role::PaymentNotice);
    let long = forger.signed_again(&notice.changed(|body| {
        body.extend(b" ".repeat(1024 * 1024));
    }));
    forger.take(Role::PaymentNotice, &long).await.unwrap();
}
