//! The simulator from outside: a merchant written by hand, over real HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "all of it is test code, also outside of test functions"
)]

mod alipay;
mod faults;
mod merchant;
mod notices;
mod orders;
mod page;
mod program;
mod refusals;
