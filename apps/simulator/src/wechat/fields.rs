//! The shape of a request body as data: which fields exist, how long they may be, what they may
//! contain. A field that is not listed is refused, as the platform does.

use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

use crate::wechat::refusal::Refusal;

pub(crate) enum Shape {
    /// Text of `min` to `max` characters.
    Text {
        min: usize,
        max: usize,
    },
    /// Text whose length counts in UTF-8 bytes. The documents do not say which unit
    /// `description` has; the stricter reading finds more mistakes.
    Bytes {
        max: usize,
    },
    /// A merchant's number: letters, digits and `_-|*`.
    Number,
    /// Exactly this text.
    Only(&'static str),
    /// RFC 3339 with a zone.
    Time,
    /// An address for notices.
    Address,
    /// An integer of at least this.
    Int {
        min: i64,
    },
    Flag,
    Object(&'static [Field]),
    /// At least one of these objects.
    List(&'static [Field]),
}

pub(crate) struct Field {
    name: &'static str,
    required: bool,
    shape: Shape,
}

const fn must(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        required: true,
        shape,
    }
}

const fn may(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        required: false,
        shape,
    }
}

const fn text(max: usize) -> Shape {
    Shape::Text { min: 1, max }
}

/// Body of `POST /v3/pay/transactions/native`.
pub(crate) const NATIVE: &[Field] = &[
    must("appid", text(32)),
    must("mchid", text(32)),
    must("description", Shape::Bytes { max: 127 }),
    must("out_trade_no", Shape::Number),
    may("time_expire", Shape::Time),
    may("attach", text(128)),
    must("notify_url", Shape::Address),
    may("goods_tag", text(32)),
    may("support_fapiao", Shape::Flag),
    must("amount", Shape::Object(AMOUNT)),
    may("detail", Shape::Object(DETAIL)),
    may("scene_info", Shape::Object(SCENE)),
    may(
        "settle_info",
        Shape::Object(&[may("profit_sharing", Shape::Flag)]),
    ),
];

/// Body of `POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close`.
pub(crate) const CLOSE: &[Field] = &[must("mchid", text(32))];

const AMOUNT: &[Field] = &[
    must("total", Shape::Int { min: 1 }),
    may("currency", Shape::Only("CNY")),
];

const DETAIL: &[Field] = &[
    may("cost_price", Shape::Int { min: 0 }),
    may("invoice_id", text(32)),
    may("goods_detail", Shape::List(GOODS)),
];

const GOODS: &[Field] = &[
    must("merchant_goods_id", text(32)),
    may("wechatpay_goods_id", text(32)),
    may("goods_name", text(256)),
    must("quantity", Shape::Int { min: 1 }),
    must("unit_price", Shape::Int { min: 0 }),
];

const SCENE: &[Field] = &[
    must("payer_client_ip", text(45)),
    may("device_id", text(32)),
    may("store_info", Shape::Object(STORE)),
];

const STORE: &[Field] = &[
    must("id", text(32)),
    may("name", text(256)),
    may("area_code", text(32)),
    may("address", text(512)),
];

/// What `detail` may measure as JSON.
const LONGEST_DETAIL: usize = 6144;

/// Parses `body` and checks it against `fields`.
pub(crate) fn parse(
    body: &[u8],
    fields: &[Field],
    plain_http: bool,
) -> Result<Map<String, Value>, Refusal> {
    let value: Value = serde_json::from_slice(body).map_err(|_| Refusal::not_json())?;
    let Value::Object(object) = value else {
        return Err(Refusal::not_json());
    };
    check_object(&object, fields, "", plain_http)?;
    if let Some(detail) = object.get("detail")
        && detail.to_string().len() > LONGEST_DETAIL
    {
        return Err(Refusal::field(
            "body",
            "/detail",
            None,
            "长度大于最大值 6144",
        ));
    }
    Ok(object)
}

/// Whether `number` could be a merchant's order number.
pub(crate) fn is_number(number: &str) -> bool {
    (6..=32).contains(&number.len())
        && number
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-|*".contains(&byte))
}

fn check_object(
    object: &Map<String, Value>,
    fields: &[Field],
    at: &str,
    plain_http: bool,
) -> Result<(), Refusal> {
    for name in object.keys() {
        if !fields.iter().any(|field| field.name == name) {
            return Err(Refusal::extra_field("body", &format!("{at}/{name}")));
        }
    }
    for field in fields {
        let pointer = format!("{at}/{}", field.name);
        match object.get(field.name) {
            Some(value) => check(value, &field.shape, &pointer, plain_http)?,
            None if field.required => {
                return Err(Refusal::field("body", &pointer, None, "此字段为必填项"));
            }
            None => {}
        }
    }
    Ok(())
}

fn check(value: &Value, shape: &Shape, pointer: &str, plain_http: bool) -> Result<(), Refusal> {
    let refuse = |issue: &str| Err(Refusal::field("body", pointer, Some(value), issue));
    let verdict = match (shape, value) {
        (Shape::Object(fields), Value::Object(object)) => {
            return check_object(object, fields, pointer, plain_http);
        }
        (Shape::List(_), Value::Array(items)) if items.is_empty() => Err("数组不能为空".to_owned()),
        (Shape::List(fields), Value::Array(items)) => {
            for (position, item) in items.iter().enumerate() {
                let pointer = format!("{pointer}/{position}");
                let Value::Object(object) = item else {
                    return Err(Refusal::field("body", &pointer, Some(item), "类型不正确"));
                };
                check_object(object, fields, &pointer, plain_http)?;
            }
            Ok(())
        }
        (Shape::Flag, Value::Bool(_)) => Ok(()),
        (Shape::Int { min }, Value::Number(number)) => match number.as_i64() {
            None => Err("类型不正确，应为整数".to_owned()),
            Some(number) if number < *min => Err(format!("值低于最小值 {min}")),
            Some(_) => Ok(()),
        },
        (Shape::Object(_) | Shape::List(_) | Shape::Flag | Shape::Int { .. }, _)
        | (
            _,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_),
        ) => Err("类型不正确".to_owned()),
        (shape, Value::String(text)) => check_text(text, shape, plain_http),
    };
    verdict.or_else(|issue| refuse(&issue))
}

