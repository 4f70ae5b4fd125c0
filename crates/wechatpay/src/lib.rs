#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod authorization;
mod certificate;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the client does not ask for certificates yet")
)]
mod certificates;
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

pub use certificate::{Certificate, CertificateError};
pub use certificates::{Certificates, CertificatesError, PlatformCertificates, RefreshError};
pub use client::WechatPay;
pub use config::{Clock, Config, ConfigError, Credentials, Nonce};
pub use keys::{ApiV3Key, KeyError, MerchantKey};
pub use platform_keys::{PlatformKeyError, PlatformKeys};
pub use transport::{
    Method, Request, ReqwestTransport, Response, SetupError, Transport, TransportError,
};
