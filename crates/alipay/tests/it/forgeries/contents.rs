//! What lies under a signature that is genuine and says nothing that could be believed: about another
//! number, or of no sense. Every one of these is signed anew, so only the content can be at fault.

use serde_json::{Value, json};

use super::messages::{Role, answer_signed, fields, form_signed, node, node_json};
use super::{Forgery, forgery};

/// Answers to these calls name the trade.
const ABOUT_A_TRADE: [Role; 10] = [
    Role::Create,
    Role::Precreate,
    Role::Pay,
    Role::Ask,
    Role::Query,
    Role::Shut,
    Role::Close,
    Role::Cancel,
    Role::Refund,
    Role::RefundQuery,
];
const NOTICES: [Role; 3] = [Role::Payment, Role::Neutral, Role::Refunded];

/// This member is another; `None` for none.
fn member(
    roles: impl Into<Vec<Role>>,
    member: &'static str,
    value: impl Into<Option<Value>>,
) -> Forgery {
    let (roles, value) = (roles.into(), value.into());
    let shown = value.as_ref().map_or("gone".to_owned(), Value::to_string);
    let shown: String = shown.chars().take(40).collect();
    forgery(format!("{member} is {shown} in {roles:?}"), move |role| {
        let mut node = node_json(role);
        let members = node.as_object_mut().unwrap();
        match &value {
            Some(value) => members.insert(member.to_owned(), value.clone()),
            None => members.remove(member),
        };
        roles
            .contains(&role)
            .then(|| answer_signed(role, &node.to_string()))
    })
}

/// The node's text is another, and signed.
fn text(name: &str, alter: fn(&str) -> String) -> Forgery {
    forgery(name, move |role| {
        role.is_answer()
            .then(|| answer_signed(role, &alter(&node(role))))
    })
}

/// This field is another, and the form signed by its rule; an empty value for none.
fn field(roles: impl Into<Vec<Role>>, field: &'static str, value: &'static str) -> Forgery {
    let roles = roles.into();
    forgery(format!("{field} is {value:?} in {roles:?}"), move |role| {
        let mut fields = fields(role);
        fields.retain(|(name, _)| name != field);
        fields.push((field.to_owned(), value.to_owned()));
        fields.retain(|(_, value)| !value.is_empty());
        roles.contains(&role).then(|| form_signed(role, &fields))
    })
}

pub(super) fn all() -> Vec<Forgery> {
    let mut all = of_codes();
    all.extend(of_numbers());
    all.extend(of_answers());
    all.extend(of_forms());
    all
}

fn of_codes() -> Vec<Forgery> {
    let code = |name: &str, code: &'static str| {
        let name = format!("its code is {name}");
        forgery(name, move |role| {
            // A payment may wait for the payer, and that is no belief that it was made.
            let is_wait = role == Role::Pay && code == "\"10003\"";
            let node = role.is_answer().then(|| node(role))?;
            let node = node.replace("\"10000\"", code);
            (!is_wait).then(|| answer_signed(role, &node))
        })
    };
    vec![
        code("null", "null"),
        code("nothing", "\"\""),
        code("a nought more", "\"100000\""),
        code("a nought before", "\"010000\""),
        code("with a blank", "\"10000 \""),
        code("a fraction", "10000.0"),
        code("a power", "1e4"),
        code("in a list", "[\"10000\"]"),
        code("yes", "true"),
        code("a word", "\"Success\""),
        code("in wide digits", "\"１００００\""),
        code("of a wait", "\"10003\""),
        code("unknown", "\"10001\""),
        text("no code", |node| node.replace("\"code\":\"10000\",", "")),
        text("a code in a node in it", |node| {
            let inner = node.to_owned();
            node.replace("\"code\":\"10000\",", &format!("\"node\":{inner},"))
        }),
        text("the same code twice", |node| {
            node.replacen('{', "{\"code\":\"10000\",", 1)
        }),
        text("two codes", |node| {
            node.replacen('{', "{\"\\u0063ode\":\"40004\",", 1)
        }),
        text("a narrower code", |node| {
            node.replacen('{', "{\"sub_code\":\"ACQ.SYSTEM_ERROR\",", 1)
        }),
        text("an unknown narrower code", |node| {
            node.replacen('{', "{\"sub_code\":\"ACQ.EVIL\",", 1)
        }),
        text("the node in a list", |node| format!("[{node}]")),
        text("the node as a text", |node| json!(node).to_string()),
        text("the node is null", |_| "null".to_owned()),
        text("the node is yes", |_| "true".to_owned()),
        text("the node is empty", |_| "{}".to_owned()),
        text("the node in a node", |node| format!("{{\"code\":{node}}}")),
    ]
}

