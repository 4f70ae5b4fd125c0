//! The neutral form of a notice, which payments and orders are booked by.

use paydesk_provider::{Notice, NoticeBody, NoticeError, TradeState};

use super::content::{ABOUT_A_TRADE, Head, malformed};
use crate::form::Form;
use crate::record::Record;
use crate::trust::Authentic;

/// Reads the fields of an authentic notice.
pub(crate) fn neutral(form: &Authentic<Form>) -> Result<Notice, NoticeError> {
    let form = form.get();
    let head = Head::read(form)?;
    let body = if head.kind == ABOUT_A_TRADE {
        about_a_trade(form)?
    } else {
        NoticeBody::Other {
            event: head.kind,
            payment_no: form.get("out_trade_no").map(str::to_owned),
        }
    };
    Ok(Notice {
        id: head.id,
        created_at: head.sent_at,
        body,
    })
}

/// Refunds are told to the payment's address under the state `TRADE_SUCCESS`, and closed trades too.
/// Neither is a payment: what they carry beside the state decides. `TRADE_FINISHED` is one, though it
/// may come a year after the first notice: contracts without refunds send no other.
fn about_a_trade(form: &Form) -> Result<NoticeBody, NoticeError> {
    let trade = Record::read(form).map_err(malformed)?;
    if trade.state() != TradeState::Paid {
        let suffix = if trade.is_refunded() { " REFUND" } else { "" };
        return Ok(NoticeBody::Other {
            event: format!("{}{suffix}", trade.trade_status()),
            payment_no: Some(trade.payment_no().to_owned()),
        });
    }
    let named = |name: &str| form.get(name).unwrap_or_default().to_owned();
    Ok(NoticeBody::Payment(
        trade.into_statement(named("seller_id"), named("app_id")),
    ))
}
