//! What the platform keeps, and how it answers from it.

use std::collections::BTreeMap;

use paydesk_wechatpay::{Method, Request};
use serde_json::{Value, json};

use super::MERCHANT_ID;

/// Orders and refunds by the merchant's numbers.
#[derive(Default)]
pub(super) struct Desk {
    payments: BTreeMap<String, Payment>,
    refunds: BTreeMap<String, Refund>,
}

struct Payment {
    order: Value,
    state: &'static str,
    transaction_id: Option<String>,
}

struct Refund {
    request: Value,
    id: String,
    state: String,
}

fn refused(status: u16, code: &str) -> (u16, String) {
    let body = json!({"code": code, "message": "原因"});
    (status, body.to_string())
}

impl Desk {
    /// The true answer to a request whose signature was checked.
    pub(super) fn answer(&mut self, request: &Request, next: impl Fn() -> u64) -> (u16, String) {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let path = request.url.path();
        if let Some(path) = path.strip_prefix("/v3/pay/transactions/") {
            let path: Vec<&str> = path.split('/').collect();
            return self.order(request, &path, &body, next);
        }
        let Some(path) = path.strip_prefix("/v3/refund/domestic/refunds") else {
            panic!("no such endpoint: {path}");
        };
        match (request.method, path.strip_prefix('/')) {
            (Method::Post, None) => self.refund(&body, next),
            (Method::Get, Some(number)) => match self.refunds.get(number) {
                Some(refund) => (200, refund.json().to_string()),
                None => refused(404, "RESOURCE_NOT_EXISTS"),
            },
            (Method::Post, Some(path)) => {
                let id = path.strip_suffix("/apply-abnormal-refund").unwrap();
                self.send_elsewhere(id, &body)
            }
            other => panic!("no such endpoint: {other:?}"),
        }
    }

    fn order(
        &mut self,
        request: &Request,
        path: &[&str],
        body: &Value,
        next: impl Fn() -> u64,
    ) -> (u16, String) {
        let unknown = || refused(404, "ORDER_NOT_EXIST");
        match (request.method, path) {
            (Method::Post, ["native"]) => {
                let number = body["out_trade_no"].as_str().unwrap().to_owned();
                let payment = self.payments.entry(number).or_insert_with(|| Payment {
                    order: body.clone(),
                    state: "NOTPAY",
                    transaction_id: None,
                });
                if payment.order != *body {
                    return refused(403, "OUT_TRADE_NO_USED");
                }
                let url = format!("weixin://wxpay/bizpayurl?pr={}", next());
                (200, json!({ "code_url": url }).to_string())
            }
            (Method::Get, ["out-trade-no", number]) => {
                assert_eq!(request.url.query(), Some("mchid=1900007291"));
                let payment = self.payments.get(*number);
                payment.map_or_else(unknown, |it| (200, it.json().to_string()))
            }
            (Method::Post, ["out-trade-no", number, "close"]) => {
                assert_eq!(*body, json!({ "mchid": MERCHANT_ID }));
                match self.payments.get_mut(*number) {
                    None => unknown(),
                    Some(payment) if payment.transaction_id.is_some() => refused(400, "ORDER_PAID"),
                    Some(payment) => {
                        payment.state = "CLOSED";
                        (204, String::new())
                    }
                }
            }
            other => panic!("no such endpoint: {other:?}"),
        }
    }

    /// The payer pays; gives what the notice says.
    pub(super) fn pay(&mut self, number: &str, transaction_id: String) -> Value {
        let payment = self.payments.get_mut(number).unwrap();
        payment.state = "SUCCESS";
        payment.transaction_id = Some(transaction_id);
        payment.json()
    }

