//! Business fields that have no place of their own here, as their callers give them.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::checks::{Unsendable, json, refuse};
use crate::members::Members;

/// These stand beside what is ordered, not in it: there nobody would look for them.
const COMMON: [&str; 16] = [
    "alipay_root_cert_sn",
    "alipay_sdk",
    "app_auth_token",
    "app_cert_sn",
    "app_id",
    "biz_content",
    "charset",
    "encrypt_type",
    "format",
    "method",
    "notify_url",
    "return_url",
    "sign",
    "sign_type",
    "timestamp",
    "version",
];

pub(crate) fn check(further: &Map<String, Value>) -> Result<(), Unsendable> {
    match COMMON.iter().find(|name| further.contains_key(**name)) {
        Some(name) => refuse(format!(
            "more holds {name}, which is no business parameter and would not be read there"
        )),
        None => Ok(()),
    }
}

/// The text of business parameters that hold further ones: no name comes twice, or one would be read
/// and another checked.
pub(crate) fn content(parameters: &impl Serialize) -> Result<String, Unsendable> {
    let content = json(parameters)?;
    match Members::read(content.as_bytes()) {
        Ok(_) => Ok(content),
        Err(_) => Err(Unsendable::because(
            "more names a field that has its own place already",
        )),
    }
}

/// Prints the names alone: values may be about people.
pub(crate) struct Names<'a>(pub(crate) &'a Map<String, Value>);

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}
