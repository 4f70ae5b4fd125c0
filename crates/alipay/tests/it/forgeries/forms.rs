//! Forms whose fields are not those that were signed, or do not travel as they were signed.

use super::judge::Forger;
use super::messages::{Fields, Role, fields, form, genuine, sign, signed_text};
use super::signatures::{says, sign_sha1};
use super::{Forgery, Message, body, forgery};

/// Other fields under the genuine signature; none where that changes nothing.
fn changed(name: impl Into<String>, alter: impl Fn(&mut Fields) + 'static) -> Forgery {
    forgery(name, move |role| {
        let genuine = fields(role);
        let mut altered = genuine.clone();
        alter(&mut altered);
        let sign = sign(signed_text(role).as_bytes());
        (altered != genuine).then(|| form(&altered, &sign))
    })
}

/// Another value in this field, of forms that have it.
fn value(field: &'static str, alter: fn(&str) -> String) -> impl Fn(&mut Fields) + 'static {
    move |fields| {
        for (name, value) in fields {
            if name == field {
                *value = alter(value);
            }
        }
    }
}

fn every_value(alter: fn(&str) -> String) -> impl Fn(&mut Fields) + 'static {
    move |fields| {
        for (_, value) in fields {
            *value = alter(value);
        }
    }
}

/// Text of the body, altered.
fn text(name: &str, alter: fn(&str) -> String) -> Forgery {
    body(name, move |it| {
        alter(std::str::from_utf8(&it).unwrap()).into_bytes()
    })
}

fn kind(name: &str, alter: fn(&mut Vec<(String, String)>)) -> Forgery {
    forgery(name, move |role| {
        // A browser's way back is an address and has no headers.
        let mut message = genuine(role);
        alter(&mut message.headers);
        (role != Role::Return).then_some(message)
    })
}

pub(super) fn all() -> Vec<Forgery> {
    let mut all = algorithms();
    all.extend(of_fields());
    all.extend(on_the_way());
    all.extend(taken_apart());
    all.extend(in_other_forms());
    all.extend(kinds());
    all
}

/// Names of algorithms, each with a signature that would be true under it.
fn algorithms() -> Vec<Forgery> {
    let mut all: Vec<Forgery> = ["RSA", "rsa2", "RSA2 ", " RSA2", "SM2", "RSA2,RSA", "none"]
        .into_iter()
        .map(|name| {
            forgery(format!("it says {name:?}"), move |role| {
                Some(says(role, name, sign))
            })
        })
        .collect();
    all.push(forgery("it says nothing", |role| {
        Some(says(role, "", sign))
    }));
    all.push(forgery("it says RSA, and is", |role| {
        Some(says(role, "RSA", sign_sha1))
    }));
    all.push(forgery("it says RSA2, and is not", |role| {
        Some(says(role, "RSA2", sign_sha1))
    }));
    all.push(changed("it says both", |fields| {
        fields.push(("sign_type".to_owned(), "RSA".to_owned()));
    }));
    all
}

/// A field more. What comes back from a browser may have parameters of the merchant's own, which nobody
/// signs and nobody reads.
fn added(name: &str, field: &'static str, value: &'static str) -> Forgery {
    forgery(name, move |role| {
        let mut more = fields(role);
        more.push((field.to_owned(), value.to_owned()));
        let sign = sign(signed_text(role).as_bytes());
        (role != Role::Return).then(|| form(&more, &sign))
    })
}

fn of_fields() -> Vec<Forgery> {
    // What a notice of each kind has, and what somebody would like it to say.
    let mut all: Vec<Forgery> = [
        ("app_id", "2021000000000009"),
        ("seller_id", "2088000000000009"),
        ("out_trade_no", "PO0002"),
        ("trade_no", "20260002"),
        ("trade_status", "TRADE_FINISHED"),
        ("total_amount", "0.01"),
        ("total_amount", "9.9"),
        ("refund_fee", "0.01"),
        ("out_biz_no", "RF0002"),
        ("notify_id", "20260101002222"),
        ("notify_time", "2026-01-01 12:01:07"),
        ("notify_type", "dut_user_sign"),
        ("charset", "gbk"),
        ("subject", "会员"),
        ("biz_content", "{}"),
        ("msg_method", "alipay.a.b"),
        ("method", "alipay.a.b"),
    ]
    .into_iter()
    .map(|(field, to)| {
        changed(format!("{field} is {to}"), move |fields| {
            for (name, value) in fields {
                if name == field {
                    to.clone_into(value);
                }
            }
        })
    })
    .collect();
    all.extend([
        changed("a field less", |fields| drop(fields.remove(0))),
        changed("a field twice", |fields| fields.push(fields[0].clone())),
        changed("a field twice with another value", |fields| {
            fields.push((fields[0].0.clone(), "evil".to_owned()));
        }),
        added("a field more", "evil", "1"),
        added("a state more", "additional_status", "SELLER_NOT_RECEIVED"),
        added("a refund more", "gmt_refund_pay", "2026-01-01 12:00:00"),
        changed("a field in large letters", |fields| {
            fields[0].0 = fields[0].0.to_ascii_uppercase();
        }),
        changed("a blank before a name", |fields| {
            fields[0].0 = format!(" {}", fields[0].0);
        }),
        changed("a blank after a value", |fields| fields[0].1.push(' ')),
        changed("a NUL after a value", |fields| fields[0].1.push('\0')),
        changed("a value in another's", |fields| {
            let (name, value) = fields.remove(1);
            fields[0].1 = format!("{}&{name}={value}", fields[0].1);
        }),
        changed("every field in one", |fields| {
            let all: Vec<String> = fields
                .drain(1..fields.len() - 1)
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            fields[0].1 = format!("{}&{}", fields[0].1, all.join("&"));
        }),
        changed("names and values turned round", |fields| {
            for (name, value) in fields.iter_mut() {
                std::mem::swap(name, value);
            }
        }),
    ]);
    all
}

