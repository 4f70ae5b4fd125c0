//! Notices made to order: what a merchant would get if the platform, or somebody else, said so.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Json},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::problem;
use crate::{
    alipay,
    channel::Channel,
    clock::rfc3339,
    notice::{Notice, Tamper},
    orders::{CODE_LIFE, Order, Payment, Terms},
    random,
    simulator::Simulator,
    wechat::{
        self,
        notice::Content,
        transaction::{merge, transaction},
    },
};

/// `POST /sim/notices`. Starts from the order `out_trade_no`, as if it were paid, and lays
/// `resource` or `params` over it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Without it, the order's own, and `WeChat`'s for an unknown number.
    channel: Option<Channel>,
    out_trade_no: Option<String>,
    /// `WeChat`: a merge patch over the decrypted content: `null` removes a field.
    #[serde(default)]
    resource: Map<String, Value>,
    event_type: Option<String>,
    original_type: Option<String>,
    summary: Option<String>,
    /// Alipay: a patch over the parameters, before they are signed: `null` removes one.
    #[serde(default)]
    params: Map<String, Value>,
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

impl Wanted {
    fn speaks_wechat(&self) -> bool {
        let texts = [&self.event_type, &self.original_type, &self.summary];
        !self.resource.is_empty() || texts.iter().any(|text| text.is_some())
    }
}

pub(super) async fn send(sim: Data<Simulator>, wanted: Json<Wanted>) -> HttpResponse {
    let mut wanted = wanted.into_inner();
    let number = wanted.out_trade_no.as_deref();
    let (channel, order) = {
        let mut world = sim.world();
        let known = number.and_then(|number| world.channel_of(number));
        let channel = wanted.channel.or(known).unwrap_or(Channel::Wechat);
        let order = number.and_then(|number| world.order(channel, number, sim.clock.now()));
        (channel, order.cloned())
    };
    let order_url = order
        .as_ref()
        .and_then(|order| order.terms.notify_url.clone());
    let url = wanted.notify_url.take().or(order_url);
    if wanted.deliver && url.is_none() {
        let message = "notify_url is needed: there is no such order to take it from";
        return problem(StatusCode::BAD_REQUEST, message);
    }
    if wanted.tamper.is_some_and(|tamper| !tamper.fits(channel)) {
        let message = "this channel's notices cannot be spoilt in this way";
        return problem(StatusCode::BAD_REQUEST, message);
    }
    let url = url.unwrap_or_default();
    let composed = match channel {
        Channel::Wechat => wechat_notice(&sim, &wanted, order.as_ref(), &url),
        Channel::Alipay => alipay_notice(&sim, &wanted, order, &url),
    };
    let (notice, resource) = match composed {
        Ok(composed) => composed,
        Err(message) => return problem(StatusCode::BAD_REQUEST, message),
    };
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
        "channel": channel,
        "notify_url": url,
        "headers": parcel.headers,
        "body": parcel.body,
        "resource": resource,
        "delivery": delivery,
    }))
}

/// The notice, and its content in plain.
type Composed = Result<(Notice, Value), &'static str>;

fn wechat_notice(sim: &Simulator, wanted: &Wanted, order: Option<&Order>, url: &str) -> Composed {
    if !wanted.params.is_empty() {
        return Err("params belong to alipay; wechat has resource");
    }
    let or = |text: &Option<String>, usual: &str| text.clone().unwrap_or_else(|| usual.to_owned());
    let content = Content {
        resource: resource(sim, wanted, order),
        event_type: or(&wanted.event_type, "TRANSACTION.SUCCESS"),
        original_type: or(&wanted.original_type, "transaction"),
        summary: or(&wanted.summary, "支付成功"),
    };
    if content.original_type.len() > 16 {
        return Err("original_type has at most 16 characters");
    }
    let other_key = *b"another-key-another-key-another-";
    let key = if wanted.tamper == Some(Tamper::Key) {
        &other_key
    } else {
        &sim.material.api_v3_key
    };
    let notice = wechat::notice::seal(&content, url, key, sim.clock.now());
    Ok((notice, content.resource))
}

fn alipay_notice(sim: &Simulator, wanted: &Wanted, order: Option<Order>, url: &str) -> Composed {
    if wanted.speaks_wechat() {
        return Err("resource, event_type, original_type and summary belong to wechat");
    }
    let now = sim.clock.now();
    let number = wanted.out_trade_no.as_deref().unwrap_or("UNKNOWN0001");
    let order = match order {
        Some(order) => order,
        None => stand_in(number, now)?,
    };
    let payment = order.payment().cloned().unwrap_or_else(|| Payment {
        transaction_id: order.trade.as_ref().map_or_else(
            || Channel::Alipay.transaction_id(now),
            |trade| trade.transaction_id.clone(),
        ),
        paid_at: now,
        payer: Channel::Alipay.customer().to_owned(),
        coupon_fen: 0,
    });
    let keys = &sim.material.keys.alipay;
    let mut parameters = alipay::notice::paid(&order, &payment, keys, now);
    for (name, value) in &wanted.params {
        match value {
            _ if name == "sign" || name == "sign_type" => {
                return Err("sign and sign_type are not params; see tamper");
            }
            Value::Null => drop(parameters.remove(name)),
            Value::String(value) => drop(parameters.insert(name.clone(), value.clone())),
            _ => return Err("params are texts, or null to remove one"),
        }
    }
    let shown = json!(parameters);
    Ok((alipay::notice::notice(parameters, url), shown))
}

/// An order of one fen that nobody has placed.
fn stand_in(number: &str, now: OffsetDateTime) -> Result<Order, &'static str> {
    let terms = Terms {
        channel: Channel::Alipay,
        out_trade_no: number.to_owned(),
        description: "unknown".to_owned(),
        total_fen: 1,
        notify_url: None,
        attach: None,
        device_id: None,
        body: None,
        deadline: None,
        code_life: CODE_LIFE,
        request: Value::Null,
    };
    Order::place(terms, String::new(), now).map_err(|_| "the clock stands too late")
}

/// The content before encryption: the order's own, completed as if paid, then the overrides.
fn resource(sim: &Simulator, wanted: &Wanted, order: Option<&Order>) -> Value {
    let now = sim.clock.now();
    let keys = &sim.material.keys;
    let number = wanted.out_trade_no.as_deref();
    let total_fen = order.map_or(1, |order| order.terms.total_fen);
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
    if let Some(order) = order {
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
