//! Signatures that are garbled, made by others, made in another way, or made over something else.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, UnparsedPublicKey,
};
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};

use super::messages::{
    Message, Role, answer, fields, form, joined, node, sign, sign_with, signed_text, under,
};
use super::{Forgery, forgery};
use crate::platform::{ALIPAY_KEY, ALIPAY_PUBLIC, APP_KEY, vectors};

pub(super) fn all() -> Vec<Forgery> {
    let mut all = garbled();
    all.extend(by_others());
    all.extend(over_something_else());
    all
}

/// The genuine signature, written otherwise; none where that changes nothing.
fn written(name: &str, alter: fn(&str) -> String) -> Forgery {
    forgery(name, move |role| {
        let genuine = sign(signed_text(role).as_bytes());
        let altered = alter(&genuine);
        (altered != genuine).then(|| under(role, &altered))
    })
}

fn flipped(name: &str, at: fn(usize) -> usize) -> Forgery {
    forgery(name, move |role| {
        let mut bytes = STANDARD.decode(sign(signed_text(role).as_bytes())).unwrap();
        let at = at(bytes.len());
        bytes[at] ^= 1;
        Some(under(role, &STANDARD.encode(bytes)))
    })
}

fn fixed(name: &str, sign: impl Into<String>) -> Forgery {
    let sign = sign.into();
    forgery(name, move |role| Some(under(role, &sign)))
}

fn garbled() -> Vec<Forgery> {
    vec![
        flipped("the signature's first byte is another", |_| 0),
        flipped("a byte in its middle is another", |length| length / 2),
        flipped("the signature's last byte is another", |length| length - 1),
        written("base64 is cut off", |it| it[..it.len() - 5].to_owned()),
        written("base64 lacks its padding", |it| {
            it.trim_end_matches('=').to_owned()
        }),
        written("base64 has padding too much", |it| format!("{it}=")),
        written("base64 goes on after its end", |it| format!("{it}AAAA")),
        written("base64 is for addresses", |it| {
            URL_SAFE.encode(STANDARD.decode(it).unwrap())
        }),
        written("a blank before it", |it| format!(" {it}")),
        written("a blank after it", |it| format!("{it} ")),
        written("blanks for its plus signs", |it| it.replace('+', " ")),
        written("escapes for its signs", |it| {
            it.replace('+', "%2B")
                .replace('/', "%2F")
                .replace('=', "%3D")
        }),
        written("in lines of 64", |it| {
            format!("{}\\n{}", &it[..64], &it[64..])
        }),
        written("base64 of base64", |it| STANDARD.encode(it)),
        written("hex", |it| hex::encode(STANDARD.decode(it).unwrap())),
        written("in small letters", str::to_ascii_lowercase),
        written("half of it", |it| {
            STANDARD.encode(&STANDARD.decode(it).unwrap()[..128])
        }),
        written("with a byte before it", |it| {
            let mut bytes = STANDARD.decode(it).unwrap();
            bytes.insert(0, 0);
            STANDARD.encode(bytes)
        }),
        written("twice", |it| it.repeat(2)),
        fixed("nothing but noughts", STANDARD.encode([0; 256])),
        fixed("the number one", {
            let mut one = [0; 256];
            one[255] = 1;
            STANDARD.encode(one)
        }),
        fixed("a word", "evil"),
        fixed("no letters of base64", "****"),
        fixed("a megabyte of it", "A".repeat(1_000_000)),
    ]
}

/// The genuine message under a signature that is made otherwise.
fn by(name: &str, make: impl Fn(&[u8]) -> String + 'static) -> Forgery {
    forgery(name, move |role| {
        let sign = make(signed_text(role).as_bytes());
        Some(under(role, &sign))
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "ring makes no such signatures, and this key is known to everybody"
)]
/// RSA with SHA-1, which the platform calls `RSA` and signed with for years.
pub(super) fn sign_sha1(message: &[u8]) -> String {
    const PREFIX: [u8; 15] = [
        0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14,
    ];
    let key = RsaPrivateKey::from_pkcs8_pem(ALIPAY_KEY).unwrap();
    let padding = Pkcs1v15Sign {
        hash_len: Some(20),
        prefix: PREFIX.into(),
    };
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, message);
    STANDARD.encode(key.sign(padding, digest.as_ref()).unwrap())
}

fn by_others() -> Vec<Forgery> {
    let others = vectors()["key"]["private"].as_str().unwrap().to_owned();
    vec![
        by("signed with the app's own key", |text| {
            sign_with(APP_KEY, &RSA_PKCS1_SHA256, text)
        }),
        by(
            "signed with what the platform keeps for another app",
            move |text| sign_with(&others, &RSA_PKCS1_SHA256, text),
        ),
        by("signed with other padding", |text| {
            sign_with(ALIPAY_KEY, &RSA_PSS_SHA256, text)
        }),
        by("signed over another digest", |text| {
            sign_with(ALIPAY_KEY, &RSA_PKCS1_SHA512, text)
        }),
        by("signed over SHA-1", sign_sha1),
        forgery("signed over SHA-1, and it says so", |role| {
            Some(if role.is_answer() {
                let sign = sign_sha1(node(role).as_bytes());
                let mut it = answer(role, &node(role), &sign);
                it.body.pop();
                it.body.extend_from_slice(b",\"sign_type\":\"RSA\"}");
                it
            } else {
                says(role, "RSA", sign_sha1)
            })
        }),
    ]
}

/// A form that names another algorithm, signed like this over a text that says so where it has to.
pub(super) fn says(role: Role, sign_type: &str, make: impl Fn(&[u8]) -> String) -> Message {
    let mut fields = fields(role);
    for (name, value) in &mut fields {
        if name == "sign_type" {
            sign_type.clone_into(value);
        }
    }
    let text = joined(role, &fields);
    form(&fields, &make(text.as_bytes()))
}

/// The platform's own key, over other bytes than a message's.
fn over(name: &str, text: impl Fn(&str) -> Vec<u8> + 'static) -> Forgery {
    by(name, move |genuine| {
        sign(&text(std::str::from_utf8(genuine).unwrap()))
    })
}

fn over_something_else() -> Vec<Forgery> {
    vec![
        over("over nothing", |_| Vec::new()),
        over("over an empty object", |_| b"{}".to_vec()),
        over("over it and a line end", |it| format!("{it}\n").into()),
        over("over it in quotes", |it| format!("\"{it}\"").into()),
        over("over it without its last byte", |it| {
            it.as_bytes()[..it.len() - 1].to_vec()
        }),
        over("over it in GBK", |it| {
            let (gbk, _, _) = encoding_rs::GBK.encode(it);
            if gbk.as_ref() == it.as_bytes() {
                b"other".to_vec()
            } else {
                gbk.into_owned()
            }
        }),
        over("over its base64", |it| STANDARD.encode(it).into()),
        over("over it in large letters", |it| {
            it.to_ascii_uppercase().into()
        }),
        over("over it with another amount", |it| {
            format!("{it} ").replace("9.90", "0.01").into()
        }),
    ]
}

/// Otherwise they would be refused for being garbled.
#[test]
fn the_older_signatures_are_true_ones() {
    let der: String = ALIPAY_PUBLIC
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let spki = STANDARD.decode(der).unwrap();
    // An SPKI of a 2048-bit RSA key begins with 24 bytes before the key itself.
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, &spki[24..]);
    let signature = STANDARD.decode(sign_sha1(b"message")).unwrap();
    key.verify(b"message", &signature).unwrap();
}
