//! The front page: orders, deliveries and faults at a glance.

use actix_web::{
    HttpResponse,
    web::{self, Data},
};

use crate::{
    channel::Channel,
    clock::rfc3339,
    deliveries::Delivery,
    faults::Fault,
    orders::{Order, Standing},
    page::{escape, yuan},
    simulator::Simulator,
};

/// How many orders and deliveries are shown.
const SHOWN: usize = 30;

const HEAD: &str = include_str!("page/overview_head.html");

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.route("/", web::get().to(show));
}

async fn show(sim: Data<Simulator>) -> HttpResponse {
    let now = sim.clock.now();
    let (orders, deliveries, faults) = {
        let mut world = sim.world();
        let orders = world.newest(SHOWN, now);
        let lines = world.deliveries.lines().rev().take(SHOWN);
        (
            orders,
            lines.cloned().collect::<Vec<_>>(),
            world.faults.list(),
        )
    };
    let mut html = String::from(HEAD);
    html.push_str("<h2>订单 Orders</h2>");
    let scannable = |order: &&Order| order.standing(now) == Standing::Payable;
    let newest = orders
        .iter()
        .find(scannable)
        .map(|order| order.code.as_str());
    let card = |order: &Order| {
        order_card(
            order,
            order.standing(now),
            newest == Some(order.code.as_str()),
        )
    };
    let cards = orders.iter().map(card);
    html.push_str(&list(cards, "还没有订单 No orders yet"));
    html.push_str("<h2>通知 Deliveries</h2>");
    html.push_str(&list(
        deliveries.iter().map(delivery_card),
        "还没有通知 Nothing sent yet",
    ));
    html.push_str("<h2>故障 Faults</h2>");
    html.push_str(&list(
        faults.iter().map(fault_card),
        "没有设置故障 None asked for",
    ));
    html.push_str("</main></body></html>");
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("Cache-Control", "no-store"))
        .insert_header((
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ))
        .body(html)
}

fn list(cards: impl Iterator<Item = String>, empty: &str) -> String {
    let cards: String = cards.collect();
    if cards.is_empty() {
        return format!("<p class=\"empty\">{empty}</p>");
    }
    format!("<ul>{cards}</ul>")
}

/// `unfolded` shows the code at once, which also survives the page's refresh.
fn order_card(order: &Order, standing: Standing, unfolded: bool) -> String {
    let (class, state) = match standing {
        Standing::Payable => ("open", "待支付 open"),
        Standing::CodeExpired => ("dead", "二维码失效 code expired"),
        Standing::Overdue => ("dead", "已过期 overdue"),
        Standing::Closed => ("dead", "已关闭 closed"),
        Standing::Paid => ("good", "已支付 paid"),
    };
    let number = escape(&order.terms.out_trade_no);
    let (channel, query) = match order.terms.channel {
        Channel::Wechat => ("微信支付 WeChat Pay", "wechat"),
        Channel::Alipay => ("支付宝 Alipay", "alipay"),
    };
    let link = if standing == Standing::Payable {
        format!(
            "<details{}><summary>二维码 code</summary><img width=\"200\" height=\"200\" \
             src=\"sim/orders/{number}/code.svg?channel={query}\" alt=\"QR\"></details>\
             <p><a href=\"pay/{}\">支付页 payment page</a></p>",
            if unfolded { " open" } else { "" },
            escape(&order.code)
        )
    } else {
        String::new()
    };
    format!(
        "<li><p><strong>{}</strong> <span class=\"{class}\">{state}</span> {channel}</p><p>{}</p>\
         <p class=\"small\">{number} · {}</p>{link}</li>",
        yuan(order.terms.total_fen),
        escape(&order.terms.description),
        rfc3339(order.placed_at),
    )
}

fn delivery_card(delivery: &Delivery) -> String {
    let class = if delivery.accepted { "good" } else { "bad" };
    let outcome = delivery
        .receipt
        .status
        .map(|status| status.to_string())
        .or_else(|| delivery.receipt.error.clone())
        .unwrap_or_default();
    let attempt = delivery.attempt.map_or_else(
        || "手动 by hand".to_owned(),
        |attempt| format!("#{attempt}"),
    );
    format!(
        "<li><p><strong>{}</strong> <span class=\"{class}\">{}</span> {attempt}</p>\
         <p class=\"small\">{} · {} · {}</p></li>",
        escape(&delivery.event_type),
        escape(&outcome),
        escape(&delivery.out_trade_no),
        rfc3339(delivery.sent_at),
        escape(&delivery.url),
    )
}

fn fault_card(fault: &Fault) -> String {
    let text = serde_json::to_string(fault).unwrap_or_default();
    format!("<li><code>{}</code></li>", escape(&text))
}
