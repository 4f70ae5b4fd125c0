//! The shape of `biz_content` as data: which fields exist and what they may contain. A field that
//! the documents do not list is refused: it is more likely a slip than a wish.

use serde_json::{Map, Value};

use crate::alipay::{gate::moment, refusal::Refusal, trade};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Text of at most so many characters.
    Text(usize),
    /// A merchant's number: letters, digits, `_` and `-`.
    Number,
    /// What is sold: without `/`, `=`, `&` and control characters.
    Subject,
    /// Decimal yuan as text.
    Yuan,
    Time,
    /// `90m`, `2h`, `1d` or `1c`.
    Span,
    Object,
    /// Objects with at least these texts.
    Objects(&'static [&'static str]),
    Texts,
}

/// Name and shape; a name with `!` is required.
type Field = (&'static str, Shape);

pub(crate) struct Form(&'static [Field]);

const LONGEST_NUMBER: usize = 64;

pub(crate) const PRECREATE: Form = Form(&[
    ("!out_trade_no", Shape::Number),
    ("!total_amount", Shape::Yuan),
    ("!subject", Shape::Subject),
    ("product_code", Shape::Text(64)),
    ("time_expire", Shape::Time),
    ("timeout_express", Shape::Span),
    ("qr_code_timeout_express", Shape::Span),
    ("body", Shape::Text(128)),
    ("seller_id", Shape::Text(28)),
    (
        "goods_detail",
        Shape::Objects(&["goods_id", "goods_name", "quantity", "price"]),
    ),
    ("extend_params", Shape::Object),
    ("business_params", Shape::Object),
    ("ext_user_info", Shape::Object),
    ("discountable_amount", Shape::Yuan),
    ("undiscountable_amount", Shape::Yuan),
    ("store_id", Shape::Text(32)),
    ("operator_id", Shape::Text(28)),
    ("terminal_id", Shape::Text(32)),
    ("alipay_store_id", Shape::Text(32)),
    ("merchant_order_no", Shape::Text(32)),
    ("passback_params", Shape::Text(512)),
    ("enable_pay_channels", Shape::Text(128)),
    ("disable_pay_channels", Shape::Text(128)),
    ("query_options", Shape::Texts),
]);

pub(crate) const QUERY: Form = Form(&[
    ("out_trade_no", Shape::Number),
    ("trade_no", Shape::Text(64)),
    ("query_options", Shape::Texts),
]);

pub(crate) const CLOSE: Form = Form(&[
    ("out_trade_no", Shape::Number),
    ("trade_no", Shape::Text(64)),
    ("operator_id", Shape::Text(28)),
    ("extend_params", Shape::Object),
]);

impl Form {
    /// Reads `biz_content` and checks it against the form.
    pub(crate) fn read(&self, text: Option<&str>) -> Result<Map<String, Value>, Refusal> {
        let content: Map<String, Value> = text
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(Refusal::business_content)?;
        for (name, value) in &content {
            let known = |(it, _): &&Field| it.trim_start_matches('!') == name;
            let Some((_, shape)) = self.0.iter().find(known) else {
                return Err(Refusal::field(name, "不是文档中的参数"));
            };
            if let Some(issue) = shape.issue(value) {
                return Err(Refusal::field(name, issue));
            }
        }
        let required = self.0.iter().filter_map(|(name, _)| name.strip_prefix('!'));
        for name in required {
            if !content.contains_key(name) {
                return Err(Refusal::field(name, "为必填项"));
            }
        }
        Ok(content)
    }
}

impl Shape {
    fn issue(self, value: &Value) -> Option<&'static str> {
        match self {
            Self::Object => (!value.is_object()).then_some("应为对象"),
            Self::Objects(names) => {
                let complete = |item: &Value| {
                    let has = |name: &&str| item.get(name).is_some_and(|it| !it.is_null());
                    names.iter().all(has)
                };
                let whole = value
                    .as_array()
                    .is_some_and(|items| !items.is_empty() && items.iter().all(complete));
                (!whole).then_some("应为完整的对象列表")
            }
            Self::Texts => {
                let items = value.as_array();
                let texts = items.is_some_and(|items| items.iter().all(Value::is_string));
                (!texts).then_some("应为字符串列表")
            }
            _ => value
                .as_str()
                .map_or(Some("应为字符串"), |text| self.text_issue(text)),
        }
    }

    fn text_issue(self, text: &str) -> Option<&'static str> {
        let length = text.chars().count();
        match self {
            _ if length == 0 => Some("不能为空"),
            Self::Text(max) if length > max => Some("过长"),
            Self::Number if length > LONGEST_NUMBER => Some("过长"),
            Self::Number if !text.bytes().all(is_number_byte) => Some("包含不允许的字符"),
            Self::Subject if length > 256 => Some("过长"),
            Self::Subject
                if text
                    .chars()
                    .any(|c| matches!(c, '/' | '=' | '&') || c.is_control()) =>
            {
                Some("包含不允许的字符")
            }
            Self::Yuan if trade::fen(text).is_none() => Some("应为最多两位小数的金额"),
            Self::Time if moment(text).is_none() => Some("应为yyyy-MM-dd HH:mm:ss"),
            Self::Span if Span::read(text).is_none() => Some("应为1m至15d，或1c"),
            _ => None,
        }
    }
}

