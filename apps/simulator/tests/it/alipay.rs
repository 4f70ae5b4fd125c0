//! Alipay's gateway from outside.

mod app;
mod faults;
mod notices;
mod refusals;
mod trades;
