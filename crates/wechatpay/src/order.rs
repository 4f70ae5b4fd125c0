//! The request for a QR code: what the platform takes, checked before anything is sent.

use std::borrow::Cow;

use bytes::Bytes;
use paydesk_money::Cny;
use paydesk_provider::{Capabilities, CreatePayment, Identity, ProviderError, Scene};
use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};
use url::Url;

/// Without a deadline the platform closes an order after this long, so no deadline lies beyond it.
const LONGEST_LIFE: Duration = Duration::days(7);
const LONGEST_URL: usize = 255;

/// Why a request is not sent.
#[derive(Debug)]
pub(crate) struct Unsendable(Cow<'static, str>);

impl From<Unsendable> for ProviderError {
    fn from(Unsendable(why): Unsendable) -> Self {
        Self::not_sent(why)
    }
}

pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        scenes: &[Scene::Qr],
        // No maximum is published; the documented type is a 32-bit integer of fen.
        amount: Cny::from_fen(1)..=Cny::from_fen(i64::from(i32::MAX)),
        payment_no_len: 6..=32,
        // The documents count characters, or bytes: bytes are safe under both readings.
        description_bytes: 127,
    }
}

/// The body of a Native order, in the order of the platform's documents.
#[derive(Serialize)]
struct NativeOrder<'a> {
    appid: &'a str,
    mchid: &'a str,
    description: &'a str,
    out_trade_no: &'a str,
    time_expire: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    attach: Option<&'a str>,
    notify_url: &'a str,
    amount: Amount,
}

#[derive(Serialize)]
struct Amount {
    total: i64,
    currency: &'static str,
}

/// The bytes to sign and send.
pub(crate) fn native(identity: &Identity, request: &CreatePayment) -> Result<Bytes, Unsendable> {
    body(&NativeOrder {
        appid: &identity.app_id,
        mchid: &identity.merchant_id,
        description: &request.description,
        out_trade_no: &request.payment_no,
        time_expire: china_time(request.expire_at)?,
        // Nothing has to come back: the number says everything.
        attach: None,
        notify_url: &request.notify_url,
        amount: Amount {
            total: request.amount.fen(),
            currency: "CNY",
        },
    })
}

/// The body of a request to close.
pub(crate) fn close(merchant_id: &str) -> Result<Bytes, Unsendable> {
    #[derive(Serialize)]
    struct Close<'a> {
        mchid: &'a str,
    }
    body(&Close { mchid: merchant_id })
}

fn body(value: &impl Serialize) -> Result<Bytes, Unsendable> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|error| Unsendable(error.to_string().into()))
}

/// What the platform would refuse, or take and treat otherwise than meant, is not sent.
pub(crate) fn check(
    capabilities: &Capabilities,
    request: &CreatePayment,
    now: OffsetDateTime,
) -> Result<(), Unsendable> {
    check_number(capabilities, &request.payment_no)?;
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
        return refuse("the deadline is more than 7 days away");
    }
    Ok(())
}

/// The platform takes `|` and `*` too, but stacks disagree on how these are written in a path.
pub(crate) fn check_number(capabilities: &Capabilities, number: &str) -> Result<(), Unsendable> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !capabilities.payment_no_len.contains(&number.len()) || !number.bytes().all(plain) {
        return refuse("a payment number has 6 to 32 letters, digits, _ or -");
    }
    Ok(())
}

fn check_description(capabilities: &Capabilities, text: &str) -> Result<(), Unsendable> {
    if text.trim().is_empty() {
        return refuse("the description is empty");
    }
    if text.len() > capabilities.description_bytes {
        return refuse("the description is longer than 127 bytes");
    }
    if text.chars().any(|char| char > '\u{FFFF}') {
        return refuse("the description holds a character the platform cannot store, an emoji?");
    }
    Ok(())
}

fn check_notify_url(text: &str) -> Result<(), Unsendable> {
    if text.len() > LONGEST_URL {
        return refuse("the notify_url is longer than 255 bytes");
    }
    let Ok(url) = Url::parse(text) else {
        return refuse("the notify_url is no URL");
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return refuse("the notify_url is not http or https");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("the notify_url has a query, which the platform does not take");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("the notify_url has a user name, and the platform logs in nowhere");
    }
    Ok(())
}

fn refuse(why: impl Into<Cow<'static, str>>) -> Result<(), Unsendable> {
    Err(Unsendable(why.into()))
}

/// Whole seconds of China's time, as the platform's examples have it.
fn china_time(at: OffsetDateTime) -> Result<String, Unsendable> {
    let china = UtcOffset::from_hms(8, 0, 0).unwrap_or(UtcOffset::UTC);
    at.replace_nanosecond(0)
        .ok()
        .and_then(|at| at.checked_to_offset(china))
        .and_then(|at| at.format(&Rfc3339).ok())
        .ok_or(Unsendable(Cow::Borrowed(
            "the deadline cannot be written as a date",
        )))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    /// D1 carries an `attach`, which we never send, so the body is made one level deeper here.
    #[test]
    fn the_body_of_the_published_native_order() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../testdata/vectors.json")).unwrap();
        let message = vectors["requests"]["D1"]["message"].as_str().unwrap();
        let expected = message.split('\n').nth(4).unwrap();
        let made = body(&NativeOrder {
            appid: "wxd678efh567hg6787",
            mchid: "1900007291",
            description: "AI点数包-100点",
            out_trade_no: "PO20260101000001",
            time_expire: china_time(datetime!(2026-01-01 02:30:00.999 UTC)).unwrap(),
            attach: Some("pkg=100"),
            notify_url: "https://pay.example.com/notify/wechat",
            amount: Amount {
                total: 990,
                currency: "CNY",
            },
        });
        assert_eq!(made.unwrap(), expected.as_bytes());
    }

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
