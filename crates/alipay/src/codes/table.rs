//! The documented codes.

use super::Class::{
    self, AlreadyPaid, NoStatement, NoSuchTrade, NotEnough, NotYet, QueryFirst, Rejected, Retry,
    Throttled,
};

/// Names that mean the same, by what they mean for each call.
pub(super) struct Entry {
    pub(super) names: &'static [&'static str],
    pub(super) precreate: Class,
    pub(super) query: Class,
    pub(super) close: Class,
    pub(super) refund: Class,
    pub(super) refund_query: Class,
    pub(super) cancel: Class,
    pub(super) pay: Class,
    pub(super) bill: Class,
    pub(super) raw_read: Class,
    pub(super) raw_write: Class,
}

/// The same for every call that changes something, and the same for every one that does not.
const fn entry(names: &'static [&'static str], writes: Class, reads: Class) -> Entry {
    Entry {
        names,
        precreate: writes,
        query: reads,
        close: writes,
        refund: writes,
        refund_query: reads,
        cancel: writes,
        pay: writes,
        bill: reads,
        raw_read: reads,
        raw_write: writes,
    }
}

/// Settings or request are wrong, whatever was asked for.
const fn wrong(names: &'static [&'static str]) -> Entry {
    entry(names, Rejected, Rejected)
}

/// Proves nothing, unless said otherwise.
const fn open(names: &'static [&'static str]) -> Entry {
    entry(names, QueryFirst, QueryFirst)
}

/// Refuses a purchase. Nobody knows what it would say to another call.
const fn refuses_purchase(names: &'static [&'static str]) -> Entry {
    Entry {
        precreate: Rejected,
        pay: Rejected,
        ..open(names)
    }
}

pub(super) const TABLE: &[Entry] = &[
    wrong(GATEWAY),
    wrong(WRONG),
    refuses_purchase(REFUSES_PURCHASE),
    // The payer's account is gone, or the contract of the merchant: both ways are barred.
    Entry {
        refund: Rejected,
        ..refuses_purchase(REFUSES_PURCHASE_AND_REFUND)
    },
    Entry {
        pay: Rejected,
        ..open(REFUSES_PAYMENT)
    },
    Entry {
        refund: Rejected,
        ..open(REFUSES_REFUND)
    },
    Entry {
        refund: Rejected,
        cancel: Rejected,
        ..open(REFUSES_GIVING_BACK)
    },
    Entry {
        cancel: Rejected,
        ..open(REFUSES_CANCEL)
    },
    // The merchant's balance: the same again works once there is enough.
    Entry {
        refund: NotEnough,
        cancel: NotEnough,
        ..open(&["ACQ.SELLER_BALANCE_NOT_ENOUGH"])
    },
    open(EXISTS),
    Entry {
        close: AlreadyPaid,
        ..open(&["ACQ.TRADE_HAS_SUCCESS"])
    },
    // Of a trade that is not there nothing was given back. To a payment or an order it says nothing.
    Entry {
        query: NoSuchTrade,
        close: NoSuchTrade,
        refund: Rejected,
        refund_query: NoSuchTrade,
        ..open(&["ACQ.TRADE_NOT_EXIST"])
    },
    Entry {
        refund_query: NoSuchTrade,
        ..open(&["TRADE_NOT_EXIST"])
    },
    // To cancel again is what the platform asks for then.
    Entry {
        cancel: Retry,
        ..entry(UNAVAILABLE, QueryFirst, Retry)
    },
    // So it is spelt, there alone.
    Entry {
        cancel: Retry,
        ..open(&["AQC.SYSTEM_ERROR"])
    },
    Entry {
        query: Retry,
        refund: Rejected,
        ..open(&["ACQ.ENTERPRISE_PAY_BIZ_ERROR"])
    },
    entry(&["isv.app-call-limited"], Throttled, Throttled),
    Entry {
        bill: NoStatement,
        ..open(&["NO_BILL_DATA"])
    },
    Entry {
        bill: NotYet,
        ..open(&["BILL_NOT_EXIST"])
    },
    Entry {
        bill: Rejected,
        ..open(REFUSES_BILL)
    },
    Entry {
        bill: Throttled,
        ..open(&["SYSTEM_RATE_LIMIT", "USER_RATE_LIMIT"])
    },
    Entry {
        bill: Retry,
        ..open(&["UNKNOWN_ERROR", "UNKNOW_ERROR"])
    },
];

