//! The rules on a store in memory.
#![cfg(test)]

mod current;
mod fake;
mod granting;
mod no_profit;
mod quoting;

use catalog::{Goods, Plan, Sold, Tier, Title};
use kernel::OrderNo;
use membership::{Grant, MembershipError, Segment, SegmentState, grant, grant_upgrade};
use paydesk_money::Cny;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::fake::FakeStore;

/// Noon of 1 April in China; April has 30 days.
const START: OffsetDateTime = datetime!(2026-04-01 4:00 UTC);

fn title(text: &str) -> Title {
    Title {
        zh: text.to_owned(),
        en: text.to_owned(),
    }
}

/// `basic` below `pro` below `max`.
fn tier(code: &str) -> Tier {
    let rank = match code {
        "basic" => 0,
        "pro" => 1,
        _ => 2,
    };
    Tier {
        code: code.to_owned(),
        rank,
        title: title(code),
    }
}

fn plan(tier_code: &str, months: u32, price: i64) -> Plan {
    Plan {
        code: format!("{tier_code}-{months}"),
        version: 1,
        title: title(tier_code),
        price: Cny::from_fen(price),
        tier: tier(tier_code),
        months,
        listed: true,
        position: 1,
    }
}

fn order_no(n: u32) -> OrderNo {
    format!("{n:026}").parse().unwrap()
}

/// A month of `basic` from [`START`], by order 1.
fn a_segment() -> Segment {
    Segment {
        segment_id: "s1".to_owned(),
        user_id: "u1".parse().unwrap(),
        order_no: order_no(1),
        tier: tier("basic"),
        from: START,
        until: datetime!(2026-05-01 4:00 UTC),
        anchor_day: 1,
        value: Cny::from_fen(1990),
        version: 1,
        state: SegmentState::Live,
    }
}

/// Grants what an order sold, as segment `s<n>` of order n.
fn pay(
    store: &mut FakeStore,
    n: u32,
    sold: &Sold,
    at: OffsetDateTime,
) -> Result<(), MembershipError> {
    let (Goods::Membership { tier, months } | Goods::Upgrade { tier, months, .. }) = &sold.goods
    else {
        unreachable!("membership only")
    };
    let wanted = Grant {
        segment_id: format!("s{n}"),
        user_id: "u1".parse().unwrap(),
        order_no: order_no(n),
        tier: tier.clone(),
        months: *months,
        paid: sold.price,
        at,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    match &sold.goods {
        Goods::Upgrade { upgrade, .. } => runtime.block_on(grant_upgrade(store, wanted, upgrade)),
        _ => runtime.block_on(grant(store, wanted)),
    }
}

const fn days(n: i64) -> Duration {
    Duration::days(n)
}
