//! What an order holds, in any product, checked before anything is sent.

use std::fmt::{self, Display};

use paydesk_money::Cny;
use paydesk_provider::{Capabilities, CreatePayment, Scene};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

use crate::beijing;
use crate::checks::{Unsendable, check_notify_url, check_own_no, optional, refuse, text};
use crate::further;

/// The farthest deadline the platform takes.
const LONGEST_LIFE: Duration = Duration::days(15);
/// The documents count characters: bytes are safe under every reading.
const LONGEST_SUBJECT: usize = 256;
const LONGEST_BODY: usize = 128;
const LONGEST_PASSBACK: usize = 512;
const LONGEST_CHANNELS: usize = 128;

/// Under which of the two scan-to-pay contracts codes are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Product {
    /// 当面付, the older contract, made for shops.
    #[default]
    FaceToFace,
    /// 订单码支付, the newer one.
    OrderCode,
}

impl Product {
    /// The platform's code for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FaceToFace => "FACE_TO_FACE_PAYMENT",
            Self::OrderCode => "QR_CODE_OFFLINE",
        }
    }
}

/// An order to be paid: what is common to scanned codes, pages, apps and the payer's own code.
///
/// The number binds amount, subject and seller at its first use; other values under it are refused
/// later. It is never used again after closing, cancelling or the deadline.
#[derive(Clone)]
#[non_exhaustive]
pub struct Order {
    /// The merchant's number: 1 to 64 letters, digits or `_`, unique for ever.
    pub out_trade_no: String,
    /// What the payer reads on the bill: at most 256 bytes, no emoji. Characters that the platform
    /// forbids (`/ = & < > " '`) are sent in their wide forms.
    pub subject: String,
    /// What is to be paid: 0.01 to 100 000 000 yuan.
    pub total: Cny,
    /// Where notices go: http or https, at most 256 bytes, no query. Without it there are none.
    pub notify_url: Option<String>,
    /// Until when it can be paid, at most 15 days ahead. Without it the platform counts from moments
    /// that only the payer knows: 3 hours for a code, 15 days for pages and apps.
    pub expires_at: Option<OffsetDateTime>,
    /// More words about it, in notices and bills: at most 128 bytes, written like the subject.
    pub body: Option<String>,
    /// Comes back in notices and queries: at most 512 letters, digits, `_` or `-`. Anything else would
    /// have to be escaped, and the documents disagree about it.
    pub passback_params: Option<String>,
    /// The goods.
    pub goods_detail: Vec<GoodsItem>,
    /// The merchant's number of the shop: at most 32 bytes.
    pub store_id: Option<String>,
    /// Which ways to pay are offered, or not; all that the contract has, unless said otherwise.
    pub channels: Option<PayChannels>,
    /// Further fields of the platform's documents, by their names and in their shapes, which differ
    /// between products: `extend_params`, `business_params`, `operator_id`, …
    pub more: Map<String, Value>,
}

/// Which ways to pay are offered.
#[derive(Clone, Debug)]
pub enum PayChannels {
    /// These alone. Excludes every promotion that is not named, too. Not for the payer's own code.
    Only(Vec<String>),
    /// All but these.
    Except(Vec<String>),
}

/// One kind of goods.
#[derive(Clone, Debug, Serialize)]
pub struct GoodsItem {
    /// The merchant's number of it: at most 64 bytes.
    pub goods_id: String,
    /// Its name: at most 256 bytes.
    pub goods_name: String,
    /// How many.
    #[serde(serialize_with = "shown")]
    pub quantity: u32,
    /// The price of one.
    #[serde(serialize_with = "shown")]
    pub price: Cny,
    /// Its category: at most 24 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goods_category: Option<String>,
}

impl Order {
    /// An order with what every order needs.
    pub fn new(
        out_trade_no: impl Into<String>,
        subject: impl Into<String>,
        total: Cny,
        notify_url: impl Into<String>,
    ) -> Self {
        Self {
            out_trade_no: out_trade_no.into(),
            subject: subject.into(),
            total,
            notify_url: Some(notify_url.into()),
            expires_at: None,
            body: None,
            passback_params: None,
            goods_detail: Vec::new(),
            store_id: None,
            channels: None,
            more: Map::new(),
        }
    }

    /// What the platform would refuse, or take and treat otherwise than meant, is not sent.
    pub(crate) fn check(&self, now: OffsetDateTime) -> Result<(), Unsendable> {
        check_own_no(&self.out_trade_no, "out_trade_no")?;
        if !capabilities().amount.contains(&self.total) {
            return refuse(format!("total_amount: {} cannot be paid", self.total));
        }
        if self.subject.trim().is_empty() {
            return refuse("subject is empty");
        }
        text(&self.subject, "subject", LONGEST_SUBJECT)?;
        if let Some(url) = &self.notify_url {
            check_notify_url(url)?;
        }
        if let Some(at) = self.expires_at {
            if at <= now {
                return refuse("time_expire: the deadline has passed");
            }
            if at - now > LONGEST_LIFE {
                return refuse("time_expire: the deadline is more than 15 days away");
            }
        }
        optional(self.body.as_deref(), "body", LONGEST_BODY)?;
        optional(self.store_id.as_deref(), "store_id", 32)?;
        self.check_passback()?;
        further::check(&self.more)?;
        self.goods_detail.iter().try_for_each(GoodsItem::check)?;
        self.channels.as_ref().map_or(Ok(()), PayChannels::check)
    }

