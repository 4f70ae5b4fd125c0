//! Answers whose envelope is not the one that was sent: what is around the signed node.

use serde_json::json;

use super::judge::Forger;
use super::messages::{Role, genuine, node, sign, signed_text};
use super::{Forgery, Message, body, forgery};

/// An envelope out of its member's name, its node and the node's true signature.
fn envelope(
    name: impl Into<String>,
    make: impl Fn(&str, &str, &str) -> String + 'static,
) -> Forgery {
    forgery(name, move |role| {
        let node = node(role);
        let body = make(&role.member(), &node, &sign(node.as_bytes()));
        Some(Message {
            body: body.into_bytes(),
            ..genuine(role)
        })
    })
}

/// The genuine answer under another status.
fn status(status: u16) -> Forgery {
    let name = format!("a good answer under {status}");
    forgery(name, move |role| {
        Some(Message {
            status,
            ..genuine(role)
        })
    })
}

fn forged(node: &str) -> String {
    node.replace("PO0001", "PO0002")
        .replace("Success", "success")
}

pub(super) fn all() -> Vec<Forgery> {
    let mut all: Vec<Forgery> = [
        100, 201, 202, 204, 206, 299, 301, 302, 304, 307, 400, 401, 403, 404, 429, 500, 502, 503,
        504, 599,
    ]
    .map(status)
    .into();
    all.extend(unsigned());
    all.extend(doubled());
    all.extend(misplaced());
    all.extend(errors());
    all
}

fn unsigned() -> Vec<Forgery> {
    let mut all: Vec<Forgery> = [
        ("null", "null"),
        ("an empty text", "\"\""),
        ("a list", "[]"),
        ("an object", "{}"),
        ("a number", "1"),
        ("a huge number", "1e999999"),
        ("yes", "true"),
    ]
    .into_iter()
    .map(|(name, sign)| {
        envelope(
            format!("its signature is {name}"),
            move |member, node, _| format!("{{\"{member}\":{node},\"sign\":{sign}}}"),
        )
    })
    .collect();
    all.extend([
        envelope("a success without a signature", |member, node, _| {
            format!("{{\"{member}\":{node}}}")
        }),
        envelope("signed under another name", |member, node, sign| {
            format!("{{\"{member}\":{node},\"Sign\":\"{sign}\"}}")
        }),
        envelope("signed in a list", |member, node, sign| {
            format!("{{\"{member}\":{node},\"sign\":[\"{sign}\"]}}")
        }),
        envelope(
            "the signature is in the node alone",
            |member, node, sign| {
                let open = node.strip_prefix('{').unwrap();
                format!("{{\"{member}\":{{\"sign\":\"{sign}\",{open}}}")
            },
        ),
        envelope("the signature is in the node, too", |member, node, sign| {
            let open = node.strip_prefix('{').unwrap();
            format!("{{\"{member}\":{{\"sign\":\"{sign}\",{open},\"sign\":\"{sign}\"}}")
        }),
        envelope(
            "under a certificate that nobody knows",
            |member, node, _| {
                format!("{{\"{member}\":{node},\"alipay_cert_sn\":\"evil\",\"sign\":\"evil\"}}")
            },
        ),
    ]);
    all
}

