//! What an order holds, checked before anything is sent.

use paydesk_money::Cny;
use paydesk_provider::{Capabilities, CreatePayment, Scene};
use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::fields::{
    Unsendable, at_least_one, check_app_id, check_notify_url, check_out_trade_no, check_payment_no,
    not_negative, optional, refuse, text,
};

/// Without a deadline the platform closes an order after this long, so no deadline lies beyond it.
const LONGEST_LIFE: Duration = Duration::days(7);
const LONGEST_DESCRIPTION: usize = 127;
const LONGEST_DETAIL: usize = 6144;

/// An order to be paid, in any product: what is common to Native, JSAPI, App and H5.
///
/// The number is the platform's key for repeats: the same number with the same parameters gives a
/// fresh code, with others it is refused. So an order is stored before it is sent (it serialises), and
/// sent again as it was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Order {
    /// The merchant's number: 6 to 32 letters, digits, `_`, `-`, `*` or `|`, unique for ever.
    pub out_trade_no: String,
    /// What the payer reads on the bill: at most 127 bytes, no emoji.
    pub description: String,
    /// What is to be paid, at least one fen.
    pub total: Cny,
    /// Where the notice goes: http or https, at most 255 bytes, no query.
    pub notify_url: String,
    /// Until when it can be paid: at most 7 days ahead; fixed by the first request. The platform
    /// raises less than a minute to a minute.
    #[serde(with = "time::serde::rfc3339::option", default)]
    pub expires_at: Option<OffsetDateTime>,
    /// Comes back with the payment, in notices, queries and bills: at most 127 bytes.
    pub attach: Option<String>,
    /// Which promotions apply: at most 32 bytes.
    pub goods_tag: Option<String>,
    /// Whether the payer may ask for an electronic invoice.
    pub support_fapiao: Option<bool>,
    /// The goods, for promotions on single goods.
    pub detail: Option<Detail>,
    /// Where the payer is; needed for H5.
    pub scene: Option<SceneInfo>,
    /// Freezes the money for profit sharing (分账).
    pub profit_sharing: Option<bool>,
    /// The app to place the order with, if it is not the one of the credentials: the one that issued
    /// the payer's openid, or the mobile app.
    pub app_id: Option<String>,
}

/// The goods of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The price before promotions, in fen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_price: Option<Cny>,
    /// The merchant's receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<String>,
    /// Each of them.
    pub goods_detail: Vec<GoodsItem>,
}

/// One kind of goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoodsItem {
    /// The merchant's number of it.
    pub merchant_goods_id: String,
    /// WeChat Pay's number of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wechatpay_goods_id: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goods_name: Option<String>,
    /// How many.
    pub quantity: u32,
    /// The price of one, in fen.
    pub unit_price: Cny,
}

/// Where the payer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SceneInfo {
    /// The address of the payer's device, version 4 or 6. For H5 it must be the real one.
    pub payer_client_ip: String,
    /// The merchant's number of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// The shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_info: Option<StoreInfo>,
}

/// A shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreInfo {
    /// The merchant's number of it.
    pub id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its area's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area_code: Option<String>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Order {
    /// An order with what every order needs.
    pub fn new(
        out_trade_no: impl Into<String>,
        description: impl Into<String>,
        total: Cny,
        notify_url: impl Into<String>,
    ) -> Self {
        Self {
            out_trade_no: out_trade_no.into(),
            description: description.into(),
            total,
            notify_url: notify_url.into(),
            expires_at: None,
            attach: None,
            goods_tag: None,
            support_fapiao: None,
            detail: None,
            scene: None,
            profit_sharing: None,
            app_id: None,
        }
    }

    /// What the platform would refuse, or take and treat otherwise than meant, is not sent.
    pub(crate) fn check(&self, now: OffsetDateTime) -> Result<(), Unsendable> {
        check_out_trade_no(&self.out_trade_no)?;
        if !capabilities().amount.contains(&self.total) {
            return refuse(format!("amount: {} cannot be paid", self.total));
        }
        if self.description.trim().is_empty() {
            return refuse("description is empty");
        }
        text(&self.description, "description", LONGEST_DESCRIPTION)?;
        optional(self.attach.as_deref(), "attach", 127)?;
        optional(self.goods_tag.as_deref(), "goods_tag", 32)?;
        if let Some(app_id) = &self.app_id {
            check_app_id(app_id, "appid")?;
        }
        check_notify_url(&self.notify_url, 255)?;
        if let Some(at) = self.expires_at {
            if at <= now {
                return refuse("time_expire: the deadline has passed");
            }
            if at - now > LONGEST_LIFE {
                return refuse("time_expire: the deadline is more than 7 days away");
            }
        }
        if let Some(detail) = &self.detail {
            detail.check()?;
        }
        self.scene.as_ref().map_or(Ok(()), SceneInfo::check)
    }

    /// In the order of the platform's documents.
    pub(crate) fn wire<'a, P, S>(
        &'a self,
        payer: Option<&'a P>,
        scene: Option<S>,
    ) -> Result<WireOrder<'a, P, S>, Unsendable> {
        Ok(WireOrder {
            description: &self.description,
            out_trade_no: &self.out_trade_no,
            time_expire: self.expires_at.map(china_time).transpose()?,
            attach: self.attach.as_deref(),
            notify_url: &self.notify_url,
            goods_tag: self.goods_tag.as_deref(),
            support_fapiao: self.support_fapiao,
            amount: WireAmount {
                total: self.total,
                currency: "CNY",
            },
            payer,
            detail: self.detail.as_ref(),
            scene_info: scene,
            settle_info: self
                .profit_sharing
                .map(|profit_sharing| SettleInfo { profit_sharing }),
        })
    }
}

