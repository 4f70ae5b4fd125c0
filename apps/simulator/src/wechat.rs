//! WeChat Pay API v3 as a direct merchant meets it. So far: Native orders.

pub(crate) mod calls;
pub(crate) mod fields;
pub(crate) mod gate;
pub(crate) mod notice;
pub(crate) mod refusal;
pub(crate) mod routes;
pub(crate) mod transaction;
