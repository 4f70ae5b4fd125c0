//! Bodies of any message that are not the bytes that were sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::judge::Forger;
use super::messages::{ANSWERS, answer, genuine, node, sign};
use super::{Forgery, Message, body, forgery};

fn flipped(name: &str, at: fn(usize) -> usize) -> Forgery {
    body(name, move |mut it| {
        let at = at(it.len());
        it[at] ^= 1;
        it
    })
}

fn replaced(name: &str, from: &'static str, to: &'static str) -> Forgery {
    body(name, move |it| {
        let text = String::from_utf8(it).unwrap();
        text.replace(from, to).into_bytes()
    })
}

/// Another message, whatever was to come.
fn instead(name: &str, body: impl Into<Vec<u8>>) -> Forgery {
    let body = body.into();
    forgery(name, move |role| {
        Some(Message {
            body: body.clone(),
            ..genuine(role)
        })
    })
}

pub(super) fn all() -> Vec<Forgery> {
    vec![
        flipped("the body's first byte is another", |_| 0),
        flipped("a byte in its middle is another", |length| length / 2),
        flipped("the body's last byte but one is another", |length| {
            length - 2
        }),
        body("the first byte is cut off", |it| it[1..].to_vec()),
        body("half of the body", |it| it[..it.len() / 2].to_vec()),
        body("all but the last two bytes", |it| {
            it[..it.len() - 2].to_vec()
        }),
        body("the body twice", |it| it.repeat(2)),
        body("a NUL after it", |it| [&it[..], b"\0"].concat()),
        body("a letter after it", |it| [&it[..], b"x"].concat()),
        body("a mark of byte order before it", |it| {
            ["\u{feff}".as_bytes(), &it].concat()
        }),
        body("bytes of no UTF-8 after it", |it| {
            [&it[..], b"\xff\xfe"].concat()
        }),
        body("in two bytes a character", |it| {
            let text = String::from_utf8(it).unwrap();
            text.encode_utf16().flat_map(u16::to_be_bytes).collect()
        }),
        body("in GBK", |it| {
            let text = String::from_utf8(it.clone()).unwrap();
            let text = text.replace("%E4%BC%9A", "会");
            let (gbk, _, _) = encoding_rs::GBK.encode(&text);
            if gbk.as_ref() == text.as_bytes() {
                it
            } else {
                gbk.into_owned()
            }
        }),
        body("base64 of it", |it| STANDARD.encode(it).into_bytes()),
        body("ten megabytes after it", |it| {
            [&it[..], &b"x".repeat(10 * 1024 * 1024)].concat()
        }),
        instead("no body", ""),
        instead("a blank", " "),
        instead("an empty object", "{}"),
        instead("null", "null"),
        instead("a page", "<html><body>evil</body></html>"),
        instead("success", "success"),
        instead("ten megabytes of brackets", "[".repeat(10 * 1024 * 1024)),
        instead("a hundred thousand objects", "{\"a\":".repeat(100_000)),
        instead("ten thousand fields", "a=1&".repeat(10_000)),
        replaced("the amount is another", "9.90", "0.01"),
        replaced("the number is another", "PO0001", "PO0002"),
        replaced("the refund's number is another", "RF0001", "RF0002"),
        replaced("the address is another", "qr.alipay.com", "evil.example"),
        replaced("the trade is another", "20260001", "20260002"),
        replaced("the time is another", "2026-01-01", "2026-01-02"),
    ]
}

#[tokio::test]
async fn r18_every_single_bit_of_an_answers_node_counts() {
    let forger = Forger::new();
    for role in ANSWERS {
        let genuine = node(role);
        let sign = sign(genuine.as_bytes());
        let begin = role.member().len() + 4;
        for at in 0..genuine.len() {
            let mut message = answer(role, &genuine, &sign);
            message.body[begin + at] ^= 1 << (at % 8);
            let refused = forger.take(role, &message).await.unwrap_err();
            assert!(!refused.did_not_happen(), "{role:?} byte {at}");
        }
        forger.assert_genuine(role).await;
    }
}
