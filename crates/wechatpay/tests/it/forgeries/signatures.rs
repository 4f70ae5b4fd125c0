//! Signatures that are garbled, made by others, made over something else, or made at another time.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use ring::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256};

use super::{ANSWERS, Forger, Forgery, Message, NONCE, NOTICES, SERIAL, SIGNATURE, TIMESTAMP};
use super::{forgery, header, sign, sign_with};
use crate::platform::{MERCHANT_KEY, NOW, PLATFORM_KEY, PLATFORM_KEY_ID};

const VECTORS_KEY: &str = include_str!("../../../testdata/vectors_key.pem");

pub(super) fn all() -> Vec<Forgery> {
    let mut all = garbled();
    all.extend(by_others());
    all.extend(over_something_else());
    all.extend(at_another_time());
    all
}

/// The genuine signature, written otherwise.
fn written(name: &str, alter: fn(&str) -> String) -> Forgery {
    forgery(name, move |_, it| {
        let value = alter(&it.header(SIGNATURE));
        Some(it.with(SIGNATURE, &value))
    })
}

fn flipped(name: &str, at: fn(usize) -> usize) -> Forgery {
    forgery(name, move |_, it| {
        let mut bytes = STANDARD.decode(it.header(SIGNATURE)).unwrap();
        let at = at(bytes.len());
        bytes[at] ^= 1;
        Some(it.with(SIGNATURE, &STANDARD.encode(bytes)))
    })
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
        // Its two letters are seldom missing; where they are, the text is the same.
        forgery("base64 is for addresses", |_, it| {
            let signature = it.header(SIGNATURE);
            let other = URL_SAFE.encode(STANDARD.decode(&signature).unwrap());
            (other != signature).then(|| it.with(SIGNATURE, &other))
        }),
        written("base64 is in lines", |it| {
            format!("{}\n{}", &it[..64], &it[64..])
        }),
        written("base64 of base64", |it| STANDARD.encode(it)),
        written("hex", |it| hex::encode(STANDARD.decode(it).unwrap())),
        written("half of it", |it| {
            let bytes = STANDARD.decode(it).unwrap();
            STANDARD.encode(&bytes[..128])
        }),
        written("with a byte before it", |it| {
            let mut bytes = STANDARD.decode(it).unwrap();
            bytes.insert(0, 0);
            STANDARD.encode(bytes)
        }),
        header("nothing but noughts", SIGNATURE, STANDARD.encode([0; 256])),
        header("the number one", SIGNATURE, {
            let mut one = [0; 256];
            one[255] = 1;
            STANDARD.encode(one)
        }),
        header("a word", SIGNATURE, "evil"),
        header("no letters of base64", SIGNATURE, "****"),
        header("a megabyte of it", SIGNATURE, "A".repeat(1024 * 1024)),
        header("a probe", SIGNATURE, "WECHATPAY/SIGNTEST/AAAA"),
        header("a bare probe", SIGNATURE, "WECHATPAY/SIGNTEST/"),
        header(
            "a probe that is no base64",
            SIGNATURE,
            "WECHATPAY/SIGNTEST/*",
        ),
        written("a probe with the true signature", |it| {
            format!("WECHATPAY/SIGNTEST/{it}")
        }),
    ]
}

fn lines(it: &Message) -> Vec<u8> {
    let mut message = format!("{}\n{}\n", it.header(TIMESTAMP), it.header(NONCE)).into_bytes();
    message.extend_from_slice(&it.body);
    message.push(b'\n');
    message
}

fn by(name: &str, make: fn(&[u8]) -> String) -> Forgery {
    forgery(name, move |_, it| {
        let signature = make(&lines(&it));
        Some(it.with(SIGNATURE, &signature))
    })
}

