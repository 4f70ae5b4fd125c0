#![expect(
    clippy::missing_panics_doc,
    reason = "the numbers made here are well-formed, and a test that panics has failed anyway"
)]

use std::collections::BTreeMap;

use catalog::{Plan, PointPackage, Tier, Title};
use kernel::{OrderNo, PaymentNo};
use orders::{NewOrder, Order, Purchase};
use paydesk_money::Cny;
use paydesk_provider::{Channel, PaymentStatement, Scene, TradeState, Verified};
use payments::{AccountKey, Attempt, AttemptState, Fact, Source};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::TAG;

/// When tests begin. It has microseconds, because stores keep them.
pub const NOW: OffsetDateTime = datetime!(2026-01-01 10:00:00.123456 UTC);

/// The n-th order number.
pub fn order_no(n: u32) -> OrderNo {
    format!("{n:026}")
        .parse()
        .expect("digits are an order number")
}

/// The n-th payment number of this environment.
pub fn payment_no(n: u32) -> PaymentNo {
    format!("{TAG}{n:026}")
        .parse()
        .expect("a tag and digits are a payment number")
}

/// 1,000 points for 9.90 yuan.
pub fn a_package() -> PointPackage {
    PointPackage {
        code: "points-1000".to_owned(),
        version: 1,
        title: Title {
            zh: "1,000 点".to_owned(),
            en: "1,000 points".to_owned(),
        },
        price: Cny::from_fen(990),
        points: 1000,
        valid_days: None,
        listed: true,
        position: 1,
    }
}

/// `basic` below `pro` below any other tier.
pub fn a_tier(code: &str) -> Tier {
    let rank = match code {
        "basic" => 0,
        "pro" => 1,
        _ => 2,
    };
    Tier {
        code: code.to_owned(),
        rank,
        title: Title {
            zh: format!("{code} 会员"),
            en: code.to_owned(),
        },
    }
}

/// A month of a tier: `basic` for 19.90 yuan, any other for 49.90.
pub fn a_plan(tier: &str) -> Plan {
    let price_fen = if tier == "basic" { 1990 } else { 4990 };
    Plan {
        code: format!("{tier}-month"),
        version: 1,
        title: Title {
            zh: format!("{tier} 1 个月"),
            en: format!("{tier}, 1 month"),
        },
        price: Cny::from_fen(price_fen),
        tier: a_tier(tier),
        months: 1,
        listed: true,
        position: 1,
    }
}

/// The n-th order: of user `u1`, placed n seconds after [`NOW`], waiting for money.
pub fn an_order(n: u32) -> Order {
    let created_at = NOW + Duration::seconds(i64::from(n));
    Order::place(NewOrder {
        order_no: order_no(n),
        payment_no: payment_no(n),
        user_id: "u1".parse().expect("a user id"),
        item: a_package().sold(),
        metadata: BTreeMap::new(),
        created_at,
        expire_at: created_at + Duration::minutes(30),
    })
}

/// The attempt that an order shows, by [`super::FakeProvider::wechat`], with its request under way.
pub fn an_attempt(order: &Order) -> Attempt {
    Attempt {
        payment_no: order.payment_no.clone(),
        order_no: order.order_no.clone(),
        account: AccountKey::new("wechat"),
        channel: Channel::Wechat,
        scene: Scene::Qr,
        merchant_id: "1900000001".to_owned(),
        app_id: "wx0000000000000001".to_owned(),
        amount: order.amount,
        description: order.item.title.zh.clone(),
        notify_url: "https://pay.example.com/api/v1/payment/wechat/callback".to_owned(),
        expire_at: order.expire_at,
        state: AttemptState::Unknown,
        code_url: None,
        code_expires_at: None,
        transaction_id: None,
        retry_count: 0,
        created_at: order.created_at,
    }
}

/// The n-th order with its attempt.
pub fn a_purchase(n: u32) -> Purchase {
    let order = an_order(n);
    let attempt = an_attempt(&order);
    Purchase { order, attempt }
}

/// What the platform says once this attempt was paid, in full and as we asked.
pub fn statement(attempt: &Attempt, transaction_id: &str) -> PaymentStatement {
    PaymentStatement {
        merchant_id: attempt.merchant_id.clone(),
        app_id: attempt.app_id.clone(),
        payment_no: attempt.payment_no.to_string(),
        transaction_id: Some(transaction_id.to_owned()),
        state: TradeState::Paid,
        amount: Some(attempt.amount),
        currency: "CNY".to_owned(),
        paid_at: Some(attempt.created_at + Duration::minutes(1)),
        evidence: serde_json::json!({ "trade_type": "NATIVE" }),
    }
}

/// A statement as if an account's platform had called us with it; the account `alipay` is at Alipay,
/// every other at WeChat Pay.
pub fn a_fact(account: &AccountKey, statement: PaymentStatement) -> Fact {
    Fact {
        statement: attested(statement),
        channel: account.as_str().parse().unwrap_or(Channel::Wechat),
        account: account.clone(),
        source: Source::Callback,
        learnt_at: NOW + Duration::minutes(2),
    }
}

/// What a fake platform vouches for.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a test plays the verifier of signatures"
)]
pub(super) fn attested<T>(said: T) -> Verified<T> {
    Verified::attest(said)
}
