use async_trait::async_trait;
use cashier::{Event, EventHead, EventKind, EventReads, EventStore, NewEvent};
use kernel::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect, QueryTrait, Set};

use crate::errors::{insert, store_error};
use crate::instant;
use crate::session::Session;
use crate::words::{json, present, to_json, word};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "events")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub order_no: String,
        pub user_id: String,
        pub kind: String,
        pub seq: i64,
        pub purchase: String,
        pub at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl TryFrom<row::Model> for Event {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            kind: present("events.kind", EventKind::named(&row.kind))?,
            purchase: json("events.purchase", &row.purchase)?,
        })
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send> EventReads for Session<C> {
    async fn newest_event_id(&mut self) -> Result<i64, StoreError> {
        let newest: Option<i64> = row::Entity::find()
            .select_only()
            .column(row::Column::Id)
            .order_by_desc(row::Column::Id)
            .into_tuple()
            .one(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(newest.unwrap_or(0))
    }

    async fn event_heads(&mut self, after: i64, limit: u64) -> Result<Vec<EventHead>, StoreError> {
        let heads: Vec<(i64, String)> = row::Entity::find()
            .select_only()
            .column(row::Column::Id)
            .column(row::Column::UserId)
            .filter(row::Column::Id.gt(after))
            .order_by_asc(row::Column::Id)
            .limit(limit)
            .into_tuple()
            .all(&self.connection)
            .await
            .map_err(store_error)?;
        // As below: one that means nothing stops nobody.
        let readable = heads.into_iter().filter_map(|(id, user_id)| {
            let user_id = word("events.user_id", &user_id).ok()?;
            Some(EventHead { id, user_id })
        });
        Ok(readable.collect())
    }

    async fn load_events(&mut self, ids: &[i64]) -> Result<Vec<Event>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows = row::Entity::find()
            .filter(row::Column::Id.is_in(ids.iter().copied()))
            .order_by_asc(row::Column::Id)
            .all(&self.connection)
            .await
            .map_err(store_error)?;
        // One that cannot be read, written by a newer process perhaps, must not stop the others: its
        // buyer reads the state itself anyway.
        let readable = rows.into_iter().filter_map(|row| {
            let id = row.id;
            Event::try_from(row)
                .inspect_err(|error| {
                    let cause = std::error::Error::source(error);
                    tracing::error!(event.id = id, cause, "passed over event {id}");
                })
                .ok()
        });
        Ok(readable.collect())
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send> EventStore for Session<C> {
    async fn append_event(&mut self, event: &NewEvent<'_>) -> Result<(), StoreError> {
        let order = &event.purchase.order;
        let row = row::ActiveModel {
            order_no: Set(order.order_no.to_string()),
            user_id: Set(order.user_id.to_string()),
            kind: Set(event.kind.as_str().to_owned()),
            seq: Set(order.version),
            purchase: Set(to_json(event.purchase)?),
            at: Set(instant::stored(event.at)),
            ..<row::ActiveModel as ActiveModelTrait>::default()
        };
        insert(&self.connection, &row::Entity::insert(row).into_query()).await
    }
}
