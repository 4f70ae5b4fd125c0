//! What the platform would refuse, or take and treat otherwise than meant, is not sent.

use std::borrow::Cow;

use paydesk_provider::ProviderError;
use serde::Serialize;
use url::Url;

/// Of the addresses that every request may have.
pub(crate) const LONGEST_URL: usize = 256;
const LONGEST_NUMBER: usize = 64;

/// Why a request is not sent.
#[derive(Debug)]
pub(crate) struct Unsendable(Cow<'static, str>);

impl Unsendable {
    pub(crate) fn because(why: impl Into<Cow<'static, str>>) -> Self {
        Self(why.into())
    }
}

impl From<Unsendable> for ProviderError {
    fn from(Unsendable(why): Unsendable) -> Self {
        Self::not_sent(why)
    }
}

pub(crate) fn refuse(why: impl Into<Cow<'static, str>>) -> Result<(), Unsendable> {
    Err(Unsendable::because(why))
}

/// A number of the merchant's own. The gateway has been seen to take more, but this is what it
/// promises.
pub(crate) fn check_own_no(number: &str, field: &'static str) -> Result<(), Unsendable> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !(1..=LONGEST_NUMBER).contains(&number.len()) || !number.bytes().all(plain) {
        return refuse(format!("{field} has 1 to 64 letters, digits or _"));
    }
    Ok(())
}

/// A number that the merchant gave an order made elsewhere, which may hold what has been seen to pass.
pub(crate) fn check_given_no(number: &str, field: &'static str) -> Result<(), Unsendable> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(1..=LONGEST_NUMBER).contains(&number.len()) || !number.bytes().all(plain) {
        return refuse(format!("{field} has 1 to 64 letters, digits, _ or -"));
    }
    Ok(())
}

/// A number of the platform's.
pub(crate) fn check_trade_no(number: &str) -> Result<(), Unsendable> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    if !(1..=LONGEST_NUMBER).contains(&number.len()) || !number.bytes().all(plain) {
        return refuse("trade_no has 1 to 64 letters or digits");
    }
    Ok(())
}

/// A text within its length, counted in bytes, that the platform can store.
pub(crate) fn text(text: &str, field: &'static str, most: usize) -> Result<(), Unsendable> {
    if text.is_empty() {
        return refuse(format!("{field} is empty"));
    }
    if text.len() > most {
        return refuse(format!("{field} is longer than {most} bytes"));
    }
    if text
        .chars()
        .any(|char| char > '\u{FFFF}' || char.is_control())
    {
        return refuse(format!(
            "{field} holds a character the platform does not take, an emoji?"
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

/// Where notices go. Redirects are not followed there.
pub(crate) fn check_notify_url(text: &str) -> Result<(), Unsendable> {
    let url = web_address(text, "notify_url", LONGEST_URL)?;
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("notify_url has a query, which the platform does not take");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("notify_url has a user name, and the platform logs in nowhere");
    }
    Ok(())
}

/// An address that can be opened. It is sent as it stands, so nothing may be in it that reading an
/// address would pass over, such as the line end of the file it comes from.
pub(crate) fn web_address(text: &str, field: &'static str, most: usize) -> Result<Url, Unsendable> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Unsendable::because(format!(
            "{field} holds blanks, line ends or characters to be escaped"
        )));
    }
    if text.len() > most {
        return Err(Unsendable::because(format!(
            "{field} is longer than {most} bytes"
        )));
    }
    Url::parse(text)
        .ok()
        .filter(Url::has_host)
        .filter(|_| text.starts_with("http://") || text.starts_with("https://"))
        .ok_or_else(|| Unsendable::because(format!("{field} is not an http or https address")))
}

/// The text that is signed and sent.
pub(crate) fn json(value: &impl Serialize) -> Result<String, Unsendable> {
    serde_json::to_string(value).map_err(|error| Unsendable::because(error.to_string()))
}
