#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod alipay_keys;
mod answer;
mod beijing;
mod client;
mod codes;
mod config;
mod form;
mod keys;
mod members;
mod notice;
mod order;
mod refusal;
mod signing;
mod trade;
mod trust;

pub use alipay_keys::AlipayKeys;
pub use client::Alipay;
pub use config::{Clock, Config, ConfigError, Credentials};
pub use keys::AppKey;
pub use order::Product;
pub use paydesk_provider::http::{
    Body, Method, Request, ReqwestTransport, Response, SetupError, Transport, TransportError,
};
pub use paydesk_provider::keys::{KeyError, SignError, Signer};