fn is_number_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// A relative deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    Minutes(i64),
    /// `1c`: until midnight in China.
    Today,
}

/// 15 days.
pub(crate) const LONGEST_SPAN_MIN: i64 = 15 * 24 * 60;

impl Span {
    pub(crate) fn read(text: &str) -> Option<Self> {
        if text == "1c" {
            return Some(Self::Today);
        }
        let (count, minutes) = [('m', 1), ('h', 60), ('d', 24 * 60)]
            .into_iter()
            .find_map(|(unit, minutes)| Some((text.strip_suffix(unit)?, minutes)))?;
        let digits = count.len() <= 5 && count.bytes().all(|byte| byte.is_ascii_digit());
        let minutes = digits.then(|| count.parse::<i64>().ok()).flatten()? * minutes;
        (1..=LONGEST_SPAN_MIN)
            .contains(&minutes)
            .then_some(Self::Minutes(minutes))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order() -> Value {
        json!({"out_trade_no": "T20260101-1_a", "total_amount": "9.90", "subject": "会员-月卡"})
    }

    fn changed(name: &str, value: Value) -> Result<Map<String, Value>, Refusal> {
        let mut order = order();
        order[name] = value;
        PRECREATE.read(Some(&order.to_string()))
    }

    #[test]
    fn the_documented_fields_are_taken() {
        let goods = json!([{"goods_id": "1", "goods_name": "x", "quantity": "1", "price": "1"}]);
        for (name, value) in [
            ("total_amount", json!("9.9")),
            ("time_expire", json!("2026-01-01 12:15:00")),
            ("timeout_express", json!("90m")),
            ("goods_detail", goods),
            ("extend_params", json!({})),
            ("query_options", json!(["hyb_amount"])),
        ] {
            assert!(changed(name, value).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_breaks_the_rules_is_refused_with_its_name() {
        for (name, value) in [
            ("out_trade_no", json!("T/1")),
            ("out_trade_no", json!("T".repeat(65))),
            ("out_trade_no", json!("")),
            ("total_amount", json!(9.9)),
            ("total_amount", json!(990)),
            ("total_amount", json!("9.901")),
            ("subject", json!("a=b")),
            ("subject", json!("中".repeat(257))),
            ("time_expire", json!("2026-01-01T12:15:00+08:00")),
            ("timeout_express", json!("1.5h")),
            ("body", json!("x".repeat(129))),
            ("goods_detail", json!([{"goods_id": "1"}])),
            ("extend_params", json!("{}")),
            ("notify_url", json!("https://pay.example.com")),
            ("subject", Value::Null),
        ] {
            let refusal = changed(name, value).unwrap_err();
            assert_eq!(refusal.sub_code, "ACQ.INVALID_PARAMETER");
            assert!(refusal.sub_msg.contains(name), "{refusal:?}");
        }
        let missing = PRECREATE.read(Some("{}")).unwrap_err();
        assert!(missing.sub_msg.contains("out_trade_no"));
        for text in [None, Some("["), Some("[]"), Some("null")] {
            assert_eq!(
                PRECREATE.read(text).unwrap_err().sub_code,
                "isv.invalid-parameter"
            );
        }
    }

    #[test]
    fn spans_are_whole_and_between_a_minute_and_fifteen_days() {
        for (text, minutes) in [
            ("1m", 1),
            ("90m", 90),
            ("2h", 120),
            ("15d", LONGEST_SPAN_MIN),
        ] {
            assert_eq!(Span::read(text), Some(Span::Minutes(minutes)));
        }
        assert_eq!(Span::read("1c"), Some(Span::Today));
        for text in [
            "", "m", "0m", "16d", "1.5h", "-1m", "2c", "10", "1 h", "999999m",
        ] {
            assert_eq!(Span::read(text), None, "{text}");
        }
    }
}
