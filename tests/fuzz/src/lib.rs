//! What the fuzz targets share: both sides of each platform, and how an input is read as a message.
//!
//! A fuzzer cannot forge a signature, so behind every signature check the targets sign what it made
//! with a test key that the client trusts. All of it goes through the crates' public surface.

pub mod alipay;
pub mod alipay_bills;
pub mod bills;
mod key;
pub mod message;
pub mod platform;
pub mod wechat;

use std::fmt;

/// Splits off the first byte, which chooses one of so many ways. A letter from `a` on in a seed.
pub fn choice(data: &[u8], ways: u8) -> Option<(u8, &[u8])> {
    let (first, rest) = data.split_first()?;
    Some((first.wrapping_sub(b'a') % ways, rest))
}

/// A message for people that repeats what it was given may repeat a key.
///
/// # Panics
/// If 20 bytes of a line of the text are in the message.
pub fn assert_not_repeated(text: &str, error: &dyn std::error::Error) {
    let mut told = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        fmt::Write::write_fmt(&mut told, format_args!("{error}\n{error:?}\n"))
            .expect("a text takes what is written");
        next = error.source();
    }
    for line in text.lines() {
        let beginning: String = line.chars().take(20).collect();
        assert!(
            beginning.chars().count() < 20 || !told.contains(&beginning),
            "repeated: {told}"
        );
    }
}