/// What frameworks, filters and proxies do to a form before it is looked at.
fn on_the_way() -> Vec<Forgery> {
    vec![
        changed(
            "its values escaped once more",
            every_value(|value| value.replace('%', "%25").replace(' ', "%20")),
        ),
        changed(
            "a value decoded once more",
            value("passback_params", |_| "a=1".to_owned()),
        ),
        changed(
            "its blanks are plus signs",
            every_value(|value| value.replace(' ', "+")),
        ),
        changed(
            "its plus signs are blanks",
            every_value(|value| value.replace('+', " ")),
        ),
        changed(
            "its quotes are HTML's",
            every_value(|value| value.replace('"', "&quot;")),
        ),
        changed(
            "its JSON written again",
            value("fund_bill_list", |value| value.replace(',', ", ")),
        ),
        changed(
            "a value cut to size",
            value("notify_time", |value| value[..10].to_owned()),
        ),
        changed(
            "its percent signs are gone",
            every_value(|value| value.replace('%', "")),
        ),
    ]
}

/// The body as text, taken apart otherwise.
fn taken_apart() -> Vec<Forgery> {
    vec![
        text("escaped as a whole", |it| {
            it.replace('%', "%25")
                .replace('=', "%3D")
                .replace('&', "%26")
        }),
        text("decoded before it is taken apart", |it| {
            it.replace("%3D", "=")
                .replace("%2B", "+")
                .replace("%2F", "/")
                .replace("%25", "%")
                .replace("%7B", "{")
                .replace("%3A", ":")
                .replace('+', "%20+")
        }),
        text("taken apart at semicolons", |it| it.replace('&', ";")),
        text("taken apart at HTML's signs", |it| it.replace('&', "&amp;")),
        text("in line after line", |it| it.replace('&', "&\n")),
        text("behind a question mark", |it| format!("?{it}")),
        text("in quotes", |it| format!("\"{it}\"")),
        text("the signature's name is escaped, too", |it| {
            format!("{it}&%73ign=evil")
        }),
        text("the signature's name has a blank", |it| {
            it.replace("&sign=", "&sign+=")
        }),
        text("the signature's name is large", |it| {
            it.replace("&sign=", "&Sign=")
        }),
        text("a broken escape for the amount's", |it| {
            it.replace("9.90", "9%.90").replace("PO0001", "PO%0001")
        }),
        text("wide characters for the amount's", |it| {
            it.replace("9.90", "9%EF%BC%8E90")
                .replace("PO0001", "PO000%EF%BC%91")
        }),
        text("longer than any", |it| {
            format!("{it}&{}=", "x".repeat(64 * 1024))
        }),
        text("ten megabytes of empty fields", |it| {
            it.to_owned() + &"&x=".repeat(3_500_000)
        }),
    ]
}

fn in_other_forms() -> Vec<Forgery> {
    vec![
        forgery("as JSON", |role| {
            let fields: serde_json::Map<_, _> = fields(role)
                .into_iter()
                .chain([("sign".to_owned(), sign(signed_text(role).as_bytes()))])
                .map(|(name, value)| (name, value.into()))
                .collect();
            let body = serde_json::to_vec(&fields).unwrap();
            Some(Message {
                body,
                ..genuine(role)
            })
        }),
        forgery("as JSON under the name of a field", |role| {
            let genuine = genuine(role);
            let text = std::str::from_utf8(&genuine.body).unwrap();
            let body = format!("{{\"notice\":\"{text}\"}}=").into_bytes();
            Some(Message { body, ..genuine })
        }),
        forgery("in GBK though signed in UTF-8", in_gbk),
    ]
}

fn in_gbk(role: Role) -> Option<Message> {
    let genuine = genuine(role);
    let body = String::from_utf8(genuine.body.clone()).unwrap();
    let other = body.replace("%E4%BC%9A%E5%91%98", "%BB%E1%D4%B1");
    (other != body).then(|| Message {
        body: other.into_bytes(),
        ..genuine
    })
}

fn kinds() -> Vec<Forgery> {
    vec![
        kind("of no kind", Vec::clear),
        kind("of two kinds", |headers| headers.push(headers[0].clone())),
        kind("of two kinds, one in small letters", |headers| {
            headers.push(("content-type".to_owned(), "text/plain".to_owned()));
        }),
        kind("of an empty kind", |headers| headers[0].1.clear()),
        kind("said to be JSON", |headers| {
            headers[0].1 = "application/json".to_owned();
        }),
        kind("said to be a page", |headers| {
            headers[0].1 = "text/html; application/x-www-form-urlencoded".to_owned();
        }),
        kind("said to be in parts", |headers| {
            headers[0].1 = "multipart/form-data; boundary=x".to_owned();
        }),
    ]
}

/// What the platform may do to a form without changing what it says.
#[tokio::test]
async fn forms_are_read_however_they_were_written() {
    let forger = Forger::new();
    for role in super::messages::FORMS {
        let genuine = genuine(role);
        let body = String::from_utf8(genuine.body.clone()).unwrap();
        let mut turned: Vec<&str> = body.split('&').collect();
        turned.reverse();
        for same in [
            turned.join("&"),
            body.replace('+', "%20"),
            body.replace("%2B", "%2b").replace("%3D", "%3d"),
            body.replace('_', "%5F"),
            format!("{body}&body="),
        ] {
            let message = Message {
                body: same.into_bytes(),
                ..genuine.clone()
            };
            if let Err(refused) = forger.take(role, &message).await {
                panic!("{role:?}: {refused:?}: {message:?}");
            }
        }
    }
}
