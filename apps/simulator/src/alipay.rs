//! Alipay's gateway (protocol version 2, key mode) as a merchant meets it. So far: scan to pay.

pub(crate) mod answer;
pub(crate) mod calls;
pub(crate) mod fields;
pub(crate) mod gate;
pub(crate) mod notice;
pub(crate) mod parameters;
pub(crate) mod refusal;
pub(crate) mod routes;
pub(crate) mod trade;
