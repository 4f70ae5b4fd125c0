use std::sync::Arc;

use catalog::{InvalidItem, PointPackage};
use kernel::StoreError;

use crate::Database;
use crate::conflict::{MayConflict, retried};

/// Showing and changing what is for sale.
#[derive(Clone, Debug)]
pub struct Catalogue {
    database: Arc<dyn Database>,
}

/// Why the catalogue could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A package cannot be offered.
    #[error("package {code:?}: {reason}")]
    Invalid {
        /// Which package.
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
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// What can be bought now.
    pub async fn listed(&self) -> Result<Vec<PointPackage>, StoreError> {
        self.database.read().await?.listed_point_packages().await
    }

    /// Publishes packages: each that differs from its current version becomes a new version.
    /// Packages not named stay as they are. All or nothing. Gives the number of new versions.
    pub async fn publish(&self, packages: &[PointPackage]) -> Result<usize, PublishError> {
        for package in packages {
            package.check().map_err(|reason| PublishError::Invalid {
                code: package.code.clone(),
                reason,
            })?;
        }
        retried(|| self.publish_once(packages)).await
    }

    async fn publish_once(&self, packages: &[PointPackage]) -> Result<usize, PublishError> {
        let mut tx = self.database.begin().await?;
        let mut changed = 0;
        for package in packages {
            let current = tx.find_point_package(&package.code).await?;
            if current
                .as_ref()
                .is_some_and(|current| current.same_offer(package))
            {
                continue;
            }
            let version = current.map_or(1, |current| current.version + 1);
            tx.insert_point_package(&PointPackage {
                version,
                ..package.clone()
            })
            .await?;
            changed += 1;
        }
        tx.commit().await?;
        Ok(changed)
    }
}
