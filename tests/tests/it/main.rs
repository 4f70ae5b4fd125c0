//! Whole-system tests.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what goes wrong fails the test"
)]

mod alipay;
mod alipay_examples;
mod architecture;
mod bad_input;
mod callbacks;
mod conformance;
mod crash;
mod description;
mod endings;
mod examples;
mod idempotency;
mod lists;
mod live;
mod money;
#[cfg(feature = "servers")]
mod page;
#[cfg(feature = "servers")]
mod plain_build;
mod purchase;
#[cfg(feature = "servers")]
mod readme;
