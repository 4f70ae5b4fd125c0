//! Answers whose node says nearly or exactly what was signed, in other bytes.

use serde_json::Value;

use super::messages::{answer, node, node_json, sign};
use super::{Forgery, Message, forgery};

/// The node written otherwise under its old signature; none where that changes nothing.
fn node_as(name: &str, alter: fn(&str, &Value) -> String) -> Forgery {
    forgery(name, move |role| {
        let genuine = node(role);
        let altered = alter(&genuine, &node_json(role));
        let sign = sign(genuine.as_bytes());
        (altered != genuine).then(|| answer(role, &altered, &sign))
    })
}

fn with_first(node: &str, member: &str) -> String {
    node.replacen('{', &format!("{{{member},"), 1)
}

fn with_last(node: &str, member: &str) -> String {
    format!("{},{member}}}", node.strip_suffix('}').unwrap())
}

pub(super) fn all() -> Vec<Forgery> {
    let mut all = written();
    all.extend(with_more());
    all.extend(in_gbk());
    all
}

fn written() -> Vec<Forgery> {
    vec![
        node_as("written again in lines", |_, value| {
            serde_json::to_string_pretty(value).unwrap()
        }),
        node_as("a blank after each comma", |node, _| {
            node.replace("\",\"", "\", \"")
        }),
        node_as("a blank before its end", |node, _| {
            format!("{} }}", node.strip_suffix('}').unwrap())
        }),
        node_as("its members in another order", |_, value| {
            let members = value.as_object().unwrap().iter().rev();
            let members: Vec<String> = members
                .map(|(name, value)| format!("\"{name}\":{value}"))
                .collect();
            format!("{{{}}}", members.join(","))
        }),
        node_as("its characters as escapes", |node, _| {
            node.replace('会', "\\u4f1a").replace('员', "\\u5458")
        }),
        node_as("a letter as an escape", |node, _| {
            node.replacen("code", "c\\u006fde", 1)
        }),
        node_as("a slash before a letter", |node, _| {
            node.replacen("Success", "S\\/uccess", 1)
        }),
        node_as("its texts as numbers", |node, _| {
            node.replace("\"10000\"", "10000")
                .replace("\"9.90\"", "9.90")
        }),
        node_as("in large letters", |node, _| node.to_ascii_uppercase()),
    ]
}

fn with_more() -> Vec<Forgery> {
    vec![
        node_as("a second code before it", |node, _| {
            with_first(node, "\"code\":\"10000\"")
        }),
        node_as("a second code after it", |node, _| {
            with_last(node, "\"code\":\"10000\"")
        }),
        node_as("a second code under an escaped name", |node, _| {
            with_last(node, "\"c\\u006fde\":\"10000\"")
        }),
        node_as("a member more", |node, _| with_last(node, "\"evil\":\"1\"")),
        node_as("a member more before", |node, _| {
            with_first(node, "\"evil\":\"1\"")
        }),
        node_as("a member less", |node, _| {
            node.replace("\"msg\":\"Success\",", "")
        }),
        node_as("a narrower code more", |node, _| {
            with_last(node, "\"sub_code\":\"ACQ.SYSTEM_ERROR\"")
        }),
        node_as("a huge number more", |node, _| {
            with_last(node, "\"x\":1e999999999")
        }),
        node_as("ten thousand digits more", |node, _| {
            with_last(node, &format!("\"x\":{}", "9".repeat(10_000)))
        }),
        node_as("a thousand brackets more", |node, _| {
            let deep = "[".repeat(1000) + &"]".repeat(1000);
            with_last(node, &format!("\"x\":{deep}"))
        }),
        node_as("braces in a text more", |node, _| {
            with_last(node, "\"}\":\"}{\"")
        }),
        node_as("an escape that is none", |node, _| {
            with_last(node, "\"x\":\"\\q\"")
        }),
        node_as("half a pair of surrogates", |node, _| {
            with_last(node, "\"x\":\"\\ud83d\"")
        }),
        node_as("cut off within a text", |node, _| {
            node[..node.len() - 2].to_owned()
        }),
    ]
}

/// Under a signature over the node as text, or as these bytes. Every request asks for UTF-8: an answer in
/// anything else is none to it.
fn in_gbk() -> Vec<Forgery> {
    let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
    let in_gbk = move |name: &str, signed: fn(&str) -> Vec<u8>| {
        forgery(name, move |role| {
            let node = node(role);
            let message = answer(role, &node, &sign(&signed(&node)));
            let body = gbk(std::str::from_utf8(&message.body).unwrap());
            Some(Message { body, ..message })
        })
    };
    vec![
        in_gbk("in GBK, its signature over UTF-8", |it| it.into()),
        in_gbk("in GBK, its signature over that", |it| {
            encoding_rs::GBK.encode(it).0.into_owned()
        }),
    ]
}
