use catalog::{Consumed, Plan, Sold, Tier, Upgrade};
use kernel::china;
use time::{Duration, OffsetDateTime};

use crate::Segment;

/// Why somebody cannot upgrade to a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnUpgrade {
    /// There is nothing to upgrade from.
    #[error("no membership is held at present")]
    NothingHeld,
    /// What is held is as good or better.
    #[error("the tier {0:?}, held at present, is not lower")]
    NotHigher(String),
    /// Something better follows, and an upgrade would take it away.
    #[error("the higher tier {0:?} is held from a later day on")]
    HigherFollows(String),
    /// Amount or time would not fit.
    #[error("the credit buys more time than the calendar has")]
    OutOfRange,
}

/// Whether somebody with these segments can upgrade to that tier. Somebody who can is not sold a
/// plain membership of it: it would wait until the lower one has run out.
pub fn can_upgrade(
    tier: &Tier,
    segments: &[Segment],
    now: OffsetDateTime,
) -> Result<(), NotAnUpgrade> {
    let unfinished = || segments.iter().filter(|segment| segment.is_unfinished(now));
    let present = unfinished()
        .find(|segment| segment.is_present(now))
        .ok_or(NotAnUpgrade::NothingHeld)?;
    if !tier.is_above(&present.tier) {
        return Err(NotAnUpgrade::NotHigher(present.tier.code.clone()));
    }
    match unfinished().find(|segment| segment.tier.is_above(tier)) {
        Some(better) => Err(NotAnUpgrade::HigherFollows(better.tier.code.clone())),
        None => Ok(()),
    }
}

/// What an upgrade to that plan costs somebody with these segments: the snapshot of an order.
///
/// # Errors
/// As [`can_upgrade`], and where the outcome would not fit.
pub fn quote(plan: &Plan, segments: &[Segment], now: OffsetDateTime) -> Result<Sold, NotAnUpgrade> {
    can_upgrade(&plan.tier, segments, now)?;
    let consumed = segments
        .iter()
        .filter(|segment| segment.is_unfinished(now))
        .map(|segment| Consumed {
            segment_id: segment.segment_id.clone(),
            version: segment.version,
            credit: segment.credit(now),
        });
    let priced = || {
        let (period_end, _) = upgraded_until(now, plan.months, 0)?;
        let period = (period_end - now).whole_seconds();
        let (amount, upgrade) = Upgrade::price(plan.price, period, consumed.collect())?;
        upgraded_until(now, plan.months, upgrade.extra_seconds)?;
        Some(plan.sold_as_upgrade(amount, upgrade))
    };
    priced().ok_or(NotAnUpgrade::OutOfRange)
}

/// When an upgrade that begins at that instant ends, and the day from which months are counted on.
pub(crate) fn upgraded_until(
    at: OffsetDateTime,
    months: u32,
    extra_seconds: i64,
) -> Option<(OffsetDateTime, u8)> {
    let first_day = at.checked_to_offset(china::ZONE)?.day();
    let period_end = china::add_months(at, months, first_day)?;
    if extra_seconds == 0 {
        return Some((period_end, first_day));
    }
    let until = period_end.checked_add(Duration::seconds(extra_seconds))?;
    Some((until, until.checked_to_offset(china::ZONE)?.day()))
}
