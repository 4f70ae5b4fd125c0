//! Opening a notice whose signature was checked.

use paydesk_provider::{Notice, NoticeBody, NoticeError, TradeState, Untrusted};

use crate::beijing;
use crate::form::Form;
use crate::trade::Trade;

/// What tells of a payment's state. Agreements and other things have names of their own.
const ABOUT_A_TRADE: &str = "trade_status_sync";
const CONTENT_TYPE: &str = "Content-Type";
const FORM: &str = "application/x-www-form-urlencoded";
/// Character sets in which ASCII is ASCII: nothing else is read out of a notice.
const CHARSETS: [&str; 4] = ["utf-8", "gbk", "gb2312", "gb18030"];

/// A notice comes as a form and says so. What follows the type is not looked at: it has been seen
/// malformed on true notices, and the character set is inside, under the signature.
pub(crate) fn check_headers(headers: &[(String, String)]) -> Result<(), Untrusted> {
    let mut values = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(CONTENT_TYPE))
        .map(|(_, value)| value.trim_start());
    let value = values
        .next()
        .ok_or(Untrusted::MissingHeader(CONTENT_TYPE))?;
    if values.next().is_some() {
        return Err(Untrusted::DoubledHeader(CONTENT_TYPE));
    }
    let kind = value.split([';', ' ', ',']).next().unwrap_or_default();
    if kind.eq_ignore_ascii_case(FORM) {
        Ok(())
    } else {
        Err(Untrusted::BadHeader(CONTENT_TYPE))
    }
}

/// Reads the fields of an authentic notice.
pub(crate) fn open(form: &Form) -> Result<Notice, NoticeError> {
    let required = |name: &str| {
        form.get(name)
            .ok_or_else(|| malformed(format!("{name} is missing")))
    };
    let charset = required("charset")?;
    if !CHARSETS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(charset))
    {
        return Err(malformed("written in an unknown character set"));
    }
    let created_at = beijing::read(required("notify_time")?)
        .ok_or_else(|| malformed("notify_time is no date"))?;
    let id = required("notify_id")?.to_owned();
    let body = match required("notify_type")? {
        ABOUT_A_TRADE => about_a_trade(form)?,
        other => NoticeBody::Other {
            event: other.to_owned(),
            payment_no: form.get("out_trade_no").map(str::to_owned),
        },
    };
    Ok(Notice {
        id,
        created_at,
        body,
    })
}

/// Refunds are told to the payment's address under the state `TRADE_SUCCESS`, and closed trades too.
/// Neither is a payment: what they carry beside the state decides. `TRADE_FINISHED` is one, though it
/// may come a year after the first notice: contracts without refunds send no other.
fn about_a_trade(form: &Form) -> Result<NoticeBody, NoticeError> {
    let trade = Trade::read(|name| {
        if form.has(name) && form.get(name).is_none() {
            return Err(format!("{name} is not plain"));
        }
        Ok(form.get(name).map(str::to_owned))
    })
    .map_err(malformed)?;
    if trade.state() != TradeState::Paid {
        let suffix = if trade.is_refunded() { " REFUND" } else { "" };
        return Ok(NoticeBody::Other {
            event: format!("{}{suffix}", trade.status()),
            payment_no: Some(trade.payment_no().to_owned()),
        });
    }
    let named = |name: &str| form.get(name).unwrap_or_default().to_owned();
    Ok(NoticeBody::Payment(
        trade.into_statement(named("seller_id"), named("app_id")),
    ))
}

fn malformed(why: impl Into<String>) -> NoticeError {
    NoticeError::Malformed(why.into())
}
