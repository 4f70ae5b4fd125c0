//! Notices (异步通知): verified over the bytes as they came, then read.

mod content;
mod message;
mod neutral;
mod page_return;
mod reply;
mod verifier;

pub use content::{AlipayNotice, NoticeContent, RefundNotice, TradeNotice};
pub use message::{DepositBack, GatewayMessage, MessageContent};
pub(crate) use neutral::neutral;
pub use page_return::PageReturn;
pub use reply::Acknowledgement;
pub use verifier::NoticeVerifier;
