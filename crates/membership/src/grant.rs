use catalog::{Tier, Upgrade};
use kernel::{OrderNo, StoreError, UserId, china};
use paydesk_money::Cny;
use time::OffsetDateTime;

use crate::quote::upgraded_until;
use crate::{MembershipStore, Segment, SegmentState};

/// Membership to be granted for an order.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Name of the new segment.
    pub segment_id: String,
    /// To whom.
    pub user_id: UserId,
    /// For which order.
    pub order_no: OrderNo,
    /// Of which tier.
    pub tier: Tier,
    /// For how many calendar months.
    pub months: u32,
    /// What was paid.
    pub paid: Cny,
    /// The first instant that can be granted: now, or for an upgrade the moment of payment.
    pub at: OffsetDateTime,
}

/// Why membership could not be granted.
#[derive(Debug, thiserror::Error)]
pub enum MembershipError {
    /// What the user holds is not what the upgrade was quoted for.
    #[error("the membership changed after the upgrade was quoted")]
    Changed,
    /// The end or the value would not fit.
    #[error("the membership would end after the calendar does")]
    OutOfRange,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Grants a period of membership at the end of what the user holds, once: a second grant for the
/// same order changes nothing.
pub async fn grant(store: &mut dyn MembershipStore, grant: Grant) -> Result<(), MembershipError> {
    let held = store.lock_segments(&grant.user_id).await?;
    let last = held
        .iter()
        .filter(|segment| segment.is_unfinished(grant.at))
        .max_by_key(|segment| segment.until);
    let (from, anchor_day) = match last {
        Some(last) => (last.until, last.anchor_day),
        None => (grant.at, china::day(grant.at).day()),
    };
    let until = china::add_months(from, grant.months, anchor_day);
    let until = until.ok_or(MembershipError::OutOfRange)?;
    let value = grant.paid;
    let segment = new_segment(grant, (from, until), anchor_day, value);
    store.insert_segment(&segment).await?;
    Ok(())
}

/// Grants an upgrade, once: it begins at the moment of payment and ends what was quoted.
///
/// # Errors
/// [`MembershipError::Changed`], writing nothing, when what the user holds at that moment is not
/// exactly what was quoted. A segment that only came to its end in the meantime is no change.
pub async fn grant_upgrade(
    store: &mut dyn MembershipStore,
    grant: Grant,
    upgrade: &Upgrade,
) -> Result<(), MembershipError> {
    let held = store.lock_segments(&grant.user_id).await?;
    if held
        .iter()
        .any(|segment| segment.order_no == grant.order_no)
    {
        return Ok(());
    }
    let consumed = consumed(&held, &grant, upgrade).ok_or(MembershipError::Changed)?;
    let (until, anchor_day) = upgraded_until(grant.at, grant.months, upgrade.extra_seconds)
        .ok_or(MembershipError::OutOfRange)?;
    let value = grant.paid.checked_add(upgrade.credit);
    let value = value.ok_or(MembershipError::OutOfRange)?;
    let period = (grant.at, until);
    let segment = new_segment(grant, period, anchor_day, value);
    // The unique key has the last word: where it is taken, nothing else may be written.
    if store.insert_segment(&segment).await? {
        for ended in &consumed {
            store.save_segment(ended).await?;
        }
    }
    Ok(())
}

/// The quoted segments as the upgrade leaves them, unless something is not as it was quoted.
fn consumed(held: &[Segment], grant: &Grant, upgrade: &Upgrade) -> Option<Vec<Segment>> {
    let quoted = |segment: &Segment| {
        upgrade
            .segments()
            .any(|(id, version)| id == segment.segment_id && version == segment.version)
    };
    let unquoted = |segment: &Segment| segment.is_unfinished(grant.at) && !quoted(segment);
    if held.iter().any(unquoted) {
        return None;
    }
    let ended = upgrade.consumed.iter().map(|part| {
        held.iter()
            .find(|segment| {
                segment.segment_id == part.segment_id
                    && segment.version == part.version
                    && segment.state == SegmentState::Live
            })
            .map(|segment| segment.consumed(&grant.order_no, grant.at, part.credit))
    });
    ended.collect()
}

fn new_segment(
    grant: Grant,
    (from, until): (OffsetDateTime, OffsetDateTime),
    anchor_day: u8,
    value: Cny,
) -> Segment {
    Segment {
        segment_id: grant.segment_id,
        user_id: grant.user_id,
        order_no: grant.order_no,
        tier: grant.tier,
        from,
        until,
        anchor_day,
        value,
        version: 1,
        state: SegmentState::Live,
    }
}
