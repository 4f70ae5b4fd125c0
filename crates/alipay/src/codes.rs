//! What an error means: one table, every documented code, a class for each operation.
//!
//! The table is an allow-list. What is not in it proves nothing, and nothing in it proves anything
//! under a gateway code of another family, or without a signature. Messages are never looked at.

mod table;

use crate::operation::Operation;
use table::TABLE;

/// What is known after a signed error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// It did not happen; the request or the settings are wrong, or a rule forbids it.
    Rejected,
    /// It did not happen; the same again works once the merchant's account holds enough.
    NotEnough,
    /// It may have happened, or the number is already known there: ask about it.
    QueryFirst,
    /// It may have happened, and the same again does no harm.
    Retry,
    /// Too fast: the same again, later.
    Throttled,
    /// The platform knows no such trade: nobody scanned the code.
    NoSuchTrade,
    /// It is paid.
    AlreadyPaid,
    /// Nothing happened on that day.
    NoStatement,
    /// The bill is not made yet, or never will be.
    NotYet,
}

/// The business behind the gateway refused.
const BUSINESS_FAILED: &str = "40004";
/// Called too often, whatever the narrower code says.
const CALL_LIMITED: &str = "40005";
/// The gateway itself refused: tokens, missing and wrong parameters, permissions.
const GATEWAY_REFUSED: [&str; 5] = ["20001", "40001", "40002", "40003", "40006"];

/// The class of a signed error.
pub(crate) fn classify(operation: Operation, code: &str, sub_code: Option<&str>) -> Class {
    if code == CALL_LIMITED {
        return Class::Throttled;
    }
    let Some((name, class)) = sub_code.and_then(|sub_code| documented(operation, sub_code)) else {
        return Class::QueryFirst;
    };
    match class {
        Class::QueryFirst | Class::Retry | Class::Throttled => class,
        _ if in_its_family(code, name) => class,
        _ => Class::QueryFirst,
    }
}

/// The gateway's own codes have a prefix in lower case.
fn in_its_family(code: &str, name: &str) -> bool {
    if name.starts_with("isv.") || name.starts_with("aop.") {
        GATEWAY_REFUSED.contains(&code)
    } else {
        code == BUSINESS_FAILED
    }
}

/// The code's name in the table, and its class. The codes about bills have been documented under
/// `isp.` and in lower case, too; a bill moves no money, so for it these pass for the same.
fn documented(operation: Operation, sub_code: &str) -> Option<(&'static str, Class)> {
    if let Some(found) = listed(operation, sub_code) {
        return Some(found);
    }
    if operation != Operation::Bill {
        return None;
    }
    let tail = sub_code.rsplit('.').next().unwrap_or_default();
    let name = tail.to_ascii_uppercase().replace('-', "_");
    listed(operation, &name).filter(|(_, class)| *class != Class::QueryFirst)
}

fn listed(operation: Operation, sub_code: &str) -> Option<(&'static str, Class)> {
    let (entry, name) = TABLE
        .iter()
        .flat_map(|entry| entry.names.iter().map(move |name| (entry, *name)))
        .find(|(_, name)| *name == sub_code)?;
    let class = match operation {
        Operation::Precreate => entry.precreate,
        Operation::Query => entry.query,
        Operation::Close => entry.close,
        Operation::Refund => entry.refund,
        Operation::RefundQuery => entry.refund_query,
        Operation::Cancel => entry.cancel,
        Operation::Pay => entry.pay,
        Operation::Bill => entry.bill,
        // Their answers are none of the gateway's and have no codes.
        Operation::BillFile | Operation::NoticeCheck => return None,
        Operation::Certificate | Operation::RawRead => entry.raw_read,
        Operation::RawWrite => entry.raw_write,
    };
    Some((name, class))
}

#[cfg(test)]
mod tests;
