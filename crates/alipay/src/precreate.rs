//! A code for the payer to scan.

use paydesk_provider::{Answer, ProviderError};
use time::{Duration, OffsetDateTime};

use crate::client::Alipay;
use crate::exchange::{Asked, Call};
use crate::fields::Fields;
use crate::operation::Operation;
use crate::order::Order;
use crate::refusal::Refusal;

/// A code works this long, whatever the order's own deadline is.
const CODE_LIFE: Duration = Duration::hours(2);
const LONGEST_CODE: usize = 1024;

/// The content of a QR code. There is no trade yet: one begins with the first scan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QrCode {
    /// What to show as a QR code, unchanged.
    pub content: String,
    /// Words to be pasted into the app instead (吱口令), where [`Order::more`] asks for them by
    /// `code_type`.
    pub share_code: Option<String>,
    /// When the code stops working, if the order's own deadline is not earlier.
    pub expires_at: OffsetDateTime,
}

impl Alipay {
    /// Asks for a code to be scanned (`alipay.trade.precreate`), under the contract of
    /// [`Config::product`](crate::Config::product). The same order again gives a code again; the same
    /// number with another amount or subject is refused.
    ///
    /// # Errors
    /// [`ProviderError`]; a request that the platform would refuse is not sent.
    pub async fn precreate(&self, order: &Order) -> Result<Answer<QrCode>, ProviderError> {
        let now = self.now();
        order.check(now)?;
        let call = Call {
            operation: Operation::Precreate,
            method: "alipay.trade.precreate".into(),
            notify_url: order.notify_url.clone(),
            biz_content: order.content(self.product.as_str(), ())?,
            asked: Asked::out_trade_no(&order.out_trade_no),
        };
        let reply = self.account.call(&call).await;
        reply.map_err(Refusal::into_error)?.value(|node| {
            let code = node.text("qr_code")?;
            Ok(QrCode {
                content: code
                    .filter(|code| code.len() <= LONGEST_CODE)
                    .ok_or("qr_code is missing or too long")?,
                share_code: node.loose("share_code"),
                expires_at: now + CODE_LIFE,
            })
        })
    }
}
