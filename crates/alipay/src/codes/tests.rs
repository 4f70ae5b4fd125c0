use std::collections::BTreeSet;

use super::Class::{NoSuchTrade, NotEnough, QueryFirst, Rejected, Retry, Throttled};
use super::*;

const CODES: [&str; 12] = [
    "10000", "10003", "20000", "20001", "40001", "40002", "40003", "40004", "40005", "40006", "",
    "99999",
];

fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().flat_map(|entry| entry.names).copied()
}

/// The documented codes with their gateway code and the classes we expect, from a file of their
/// own: a code added there and forgotten in the table fails here.
#[test]
fn r19_every_documented_code_has_its_class() {
    let mut listed = BTreeSet::new();
    let mut lines = include_str!("../../testdata/codes.tsv").lines();
    let columns: Vec<&str> = lines.next().unwrap().split('\t').skip(2).collect();
    assert_eq!(columns, Operation::ALL.map(Operation::name));
    for line in lines {
        let [code, sub_code, classes @ ..] = &line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        assert_eq!(classes.len(), Operation::ALL.len(), "{line}");
        listed.insert(*sub_code);
        for (operation, expected) in Operation::ALL.into_iter().zip(classes) {
            let class = classify(operation, code, Some(sub_code));
            let class = format!("{class:?}");
            assert_eq!(class, *expected, "{code} {sub_code} {operation:?}");
        }
    }
    let known: BTreeSet<&str> = names().collect();
    assert_eq!(known, listed, "table and list hold the same codes");
    assert_eq!(
        names().count(),
        known.len(),
        "no code is in the table twice"
    );
}

#[test]
fn r19_nothing_is_concluded_from_what_is_not_listed() {
    for operation in Operation::ALL {
        for code in CODES {
            for sub_code in [
                None,
                Some(""),
                Some("ACQ.INVENTED"),
                Some("isv.invented"),
                Some("acq.trade_not_exist"),
                Some("ACQ.TRADE_NOT_EXIST "),
                Some("isp.trade-not-exist"),
                Some("isv.INVALID_PARAMETER"),
            ] {
                let expected = if code == "40005" {
                    Throttled
                } else {
                    QueryFirst
                };
                assert_eq!(
                    classify(operation, code, sub_code),
                    expected,
                    "{code} {sub_code:?}"
                );
            }
        }
    }
}

#[test]
fn r19_a_listed_code_under_a_foreign_gateway_code_proves_nothing() {
    for operation in Operation::ALL {
        for sub_code in names() {
            for code in CODES {
                let class = classify(operation, code, Some(sub_code));
                let definite = !matches!(class, QueryFirst | Retry | Throttled);
                let at_home = match code {
                    "40004" => !sub_code.starts_with("isv.") && !sub_code.starts_with("aop."),
                    "20001" | "40001" | "40002" | "40003" | "40006" => {
                        sub_code.starts_with("isv.") || sub_code.starts_with("aop.")
                    }
                    _ => false,
                };
                assert!(!definite || at_home, "{code} {sub_code} {class:?}");
            }
        }
    }
}

#[test]
fn r19_no_such_trade_is_said_in_few_ways() {
    for code in CODES {
        for sub_code in names() {
            for operation in Operation::ALL {
                if classify(operation, code, Some(sub_code)) == NoSuchTrade {
                    assert_eq!(code, "40004");
                    let plain =
                        sub_code == "TRADE_NOT_EXIST" && operation == Operation::RefundQuery;
                    assert!(plain || sub_code == "ACQ.TRADE_NOT_EXIST", "{sub_code}");
                    assert!(matches!(
                        operation,
                        Operation::Query | Operation::Close | Operation::RefundQuery
                    ));
                }
            }
        }
    }
}

/// A refund taken for refused is asked for again, under another number: the list is short.
#[test]
fn r5_a_refund_is_refused_by_what_is_documented_for_refunds() {
    let gateway = |name: &str| name.starts_with("isv.") || name.starts_with("aop.");
    let refusing: Vec<&str> = TABLE
        .iter()
        .filter(|entry| matches!(entry.refund, Rejected | NotEnough))
        .flat_map(|entry| entry.names)
        .copied()
        .filter(|name| !gateway(name))
        .collect();
    assert_eq!(refusing.len(), 28);
    for open in [
        "ACQ.SYSTEM_ERROR",
        "ACQ.DISCORDANT_REPEAT_REQUEST",
        "ACQ.TRADE_HAS_CLOSE",
        "ACQ.TRADE_STATUS_ERROR",
        "ACQ.REASON_TRADE_STATUS_INVALID",
        "ACQ.TRADE_HAS_SUCCESS",
        "AQC.SYSTEM_ERROR",
        "ACQ.TOTAL_FEE_EXCEED",
    ] {
        assert!(!refusing.contains(&open), "{open}");
    }
}

#[test]
fn older_spellings_count_for_bills_alone() {
    for (sub_code, class) in [
        ("isp.bill_not_exist", Class::NotYet),
        ("isp.BILL_NOT_EXIST", Class::NotYet),
        ("bill-not-exist", Class::NotYet),
        ("isp.no_bill_data", Class::NoStatement),
        ("isp.bill_was_eaten", QueryFirst),
    ] {
        assert_eq!(classify(Operation::Bill, "40004", Some(sub_code)), class);
        assert_eq!(
            classify(Operation::Bill, "20000", Some(sub_code)),
            QueryFirst
        );
        assert_eq!(
            classify(Operation::RawRead, "40004", Some(sub_code)),
            QueryFirst
        );
    }
}
