#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

#[cfg(feature = "actix")]
pub mod actix;
mod authorization;
mod bill;
mod certificate;
mod certificates;
mod cipher;
mod client;
mod codes;
mod config;
mod exchange;
mod fields;
mod hosts;
mod invocation;
mod keys;
mod matching;
mod notice;
mod operation;
mod order;
mod orders;
mod payee;
mod platform_keys;
mod prepay;
mod raw;
mod refund;
mod refusal;
mod renewal;
mod sealer;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;
mod trust;

pub use bill::{
    BillDownloadError, BillError, BillFile, BillLimits, BillLink, BillPacking, BillReader,
    BillRefundState, BillTradeState, FundAccount, FundDirection, FundFlowBill, FundFlowRow,
    FundFlowTotals, TradeBill, TradeBillKind, TradeRow, TradeTotals,
};
pub use certificate::{Certificate, CertificateError};
pub use certificates::{Certificates, CertificatesError, PlatformCertificates, RefreshError};
pub use client::WechatPay;
pub use config::{Config, ConfigError, Credentials, Nonce};
pub use invocation::{AppInvocation, JsapiInvocation, MiniProgramInvocation};
pub use keys::{ApiV3Key, MerchantKey};
pub use matching::{ExpectedOrder, ExpectedRefund};
pub use notice::{
    Acknowledgement, NoticeContent, NoticeVerifier, RefundNotice, RefundNoticeAmount, WechatNotice,
};
pub use order::{Detail, GoodsItem, Order, SceneInfo, StoreInfo};
pub use orders::OrderNumber;
pub use paydesk_money::{Cny, Fee};
pub use paydesk_provider::exchange::{Clock, Pause};
pub use paydesk_provider::http::{
    Body, Method, Request, ReqwestTransport, Response, SetupError, Transport, TransportError,
};
pub use paydesk_provider::keys::{KeyError, PublicKey, SignError, Signer};
pub use paydesk_provider::matching::{Difference, Mismatch};
pub use paydesk_provider::{
    Advice, Answer, Closed, Details, Exchange, Identity, NoticeError, Observer, PaymentProvider,
    Personal, ProviderError, RawNotice, TradeState, Untrusted, Verified,
};
pub use payee::SubMerchant;
pub use platform_keys::{PlatformKeyError, PlatformKeys};
pub use prepay::{H5Info, OpenId, Prepay};
pub use raw::RawCall;
pub use refund::{
    AbnormalRefund, FundSource, PaidOrder, Refund, RefundAmount, RefundGoods, RefundPromotion,
    RefundRequest, RefundStatus, RefundTo,
};
pub use sealer::Sealer;
pub use transaction::{Payer, Promotion, Transaction, TransactionAmount};

/// The code of that page is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/moving.md")]
struct Moving;
