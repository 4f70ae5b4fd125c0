use async_trait::async_trait;
use kernel::StoreError;

use crate::PointPackage;

/// Reading the catalogue.
#[async_trait]
pub trait CatalogReads: Send {
    /// The current version of every listed package, in order of position.
    async fn listed_point_packages(&mut self) -> Result<Vec<PointPackage>, StoreError>;
    /// The current version of a package, listed or not.
    async fn find_point_package(&mut self, code: &str) -> Result<Option<PointPackage>, StoreError>;
}

/// Writing the catalogue.
#[async_trait]
pub trait CatalogStore: CatalogReads {
    /// Adds a version of a package. The version must be new.
    async fn insert_point_package(&mut self, package: &PointPackage) -> Result<(), StoreError>;
}