fn of_numbers() -> Vec<Forgery> {
    let mut all = vec![
        member(ABOUT_A_TRADE, "out_trade_no", None),
        member([Role::RefundQuery], "out_request_no", json!("RF0002")),
        member([Role::RefundQuery], "out_request_no", json!("rf0001")),
        member([Role::RefundQuery], "out_request_no", json!("")),
        member([Role::Raw], "out_trade_no", json!("PO0002")),
        member([Role::Raw], "out_request_no", json!("RF0002")),
    ];
    all.extend(
        [
            json!("PO0002"),
            json!("po0001"),
            json!("PO0001 "),
            json!("\u{feff}PO0001"),
            json!("PO0001\0"),
            json!(""),
            json!(null),
            json!(1),
            json!(["PO0001"]),
            json!({"out_trade_no": "PO0001"}),
        ]
        .map(|number| member(ABOUT_A_TRADE, "out_trade_no", number)),
    );
    all
}

fn of_answers() -> Vec<Forgery> {
    let codes = [Role::Create, Role::Precreate];
    let queries = [Role::Ask, Role::Query];
    let mut all = vec![
        member(codes, "qr_code", None),
        member(codes, "qr_code", json!("")),
        member(codes, "qr_code", json!("q".repeat(1025))),
        member(codes, "qr_code", json!(["https://qr.alipay.com/bax1"])),
        member(queries, "trade_status", None),
        member(queries, "trade_status", json!(["TRADE_SUCCESS"])),
        member(queries, "trade_no", json!({})),
        member(queries, "send_pay_date", json!("2026-02-30 00:00:00")),
        member([Role::Pay], "gmt_payment", json!("yesterday")),
        member([Role::Pay], "trade_no", json!([1])),
        member([Role::Cancel], "retry_flag", None),
        member([Role::Cancel], "retry_flag", json!("X")),
        member([Role::Refund], "trade_no", None),
        member(
            [Role::RefundQuery],
            "refund_status",
            json!(["REFUND_SUCCESS"]),
        ),
        member([Role::Bill], "bill_download_url", None),
        member(
            [Role::Bill],
            "bill_download_url",
            json!("javascript:alert(1)"),
        ),
        member(
            [Role::Bill],
            "bill_download_url",
            json!("file:///etc/passwd"),
        ),
        member([Role::Bill], "bill_download_url", json!("/b?c=1")),
        member([Role::Bill], "bill_download_url", json!("b".repeat(3000))),
    ];
    for senseless in [
        "9.905",
        "9,90",
        "-9.90",
        "+9.90",
        "1e1",
        "0x1",
        "NaN",
        "",
        " 9.90",
        "９.９０",
        "99999999999999999999999999.00",
    ] {
        // What is not told at all is not filled in, and found missing when it is compared.
        if senseless.is_empty() {
            continue;
        }
        let amount = [Role::Pay, Role::Ask, Role::Query];
        all.push(member(amount, "total_amount", json!(senseless)));
        all.push(member([Role::Refund], "refund_fee", json!(senseless)));
        all.push(member(
            [Role::RefundQuery],
            "refund_amount",
            json!(senseless),
        ));
        all.push(field(NOTICES, "total_amount", senseless));
        all.push(field([Role::Return], "total_amount", senseless));
        all.push(field([Role::Refunded], "refund_fee", senseless));
    }
    all
}

fn of_forms() -> Vec<Forgery> {
    let message = [Role::Message];
    let mut all = vec![
        field(NOTICES, "notify_id", ""),
        field(NOTICES, "notify_time", ""),
        field(NOTICES, "notify_time", "now"),
        field(NOTICES, "notify_type", ""),
        field(NOTICES, "charset", ""),
        field(NOTICES, "charset", "utf-16"),
        field(NOTICES, "out_trade_no", ""),
        field(NOTICES, "out_trade_no", "会"),
        field(NOTICES, "out_trade_no", "PO0001&total_amount=9.90"),
        field(NOTICES, "subject", "x&total_amount=0.01"),
        field(NOTICES, "subject", "x&sign_type=RSA"),
        field(NOTICES, "trade_status", ""),
        field(NOTICES, "trade_no", "2026&x"),
        field(NOTICES, "gmt_payment", "2026-13-01 00:00:00"),
        field(message, "biz_content", ""),
        field(message, "biz_content", "null"),
        field(message, "biz_content", "[]"),
        field(
            message,
            "biz_content",
            "{\"dback_status\":\"S\",\"dback_status\":\"F\"}",
        ),
        field(message, "biz_content", "{\"dback_status\":[\"S\"]}"),
        field(
            message,
            "biz_content",
            "{\"dback_amount\":\"1e1\",\"dback_status\":\"S\"}",
        ),
        field(message, "msg_method", "会"),
        field(message, "charset", ""),
        field(message, "charset", "utf-16"),
        field([Role::OldMessage], "method", ""),
        field([Role::OldMessage], "method", "会"),
        field([Role::OldMessage], "title", "x&y=z"),
        field([Role::Return], "out_trade_no", ""),
        field([Role::Return], "trade_status", "TRADE_SUCCESS"),
        field([Role::Return], "notify_id", "20260101002221"),
    ];
    // Neither has what the other cannot be without.
    all.push(field(message, "msg_method", ""));
    all
}
