#![doc = include_str!("../README.md")]
#![expect(
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "tools of tests: what goes wrong fails the test, with words"
)]

mod browser;
mod client;
mod description;
mod house;
mod process;
mod socket;

pub use browser::Browser;
pub use client::{Answer, Client, token, token_with};
pub use description::Description;
pub use house::{House, Setup};
pub use process::{Process, binary, example, free_port};
pub use socket::Socket;

use std::time::{Duration, Instant};

/// Waits until something holds, and fails the test when it does not within `limit`.
pub async fn until<F, Fut>(what: &str, limit: Duration, mut holds: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
