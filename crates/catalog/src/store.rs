use async_trait::async_trait;
use kernel::StoreError;

use crate::{Plan, PointPackage};

/// Everything that is for sale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Membership plans, in the order in which they are shown.
    pub plans: Vec<Plan>,
    /// Point packages, likewise.
    pub packages: Vec<PointPackage>,
}

impl Listing {
    /// How many things these are.
    pub fn len(&self) -> usize {
        self.plans.len() + self.packages.len()
    }

    /// Whether nothing is for sale.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reading the catalogue.
#[async_trait]
pub trait CatalogReads: Send {
    /// The current version of every listed package, in order of position.
    async fn listed_point_packages(&mut self) -> Result<Vec<PointPackage>, StoreError>;
    /// The current version of a package, listed or not.
    async fn find_point_package(&mut self, code: &str) -> Result<Option<PointPackage>, StoreError>;
    /// The current version of every listed plan, in order of position.
    async fn listed_plans(&mut self) -> Result<Vec<Plan>, StoreError>;
    /// The current version of a plan, listed or not.
    async fn find_plan(&mut self, code: &str) -> Result<Option<Plan>, StoreError>;
}

/// Writing the catalogue.
#[async_trait]
pub trait CatalogStore: CatalogReads {
    /// Adds a version of a package. The version must be new.
    async fn insert_point_package(&mut self, package: &PointPackage) -> Result<(), StoreError>;
    /// Adds a version of a plan. The version must be new.
    async fn insert_plan(&mut self, plan: &Plan) -> Result<(), StoreError>;
}
