//! Orders as the HTTP contract shows them.

use catalog::{PointPackage, Sold};
use orders::{OrderState, Purchase};
use points::{Entry, Lot};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::links::Links;
use crate::words;

/// An order as its buyer sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub(crate) struct OrderView {
    /// Names the purchase.
    order_no: String,
    /// Names this try at paying; the platform knows it as `out_trade_no`.
    payment_no: String,
    /// The platform's own number, once it was paid.
    #[schema(required)]
    transaction_id: Option<String>,
    /// Counts the order's changes; drop an event with a lower one.
    seq: i64,
    item: ItemView,
    #[schema(schema_with = words::channel)]
    channel: &'static str,
    #[schema(schema_with = words::scene)]
    scene: &'static str,
    #[schema(schema_with = words::order_status)]
    status: &'static str,
    #[schema(schema_with = words::fulfilment)]
    fulfilment: &'static str,
    /// The price.
    amount_fen: i64,
    /// What was paid of it.
    paid_fen: i64,
    /// What was given back of that.
    refunded_fen: i64,
    #[schema(schema_with = words::currency)]
    currency: &'static str,
    /// What the code says, while it can be paid with.
    #[schema(required)]
    qr_code_url: Option<String>,
    /// A short-lived address of the code as an image.
    #[schema(required)]
    qr_code_image: Option<String>,
    #[schema(required)]
    #[serde(with = "time::serde::rfc3339::option")]
    qr_code_expire_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    expire_at: OffsetDateTime,
    #[schema(required)]
    #[serde(with = "time::serde::rfc3339::option")]
    paid_at: Option<OffsetDateTime>,
    #[schema(required)]
    #[serde(with = "time::serde::rfc3339::option")]
    closed_at: Option<OffsetDateTime>,
    #[schema(schema_with = words::close_reason, required)]
    close_reason: Option<&'static str>,
    /// The caller's own notes.
    metadata: std::collections::BTreeMap<String, String>,
}

/// What an order sells.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Item)]
pub(crate) struct ItemView {
    #[schema(schema_with = words::item_kind)]
    kind: &'static str,
    code: String,
    title: String,
    title_en: String,
}

impl From<&Sold> for ItemView {
    fn from(sold: &Sold) -> Self {
        Self {
            kind: sold.kind.as_str(),
            code: sold.code.clone(),
            title: sold.title.zh.clone(),
            title_en: sold.title.en.clone(),
        }
    }
}

impl OrderView {
    /// The order as its buyer sees it at that instant: a code only while it can be paid with.
    pub(crate) fn of(purchase: &Purchase, links: &Links, now: OffsetDateTime) -> Self {
        let (order, attempt) = (&purchase.order, &purchase.attempt);
        let pending = order.state == OrderState::Pending;
        let code = attempt.code_at(now).filter(|_| pending);
        let (paid_at, closed_at) = match &order.state {
            OrderState::Paid { paid_at, .. } => (Some(*paid_at), None),
            OrderState::Closed { closed_at, .. } => (None, Some(*closed_at)),
            _ => (None, None),
        };
        Self {
            order_no: order.order_no.to_string(),
            payment_no: order.payment_no.to_string(),
            transaction_id: attempt.transaction_id.clone(),
            seq: order.version,
            item: ItemView::from(&order.item),
            channel: attempt.channel.as_str(),
            scene: attempt.scene.as_str(),
            status: order.state.as_str(),
            fulfilment: order.fulfilment.as_str(),
            amount_fen: order.amount.fen(),
            paid_fen: order.paid.fen(),
            refunded_fen: order.refunded.fen(),
            currency: "CNY",
            qr_code_image: code.map(|_| links.qr(&order.order_no, &order.payment_no, now)),
            qr_code_expire_at: attempt
                .code_expires_at
                .filter(|_| code.is_some())
                .map(|at| at.min(attempt.expire_at)),
            qr_code_url: code.map(str::to_owned),
            created_at: order.created_at,
            expire_at: order.expire_at,
            paid_at,
            closed_at,
            close_reason: order.state.close_reason().map(orders::CloseReason::as_str),
            metadata: order.metadata.clone(),
        }
    }
}

/// A package of points.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointPackage)]
pub(crate) struct PackageView {
    #[schema(schema_with = words::item_kind)]
    kind: &'static str,
    code: String,
    version: i32,
    title: String,
    title_en: String,
    amount_fen: i64,
    #[schema(schema_with = words::currency)]
    currency: &'static str,
    points: i64,
    /// For how many whole days after the day of the grant; for ever when null.
    #[schema(required)]
    valid_days: Option<u32>,
}

impl From<PointPackage> for PackageView {
    fn from(package: PointPackage) -> Self {
        Self {
            kind: catalog::ItemKind::Points.as_str(),
            code: package.code,
            version: package.version,
            title: package.title.zh,
            title_en: package.title.en,
            amount_fen: package.price.fen(),
            currency: "CNY",
            points: package.points,
            valid_days: package.valid_days,
        }
    }
}

/// What is left of the points from one order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointLot)]
pub(crate) struct LotView {
    lot_id: String,
    order_no: String,
    granted: i64,
    remaining: i64,
    #[serde(with = "time::serde::rfc3339")]
    granted_at: OffsetDateTime,
    #[schema(required)]
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

impl From<Lot> for LotView {
    fn from(lot: Lot) -> Self {
        Self {
            lot_id: lot.lot_id,
            order_no: lot.order_no.to_string(),
            granted: lot.granted,
            remaining: lot.remaining,
            granted_at: lot.granted_at,
            expires_at: lot.expires_at,
        }
    }
}

/// A line of a ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointEntry)]
pub(crate) struct EntryView {
    entry_id: String,
    lot_id: String,
    #[schema(schema_with = words::entry_kind)]
    kind: &'static str,
    /// Negative when they left.
    points: i64,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            entry_id: entry.entry_id,
            lot_id: entry.lot_id,
            kind: entry.kind.as_str(),
            points: entry.points,
            at: entry.at,
        }
    }
}
