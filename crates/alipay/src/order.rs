//! The request for a QR code: what the platform takes, checked before anything is sent.

use paydesk_money::Cny;
use paydesk_provider::{Capabilities, CreatePayment, Scene};
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::beijing;
use crate::checks::{Unsendable, check_notify_url, check_own_no, json, refuse};

/// The farthest deadline the platform takes.
const LONGEST_LIFE: Duration = Duration::days(15);

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

pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        scenes: &[Scene::Qr],
        // A merchant's own limits are lower; the platform tells.
        amount: Cny::from_fen(1)..=Cny::from_fen(10_000_000_000),
        payment_no_len: 1..=64,
        // The documents count characters: bytes are safe under every reading.
        description_bytes: 256,
    }
}

/// What is ordered, in the order of the platform's documents.
#[derive(Serialize)]
struct Precreate<'a> {
    out_trade_no: &'a str,
    total_amount: String,
    subject: String,
    product_code: &'static str,
    time_expire: String,
}

/// The business parameters of a request for a code.
///
/// The deadline is absolute: one that counts would count from moments that only the payer knows.
pub(crate) fn precreate(product: Product, request: &CreatePayment) -> Result<String, Unsendable> {
    json(&Precreate {
        out_trade_no: &request.payment_no,
        total_amount: request.amount.to_string(),
        subject: subject(&request.description),
        product_code: product.as_str(),
        time_expire: beijing::write(request.expire_at)
            .ok_or_else(|| Unsendable::because("the deadline cannot be written as a date"))?,
    })
}

/// The business parameters of a request about a number.
pub(crate) fn number(payment_no: &str) -> Result<String, Unsendable> {
    #[derive(Serialize)]
    struct Number<'a> {
        out_trade_no: &'a str,
    }
    json(&Number {
        out_trade_no: payment_no,
    })
}

/// The platform forbids these characters in a subject; their wide forms read the same. That no `&`
/// is sent also keeps the borders in the signed text of a notice, which repeats the subject, clear.
fn subject(description: &str) -> String {
    description
        .chars()
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

/// What the platform would refuse, or take and treat otherwise than meant, is not sent.
pub(crate) fn check(
    capabilities: &Capabilities,
    request: &CreatePayment,
    now: OffsetDateTime,
) -> Result<(), Unsendable> {
    check_own_no(&request.payment_no, "out_trade_no")?;
    if !capabilities.scenes.contains(&request.scene) {
        return refuse(format!("{} is not offered", request.scene));
    }
    if !capabilities.amount.contains(&request.amount) {
        return refuse(format!("an amount of {} cannot be paid", request.amount));
    }
    check_description(capabilities, &request.description)?;
    check_notify_url(&request.notify_url)?;
    if request.expire_at <= now {
        return refuse("the deadline has passed");
    }
    if request.expire_at - now > LONGEST_LIFE {
        return refuse("the deadline is more than 15 days away");
    }
    Ok(())
}

fn check_description(capabilities: &Capabilities, text: &str) -> Result<(), Unsendable> {
    if text.trim().is_empty() {
        return refuse("the description is empty");
    }
    if text.len() > capabilities.description_bytes {
        return refuse("the description is longer than 256 bytes");
    }
    if text
        .chars()
        .any(|char| char > '\u{FFFF}' || char.is_control())
    {
        return refuse("the description holds a character the platform does not take, an emoji?");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_characters_become_their_wide_forms() {
        assert_eq!(subject("1/2 & <a='b'> \"c\""), "1／2 ＆ ＜a＝＇b＇＞ ＂c＂");
        assert_eq!(subject("会员-月卡 100%+1"), "会员-月卡 100%+1");
    }
}
