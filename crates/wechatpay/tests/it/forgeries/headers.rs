//! Headers that are missing, doubled, swapped, empty, renamed, or hold what no header holds.

use super::{Forger, Forgery, KIND, Message, NONCE, Role, SERIAL, SIGNATURE, SIGNED, TIMESTAMP};
use super::{forgery, header};
use crate::platform::NOW;

pub(super) fn all() -> Vec<Forgery> {
    let mut all = Vec::new();
    for name in SIGNED {
        all.extend([
            forgery(format!("{name} is missing"), move |_, it| {
                Some(it.without(name))
            }),
            forgery(format!("{name} comes twice"), move |_, mut it| {
                let value = it.header(name);
                it.headers.push((name.to_owned(), value));
                Some(it)
            }),
            forgery(
                format!("{name} comes again in lower case"),
                move |_, mut it| {
                    let value = it.header(name);
                    it.headers.insert(0, (name.to_ascii_lowercase(), value));
                    Some(it)
                },
            ),
            forgery(
                format!("{name} comes with another before it"),
                move |_, mut it| {
                    it.headers.insert(0, (name.to_owned(), "evil".to_owned()));
                    Some(it)
                },
            ),
            header(format!("{name} is empty"), name, ""),
            forgery(format!("{name} is spelled otherwise"), move |_, it| {
                let value = it.header(name);
                Some(it.without(name).with(&name.replace('-', "_"), &value))
            }),
            altered(format!("{name} begins with a blank"), name, |it| {
                format!(" {it}")
            }),
            altered(format!("{name} ends with a line end"), name, |it| {
                format!("{it}\r\n")
            }),
            altered(format!("{name} holds a NUL"), name, |it| {
                format!("{}\0{}", &it[..3], &it[3..])
            }),
            altered(format!("{name} comes twice in one line"), name, |it| {
                format!("{it}, {it}")
            }),
        ]);
    }
    all.extend(others());
    all.extend(times());
    all
}

fn altered(name: String, of: &'static str, alter: fn(&str) -> String) -> Forgery {
    forgery(name, move |_, it| {
        let value = alter(&it.header(of));
        Some(it.with(of, &value))
    })
}

fn swapped(name: &str, one: &'static str, other: &'static str) -> Forgery {
    forgery(name, move |_, it| {
        let (first, second) = (it.header(one), it.header(other));
        Some(it.with(one, &second).with(other, &first))
    })
}

fn others() -> Vec<Forgery> {
    vec![
        forgery("no header at all", |_, mut it| {
            it.headers.clear();
            Some(it)
        }),
        swapped("nonce and time are swapped", NONCE, TIMESTAMP),
        swapped("nonce and signature are swapped", NONCE, SIGNATURE),
        swapped("serial and nonce are swapped", SERIAL, NONCE),
        swapped("serial and signature are swapped", SERIAL, SIGNATURE),
        header(
            "the nonce is another",
            NONCE,
            "P0000000000000000000000000000evil",
        ),
        header("the nonce is no ASCII", NONCE, "随机"),
        forgery("a part of the nonce is cut off", |_, it| {
            let nonce = it.header(NONCE);
            Some(it.with(NONCE, &nonce[1..]))
        }),
        // Where lines meet, bytes could move from one into the other, and the signature would fit.
        forgery("the nonce takes a line of the body", |forger, it| {
            let signed = forger.signed(it.status, [b"evil\n", &it.body[..]].concat());
            let nonce = format!("{}\nevil", signed.header(NONCE));
            Some(signed.with(NONCE, &nonce).changed(|body| *body = it.body))
        }),
        forgery("the time takes the nonce", |_, it| {
            let time = format!("{}\n{}", it.header(TIMESTAMP), it.header(NONCE));
            Some(it.with(TIMESTAMP, &time).with(NONCE, ""))
        }),
        header(
            "signed in the national way",
            KIND,
            "WECHATPAY2-SM2-WITH-SM3",
        ),
        header("signed in no way", KIND, ""),
        header("signed in an unknown way", KIND, "NONE"),
        header("signed in small letters", KIND, "wechatpay2-sha256-rsa2048"),
        forgery("signed in two ways", |_, mut it| {
            let second = "WECHATPAY2-SM2-WITH-SM3".to_owned();
            it.headers.push((KIND.to_owned(), second));
            Some(it)
        }),
    ]
}

fn times() -> Vec<Forgery> {
    vec![
        header("the time is a word", TIMESTAMP, "now"),
        header("the time is negative", TIMESTAMP, format!("-{NOW}")),
        header("the time has a sign", TIMESTAMP, format!("+{NOW}")),
        header("the time is a fraction", TIMESTAMP, format!("{NOW}.0")),
        header("the time has an exponent", TIMESTAMP, "1767232800e0"),
        header("the time is hex", TIMESTAMP, format!("0x{NOW:x}")),
        header("the time has leading zeros", TIMESTAMP, format!("00{NOW}")),
        header(
            "the time is in milliseconds",
            TIMESTAMP,
            format!("{NOW}000"),
        ),
        header("the time has no end", TIMESTAMP, "9".repeat(400)),
        header(
            "the time is the last of 64 bits",
            TIMESTAMP,
            i64::MAX.to_string(),
        ),
        header(
            "the time is beyond 64 bits",
            TIMESTAMP,
            u64::MAX.to_string(),
        ),
        header("the time is the beginning", TIMESTAMP, "0"),
        header(
            "the time is in other digits",
            TIMESTAMP,
            "１７６７２３２８００",
        ),
        header("the time is a date", TIMESTAMP, "2026-01-01T10:00:00+08:00"),
        header(
            "the time is a second later",
            TIMESTAMP,
            (NOW + 1).to_string(),
        ),
    ]
}

/// Names are the same in any case, order means nothing, and what is not signed does not matter.
#[tokio::test]
async fn what_http_allows_is_accepted() {
    let forger = Forger::new();
    let spelled = |spell: fn(&str) -> String| {
        move |mut message: Message| {
            for (name, _) in &mut message.headers {
                *name = spell(name);
            }
            message
        }
    };
    for role in [
        Role::PaymentNotice,
        Role::RefundNotice,
        Role::Native,
        Role::Close,
    ] {
        let genuine = || forger.genuine(role);
        let mut turned = genuine();
        turned.headers.reverse();
        let mut more = genuine();
        more.headers
            .push(("X-Wechatpay-Signature".to_owned(), "evil".to_owned()));
        more.headers.push(("Set-Cookie".to_owned(), "a".to_owned()));
        more.headers.push(("Set-Cookie".to_owned(), "b".to_owned()));
        for (what, message) in [
            ("lower case", spelled(str::to_ascii_lowercase)(genuine())),
            ("upper case", spelled(str::to_ascii_uppercase)(genuine())),
            ("another order", turned),
            ("more headers", more),
            ("no kind", genuine().without(KIND)),
            ("no type", genuine().without("Content-Type")),
        ] {
            if let Err(refused) = forger.take(role, &message).await {
                panic!("{role:?} {what}: {refused:?}");
            }
        }
    }
}
