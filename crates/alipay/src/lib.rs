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
mod alipay_keys;
mod answer;
mod beijing;
mod bill;
mod checks;
mod client;
mod codes;
mod config;
mod exchange;
mod fields;
mod form;
mod funds;
mod keys;
mod matching;
mod members;
mod notice;
mod operation;
mod order;
mod pages;
mod pay;
mod precreate;
mod raw;
mod record;
mod refund;
mod refusal;
mod signing;
#[cfg(feature = "testing")]
pub mod testing;
mod trade;
mod trades;
mod trust;

pub use alipay_keys::AlipayKeys;
pub use bill::{BillKind, BillLink, BillPeriod};
pub use client::Alipay;
pub use config::{Clock, Config, ConfigError, Credentials, Pause};
pub use funds::{FundBill, Voucher};
pub use keys::AppKey;
pub use matching::{ExpectedOrder, ExpectedRefund};
pub use notice::{
    Acknowledgement, AlipayNotice, DepositBack, GatewayMessage, MessageContent, NoticeContent,
    NoticeVerifier, PageReturn, RefundNotice, TradeNotice,
};
pub use order::{GoodsItem, Order, PayChannels, Product};
pub use pages::{GoodsType, PagePay, PaymentPage, QrPayMode, WapPay};
pub use pay::{BarCodePayment, PayOutcome};
pub use paydesk_money::Cny;
pub use paydesk_provider::http::{
    Body, Method, Request, ReqwestTransport, Response, SetupError, Transport, TransportError,
};
pub use paydesk_provider::keys::{KeyError, SignError, Signer};
pub use paydesk_provider::matching::{Difference, Mismatch};
pub use paydesk_provider::{
    Advice, Answer, Closed, Details, Exchange, Identity, NoticeError, Observer, PaymentProvider,
    Personal, ProviderError, RawNotice, TradeState, Untrusted, Verified,
};
pub use precreate::QrCode;
pub use raw::RawCall;
pub use refund::{
    FoundRefund, FundChange, Refund, RefundDetail, RefundRecord, RefundRequest, RefundStatus,
};
pub use trade::{Trade, TradeNumber, TradeStatus};
pub use trades::{CancelAction, Cancellation, FoundTrade, TradeDetail};

/// The code of that page is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/moving.md")]
struct Moving;
