//! The calls of the API: what a request asks for, and what the world makes of it.

use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::form_urlencoded;

use crate::{
    channel::Channel,
    keys::Keys,
    orders::{CODE_LIFE, Terms},
    wechat::{
        fields::{self, CLOSE, NATIVE},
        refusal::Refusal,
        transaction::transaction,
    },
    world::World,
};

/// Where a request arrived, with the number in its path.
#[derive(Debug, Clone)]
pub(crate) enum Endpoint {
    Native,
    QueryByNumber(String),
    QueryByTransaction(String),
    Close(String),
}

/// A well-formed request.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Native(Box<Terms>),
    QueryByNumber(String),
    QueryByTransaction(String),
    Close(String),
}

/// Reads a request that the gate has admitted.
pub(crate) fn understand(
    endpoint: Endpoint,
    query: &str,
    body: &[u8],
    keys: &Keys,
    plain_http: bool,
) -> Result<Call, Refusal> {
    match endpoint {
        Endpoint::Native => {
            check_query(query, None)?;
            let body = fields::parse(body, NATIVE, plain_http)?;
            check_merchant(&body, keys)?;
            if text(&body, "appid") != Some(&keys.app_id) {
                return Err(Refusal::app_not_bound());
            }
            terms(body).map(|terms| Call::Native(Box::new(terms)))
        }
        Endpoint::QueryByNumber(number) => {
            check_query(query, Some(keys))?;
            check_number(&number)?;
            Ok(Call::QueryByNumber(number))
        }
        Endpoint::QueryByTransaction(number) => {
            check_query(query, Some(keys))?;
            if number.len() > 32 {
                let issue = "字符数大于最大值 32";
                return Err(Refusal::field(
                    "url",
                    "transaction_id",
                    Some(&json!(number)),
                    issue,
                ));
            }
            Ok(Call::QueryByTransaction(number))
        }
        Endpoint::Close(number) => {
            check_query(query, None)?;
            check_number(&number)?;
            let body = fields::parse(body, CLOSE, plain_http)?;
            check_merchant(&body, keys)?;
            Ok(Call::Close(number))
        }
    }
}

impl Call {
    /// Does it. `code` is the new code and `code_url` its address, for the case that one is
    /// needed. `None` is an answer without a body.
    pub(crate) fn carry_out(
        self,
        world: &mut World,
        keys: &Keys,
        (code, code_url): (&str, String),
        now: OffsetDateTime,
    ) -> Result<Option<Value>, Refusal> {
        match self {
            Self::Native(terms) => {
                world.place(*terms, code, now)?;
                Ok(Some(json!({"code_url": code_url})))
            }
            Self::QueryByNumber(number) => {
                let order = world
                    .order(Channel::Wechat, &number, now)
                    .ok_or_else(Refusal::order_unknown)?;
                Ok(Some(transaction(order, keys)))
            }
            Self::QueryByTransaction(number) => {
                let order = world.order_by_transaction(Channel::Wechat, &number);
                Ok(Some(transaction(
                    order.ok_or_else(Refusal::order_unknown)?,
                    keys,
                )))
            }
            Self::Close(number) => {
                world.close(Channel::Wechat, &number, now)?;
                Ok(None)
            }
        }
    }
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name)?.as_str()
}

fn check_merchant(body: &Map<String, Value>, keys: &Keys) -> Result<(), Refusal> {
    if text(body, "mchid") == Some(&keys.merchant_id) {
        return Ok(());
    }
    Err(Refusal::foreign_merchant("body", "/mchid"))
}

fn check_number(number: &str) -> Result<(), Refusal> {
    if fields::is_number(number) {
        return Ok(());
    }
    let issue = "商户订单号格式不正确";
    Err(Refusal::field(
        "url",
        "out_trade_no",
        Some(&json!(number)),
        issue,
    ))
}

/// With `keys`, the query must be exactly `mchid=` and the caller's merchant; without, empty.
fn check_query(query: &str, keys: Option<&Keys>) -> Result<(), Refusal> {
    let mut merchant = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "mchid" || keys.is_none() || merchant.is_some() {
            return Err(Refusal::extra_field("query", &name));
        }
        merchant = Some(value);
    }
    match (keys, merchant) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(Refusal::field("query", "mchid", None, "此字段为必填项")),
        (Some(keys), Some(merchant)) if merchant == keys.merchant_id => Ok(()),
        (Some(_), Some(_)) => Err(Refusal::foreign_merchant("query", "mchid")),
    }
}

