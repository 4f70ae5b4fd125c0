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

mod alipay_keys;
mod answer;
mod beijing;
mod checks;
mod client;
mod codes;
mod config;
mod exchange;
mod form;
mod keys;
mod members;
mod notice;
mod operation;
mod order;
mod raw;
mod refusal;
mod signing;
mod trade;
mod trust;

pub use alipay_keys::AlipayKeys;
pub use client::Alipay;
pub use config::{Clock, Config, ConfigError, Credentials, Pause};
pub use keys::AppKey;
pub use order::Product;
pub use paydesk_provider::http::{
    Body, Method, Request, ReqwestTransport, Response, SetupError, Transport, TransportError,
};
pub use paydesk_provider::keys::{KeyError, SignError, Signer};
pub use raw::RawCall;
