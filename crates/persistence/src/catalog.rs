use async_trait::async_trait;
use catalog::{CatalogReads, CatalogStore, Plan, PointPackage, Tier, Title};
use kernel::StoreError;
use paydesk_money::Cny;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, ExprTrait, Query, SelectStatement};
use sea_orm::{QueryOrder, QueryTrait, Set};

use crate::errors::{insert, store_error};
use crate::session::Session;
use crate::words::corrupt;

mod package {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "point_packages")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i32,
        pub title: String,
        pub title_en: String,
        pub price_fen: i64,
        pub points: i64,
        pub valid_days: Option<i64>,
        pub listed: bool,
        pub position: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod plan {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "plans")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i32,
        pub title: String,
        pub title_en: String,
        pub price_fen: i64,
        pub tier: String,
        pub tier_rank: i32,
        pub tier_title: String,
        pub tier_title_en: String,
        pub months: i64,
        pub listed: bool,
        pub position: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl TryFrom<package::Model> for PointPackage {
    type Error = StoreError;

    fn try_from(row: package::Model) -> Result<Self, StoreError> {
        let valid_days = row
            .valid_days
            .map(|days| u32::try_from(days).map_err(|error| corrupt("valid_days", &error)))
            .transpose()?;
        Ok(Self {
            code: row.code,
            version: row.version,
            title: Title {
                zh: row.title,
                en: row.title_en,
            },
            price: Cny::from_fen(row.price_fen),
            points: row.points,
            valid_days,
            listed: row.listed,
            position: row.position,
        })
    }
}

impl TryFrom<plan::Model> for Plan {
    type Error = StoreError;

    fn try_from(row: plan::Model) -> Result<Self, StoreError> {
        let months = u32::try_from(row.months).map_err(|error| corrupt("plans.months", &error))?;
        Ok(Self {
            code: row.code,
            version: row.version,
            title: Title {
                zh: row.title,
                en: row.title_en,
            },
            price: Cny::from_fen(row.price_fen),
            tier: Tier {
                code: row.tier,
                rank: row.tier_rank,
                title: Title {
                    zh: row.tier_title,
                    en: row.tier_title_en,
                },
            },
            months,
            listed: row.listed,
            position: row.position,
        })
    }
}

/// The newest version of the row that is looked at, for an entity with these columns.
fn newest<E: EntityTrait>(entity: E, code: E::Column, version: E::Column) -> SelectStatement {
    let other = Alias::new("other");
    Query::select()
        .expr(Expr::col((other.clone(), version)).max())
        .from_as(entity, other.clone())
        .and_where(Expr::col((other, code)).equals((entity, code)))
        .take()
}

#[async_trait]
impl<C: ConnectionTrait + Send> CatalogReads for Session<C> {
    async fn listed_point_packages(&mut self) -> Result<Vec<PointPackage>, StoreError> {
        let newest = newest(
            package::Entity,
            package::Column::Code,
            package::Column::Version,
        );
        package::Entity::find()
            .filter(package::Column::Version.in_subquery(newest))
            // Of the newest version only: an unlisted one hides the listed ones before it.
            .filter(package::Column::Listed.eq(true))
            .order_by_asc(package::Column::Position)
            .order_by_asc(package::Column::Code)
            .all(&self.connection)
            .await
            .map_err(store_error)?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }

    async fn find_point_package(&mut self, code: &str) -> Result<Option<PointPackage>, StoreError> {
        package::Entity::find()
            .filter(package::Column::Code.eq(code))
            .order_by_desc(package::Column::Version)
            .one(&self.connection)
            .await
            .map_err(store_error)?
            .map(TryInto::try_into)
            .transpose()
    }

    async fn listed_plans(&mut self) -> Result<Vec<Plan>, StoreError> {
        let newest = newest(plan::Entity, plan::Column::Code, plan::Column::Version);
        plan::Entity::find()
            .filter(plan::Column::Version.in_subquery(newest))
            // As with packages: of the newest version only.
            .filter(plan::Column::Listed.eq(true))
            .order_by_asc(plan::Column::Position)
            .order_by_asc(plan::Column::Code)
            .all(&self.connection)
            .await
            .map_err(store_error)?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }

    async fn find_plan(&mut self, code: &str) -> Result<Option<Plan>, StoreError> {
        plan::Entity::find()
            .filter(plan::Column::Code.eq(code))
            .order_by_desc(plan::Column::Version)
            .one(&self.connection)
            .await
            .map_err(store_error)?
            .map(TryInto::try_into)
            .transpose()
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send> CatalogStore for Session<C> {
    async fn insert_point_package(&mut self, package: &PointPackage) -> Result<(), StoreError> {
        let row = package::ActiveModel {
            code: Set(package.code.clone()),
            version: Set(package.version),
            title: Set(package.title.zh.clone()),
            title_en: Set(package.title.en.clone()),
            price_fen: Set(package.price.fen()),
            points: Set(package.points),
            valid_days: Set(package.valid_days.map(i64::from)),
            listed: Set(package.listed),
            position: Set(package.position),
        };
        insert(&self.connection, &package::Entity::insert(row).into_query()).await
    }

    async fn insert_plan(&mut self, plan: &Plan) -> Result<(), StoreError> {
        let row = plan::ActiveModel {
            code: Set(plan.code.clone()),
            version: Set(plan.version),
            title: Set(plan.title.zh.clone()),
            title_en: Set(plan.title.en.clone()),
            price_fen: Set(plan.price.fen()),
            tier: Set(plan.tier.code.clone()),
            tier_rank: Set(plan.tier.rank),
            tier_title: Set(plan.tier.title.zh.clone()),
            tier_title_en: Set(plan.tier.title.en.clone()),
            months: Set(i64::from(plan.months)),
            listed: Set(plan.listed),
            position: Set(plan.position),
        };
        insert(&self.connection, &plan::Entity::insert(row).into_query()).await
    }
}
