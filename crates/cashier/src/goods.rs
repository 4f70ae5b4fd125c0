use catalog::{Goods, Tier};
use kernel::{Numbers, OrderNo, StoreError};
use membership::MembershipError;
use orders::{Order, OrderState};
use points::PointsError;
use time::OffsetDateTime;

use crate::Transaction;
use crate::conflict::MayConflict;

/// Why goods were not handed over.
#[derive(Debug, thiserror::Error)]
pub enum GoodsError {
    /// Nothing says when the order was paid.
    #[error("order {0} is not paid")]
    NotPaid(OrderNo),
    /// These are goods that this program does not know.
    #[error("order {0} sold goods of an unknown kind")]
    UnknownKind(OrderNo),
    /// The points cannot be granted.
    #[error(transparent)]
    Points(#[from] PointsError),
    /// The membership cannot be granted.
    #[error(transparent)]
    Membership(#[from] MembershipError),
}

impl GoodsError {
    /// Whether a rule says no, so that trying again will never help.
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::Points(PointsError::Validity(_))
            | Self::Membership(MembershipError::Changed | MembershipError::OutOfRange) => true,
            Self::Points(PointsError::Store(_))
            | Self::Membership(MembershipError::Store(_))
            | Self::NotPaid(_)
            // A newer program may know it.
            | Self::UnknownKind(_) => false,
        }
    }

    const fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Points(PointsError::Store(error))
            | Self::Membership(MembershipError::Store(error)) => Some(error),
            _ => None,
        }
    }
}

impl MayConflict for GoodsError {
    fn is_conflict(&self) -> bool {
        self.store_error().is_some_and(StoreError::is_conflict)
    }
}

/// Writes what a paid order sold. The user's account is locked, so that no other order of theirs is
/// granted at the same time. After a refusal nothing is written.
pub(crate) async fn hand_over(
    tx: &mut dyn Transaction,
    order: &Order,
    numbers: &dyn Numbers,
    now: OffsetDateTime,
) -> Result<(), GoodsError> {
    let membership = |tier: &Tier, months: u32, at| membership::Grant {
        segment_id: numbers.row_id(),
        user_id: order.user_id.clone(),
        order_no: order.order_no.clone(),
        tier: tier.clone(),
        months,
        paid: order.paid,
        at,
    };
    match &order.item.goods {
        Goods::Points { points, valid_days } => {
            let grant = points::Grant {
                lot_id: numbers.row_id(),
                entry_id: numbers.row_id(),
                user_id: order.user_id.clone(),
                order_no: order.order_no.clone(),
                points: *points,
                valid_days: *valid_days,
                at: now,
            };
            points::grant(tx, grant).await?;
        }
        Goods::Membership { tier, months } => {
            // From the grant on: one that is late takes nothing from the buyer.
            membership::grant(tx, membership(tier, *months, now)).await?;
        }
        Goods::Upgrade {
            tier,
            months,
            upgrade,
        } => {
            let at = moment_of_payment(order, now)?;
            membership::grant_upgrade(tx, membership(tier, *months, at), upgrade).await?;
        }
        _ => return Err(GoodsError::UnknownKind(order.order_no.clone())),
    }
    Ok(())
}

/// When an order was paid, as far as the platform's clock and ours agree: not after now, and not
/// before the order was placed, which is when its quote was made. Otherwise a clock that is some
/// minutes off would end a segment before it began, or leave a gap.
fn moment_of_payment(order: &Order, now: OffsetDateTime) -> Result<OffsetDateTime, GoodsError> {
    match order.state {
        OrderState::Paid { paid_at, .. } => Ok(paid_at.min(now).max(order.created_at)),
        _ => Err(GoodsError::NotPaid(order.order_no.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r26_only_what_will_never_work_is_a_refusal() {
        let order_no: OrderNo = "01jd3m8k5zv7q2w4x6y8a0b2c3".parse().unwrap();
        for refusal in [
            MembershipError::Changed.into(),
            MembershipError::OutOfRange.into(),
            PointsError::Validity(u32::MAX).into(),
        ] {
            let refusal: GoodsError = refusal;
            assert!(refusal.is_refusal() && !refusal.is_conflict(), "{refusal}");
        }
        for other in [
            GoodsError::NotPaid(order_no.clone()),
            GoodsError::UnknownKind(order_no),
            MembershipError::Store(StoreError::failed("gone")).into(),
            PointsError::Store(StoreError::busy("full")).into(),
        ] {
            assert!(!other.is_refusal() && !other.is_conflict(), "{other}");
        }
        let conflict = MembershipError::Store(StoreError::lost_update("a segment"));
        assert!(GoodsError::from(conflict).is_conflict());
    }
}