fn doubled() -> Vec<Forgery> {
    vec![
        envelope("the node twice", |member, node, sign| {
            format!("{{\"{member}\":{node},\"{member}\":{node},\"sign\":\"{sign}\"}}")
        }),
        envelope("a forged node before the true one", |member, node, sign| {
            let other = forged(node);
            format!("{{\"{member}\":{other},\"{member}\":{node},\"sign\":\"{sign}\"}}")
        }),
        envelope("a forged node after the signature", |member, node, sign| {
            let other = forged(node);
            format!("{{\"{member}\":{node},\"sign\":\"{sign}\",\"{member}\":{other}}}")
        }),
        envelope(
            "a forged node under an escaped name",
            |member, node, sign| {
                let other = forged(node);
                let name = member.replacen('a', "\\u0061", 1);
                format!("{{\"{member}\":{node},\"sign\":\"{sign}\",\"{name}\":{other}}}")
            },
        ),
        envelope("the signature twice", |member, node, sign| {
            format!("{{\"{member}\":{node},\"sign\":\"{sign}\",\"sign\":\"{sign}\"}}")
        }),
        envelope("a second signature", |member, node, sign| {
            format!("{{\"sign\":\"evil\",\"{member}\":{node},\"sign\":\"{sign}\"}}")
        }),
        envelope(
            "a second signature under an escaped name",
            |member, node, sign| {
                format!("{{\"{member}\":{node},\"\\u0073ign\":\"evil\",\"sign\":\"{sign}\"}}")
            },
        ),
        envelope("any other member twice", |member, node, sign| {
            format!("{{\"a\":1,\"a\":1,\"{member}\":{node},\"sign\":\"{sign}\"}}")
        }),
        envelope("two answers", |member, node, sign| {
            format!("{{\"{member}\":{node},\"sign\":\"{sign}\"}}{{}}")
        }),
    ]
}

fn misplaced() -> Vec<Forgery> {
    vec![
        envelope("the node in a node", |member, node, sign| {
            format!("{{\"{member}\":{{\"{member}\":{node}}},\"sign\":\"{sign}\"}}")
        }),
        envelope("the whole answer in a node", |member, node, sign| {
            format!("{{\"{member}\":{{\"{member}\":{node},\"sign\":\"{sign}\"}}}}")
        }),
        envelope("the whole answer in a list", |member, node, sign| {
            format!("[{{\"{member}\":{node},\"sign\":\"{sign}\"}}]")
        }),
        envelope("the whole answer as a text", |member, node, sign| {
            json!(format!("{{\"{member}\":{node},\"sign\":\"{sign}\"}}")).to_string()
        }),
        envelope("the node in a list", |member, node, sign| {
            format!("{{\"{member}\":[{node}],\"sign\":\"{sign}\"}}")
        }),
        envelope("the node as a text", |member, node, sign| {
            format!("{{\"{member}\":{},\"sign\":\"{sign}\"}}", json!(node))
        }),
        envelope("the node without its envelope", |_, node, _| {
            node.to_owned()
        }),
        envelope("under another call's name", |_, node, sign| {
            format!("{{\"alipay_trade_create_response\":{node},\"sign\":\"{sign}\"}}")
        }),
        envelope("under a name with dots", |member, node, sign| {
            let member = member.replace('_', ".");
            format!("{{\"{member}\":{node},\"sign\":\"{sign}\"}}")
        }),
        envelope("under a name in large letters", |member, node, sign| {
            let member = member.to_ascii_uppercase();
            format!("{{\"{member}\":{node},\"sign\":\"{sign}\"}}")
        }),
        envelope("under a name with a blank", |member, node, sign| {
            format!("{{\"{member} \":{node},\"sign\":\"{sign}\"}}")
        }),
        envelope("under the name of a request", |member, node, sign| {
            let member = member.replace("_response", "_request");
            format!("{{\"{member}\":{node},\"sign\":\"{sign}\"}}")
        }),
        envelope("with a comma too much", |member, node, sign| {
            format!("{{\"{member}\":{node},\"sign\":\"{sign}\",}}")
        }),
        envelope("with a comment", |member, node, sign| {
            format!("{{/*x*/\"{member}\":{node},\"sign\":\"{sign}\"}}")
        }),
        envelope("in single quotes", |member, node, sign| {
            format!("{{'{member}':{node},'sign':'{sign}'}}")
        }),
        envelope("for a browser to call", |member, node, sign| {
            format!("answer({{\"{member}\":{node},\"sign\":\"{sign}\"}})")
        }),
        envelope(
            "beside brackets that are not closed",
            |member, node, sign| {
                let deep = "[".repeat(1000) + &"]".repeat(999);
                format!("{{\"x\":{deep},\"{member}\":{node},\"sign\":\"{sign}\"}}")
            },
        ),
        envelope("beside ten megabytes", |member, node, sign| {
            let long = "x".repeat(10 * 1024 * 1024);
            format!("{{\"{member}\":{node},\"sign\":\"{sign}\",\"x\":\"{long}\"}}")
        }),
        body("ten megabytes of blanks before it", |it| {
            [b" ".repeat(10 * 1024 * 1024), it].concat()
        }),
    ]
}

