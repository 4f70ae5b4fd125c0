//! Bodies that are not the bytes that were signed, in any way.

use std::io::Write as _;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::{Forger, Forgery, Message, forgery};

/// The body made otherwise, under the old signature; none where that changes nothing.
fn body(name: &str, alter: fn(Vec<u8>) -> Vec<u8>) -> Forgery {
    forgery(name, move |_, it| {
        let altered = alter(it.body.clone());
        (altered != it.body).then_some(Message {
            body: altered,
            ..it
        })
    })
}

fn flipped(name: &str, at: fn(usize) -> usize) -> Forgery {
    forgery(name, move |_, mut it| {
        let at = at(it.body.len());
        *it.body.get_mut(at)? ^= 1;
        Some(it)
    })
}

fn replaced(name: &str, from: &'static str, to: &'static str) -> Forgery {
    forgery(name, move |_, it| {
        let text = String::from_utf8(it.body.clone()).unwrap();
        text.contains(from)
            .then(|| it.changed(|body| *body = text.replace(from, to).into_bytes()))
    })
}

/// With a header that tells to unpack it, which nobody does.
fn packed(name: &str, encoding: &'static str, pack: fn(&[u8]) -> Vec<u8>) -> Forgery {
    forgery(name, move |_, it| {
        let packed = pack(&it.body);
        let it = it.changed(|body| *body = packed);
        Some(it.with("Content-Encoding", encoding))
    })
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Some kilobytes that unpack to 16 MiB.
pub(super) fn bomb(_: &[u8]) -> Vec<u8> {
    static BOMB: LazyLock<Vec<u8>> = LazyLock::new(make_bomb);
    BOMB.clone()
}

fn make_bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![b'0'; 1024 * 1024];
    for _ in 0..16 {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}

fn with(mut body: Vec<u8>, more: &[u8]) -> Vec<u8> {
    body.extend_from_slice(more);
    body
}

pub(super) fn all() -> Vec<Forgery> {
    vec![
        flipped("the body's first byte is another", |_| 0),
        flipped("a byte in the body's middle is another", |length| {
            length / 2
        }),
        flipped("the body's last byte is another", |length| {
            length.wrapping_sub(1)
        }),
        body("the last byte is cut off", |mut it| {
            it.pop();
            it
        }),
        body("the first byte is cut off", |it| {
            it.into_iter().skip(1).collect()
        }),
        body("half of the body", |it| it[..it.len() / 2].to_vec()),
        body("no body", |_| Vec::new()),
        body("the body twice", |it| it.repeat(2)),
        body("a line end after it", |it| with(it, b"\n")),
        body("two after it", |it| with(it, b"\r\n")),
        body("a blank before it", |it| with(b" ".to_vec(), &it)),
        body("a NUL after it", |it| with(it, b"\0")),
        body("a mark of byte order before it", |it| {
            with("\u{feff}".into(), &it)
        }),
        body("bytes of no UTF-8 after it", |it| with(it, b"\xff\xfe")),
        body("written again with blanks", |it| {
            serde_json::from_slice(&it).map_or(it, |value: Value| {
                serde_json::to_vec_pretty(&value).unwrap()
            })
        }),
        body("in two bytes a character", |it| {
            let text = String::from_utf8(it).unwrap();
            text.encode_utf16().flat_map(u16::to_be_bytes).collect()
        }),
        body("base64 of it", |it| STANDARD.encode(it).into_bytes()),
        body("an empty object", |_| b"{}".to_vec()),
        body("null", |_| b"null".to_vec()),
        body("a page", |_| b"<html><body>evil</body></html>".to_vec()),
        body("ten thousand brackets", |_| b"[".repeat(10_000)),
        body("ten thousand objects", |_| b"{\"a\":".repeat(10_000)),
        body("a megabyte of blanks after it", |it| {
            with(it, &b" ".repeat(1024 * 1024 + 1))
        }),
        replaced("the amount is another", "990", "1"),
        replaced("the number is another", "PO0001", "PO0002"),
        replaced("the refund's number is another", "RF0001", "RF0002"),
        replaced("the address is another", "weixin://", "https://evil"),
        replaced("the event is another", "SUCCESS", "CLOSED"),
        replaced("the merchant is another", "1900007291", "1900007292"),
        replaced("a key comes twice", "{\"", "{\"id\":\"evil\",\""),
        packed("packed", "gzip", gzip),
        packed("packed, it says", "gzip", |it| with(it.to_vec(), b" ")),
        packed("packed twice", "gzip, gzip", |it| gzip(&gzip(it))),
        packed("a bomb", "gzip", bomb),
    ]
}

#[tokio::test]
async fn r18_every_single_bit_of_a_message_counts() {
    let forger = Forger::new();
    for role in super::NOTICES.into_iter().chain(super::ANSWERS) {
        let genuine = forger.genuine(role);
        for at in 0..genuine.body.len() {
            let message = genuine.clone().changed(|body| body[at] ^= 1 << (at % 8));
            let refused = forger.take(role, &message).await.unwrap_err();
            let reason = refused.untrusted().unwrap().reason();
            assert_eq!(reason, "bad_signature", "{role:?} byte {at}");
        }
    }
}