fn by_others() -> Vec<Forgery> {
    let merchant = |message: &[u8]| sign_with(MERCHANT_KEY, &RSA_PKCS1_SHA256, message);
    let other = |message: &[u8]| sign_with(VECTORS_KEY, &RSA_PKCS1_SHA256, message);
    let own_key = |_: &Forger, it: Message, serial: &str| {
        let signature = sign_with(VECTORS_KEY, &RSA_PKCS1_SHA256, &lines(&it));
        Some(it.with(SIGNATURE, &signature).with(SERIAL, serial))
    };
    vec![
        by("signed with the merchant's own key", merchant),
        by("signed with another merchant's key", other),
        by("signed with other padding", |message| {
            sign_with(PLATFORM_KEY, &RSA_PSS_SHA256, message)
        }),
        by("signed over another digest", |message| {
            sign_with(PLATFORM_KEY, &RSA_PKCS1_SHA512, message)
        }),
        forgery("another key under its own name", move |forger, it| {
            own_key(forger, it, "PUB_KEY_ID_TEST")
        }),
        forgery(
            "another key under a certificate's name",
            move |forger, it| own_key(forger, it, "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB"),
        ),
        header(
            "under an unknown key",
            SERIAL,
            "PUB_KEY_ID_0000000000000000000000000000",
        ),
        header(
            "under a key spelled small",
            SERIAL,
            PLATFORM_KEY_ID.to_ascii_lowercase(),
        ),
        header(
            "under the beginning of a key",
            SERIAL,
            &PLATFORM_KEY_ID[..20],
        ),
        header(
            "under a key and more",
            SERIAL,
            format!("{PLATFORM_KEY_ID}0"),
        ),
        header("under a path", SERIAL, "../../etc/passwd"),
    ]
}

fn over(name: &str, message: fn(&Message) -> Vec<u8>) -> Forgery {
    forgery(name, move |_, it| {
        let signature = sign(&message(&it));
        Some(it.with(SIGNATURE, &signature))
    })
}

/// The platform's own key, over other bytes than a message's.
fn over_something_else() -> Vec<Forgery> {
    vec![
        over("over the body alone", |it| it.body.clone()),
        over("without the last line end", |it| {
            let mut lines = lines(it);
            lines.pop();
            lines
        }),
        over("with line ends of two", |it| {
            let head = format!("{}\r\n{}\r\n", it.header(TIMESTAMP), it.header(NONCE));
            [head.as_bytes(), &it.body, b"\r\n"].concat()
        }),
        over("with nonce before time", |it| {
            let head = format!("{}\n{}\n", it.header(NONCE), it.header(TIMESTAMP));
            [head.as_bytes(), &it.body, b"\n"].concat()
        }),
        over("as a request is signed", |it| {
            [b"POST\n/v3/pay/transactions/native\n", &lines(it)[..]].concat()
        }),
        over("over nothing", |_| Vec::new()),
        over("over another body", |it| {
            let head = format!("{}\n{}\n", it.header(TIMESTAMP), it.header(NONCE));
            [head.as_bytes(), b"{}\n"].concat()
        }),
    ]
}

/// A genuine signature, made when the clock said something else.
fn at_another_time() -> Vec<Forgery> {
    [
        ("five minutes ago", -300),
        ("five minutes and a second ago", -301),
        ("yesterday", -86_400),
        ("in five minutes", 300),
        ("tomorrow", 86_400),
        ("at the beginning of time", -NOW),
    ]
    .into_iter()
    .map(|(name, seconds)| {
        forgery(name, move |forger, it| {
            let headers = forger.platform.headers(NOW + seconds, &it.body);
            Some(Message { headers, ..it })
        })
    })
    .collect()
}

/// The window is open to both sides, and what another day's key signed is no worse for it.
#[tokio::test]
async fn what_was_signed_just_now_is_accepted() {
    let forger = Forger::new();
    for role in [&NOTICES[..], &ANSWERS[..]].concat() {
        for seconds in [-299, -60, 0, 60, 299] {
            let mut message = forger.genuine(role);
            message.headers = forger.platform.headers(NOW + seconds, &message.body);
            if let Err(refused) = forger.take(role, &message).await {
                panic!("{role:?} {seconds}: {refused:?}");
            }
        }
        // The way that forgeries are signed above is the platform's own.
        let message = forger.genuine(role);
        let again = sign(&lines(&message));
        let message = message.with(SIGNATURE, &again);
        if let Err(refused) = forger.take(role, &message).await {
            panic!("{role:?}: {refused:?}");
        }
    }
}

/// A probe is refused like any wrong signature, and told apart for those who count.
#[tokio::test]
async fn r18_probes_bear_a_name_of_their_own() {
    let forger = Forger::new();
    let unlike = "WECHATPAY/SIGNTESTAAAA";
    for role in [&NOTICES[..], &ANSWERS[..]].concat() {
        let probe = forger
            .genuine(role)
            .with(SIGNATURE, "WECHATPAY/SIGNTEST/AAAA");
        let refused = forger.take(role, &probe).await.unwrap_err();
        assert_eq!(refused.untrusted().unwrap().reason(), "probe");
        let other = forger.genuine(role).with(SIGNATURE, unlike);
        let refused = forger.take(role, &other).await.unwrap_err();
        assert_eq!(refused.untrusted().unwrap().reason(), "bad_signature");
    }
}