fn check_text(text: &str, shape: &Shape, plain_http: bool) -> Result<(), String> {
    if text.chars().any(|c| c.len_utf8() > 3 || c.is_control()) {
        return Err("只支持UTF-8编码下1至3字节的字符".to_owned());
    }
    match shape {
        Shape::Text { min, max } => length(text.chars().count(), *min, *max),
        Shape::Bytes { max } => length(text.len(), 1, *max),
        Shape::Number => {
            length(text.len(), 6, 32)?;
            if is_number(text) {
                Ok(())
            } else {
                Err("只能包含数字、字母和_-|*".to_owned())
            }
        }
        Shape::Only(only) if text == *only => Ok(()),
        Shape::Only(only) => Err(format!("取值只能为 {only}")),
        Shape::Time => match OffsetDateTime::parse(text, &Rfc3339) {
            // The parser also takes a blank in place of the `T`; the platform shows only `T`.
            Ok(_) if text.len() <= 64 && text.as_bytes().get(10) == Some(&b'T') => Ok(()),
            _ => Err("不符合RFC3339格式".to_owned()),
        },
        Shape::Address => {
            length(text.len(), 1, 255)?;
            if is_address(text, plain_http) {
                Ok(())
            } else {
                Err("通知地址不正确".to_owned())
            }
        }
        Shape::Int { .. } | Shape::Flag | Shape::Object(_) | Shape::List(_) => Ok(()),
    }
}

fn length(length: usize, min: usize, max: usize) -> Result<(), String> {
    if length < min {
        return Err(format!("字符数 {length}，小于最小值 {min}"));
    }
    if length > max {
        return Err(format!("字符数 {length}，大于最大值 {max}"));
    }
    Ok(())
}

