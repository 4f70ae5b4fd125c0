#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod authorization;
mod bill;
mod cipher;
mod client;
mod codes;
mod config;
mod keys;
mod notice;
mod order;
mod platform_keys;
mod refusal;
mod transaction;
mod transport;
mod trust;

pub use bill::{
    BillError, BillFile, BillLimits, BillPacking, BillReader, BillRefundState, BillTradeState,
    FundAccount, FundDirection, FundFlowBill, FundFlowRow, FundFlowTotals, TradeBill,
    TradeBillKind, TradeRow, TradeTotals,
};
pub use client::WechatPay;
pub use config::{Clock, Config, ConfigError, Credentials, Nonce};
pub use keys::{ApiV3Key, KeyError, MerchantKey};
pub use platform_keys::{PlatformKeyError, PlatformKeys};
pub use transport::{
    Method, Request, ReqwestTransport, Response, SetupError, Transport, TransportError,
};
