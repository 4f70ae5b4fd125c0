#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod error;
#[cfg(feature = "sdk")]
pub mod exchange;
#[cfg(feature = "sdk")]
pub mod http;
#[cfg(feature = "sdk")]
pub mod keys;
#[cfg(feature = "sdk")]
pub mod matching;
mod notice;
mod observer;
mod payment;
#[cfg(feature = "sdk")]
mod personal;
#[cfg(feature = "testing")]
pub mod testing;
mod verified;

use std::fmt;

use async_trait::async_trait;

pub use error::{Advice, Details, NoticeError, ProviderError, Untrusted};
pub use notice::{Notice, NoticeBody, RawNotice};
pub use observer::{Exchange, Observer};
pub use payment::{
    Answer, Capabilities, Channel, Closed, CreatePayment, Created, Found, Identity,
    PaymentStatement, Scene, TradeState, UnknownName,
};
#[cfg(feature = "sdk")]
pub use personal::Personal;
pub use verified::Verified;

/// One merchant account at one payment platform.
///
/// Calls are made once: a provider does not repeat what moves money. The number in the request is
/// the key under which a platform recognises a repeat, so every repeat uses the same number and the
/// same parameters.
#[async_trait]
pub trait PaymentProvider: Send + Sync + fmt::Debug {
    /// Whose account this is. A statement about another merchant or app is not about us.
    fn identity(&self) -> &Identity;

    /// What this provider can do, to be checked before calling.
    fn capabilities(&self) -> &Capabilities;

    /// Asks the platform for something the payer can pay with, a QR code's content for example.
    async fn create(&self, request: &CreatePayment) -> Result<Answer<Created>, ProviderError>;

    /// Asks the platform what it knows about a payment number.
    async fn query(&self, payment_no: &str) -> Result<Answer<Found>, ProviderError>;

    /// Asks the platform to let nobody pay under this number any more.
    async fn close(&self, payment_no: &str) -> Result<Answer<Closed>, ProviderError>;

    /// Checks and opens a notice. Synchronous and pure: no I/O, no runtime, nothing remembered.
    ///
    /// # Errors
    /// [`Untrusted::UnknownKey`] when the signing key is not known: await
    /// [`PaymentProvider::learn_key`] once and verify again.
    fn verify(&self, notice: &RawNotice) -> Result<Verified<Notice>, NoticeError>;

    /// Fetches the platform's present keys where it publishes them; does nothing where it does not.
    async fn refresh_trust(&self) -> Result<(), ProviderError>;

    /// Fetches the key that a message names, where the platform publishes keys. Anybody can name a key
    /// that nobody holds, so a provider decides whether that is worth a call, and how often.
    async fn learn_key(&self, _id: &str) -> Result<(), ProviderError> {
        self.refresh_trust().await
    }
}
