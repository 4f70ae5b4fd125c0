#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod alipay;
mod channel;
mod cipher;
mod clock;
mod control;
mod deliveries;
mod exchange;
mod faults;
mod keys;
mod notice;
mod options;
mod orders;
mod overview;
mod page;
mod random;
mod server;
mod signature;
mod simulator;
mod wechat;
mod world;

pub use keys::{AlipayKeys, KeyError, Keys};
pub use options::{CodeUrl, Options};
pub use server::{Running, start};
