use async_trait::async_trait;
use kernel::{StoreError, UserId};
use points::{Entry, EntryPlace, Lot, PointReads, PointStore};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{Condition, QueryOrder, QuerySelect, QueryTrait, Set};

use crate::errors::{insert, insert_once, store_error};
use crate::instant;
use crate::session::Session;
use crate::words::word;

mod lot {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "point_lots")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub lot_id: String,
        pub user_id: String,
        pub order_no: String,
        pub granted: i64,
        pub remaining: i64,
        pub granted_at: i64,
        pub expires_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod entry {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "point_entries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub entry_id: String,
        pub user_id: String,
        pub lot_id: String,
        pub kind: String,
        pub points: i64,
        pub at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl TryFrom<lot::Model> for Lot {
    type Error = StoreError;

    fn try_from(row: lot::Model) -> Result<Self, StoreError> {
        Ok(Self {
            lot_id: row.lot_id,
            user_id: word("point_lots.user_id", &row.user_id)?,
            order_no: word("point_lots.order_no", &row.order_no)?,
            granted: row.granted,
            remaining: row.remaining,
            granted_at: instant::read(row.granted_at)?,
            expires_at: row.expires_at.map(instant::read).transpose()?,
        })
    }
}

impl TryFrom<entry::Model> for Entry {
    type Error = StoreError;

    fn try_from(row: entry::Model) -> Result<Self, StoreError> {
        Ok(Self {
            entry_id: row.entry_id,
            user_id: word("point_entries.user_id", &row.user_id)?,
            lot_id: row.lot_id,
            kind: word("point_entries.kind", &row.kind)?,
            points: row.points,
            at: instant::read(row.at)?,
        })
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send> PointReads for Session<C> {
    async fn find_lots(&mut self, user_id: &UserId) -> Result<Vec<Lot>, StoreError> {
        lot::Entity::find()
            .filter(lot::Column::UserId.eq(user_id.as_str()))
            .filter(lot::Column::Remaining.gt(0))
            // Databases disagree where nothing sorts to: never-expiring lots are spent last.
            .order_by_asc(lot::Column::ExpiresAt.is_null())
            .order_by_asc(lot::Column::ExpiresAt)
            .order_by_asc(lot::Column::GrantedAt)
            .order_by_asc(lot::Column::LotId)
            .all(&self.connection)
            .await
            .map_err(store_error)?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }

    async fn find_entries(
        &mut self,
        user_id: &UserId,
        after: Option<&EntryPlace>,
        limit: u64,
    ) -> Result<Vec<Entry>, StoreError> {
        let older = after.map(|place| {
            let at = instant::stored(place.at);
            let before = entry::Column::EntryId.lt(place.entry_id.as_str());
            entry::Column::At
                .lt(at)
                .or(entry::Column::At.eq(at).and(before))
        });
        entry::Entity::find()
            .filter(entry::Column::UserId.eq(user_id.as_str()))
            .filter(Condition::all().add_option(older))
            .order_by_desc(entry::Column::At)
            .order_by_desc(entry::Column::EntryId)
            .limit(limit)
            .all(&self.connection)
            .await
            .map_err(store_error)?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send> PointStore for Session<C> {
    async fn insert_lot(&mut self, lot: &Lot) -> Result<bool, StoreError> {
        let row = lot::ActiveModel {
            lot_id: Set(lot.lot_id.clone()),
            user_id: Set(lot.user_id.to_string()),
            order_no: Set(lot.order_no.to_string()),
            granted: Set(lot.granted),
            remaining: Set(lot.remaining),
            granted_at: Set(instant::stored(lot.granted_at)),
            expires_at: Set(lot.expires_at.map(instant::stored)),
        };
        insert_once(&self.connection, &lot::Entity::insert(row).into_query()).await
    }

    async fn insert_entry(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let row = entry::ActiveModel {
            entry_id: Set(entry.entry_id.clone()),
            user_id: Set(entry.user_id.to_string()),
            lot_id: Set(entry.lot_id.clone()),
            kind: Set(entry.kind.as_str().to_owned()),
            points: Set(entry.points),
            at: Set(instant::stored(entry.at)),
        };
        insert(&self.connection, &entry::Entity::insert(row).into_query()).await
    }
}
