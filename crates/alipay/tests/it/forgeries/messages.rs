//! Genuine messages of every kind, signed by code of our own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use crate::platform::{ALIPAY_KEY, APP_ID, SELLER_ID};

/// What a message is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Create,
    Precreate,
    Pay,
    Ask,
    Query,
    Shut,
    Close,
    Cancel,
    Refund,
    RefundQuery,
    Bill,
    Raw,
    Payment,
    Neutral,
    Refunded,
    Message,
    OldMessage,
    Return,
}

/// `Create`, `Ask` and `Shut` are the calls of the neutral trait.
pub(super) const ANSWERS: [Role; 12] = [
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
    Role::Bill,
    Role::Raw,
];
pub(super) const FORMS: [Role; 6] = [
    Role::Payment,
    Role::Neutral,
    Role::Refunded,
    Role::Message,
    Role::OldMessage,
    Role::Return,
];

impl Role {
    pub(super) fn is_answer(self) -> bool {
        ANSWERS.contains(&self)
    }

    /// The name of the member that holds the answer.
    pub(super) fn member(self) -> String {
        let method = match self {
            Self::Create | Self::Precreate => "alipay.trade.precreate",
            Self::Pay => "alipay.trade.pay",
            Self::Ask | Self::Query => "alipay.trade.query",
            Self::Shut | Self::Close => "alipay.trade.close",
            Self::Cancel => "alipay.trade.cancel",
            Self::Refund => "alipay.trade.refund",
            Self::RefundQuery => "alipay.trade.fastpay.refund.query",
            Self::Bill => "alipay.data.dataservice.bill.downloadurl.query",
            Self::Raw => "alipay.trade.order.settle",
            _ => panic!("{self:?} is no answer"),
        };
        format!("{}_response", method.replace('.', "_"))
    }

    /// Whether the signature is over `sign_type`, too.
    pub(super) fn signs_its_type(self) -> bool {
        matches!(self, Self::Message | Self::OldMessage)
    }
}

/// A message as it comes over the wire.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let body: String = body.chars().take(2000).collect();
        write!(f, "{} {:?} {body}", self.status, self.headers)
    }
}

pub(super) type Fields = Vec<(String, String)>;

/// An answer with this node, signed so.
pub(super) fn answer(role: Role, node: &str, sign: &str) -> Message {
    message(format!(
        "{{\"{}\":{node},\"sign\":\"{sign}\"}}",
        role.member()
    ))
}

/// An answer with this node, truly signed.
pub(super) fn answer_signed(role: Role, node: &str) -> Message {
    answer(role, node, &sign(node.as_bytes()))
}

/// A form of these fields, signed so.
pub(super) fn form(fields: &[(String, String)], sign: &str) -> Message {
    let mut body = Serializer::new(String::new());
    body.extend_pairs(fields);
    message(body.append_pair("sign", sign).finish())
}

/// A form of these fields, truly signed by the rule of its kind.
pub(super) fn form_signed(role: Role, fields: &[(String, String)]) -> Message {
    form(fields, &sign(joined(role, fields).as_bytes()))
}

/// What the genuine message's signature is over.
pub(super) fn signed_text(role: Role) -> String {
    if role.is_answer() {
        node(role)
    } else {
        joined(role, &fields(role))
    }
}

/// The genuine message under this signature.
pub(super) fn under(role: Role, sign: &str) -> Message {
    if role.is_answer() {
        answer(role, &node(role), sign)
    } else {
        form(&fields(role), sign)
    }
}

pub(super) fn genuine(role: Role) -> Message {
    under(role, &sign(signed_text(role).as_bytes()))
}

fn message(body: String) -> Message {
    Message {
        status: 200,
        headers: vec![(
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded; text/html; charset=utf-8".to_owned(),
        )],
        body: body.into_bytes(),
    }
}

/// The text that is signed: sorted by name, joined as it is, by code of our own.
pub(super) fn joined(role: Role, fields: &[(String, String)]) -> String {
    let mut fields: Vec<_> = fields
        .iter()
        .filter(|(name, value)| !value.is_empty() && (role.signs_its_type() || name != "sign_type"))
        .collect();
    fields.sort();
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    fields.join("&")
}

/// A signature as it travels.
pub(super) fn sign_with(key: &str, way: &'static dyn RsaEncoding, message: &[u8]) -> String {
    let text: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(way, &SystemRandom::new(), message, &mut signature)
        .unwrap();
    STANDARD.encode(signature)
}

