use async_trait::async_trait;
use catalog::{CatalogReads, CatalogStore, PointPackage, Title};
use kernel::StoreError;
use paydesk_money::Cny;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, ExprTrait, Query};
use sea_orm::{QueryOrder, QueryTrait, Set};

use crate::errors::{insert, store_error};
use crate::session::Session;
use crate::words::corrupt;

mod row {
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

impl TryFrom<row::Model> for PointPackage {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
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

#[async_trait]
impl<C: ConnectionTrait + Send> CatalogReads for Session<C> {
    async fn listed_point_packages(&mut self) -> Result<Vec<PointPackage>, StoreError> {
        let other = Alias::new("other");
        let newest = Query::select()
            .expr(Expr::col((other.clone(), row::Column::Version)).max())
            .from_as(row::Entity, other.clone())
            .and_where(
                Expr::col((other, row::Column::Code)).equals((row::Entity, row::Column::Code)),
            )
            .take();
        row::Entity::find()
            .filter(row::Column::Version.in_subquery(newest))
            // Of the newest version only: an unlisted one hides the listed ones before it.
            .filter(row::Column::Listed.eq(true))
            .order_by_asc(row::Column::Position)
            .order_by_asc(row::Column::Code)
            .all(&self.connection)
            .await
            .map_err(store_error)?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }

    async fn find_point_package(&mut self, code: &str) -> Result<Option<PointPackage>, StoreError> {
        row::Entity::find()
            .filter(row::Column::Code.eq(code))
            .order_by_desc(row::Column::Version)
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
        let row = row::ActiveModel {
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
        insert(&self.connection, &row::Entity::insert(row).into_query()).await
    }
}
