//! Whole-system tests.

mod architecture;
mod bad_input;
mod callbacks;
mod crash;
mod live;
mod money;
#[cfg(feature = "servers")]
mod page;
#[cfg(feature = "servers")]
mod plain_build;
mod purchase;