impl Detail {
    fn check(&self) -> Result<(), Unsendable> {
        if self.goods_detail.is_empty() {
            return refuse("detail.goods_detail is empty");
        }
        if serde_json::to_vec(self).map_or(usize::MAX, |json| json.len()) > LONGEST_DETAIL {
            return refuse("detail is longer than 6144 bytes");
        }
        if let Some(price) = self.cost_price {
            not_negative(price, "detail.cost_price")?;
        }
        optional(self.invoice_id.as_deref(), "detail.invoice_id", 32)?;
        self.goods_detail.iter().try_for_each(GoodsItem::check)
    }
}

impl GoodsItem {
    fn check(&self) -> Result<(), Unsendable> {
        text(&self.merchant_goods_id, "merchant_goods_id", 32)?;
        let other = self.wechatpay_goods_id.as_deref();
        optional(other, "wechatpay_goods_id", 32)?;
        optional(self.goods_name.as_deref(), "goods_name", 256)?;
        at_least_one(self.quantity, "quantity")?;
        not_negative(self.unit_price, "unit_price")
    }
}

impl SceneInfo {
    fn check(&self) -> Result<(), Unsendable> {
        if self.payer_client_ip.parse::<std::net::IpAddr>().is_err() {
            return refuse("scene_info.payer_client_ip is no IP address");
        }
        optional(self.device_id.as_deref(), "scene_info.device_id", 32)?;
        self.store_info.as_ref().map_or(Ok(()), StoreInfo::check)
    }
}

impl StoreInfo {
    fn check(&self) -> Result<(), Unsendable> {
        text(&self.id, "store_info.id", 32)?;
        optional(self.name.as_deref(), "store_info.name", 256)?;
        optional(self.area_code.as_deref(), "store_info.area_code", 32)?;
        optional(self.address.as_deref(), "store_info.address", 512)
    }
}

#[derive(Serialize)]
pub(crate) struct WireOrder<'a, P, S> {
    description: &'a str,
    out_trade_no: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_expire: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attach: Option<&'a str>,
    notify_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    goods_tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    support_fapiao: Option<bool>,
    amount: WireAmount,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer: Option<&'a P>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a Detail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scene_info: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settle_info: Option<SettleInfo>,
}

#[derive(Serialize)]
struct WireAmount {
    total: Cny,
    currency: &'static str,
}

#[derive(Serialize)]
struct SettleInfo {
    profit_sharing: bool,
}

pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        scenes: &[Scene::Qr],
        // No maximum is published; the documented type is a 32-bit integer of fen.
        amount: Cny::from_fen(1)..=Cny::from_fen(i64::from(i32::MAX)),
        payment_no_len: 6..=32,
        // The documents count characters, or bytes: bytes are safe under both readings.
        description_bytes: LONGEST_DESCRIPTION,
    }
}

/// The neutral request as an order, if we can take it.
pub(crate) fn order(request: &CreatePayment) -> Result<Order, Unsendable> {
    if !capabilities().scenes.contains(&request.scene) {
        return Err(Unsendable::new(format!("{} is not offered", request.scene)));
    }
    check_payment_no(&request.payment_no)?;
    let mut order = Order::new(
        request.payment_no.clone(),
        request.description.clone(),
        request.amount,
        request.notify_url.clone(),
    );
    // Nothing has to come back with the payment: the number says everything.
    order.expires_at = Some(request.expire_at);
    Ok(order)
}

/// Whole seconds of China's time, as the platform's examples have it.
fn china_time(at: OffsetDateTime) -> Result<String, Unsendable> {
    let china = UtcOffset::from_hms(8, 0, 0).unwrap_or(UtcOffset::UTC);
    at.replace_nanosecond(0)
        .ok()
        .and_then(|at| at.checked_to_offset(china))
        .and_then(|at| at.format(&Rfc3339).ok())
        .ok_or(Unsendable::new(
            "time_expire: the deadline cannot be written as a date",
        ))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn deadlines_are_whole_seconds_in_china() {
        for (at, text) in [
            (datetime!(2026-01-01 10:30 +8), "2026-01-01T10:30:00+08:00"),
            (
                datetime!(2025-12-31 16:00:00.5 UTC),
                "2026-01-01T00:00:00+08:00",
            ),
            (datetime!(2026-03-01 00:00 -5), "2026-03-01T13:00:00+08:00"),
        ] {
            assert_eq!(china_time(at).unwrap(), text);
        }
        assert!(china_time(datetime!(9999-12-31 23:59:59 UTC)).is_err());
    }
}
