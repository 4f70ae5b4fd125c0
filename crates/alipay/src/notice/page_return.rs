use paydesk_money::Cny;
use paydesk_provider::NoticeError;
use time::OffsetDateTime;

use super::content::malformed;
use crate::fields::Fields;
use crate::form::Form;

/// What the payer's browser brings to the return address. It names no state, and anybody may call the
/// address again at any time: it is good for choosing a page to show and for a query, and proves no
/// payment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageReturn {
    /// The app; empty if it is not named.
    pub app_id: String,
    /// The merchant; empty if it is not named.
    pub seller_id: String,
    /// The merchant's number of the order.
    pub out_trade_no: String,
    /// Alipay's number of the trade.
    pub trade_no: Option<String>,
    /// What was ordered.
    pub total: Option<Cny>,
    /// When the browser was sent back.
    pub at: Option<OffsetDateTime>,
}

pub(super) fn open(form: &Form) -> Result<PageReturn, NoticeError> {
    PageReturn::read(form).map_err(malformed)
}

impl PageReturn {
    fn read(form: &Form) -> Result<Self, String> {
        if form.text("trade_status")?.is_some() || form.text("notify_id")?.is_some() {
            return Err("this is a notice, which is for another address".to_owned());
        }
        Ok(Self {
            app_id: form.text("app_id")?.unwrap_or_default(),
            seller_id: form.text("seller_id")?.unwrap_or_default(),
            out_trade_no: form.needed("out_trade_no")?,
            trade_no: form.text("trade_no")?,
            total: form.yuan("total_amount")?,
            at: form.time("timestamp").ok().flatten(),
        })
    }
}
