use catalog::{CatalogReads, ItemKind, Plan, Sold};
use kernel::{StoreError, UserId};
use membership::{MembershipReads, NotAnUpgrade, Segment, can_upgrade, quote};
use time::OffsetDateTime;

/// Why something is not offered to somebody.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// Nothing of this name is for sale.
    #[error("{kind} {code:?} is not for sale")]
    UnknownItem {
        /// What kind of goods.
        kind: ItemKind,
        /// Which name.
        code: String,
    },
    /// A lower tier is held, so that this would wait until it has run out. Upgrading is offered.
    #[error("a lower tier is held: order an upgrade")]
    UpgradeNeeded,
    /// There is nothing to upgrade from.
    #[error("not an upgrade: {0}")]
    NotAnUpgrade(#[from] NotAnUpgrade),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a user is offered under this name now, at their own price.
///
/// An order is placed on it under the user's account, so that what they hold cannot change between
/// the quote and the order.
pub(crate) async fn offer<R>(
    reads: &mut R,
    user_id: &UserId,
    (kind, code): (ItemKind, &str),
    now: OffsetDateTime,
) -> Result<Sold, OfferError>
where
    R: CatalogReads + MembershipReads + ?Sized,
{
    let unknown = || OfferError::UnknownItem {
        kind,
        code: code.to_owned(),
    };
    match kind {
        ItemKind::Points => {
            let found = reads.find_point_package(code).await?;
            let package = found.filter(|package| package.listed);
            Ok(package.ok_or_else(unknown)?.sold())
        }
        ItemKind::Membership => {
            let plan = listed_plan(reads, code).await?.ok_or_else(unknown)?;
            let held = held_today(reads, user_id).await?;
            match can_upgrade(&plan.tier, &held, now) {
                Ok(()) => Err(OfferError::UpgradeNeeded),
                Err(_) => Ok(plan.sold()),
            }
        }
        ItemKind::MembershipUpgrade => {
            let plan = listed_plan(reads, code).await?.ok_or_else(unknown)?;
            let held = held_today(reads, user_id).await?;
            Ok(quote(&plan, &held, now)?)
        }
        _ => Err(unknown()),
    }
}

/// What a user holds, with each tier on the rung where it stands today: tiers may have been put between
/// those that were there when it was sold.
async fn held_today<R>(reads: &mut R, user_id: &UserId) -> Result<Vec<Segment>, StoreError>
where
    R: CatalogReads + MembershipReads + ?Sized,
{
    let mut held = reads.find_segments(user_id).await?;
    let plans = reads.listed_plans().await?;
    for segment in &mut held {
        let today = plans
            .iter()
            .find(|plan| plan.tier.code == segment.tier.code);
        if let Some(plan) = today {
            segment.tier.rank = plan.tier.rank;
        }
    }
    Ok(held)
}

async fn listed_plan<R>(reads: &mut R, code: &str) -> Result<Option<Plan>, StoreError>
where
    R: CatalogReads + ?Sized,
{
    Ok(reads.find_plan(code).await?.filter(|plan| plan.listed))
}
