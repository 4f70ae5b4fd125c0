//! Notices (回调通知): verified over headers and bytes as they came, then opened.

mod content;
mod reply;
mod verifier;

pub use content::{NoticeContent, RefundNotice, RefundNoticeAmount, WechatNotice};
pub use reply::Acknowledgement;
pub use verifier::NoticeVerifier;

use paydesk_provider::{Notice, NoticeBody};

impl WechatNotice {
    /// No notice has more bytes than these 1.5 MiB: the documents allow a ciphertext of 1 MiB in
    /// base64, and something is around it. What is longer need not be read.
    pub const LONGEST: usize = 1_572_864;

    /// The neutral form, which payments and orders are booked by.
    pub(crate) fn neutral(self) -> Notice {
        let body = match self.content {
            NoticeContent::Payment(transaction) => {
                NoticeBody::Payment(transaction.statement(Some(&self.id)))
            }
            NoticeContent::Refund(refund) => NoticeBody::Other {
                event: self.event_type,
                payment_no: Some(refund.into_inner().out_trade_no),
            },
            NoticeContent::Other { out_trade_no, .. } => NoticeBody::Other {
                event: self.event_type,
                payment_no: out_trade_no,
            },
        };
        Notice {
            id: self.id,
            created_at: self.create_time,
            body,
        }
    }
}