/// The platform's own.
pub(super) fn sign(message: &[u8]) -> String {
    sign_with(ALIPAY_KEY, &RSA_PKCS1_SHA256, message)
}

/// The genuine answer's node, as text.
pub(super) fn node(role: Role) -> String {
    node_json(role).to_string()
}

pub(super) fn node_json(role: Role) -> Value {
    let more = match role {
        Role::Create | Role::Precreate => json!({"qr_code": "https://qr.alipay.com/bax1"}),
        Role::Pay => json!({
            "trade_no": "20260001", "total_amount": "9.90", "gmt_payment": "2026-01-01 12:01:05",
        }),
        Role::Ask | Role::Query => json!({
            "trade_no": "20260001", "total_amount": "9.90", "trade_status": "TRADE_SUCCESS",
            "send_pay_date": "2026-01-01 12:01:05",
        }),
        Role::Shut | Role::Close => json!({"trade_no": "20260001"}),
        Role::Cancel => json!({"trade_no": "20260001", "retry_flag": "N", "action": "close"}),
        Role::Refund => json!({
            "trade_no": "20260001", "fund_change": "Y", "refund_fee": "9.90",
        }),
        Role::RefundQuery => json!({
            "trade_no": "20260001", "out_request_no": "RF0001", "refund_amount": "9.90",
            "refund_status": "REFUND_SUCCESS", "total_amount": "9.90",
        }),
        Role::Bill => json!({"bill_download_url": "https://dwbillcenter.alipay.com/b?c=1"}),
        _ => json!({"trade_no": "20260001", "settle_no": "20260002"}),
    };
    let mut node = json!({"code": "10000", "msg": "Success", "store_name": "会员 100%+1"});
    if role != Role::Bill {
        node["out_trade_no"] = json!("PO0001");
    }
    for (name, value) in more.as_object().unwrap() {
        node[name] = value.clone();
    }
    node
}

/// The genuine form's fields, `sign_type` among them.
pub(super) fn fields(role: Role) -> Fields {
    let payment = [
        ("app_id", APP_ID),
        ("charset", "utf-8"),
        (
            "fund_bill_list",
            r#"[{"amount":"9.90","fundChannel":"ALIPAYACCOUNT"}]"#,
        ),
        ("gmt_payment", "2026-01-01 12:01:05"),
        ("notify_id", "20260101002221"),
        ("notify_time", "2026-01-01 12:01:06"),
        ("notify_type", "trade_status_sync"),
        ("out_trade_no", "PO0001"),
        ("passback_params", "a%3D1"),
        ("seller_id", SELLER_ID),
        ("subject", "会员 100%+1"),
        ("total_amount", "9.90"),
        ("trade_no", "20260001"),
        ("trade_status", "TRADE_SUCCESS"),
    ];
    let refund = [
        ("gmt_refund", "2026-01-02 09:00:00.123"),
        ("out_biz_no", "RF0001"),
        ("refund_fee", "9.90"),
    ];
    let newer = [
        ("app_id", APP_ID),
        (
            "biz_content",
            r#"{"out_trade_no":"PO0001","out_request_no":"RF0001","dback_status":"S"}"#,
        ),
        ("charset", "utf-8"),
        ("msg_method", "alipay.trade.refund.depositback.completed"),
        ("notify_id", "20260101002621"),
        ("utc_timestamp", "1767240000000"),
        ("version", "1.1"),
    ];
    let older = [
        ("app_id", APP_ID),
        ("charset", "utf-8"),
        ("method", "alipay.open.servicemarket.order.notify"),
        ("notify_id", "20260101002621"),
        ("notify_time", "2026-01-01 12:01:06"),
        ("title", "会员 100%+1"),
        ("total_price", "9.90"),
    ];
    let returned = [
        ("app_id", APP_ID),
        ("charset", "utf-8"),
        ("method", "alipay.trade.page.pay.return"),
        ("out_trade_no", "PO0001"),
        ("seller_id", SELLER_ID),
        ("timestamp", "2026-01-01 12:01:06"),
        ("total_amount", "9.90"),
        ("trade_no", "20260001"),
        ("version", "1.0"),
    ];
    let fields = match role {
        Role::Refunded => [&payment[..], &refund].concat(),
        Role::Message => newer.to_vec(),
        Role::OldMessage => older.to_vec(),
        Role::Return => returned.to_vec(),
        _ => payment.to_vec(),
    };
    let fields = fields.into_iter().chain([("sign_type", "RSA2")]);
    fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