/// https, or http where that is allowed; no query string, no fragment, no login.
fn is_address(text: &str, plain_http: bool) -> bool {
    Url::parse(text).is_ok_and(|url| {
        (url.scheme() == "https" || (plain_http && url.scheme() == "http"))
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order() -> Value {
        json!({
            "appid": "wx0123456789abcdef",
            "mchid": "1900009999",
            "description": "AI点数包-100点",
            "out_trade_no": "PO20260101000001",
            "time_expire": "2026-01-01T10:30:00+08:00",
            "attach": "pkg=100",
            "notify_url": "https://pay.example.com/notify/wechat",
            "amount": {"total": 990, "currency": "CNY"},
            "detail": {"goods_detail": [
                {"merchant_goods_id": "p100", "quantity": 1, "unit_price": 990},
            ]},
            "scene_info": {"payer_client_ip": "10.0.0.1", "store_info": {"id": "1"}},
            "settle_info": {"profit_sharing": false},
        })
    }

    fn parsed(order: &Value) -> Result<(), String> {
        parse(order.to_string().as_bytes(), NATIVE, false)
            .map(|_| ())
            .map_err(|refusal| {
                assert_eq!(
                    (refusal.status, refusal.code.as_str()),
                    (400, "PARAM_ERROR")
                );
                refusal.detail.unwrap()["field"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
    }

    #[test]
    fn a_full_order_is_accepted() {
        assert_eq!(parsed(&order()), Ok(()));
    }

    #[test]
    fn each_wrong_field_is_refused_by_its_pointer() {
        let long = "长".repeat(43);
        let cases = [
            ("/amount/total", json!(0)),
            ("/amount/total", json!(9.9)),
            ("/amount/total", json!(990.0)),
            ("/amount/total", json!("990")),
            ("/amount/currency", json!("USD")),
            ("/attach", json!(null)),
            ("/attach", json!("x".repeat(129))),
            ("/description", json!(long)),
            ("/description", json!("points 🎉")),
            ("/description", json!("")),
            ("/out_trade_no", json!("PO1")),
            ("/out_trade_no", json!("PO 20260101")),
            ("/out_trade_no", json!("P".repeat(33))),
            ("/time_expire", json!("2026-01-01T10:30:00")),
            ("/time_expire", json!("2026-01-01 10:30:00+08:00")),
            ("/notify_url", json!("http://pay.example.com/notify")),
            (
                "/notify_url",
                json!("https://pay.example.com/notify?order=1"),
            ),
            ("/notify_url", json!("/notify")),
            ("/detail/goods_detail", json!([])),
            ("/detail/goods_detail/0/quantity", json!(0)),
            ("/settle_info/profit_sharing", json!("true")),
        ];
        for (pointer, value) in cases {
            let mut order = order();
            *order.pointer_mut(pointer).unwrap() = value.clone();
            assert_eq!(parsed(&order), Err(pointer.to_owned()), "{value}");
        }
    }

    #[test]
    fn missing_and_extra_fields_are_refused_at_every_depth() {
        let mut missing = order();
        missing["amount"].as_object_mut().unwrap().remove("total");
        assert_eq!(parsed(&missing), Err("/amount/total".to_owned()));
        let mut extra = order();
        extra["limit"] = json!(1);
        assert_eq!(parsed(&extra), Err("/limit".to_owned()));
        let mut nested = order();
        nested["scene_info"]["store_info"]["phone"] = json!("1");
        assert_eq!(
            parsed(&nested),
            Err("/scene_info/store_info/phone".to_owned())
        );
    }

    #[test]
    fn plain_http_needs_the_option() {
        let mut order = order();
        order["notify_url"] = json!("http://127.0.0.1:8080/notify");
        assert!(parse(order.to_string().as_bytes(), NATIVE, true).is_ok());
        assert!(parse(order.to_string().as_bytes(), NATIVE, false).is_err());
    }

    #[test]
    fn what_is_not_an_object_is_not_a_body() {
        for body in ["", "[]", "null", "{", "\u{feff}{}"] {
            let refusal = parse(body.as_bytes(), CLOSE, true).unwrap_err();
            assert_eq!(refusal, Refusal::not_json());
        }
    }
}