/// From the gateway, before anything was done.
const GATEWAY: &[&str] = &[
    "isv.missing-method",
    "isv.missing-signature",
    "isv.missing-signature-type",
    "isv.missing-signature-key",
    "isv.missing-app-id",
    "isv.missing-timestamp",
    "isv.missing-version",
    "isv.decryption-error-missing-encrypt-type",
    "isv.invalid-parameter",
    "isv.invalid-method",
    "isv.invalid-format",
    "isv.invalid-signature-type",
    "isv.invalid-signature",
    "isv.invalid-encrypt-type",
    "isv.invalid-encrypt",
    "isv.invalid-app-id",
    "isv.invalid-timestamp",
    "isv.invalid-charset",
    "isv.invalid-digest",
    "isv.decryption-error-not-valid-encrypt-type",
    "isv.decryption-error-not-valid-encrypt-key",
    "isv.decryption-error-unknown",
    "isv.missing-signature-config",
    "isv.code-invalid",
    "isv.suspected-attack",
    "isv.not-support-app-auth",
    "isv.insufficient-isv-permissions",
    "isv.insufficient-user-permissions",
    "aop.invalid-auth-token",
    "aop.auth-token-time-out",
    "aop.invalid-app-auth-token",
    "aop.invalid-app-auth-token-no-api",
    "aop.app-auth-token-time-out",
    "aop.no-product-reg-by-partner",
];

/// From the business behind it, to every call.
const WRONG: &[&str] = &[
    "ACQ.INVALID_PARAMETER",
    "ACQ.ACCESS_FORBIDDEN",
    "ACQ.PARTNER_ERROR",
];

/// Rules about goods, amounts, deadlines, payers, limits, merchants and contracts.
const REFUSES_PURCHASE: &[&str] = &[
    "ACQ.EXIST_FORBIDDEN_WORD",
    "ACQ.TOTAL_FEE_EXCEED",
    "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR",
    "ACQ.BUYER_SELLER_EQUAL",
    "ACQ.TRADE_BUYER_NOT_MATCH",
    "ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT",
    "ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR",
    "ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR",
    "ACQ.BEYOND_PAY_RESTRICTION",
    "ACQ.BEYOND_PER_RECEIPT_RESTRICTION",
    "ACQ.BEYOND_PER_RECEIPT_DAY_RESTRICTION",
    "ACQ.BEYOND_PER_RECEIPT_SINGLE_RESTRICTION",
    "ACQ.MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT",
    "ACQ.MERCHANT_PERM_RECEIPT_SINGLE_LIMIT",
    "ACQ.MERCHANT_PERM_RECEIPT_DAY_LIMIT",
    "ACQ.SELLER_BEEN_BLOCKED",
    "ACQ.SELLER_NOT_EXIST",
    "ACQ.INVALID_RECEIVE_ACCOUNT",
    "ACQ.MERCHANT_STATUS_NOT_NORMAL",
    "ACQ.RISK_MERCHANT_IP_NOT_EXIST",
    "ACQ.INVALID_STORE_ID",
    "ACQ.SUB_GOODS_SIZE_MAX_COUNT",
    "ACQ.APPLY_PC_MERCHANT_CODE_ERROR",
    "ACQ.DEFAULT_SETTLE_RULE_NOT_EXIST",
    "ACQ.SECONDARY_MERCHANT_STATUS_ERROR",
    "ACQ.SECONDARY_MERCHANT_ID_INVALID",
    "ACQ.SECONDARY_MERCHANT_ID_BLANK",
    "ACQ.SECONDARY_MERCHANT_NOT_MATCH",
    "ACQ.SECONDARY_MERCHANT_ALIPAY_ACCOUNT_INVALID",
    "ACQ.SECONDARY_MERCHANT_ISV_PUNISH_INDIRECT",
];