    fn check_passback(&self) -> Result<(), Unsendable> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        match &self.passback_params {
            Some(text)
                if !(1..=LONGEST_PASSBACK).contains(&text.len()) || !text.bytes().all(plain) =>
            {
                refuse("passback_params has 1 to 512 letters, digits, _ or -")
            }
            _ => Ok(()),
        }
    }

    /// The business parameters, in the order of the platform's documents, with those that only this
    /// product has.
    pub(crate) fn content<P: Serialize>(
        &self,
        product_code: &'static str,
        product: P,
    ) -> Result<String, Unsendable> {
        let (only, except) = match &self.channels {
            None => (None, None),
            Some(PayChannels::Only(names)) => (Some(names.join(",")), None),
            Some(PayChannels::Except(names)) => (None, Some(names.join(","))),
        };
        further::content(&Content {
            out_trade_no: &self.out_trade_no,
            total_amount: self.total.to_string(),
            subject: wide(&self.subject),
            product_code,
            time_expire: self.expires_at.map(deadline).transpose()?,
            body: self.body.as_deref().map(wide),
            passback_params: self.passback_params.as_deref(),
            goods_detail: &self.goods_detail,
            store_id: self.store_id.as_deref(),
            enable_pay_channels: only,
            disable_pay_channels: except,
            product,
            more: &self.more,
        })
    }
}

impl fmt::Debug for Order {
    /// Of the further fields only the names: they may be about people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order")
            .field("out_trade_no", &self.out_trade_no)
            .field("subject", &self.subject)
            .field("total", &self.total)
            .field("notify_url", &self.notify_url)
            .field("expires_at", &self.expires_at)
            .field("body", &self.body)
            .field("passback_params", &self.passback_params)
            .field("goods_detail", &self.goods_detail)
            .field("store_id", &self.store_id)
            .field("channels", &self.channels)
            .field("more", &further::Names(&self.more))
            .finish()
    }
}

#[derive(Serialize)]
struct Content<'a, P> {
    out_trade_no: &'a str,
    total_amount: String,
    subject: String,
    product_code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_expire: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passback_params: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    goods_detail: &'a [GoodsItem],
    #[serde(skip_serializing_if = "Option::is_none")]
    store_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_pay_channels: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_pay_channels: Option<String>,
    #[serde(flatten)]
    product: P,
    #[serde(flatten)]
    more: &'a Map<String, Value>,
}

impl GoodsItem {
    fn check(&self) -> Result<(), Unsendable> {
        text(&self.goods_id, "goods_detail.goods_id", 64)?;
        text(&self.goods_name, "goods_detail.goods_name", 256)?;
        optional(
            self.goods_category.as_deref(),
            "goods_detail.goods_category",
            24,
        )?;
        if self.quantity == 0 || self.price < Cny::ZERO {
            return refuse("goods_detail: quantity or price cannot be");
        }
        Ok(())
    }
}

impl PayChannels {
    fn check(&self) -> Result<(), Unsendable> {
        let (field, names) = match self {
            Self::Only(names) => ("enable_pay_channels", names),
            Self::Except(names) => ("disable_pay_channels", names),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let one = |name: &String| !name.is_empty() && name.bytes().all(plain);
        if names.is_empty() || !names.iter().all(one) {
            return refuse(format!("{field} names no channel, or one that cannot be"));
        }
        if names.join(",").len() > LONGEST_CHANNELS {
            return refuse(format!("{field} is longer than {LONGEST_CHANNELS} bytes"));
        }
        Ok(())
    }
}

pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        scenes: &[Scene::Qr],
        // A merchant's own limits are lower; the platform tells.
        amount: Cny::from_fen(1)..=Cny::from_fen(10_000_000_000),
        payment_no_len: 1..=64,
        description_bytes: LONGEST_SUBJECT,
    }
}

/// The neutral request as an order, if we can take it.
pub(crate) fn order(request: &CreatePayment) -> Result<Order, Unsendable> {
    if !capabilities().scenes.contains(&request.scene) {
        return Err(Unsendable::because(format!(
            "{} is not offered",
            request.scene
        )));
    }
    let mut order = Order::new(
        request.payment_no.clone(),
        request.description.clone(),
        request.amount,
        request.notify_url.clone(),
    );
    order.expires_at = Some(request.expire_at);
    Ok(order)
}

/// The platform forbids these characters in a subject; their wide forms read the same. That no `&`
/// is sent also keeps the borders in the signed text of a notice, which repeats the text, clear.
pub(crate) fn wide(text: &str) -> String {
    text.chars()
        .map(|char| match char {
            '/' => '／',
            '=' => '＝',
            '&' => '＆',
            '<' => '＜',
            '>' => '＞',
            '"' => '＂',
            '\'' => '＇',
            other => other,
        })
        .collect()
}

fn deadline(at: OffsetDateTime) -> Result<String, Unsendable> {
    beijing::write(at).ok_or_else(|| Unsendable::because("time_expire cannot be written as a date"))
}

/// Amounts and counts are texts on the wire.
fn shown<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_characters_become_their_wide_forms() {
        assert_eq!(wide("1/2 & <a='b'> \"c\""), "1／2 ＆ ＜a＝＇b＇＞ ＂c＂");
        assert_eq!(wide("会员-月卡 100%+1"), "会员-月卡 100%+1");
    }
}
