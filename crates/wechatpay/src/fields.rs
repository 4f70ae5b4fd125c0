//! What the fields of a request may hold, checked before anything is sent.

use std::borrow::Cow;

use bytes::Bytes;
use paydesk_money::Cny;
use paydesk_provider::ProviderError;
use serde::Serialize;
use url::Url;

/// Why a request is not sent.
#[derive(Debug)]
pub(crate) struct Unsendable(Cow<'static, str>);

impl Unsendable {
    pub(crate) fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self(why.into())
    }
}

impl From<Unsendable> for ProviderError {
    fn from(Unsendable(why): Unsendable) -> Self {
        Self::not_sent(why)
    }
}

/// The platform takes `|` and `*` too, but stacks disagree on how these are written in a path, so
/// numbers that we make have neither.
pub(crate) fn check_payment_no(number: &str) -> Result<(), Unsendable> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(6..=32).contains(&number.len()) || !number.bytes().all(plain) {
        return refuse("a payment number has 6 to 32 letters, digits, _ or -");
    }
    Ok(())
}

/// A number of the merchant's own for an order, with all that the platform takes.
pub(crate) fn check_out_trade_no(number: &str) -> Result<(), Unsendable> {
    if (6..=32).contains(&number.len()) && made_of(number, b"_-*|") {
        return Ok(());
    }
    refuse("out_trade_no has 6 to 32 letters, digits, _, -, * or |")
}

/// A number of the merchant's own for a refund.
pub(crate) fn check_out_refund_no(number: &str) -> Result<(), Unsendable> {
    if (1..=64).contains(&number.len()) && made_of(number, b"_-*|@") {
        return Ok(());
    }
    refuse("out_refund_no has 1 to 64 letters, digits, _, -, *, | or @")
}

/// A number of the platform's.
pub(crate) fn check_platform_no(number: &str, field: &'static str) -> Result<(), Unsendable> {
    if (1..=32).contains(&number.len()) && made_of(number, b"") {
        return Ok(());
    }
    refuse(format!("{field} has 1 to 32 letters or digits"))
}

/// The number of an app. It becomes a line of what is signed for the payer's client.
pub(crate) fn check_app_id(app_id: &str, field: &'static str) -> Result<(), Unsendable> {
    if (1..=32).contains(&app_id.len()) && made_of(app_id, b"_-") {
        return Ok(());
    }
    refuse(format!("{field} has 1 to 32 letters, digits, _ or -"))
}

/// The id of a key. It becomes a header.
pub(crate) fn check_key_id(id: &str, field: &'static str) -> Result<(), Unsendable> {
    let readable = id.bytes().all(|byte| byte.is_ascii_graphic());
    if (1..=128).contains(&id.len()) && readable {
        return Ok(());
    }
    refuse(format!("{field} is no id of a key"))
}

fn made_of(number: &str, also: &[u8]) -> bool {
    number
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || also.contains(&byte))
}

/// A number as a segment of a path, signed and sent as it stands here: libraries disagree about `|`
/// and `*`, so all but the plainest are escaped.
pub(crate) fn segment(number: &str) -> String {
    let mut segment = String::with_capacity(number.len());
    for byte in number.bytes() {
        if byte.is_ascii_alphanumeric() || b"_-.~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push('%');
            segment.push_str(&hex::encode_upper([byte]));
        }
    }
    segment
}

/// A text within its length, counted in bytes. The platform stores no character beyond the basic
/// plane.
pub(crate) fn text(text: &str, field: &'static str, most: usize) -> Result<(), Unsendable> {
    if text.is_empty() {
        return refuse(format!("{field} is empty"));
    }
    if text.len() > most {
        return refuse(format!("{field} is longer than {most} bytes"));
    }
    if text.chars().any(|char| char > '\u{FFFF}') {
        return refuse(format!(
            "{field} holds a character the platform cannot store, an emoji?"
        ));
    }
    Ok(())
}

/// A text that may be left out, but is not empty.
pub(crate) fn optional(
    value: Option<&str>,
    field: &'static str,
    most: usize,
) -> Result<(), Unsendable> {
    value.map_or(Ok(()), |value| text(value, field, most))
}

/// An amount that may be nothing.
pub(crate) fn not_negative(amount: Cny, field: &'static str) -> Result<(), Unsendable> {
    if amount < Cny::ZERO {
        return refuse(format!("{field} is negative"));
    }
    Ok(())
}

pub(crate) fn at_least_one(number: u32, field: &'static str) -> Result<(), Unsendable> {
    if number == 0 {
        return refuse(format!("{field} is nothing"));
    }
    Ok(())
}

/// It is sent as it stands, so nothing may be in it that reading an address would pass over, such as
/// the line end of the file it comes from.
pub(crate) fn check_notify_url(text: &str, most: usize) -> Result<(), Unsendable> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return refuse("the notify_url holds blanks, line ends or characters to be escaped");
    }
    if text.len() > most {
        return refuse(format!("the notify_url is longer than {most} bytes"));
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

/// The bytes to sign and send.
pub(crate) fn body(value: &impl Serialize) -> Result<Bytes, Unsendable> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|error| Unsendable::new(error.to_string()))
}

pub(crate) fn refuse(why: impl Into<Cow<'static, str>>) -> Result<(), Unsendable> {
    Err(Unsendable::new(why))
}
