//! Notices made to order: what a merchant would get if the platform, or somebody else, said so.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Json},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::problem;
use crate::{
    random,
    simulator::Simulator,
    wechat::{
        notice::{Content, Notice, Tamper},
        transaction::{merge, rfc3339, transaction},
    },
};

/// `POST /sim/notices`. Starts from the order `out_trade_no`, as if it were paid, and lays
/// `resource` over it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    out_trade_no: Option<String>,
    /// A merge patch over the decrypted content: `null` removes a field.
    #[serde(default)]
    resource: Map<String, Value>,
    event_type: Option<String>,
    original_type: Option<String>,
    summary: Option<String>,
    /// Where to send it; without it, the order's own address.
    notify_url: Option<String>,
    tamper: Option<Tamper>,
    /// `false` only shows the request, so that a test can send it itself.
    #[serde(default = "yes")]
    deliver: bool,
}

fn yes() -> bool {
    true
}

pub(super) async fn send(sim: Data<Simulator>, wanted: Json<Wanted>) -> HttpResponse {
    let wanted = wanted.into_inner();
    let order_url = wanted
        .out_trade_no
        .as_deref()
        .and_then(|number| sim.world().order(number, sim.clock.now()).cloned())
        .map(|order| order.terms.notify_url);
    let url = wanted.notify_url.clone().or(order_url);
    if wanted.deliver && url.is_none() {
        let message = "notify_url is needed: there is no such order to take it from";
        return problem(StatusCode::BAD_REQUEST, message);
    }
    let content = Content {
        resource: resource(&sim, &wanted),
        event_type: wanted
            .event_type
            .unwrap_or_else(|| "TRANSACTION.SUCCESS".to_owned()),
        original_type: wanted
            .original_type
            .unwrap_or_else(|| "transaction".to_owned()),
        summary: wanted.summary.unwrap_or_else(|| "支付成功".to_owned()),
    };
    if content.original_type.len() > 16 {
        return problem(
            StatusCode::BAD_REQUEST,
            "original_type has at most 16 characters",
        );
    }
    let other_key = *b"another-key-another-key-another-";
    let key = if wanted.tamper == Some(Tamper::Key) {
        &other_key
    } else {
        &sim.material.api_v3_key
    };
    let url = url.unwrap_or_default();
    let notice = Notice::seal(&content, &url, key, sim.clock.now());
    let delivery = if wanted.deliver {
        Some(sim.deliver(&notice, None, wanted.tamper).await)
    } else {
        None
    };
    let sent = delivery
        .as_ref()
        .and_then(|delivery| delivery.request.clone());
    let parcel = sent
        .unwrap_or_else(|| notice.parcel(&sim.material, sim.clock.signature_time(), wanted.tamper));
    HttpResponse::Ok().json(json!({
        "notify_url": url,
        "headers": parcel.headers,
        "body": parcel.body,
        "resource": content.resource,
        "delivery": delivery,
    }))
}

/// The content before encryption: the order's own, completed as if paid, then the overrides.
fn resource(sim: &Simulator, wanted: &Wanted) -> Value {
    let now = sim.clock.now();
    let keys = &sim.material.keys;
    let number = wanted.out_trade_no.as_deref();
    let order = number.and_then(|number| sim.world().order(number, now).cloned());
    let total_fen = order.as_ref().map_or(1, |order| order.terms.total_fen);
    let mut resource = json!({
        "appid": keys.app_id,
        "mchid": keys.merchant_id,
        "out_trade_no": number.unwrap_or("UNKNOWN0001"),
        "transaction_id": format!("4200{}", random::digits(24)),
        "trade_type": "NATIVE",
        "bank_type": "OTHERS",
        "success_time": rfc3339(now),
        "payer": {"openid": "oSimulatedCustomer0000000001"},
        "amount": {
            "total": total_fen,
            "payer_total": total_fen,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    });
    if let Some(order) = &order {
        if let Some(attach) = &order.terms.attach {
            merge(&mut resource, &json!({"attach": attach}));
        }
        merge(&mut resource, &transaction(order, keys));
    }
    merge(
        &mut resource,
        &json!({"trade_state": "SUCCESS", "trade_state_desc": "支付成功"}),
    );
    merge(&mut resource, &Value::Object(wanted.resource.clone()));
    resource
}