/// The terms in a body whose shape has been checked.
fn terms(body: Map<String, Value>) -> Result<Terms, Refusal> {
    let required = |name: &str| {
        text(&body, name)
            .map(str::to_owned)
            .ok_or_else(Refusal::not_json)
    };
    let amount = body
        .get("amount")
        .and_then(|amount| amount.get("total"))
        .and_then(Value::as_i64);
    let device = body
        .get("scene_info")
        .and_then(|scene| scene.get("device_id"));
    Ok(Terms {
        channel: Channel::Wechat,
        out_trade_no: required("out_trade_no")?,
        description: required("description")?,
        total_fen: amount.ok_or_else(Refusal::not_json)?,
        notify_url: Some(required("notify_url")?),
        attach: text(&body, "attach").map(str::to_owned),
        body: None,
        device_id: device.and_then(Value::as_str).map(str::to_owned),
        deadline: text(&body, "time_expire")
            .and_then(|time| OffsetDateTime::parse(time, &Rfc3339).ok()),
        code_life: CODE_LIFE,
        request: Value::Object(body),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "PO20260101000001";

    fn refused(endpoint: Endpoint, query: &str, body: &Value) -> String {
        let keys = Keys::throw_away();
        understand(endpoint, query, body.to_string().as_bytes(), &keys, true)
            .unwrap_err()
            .code
    }

    fn order() -> Value {
        let keys = Keys::throw_away();
        json!({
            "appid": keys.app_id,
            "mchid": keys.merchant_id,
            "description": "100 points",
            "out_trade_no": NUMBER,
            "notify_url": "http://127.0.0.1/notify",
            "amount": {"total": 990},
        })
    }

    #[test]
    fn the_body_must_be_the_callers_own() {
        let mut foreign = order();
        foreign["mchid"] = json!("1900000000");
        assert_eq!(refused(Endpoint::Native, "", &foreign), "PARAM_ERROR");
        let mut unbound = order();
        unbound["appid"] = json!("wx00");
        assert_eq!(
            refused(Endpoint::Native, "", &unbound),
            "APPID_MCHID_NOT_MATCH"
        );
        let close = json!({"mchid": "1900000000"});
        assert_eq!(
            refused(Endpoint::Close(NUMBER.to_owned()), "", &close),
            "PARAM_ERROR"
        );
    }

    #[test]
    fn a_query_names_the_merchant_and_nothing_else() {
        let endpoint = || Endpoint::QueryByNumber(NUMBER.to_owned());
        let right = format!("mchid={}", Keys::throw_away().merchant_id);
        for query in [
            "",
            "mchid=1",
            &format!("{right}&a=b"),
            &format!("{right}&{right}"),
        ] {
            assert_eq!(refused(endpoint(), query, &Value::Null), "PARAM_ERROR");
        }
        assert!(understand(endpoint(), &right, b"", &Keys::throw_away(), true).is_ok());
        let short = Endpoint::QueryByNumber("PO1".to_owned());
        assert_eq!(refused(short, &right, &Value::Null), "PARAM_ERROR");
    }

    #[test]
    fn placing_querying_and_closing_meet_in_one_world() {
        let keys = Keys::throw_away();
        let now = time::macros::datetime!(2026-01-01 12:00 +8);
        let mut world = World::new(1);
        let mut call =
            |call: Call| call.carry_out(&mut world, &keys, ("one", "weixin://one".to_owned()), now);
        let query = || Call::QueryByNumber(NUMBER.to_owned());
        assert_eq!(call(query()).unwrap_err().code, "ORDER_NOT_EXIST");
        let body = order().to_string();
        let place = understand(Endpoint::Native, "", body.as_bytes(), &keys, true).unwrap();
        assert_eq!(
            call(place).unwrap(),
            Some(json!({"code_url": "weixin://one"}))
        );
        assert_eq!(call(query()).unwrap().unwrap()["trade_state"], "NOTPAY");
        assert_eq!(call(Call::Close(NUMBER.to_owned())).unwrap(), None);
        assert_eq!(call(query()).unwrap().unwrap()["trade_state"], "CLOSED");
    }
}
