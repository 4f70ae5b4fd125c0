//! What is said on a socket.

use cashier::{Event, EventKind};
use orders::Purchase;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::links::Links;
use crate::view::OrderView;

#[derive(Serialize)]
struct Snapshot {
    #[serde(rename = "type")]
    kind: &'static str,
    orders: Vec<OrderView>,
}

#[derive(Serialize)]
struct News {
    #[serde(rename = "type")]
    kind: &'static str,
    seq: i64,
    order: OrderView,
}

/// What a client may say.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromClient {
    /// A new token for the same user.
    Auth { token: String },
}

/// The first frame: where the user's orders stand.
pub(super) fn snapshot(purchases: &[Purchase], links: &Links, now: OffsetDateTime) -> String {
    let orders = purchases
        .iter()
        .map(|purchase| OrderView::of(purchase, links, now))
        .collect();
    serde_json::to_string(&Snapshot {
        kind: "snapshot",
        orders,
    })
    .unwrap_or_default()
}

/// One event.
pub(super) fn news(event: &Event, links: &Links, now: OffsetDateTime) -> String {
    let news = News {
        kind: EventKind::as_str(event.kind),
        seq: event.purchase.order.version,
        order: OrderView::of(&event.purchase, links, now),
    };
    serde_json::to_string(&news).unwrap_or_default()
}
