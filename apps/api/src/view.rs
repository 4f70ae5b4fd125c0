//! Orders as the HTTP contract shows them.

use catalog::{PointPackage, Sold};
use orders::{OrderState, Purchase};
use points::{Entry, Lot};
use serde::Serialize;
use time::OffsetDateTime;

use crate::links::Links;

#[derive(Debug, Serialize)]
pub(crate) struct OrderView {
    order_no: String,
    payment_no: String,
    transaction_id: Option<String>,
    seq: i64,
    item: ItemView,
    channel: &'static str,
    scene: &'static str,
    status: &'static str,
    fulfilment: &'static str,
    amount_fen: i64,
    paid_fen: i64,
    refunded_fen: i64,
    currency: &'static str,
    qr_code_url: Option<String>,
    qr_code_image: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    qr_code_expire_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    expire_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    paid_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    closed_at: Option<OffsetDateTime>,
    close_reason: Option<&'static str>,
    metadata: std::collections::BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ItemView {
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

#[derive(Debug, Serialize)]
pub(crate) struct PackageView {
    kind: &'static str,
    code: String,
    version: i32,
    title: String,
    title_en: String,
    amount_fen: i64,
    currency: &'static str,
    points: i64,
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

#[derive(Debug, Serialize)]
pub(crate) struct LotView {
    lot_id: String,
    order_no: String,
    granted: i64,
    remaining: i64,
    #[serde(with = "time::serde::rfc3339")]
    granted_at: OffsetDateTime,
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

#[derive(Debug, Serialize)]
pub(crate) struct EntryView {
    entry_id: String,
    lot_id: String,
    kind: &'static str,
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