/// Such rules that forbid to give back, too.
const REFUSES_PURCHASE_AND_REFUND: &[&str] = &[
    "ACQ.BUYER_NOT_EXIST",
    "ACQ.BUYER_ENABLE_STATUS_FORBID",
    "ACQ.TRADE_SETTLE_ERROR",
];

/// The payer's code, balance, cards and phone. The payer may try again, with another number.
const REFUSES_PAYMENT: &[&str] = &[
    "ACQ.PAYMENT_AUTH_CODE_INVALID",
    "ACQ.BUYER_BALANCE_NOT_ENOUGH",
    "ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH",
    "ACQ.BUYER_BANKCARD_DECLINED",
    "ACQ.BUYER_BANKCARD_INVALID",
    "ACQ.ERROR_BALANCE_PAYMENT_DISABLE",
    "ACQ.PULL_MOBILE_CASHIER_FAIL",
    "ACQ.MOBILE_PAYMENT_SWITCH_OFF",
    "ACQ.PAYMENT_FAIL",
    "ACQ.PAYMENT_REQUEST_HAS_RISK",
    "ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE",
    "ACQ.USER_FACE_PAYMENT_SWITCH_OFF",
    "ACQ.PRODUCT_AMOUNT_LIMIT_ERROR",
    "ACQ.BUYER_LIMIT_EXCEEDED",
];

/// Amounts, accounts and products that a refund is not possible with.
const REFUSES_REFUND: &[&str] = &[
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
    "ACQ.REFUND_FEE_ERROR",
    "ACQ.NOT_ALLOW_PARTIAL_REFUND",
    "ACQ.TRADE_NOT_ALLOW_REFUND",
    "ACQ.BUYER_ERROR",
    "ACQ.USER_NOT_MATCH_ERR",
    "ACQ.CUSTOMER_VALIDATE_ERROR",
    "ACQ.REFUND_ACCOUNT_NOT_EXIST",
    "ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND",
    "ACQ.CURRENCY_NOT_SUPPORT",
    "ACQ.REFUND_CHARGE_ERROR",
    "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR",
    "ACQ.REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST",
    "ACQ.REFUNDALLOC_UNAUTH_LIMIT",
    "ACQ.OVERDRAFT_ASSIGN_ACCOUNT_INVALID",
    "ACQ.OVERDRAFT_AGREEMENT_NOT_MATCH",
];

/// Frozen, over, or already given back.
const REFUSES_GIVING_BACK: &[&str] = &[
    "ACQ.REASON_TRADE_BEEN_FREEZEN",
    "ACQ.TRADE_HAS_FINISHED",
    "ACQ.REASON_TRADE_REFUND_FEE_ERR",
];

/// Too late to cancel: a refund may be possible.
const REFUSES_CANCEL: &[&str] = &["ACQ.TRADE_CANCEL_TIME_OUT", "ACQ.CANCEL_NOT_ALLOWED"];

/// The number exists, or is not in a state for this call: paid as likely as closed or given back.
const EXISTS: &[&str] = &[
    "ACQ.CONTEXT_INCONSISTENT",
    "ACQ.TRADE_HAS_CLOSE",
    "ACQ.TRADE_STATUS_ERROR",
    "ACQ.REASON_TRADE_STATUS_INVALID",
    "ACQ.REASON_ILLEGAL_STATUS",
    "ACQ.DISCORDANT_REPEAT_REQUEST",
];

/// The platform cannot say, on either of its levels.
const UNAVAILABLE: &[&str] = &["ACQ.SYSTEM_ERROR", "isp.unknow-error", "aop.unknow-error"];

/// The first of them is spelt so.
const REFUSES_BILL: &[&str] = &[
    "INVAILID_ARGUMENTS",
    "BILL_DATE_BEFORE_REGISTRATION",
    "TYPE_NOT_SUPPORTED",
];
