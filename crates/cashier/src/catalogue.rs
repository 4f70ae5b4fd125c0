use std::sync::Arc;

use catalog::{InvalidItem, ItemKind, Listing, Plan, PointPackage, Sold};
use kernel::{Clock, StoreError, UserId};

use crate::conflict::{MayConflict, retried};
use crate::offer::{OfferError, offer};
use crate::{Database, Transaction};

/// Showing and changing what is for sale.
#[derive(Clone, Debug)]
pub struct Catalogue {
    database: Arc<dyn Database>,
    clock: Arc<dyn Clock>,
}

/// Why the catalogue could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A plan or package cannot be offered.
    #[error("{code:?}: {reason}")]
    Invalid {
        /// Which of them.
        code: String,
        /// Which field is wrong, and what it should be.
        reason: InvalidItem,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MayConflict for PublishError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl Catalogue {
    /// The catalogue in this database.
    pub fn new(database: Arc<dyn Database>, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock }
    }

    /// What can be bought now.
    pub async fn listed(&self) -> Result<Listing, StoreError> {
        let mut snapshot = self.database.read().await?;
        Ok(Listing {
            plans: snapshot.listed_plans().await?,
            packages: snapshot.listed_point_packages().await?,
        })
    }

    /// What a user would be sold under this name now: what an order placed at this moment keeps.
    pub async fn quote(
        &self,
        user_id: &UserId,
        kind: ItemKind,
        code: &str,
    ) -> Result<Sold, OfferError> {
        let mut snapshot = self.database.read().await?;
        offer(&mut *snapshot, user_id, (kind, code), self.clock.now()).await
    }

    /// Publishes plans and packages: each that differs from its current version becomes a new
    /// version. What is not named stays as it is. All or nothing. Gives the number of new versions.
    pub async fn publish(&self, listing: &Listing) -> Result<usize, PublishError> {
        let plans = listing.plans.iter().map(|plan| (&plan.code, plan.check()));
        let packages = listing.packages.iter();
        let packages = packages.map(|package| (&package.code, package.check()));
        for (code, checked) in plans.chain(packages) {
            checked.map_err(|reason| PublishError::Invalid {
                code: code.clone(),
                reason,
            })?;
        }
        retried(|| self.publish_once(listing)).await
    }

    async fn publish_once(&self, listing: &Listing) -> Result<usize, PublishError> {
        let mut tx = self.database.begin().await?;
        let mut changed = 0;
        for plan in &listing.plans {
            changed += usize::from(publish_plan(&mut *tx, plan).await?);
        }
        for package in &listing.packages {
            changed += usize::from(publish_package(&mut *tx, package).await?);
        }
        tx.commit().await?;
        Ok(changed)
    }
}

/// Whether it became a new version.
async fn publish_plan(tx: &mut dyn Transaction, plan: &Plan) -> Result<bool, StoreError> {
    let current = tx.find_plan(&plan.code).await?;
    if current.as_ref().is_some_and(|now| now.same_offer(plan)) {
        return Ok(false);
    }
    let version = current.map_or(1, |current| current.version + 1);
    let plan = Plan {
        version,
        ..plan.clone()
    };
    tx.insert_plan(&plan).await?;
    Ok(true)
}

/// Whether it became a new version.
async fn publish_package(
    tx: &mut dyn Transaction,
    package: &PointPackage,
) -> Result<bool, StoreError> {
    let current = tx.find_point_package(&package.code).await?;
    if current.as_ref().is_some_and(|now| now.same_offer(package)) {
        return Ok(false);
    }
    let version = current.map_or(1, |current| current.version + 1);
    let package = PointPackage {
        version,
        ..package.clone()
    };
    tx.insert_point_package(&package).await?;
    Ok(true)
}