/// An error, in its own member or in the one for all, under this signature.
fn error(name: &str, is_own: bool, sign: fn(Role) -> Option<String>) -> Forgery {
    forgery(name, move |role| {
        let node = json!({
            "code": "40004", "msg": "Business Failed", "sub_code": "ACQ.TRADE_NOT_EXIST",
        });
        let member = if is_own {
            role.member()
        } else {
            "error_response".to_owned()
        };
        let sign = sign(role).map_or_else(String::new, |sign| format!(",\"sign\":\"{sign}\""));
        Some(Message {
            body: format!("{{\"{member}\":{node}{sign}}}").into_bytes(),
            ..genuine(role)
        })
    })
}

/// An unsigned error would free an order for another try, or end the search for a refund.
fn errors() -> Vec<Forgery> {
    let of_the_success = |role| Some(sign(signed_text(role).as_bytes()));
    vec![
        error("an error for a success, without a signature", true, |_| {
            None
        }),
        error("an error of nobody's, without a signature", false, |_| None),
        error("an error with an empty signature", true, |_| {
            Some(String::new())
        }),
        error(
            "an error under the success's signature",
            true,
            of_the_success,
        ),
        error("an error of nobody's under it", false, of_the_success),
        envelope("the success as an error", |_, node, sign| {
            format!("{{\"error_response\":{node},\"sign\":\"{sign}\"}}")
        }),
        envelope("the success as an unsigned error", |_, node, _| {
            format!("{{\"error_response\":{node}}}")
        }),
        envelope("a success without its code", |member, node, _| {
            let node = node.replace("\"code\":\"10000\",", "");
            format!("{{\"{member}\":{node}}}")
        }),
        envelope("a wait without a signature", |member, node, _| {
            let node = node.replace("10000", "10003");
            format!("{{\"{member}\":{node}}}")
        }),
    ]
}

/// Nothing but the node and its signature is read, so what else stands there changes nothing and breaks
/// nothing.
#[tokio::test]
async fn what_stands_beside_the_signed_node_is_not_read() {
    let forger = Forger::new();
    for role in super::messages::ANSWERS {
        let (member, node) = (role.member(), node(role));
        let sign = sign(node.as_bytes());
        let other = forged(&node);
        for beside in [
            "\"x\":1e999999999".to_owned(),
            format!("\"x\":{}", "9".repeat(10_000)),
            format!("\"x\":{}{}", "[".repeat(100_000), "]".repeat(100_000)),
            "\"}\":\"}{\\\"\"".to_owned(),
            "\"alipay_cert_sn\":\"evil\"".to_owned(),
            "\"sign_type\":\"RSA\"".to_owned(),
            format!("\"error_response\":{other}"),
            format!("\"alipay_trade_create_response\":{other}"),
        ] {
            for body in [
                format!("{{{beside},\"{member}\":{node},\"sign\":\"{sign}\"}}"),
                format!("{{\"sign\":\"{sign}\",\"{member}\" :\n {node} ,{beside}}}"),
            ] {
                let message = Message {
                    body: body.into_bytes(),
                    ..genuine(role)
                };
                if let Err(refused) = forger.take(role, &message).await {
                    panic!("{role:?}: {refused:?}: {message:?}");
                }
            }
        }
    }
}