    fn refund(&mut self, body: &Value, next: impl Fn() -> u64) -> (u16, String) {
        let paid = self.payments.values_mut().find(|payment| {
            let number = body["out_trade_no"].as_str();
            let id = body["transaction_id"].as_str();
            payment.transaction_id.is_some()
                && (number.is_some() && number == payment.order["out_trade_no"].as_str()
                    || id.is_some() && id == payment.transaction_id.as_deref())
        });
        let Some(payment) = paid else {
            return refused(404, "RESOURCE_NOT_EXISTS");
        };
        payment.state = "REFUND";
        let mut request = body.clone();
        request["out_trade_no"] = payment.order["out_trade_no"].clone();
        request["transaction_id"] = json!(payment.transaction_id);
        let number = body["out_refund_no"].as_str().unwrap().to_owned();
        let refund = self.refunds.entry(number).or_insert_with(|| Refund {
            request: request.clone(),
            id: format!("50300000002026{:014}", next()),
            state: "PROCESSING".to_owned(),
        });
        // A repeat gives the same refund, and the number with anything else none.
        if refund.request != request {
            return refused(400, "INVALID_REQUEST");
        }
        (200, refund.json().to_string())
    }

    fn send_elsewhere(&mut self, refund_id: &str, body: &Value) -> (u16, String) {
        let number = body["out_refund_no"].as_str().unwrap();
        match self.refunds.get_mut(number) {
            Some(refund) if refund.id == refund_id && refund.state == "ABNORMAL" => {
                refund.state = "PROCESSING".to_owned();
                (200, refund.json().to_string())
            }
            _ => refused(400, "INVALID_REQUEST"),
        }
    }

    /// The refund comes to this state; gives what the notice says.
    pub(super) fn end_refund(&mut self, number: &str, state: &str) -> Value {
        let refund = self.refunds.get_mut(number).unwrap();
        refund.state = state.to_owned();
        let mut told = refund.json();
        told["mchid"] = json!(MERCHANT_ID);
        told["refund_status"] = told["status"].take();
        let kept = ["total", "refund", "payer_total", "payer_refund"];
        let amount = told["amount"].as_object_mut().unwrap();
        amount.retain(|name, _| kept.contains(&name.as_str()));
        let fields = told.as_object_mut().unwrap();
        for name in ["status", "channel", "create_time", "funds_account"] {
            fields.remove(name);
        }
        told
    }
}

impl Payment {
    fn json(&self) -> Value {
        let of = |name: &str| self.order[name].clone();
        let mut transaction = json!({
            "appid": of("appid"), "mchid": of("mchid"), "out_trade_no": of("out_trade_no"),
            "trade_state": self.state, "trade_state_desc": "",
        });
        if let Some(id) = &self.transaction_id {
            transaction["transaction_id"] = json!(id);
            transaction["trade_type"] = json!("NATIVE");
            transaction["bank_type"] = json!("OTHERS");
            transaction["success_time"] = json!("2026-01-01T10:00:00+08:00");
            transaction["payer"] = json!({"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"});
            transaction["amount"] = json!({
                "total": self.order["amount"]["total"], "payer_total": 1,
                "currency": "CNY", "payer_currency": "CNY",
            });
        }
        transaction
    }
}

impl Refund {
    fn json(&self) -> Value {
        let amount = &self.request["amount"];
        let (total, part) = (amount["total"].clone(), amount["refund"].clone());
        let mut refund = json!({
            "refund_id": self.id, "out_refund_no": self.request["out_refund_no"],
            "transaction_id": self.request["transaction_id"],
            "out_trade_no": self.request["out_trade_no"], "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": "2026-01-01T10:00:00+08:00", "status": self.state,
            "funds_account": "AVAILABLE",
            "amount": {
                "total": total, "refund": part, "payer_total": total, "payer_refund": part,
                "settlement_refund": part, "settlement_total": total, "discount_refund": 0,
                "currency": "CNY",
            },
        });
        if self.state == "SUCCESS" {
            refund["success_time"] = json!("2026-01-01T11:00:00+08:00");
        }
        refund
    }
}
