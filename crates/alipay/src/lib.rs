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
mod certificate;
mod certificates;
mod checks;
mod client;
mod codes;
mod config;
mod content_key;
mod exchange;
mod fetch;
mod fields;
mod form;
mod funds;
mod further;
mod keys;
mod matching;
mod members;
mod notice;
mod notice_check;
mod operation;
mod order;
mod pages;
mod pay;
mod precreate;
mod raw;
mod record;
mod refund;
mod refusal;
mod renewal;
mod signing;
#[cfg(feature = "testing")]
pub mod testing;
mod trade;
mod trades;
mod trust;

pub use alipay_keys::AlipayKeys;
pub use bill::{
    AccountBill, AccountRow, AccountTotals, BillDownloadError, BillError, BillFile, BillKind,
    BillLimits, BillLink, BillPeriod, BillReader, BillTradeKind, TradeBill, TradeRow, TradeTotals,
};
pub use certificate::{Certificate, CertificateError};
pub use certificates::{AlipayCertificates, CertificatesError, FileError, Unfit};
pub use client::Alipay;
pub use config::{Config, ConfigError, Credentials};
pub use content_key::ContentKey;
pub use funds::{FundBill, Voucher};
pub use keys::AppKey;
pub use matching::{ExpectedOrder, ExpectedRefund};
pub use notice::{
    Acknowledgement, AlipayNotice, DepositBack, GatewayMessage, MessageContent, NoticeContent,
    NoticeVerifier, PageReturn, RefundNotice, TradeNotice,
};
pub use notice_check::NoticeCheck;
pub use order::{GoodsItem, Order, PayChannels, Product};
pub use pages::{GoodsType, PagePay, PaymentPage, QrPayMode, WapPay};
pub use pay::{BarCodePayment, PayOutcome};
pub use paydesk_money::Cny;
pub use paydesk_provider::exchange::{Clock, Pause};
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
    FoundRefund, FundChange, Refund, RefundDetail, RefundGoods, RefundRecord, RefundRequest,
    RefundStatus,
};
pub use trade::{Trade, TradeNumber, TradeStatus};
pub use trades::{CancelAction, Cancellation, FoundTrade, TradeDetail};

/// The code of that page is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/moving.md")]
struct Moving;
