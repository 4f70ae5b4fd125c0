use async_trait::async_trait;
use catalog::ItemKind;
use kernel::{OrderNo, StoreError, UserId};
use orders::{Fulfilment, Order, OrderFilter, OrderReads, OrderState, OrderStore, Purchase};
use paydesk_money::Cny;
use paydesk_provider::Channel;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{Condition, QueryOrder, QuerySelect, QueryTrait, Set};
use time::OffsetDateTime;

use crate::attempts;
use crate::errors::{insert, store_error};
use crate::instant::{self, database_now};
use crate::session::Session;
use crate::words::{corrupt, json, maybe_word, present, to_json, word};

/// The one currency that is sold in.
pub(crate) const CURRENCY: &str = "CNY";

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub order_no: String,
        pub user_id: String,
        pub kind: String,
        pub code: String,
        pub item: String,
        pub amount_fen: i64,
        pub paid_fen: i64,
        pub refunded_fen: i64,
        pub currency: String,
        pub status: String,
        pub close_reason: Option<String>,
        pub fulfilment: String,
        pub payment_no: String,
        pub paid_payment_no: Option<String>,
        pub transaction_id: Option<String>,
        pub metadata: String,
        pub version: i64,
        pub created_at: i64,
        pub expire_at: i64,
        pub paid_at: Option<i64>,
        pub closed_at: Option<i64>,
        pub updated_at: i64,
        /// The buyer, while this is an upgrade that waits: unique, so there is one at most.
        pub pending_upgrade_of: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        /// The attempt that the buyer sees.
        #[sea_orm(
            belongs_to = "crate::attempts::row::Entity",
            from = "Column::PaymentNo",
            to = "crate::attempts::row::Column::PaymentNo"
        )]
        Attempt,
    }

    impl Related<crate::attempts::row::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Attempt.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl TryFrom<row::Model> for Order {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let state = state(&row)?;
        Ok(Self {
            order_no: word("orders.order_no", &row.order_no)?,
            user_id: word("orders.user_id", &row.user_id)?,
            item: json("orders.item", &row.item)?,
            amount: Cny::from_fen(row.amount_fen),
            paid: Cny::from_fen(row.paid_fen),
            refunded: Cny::from_fen(row.refunded_fen),
            state,
            fulfilment: word("orders.fulfilment", &row.fulfilment)?,
            payment_no: word("orders.payment_no", &row.payment_no)?,
            metadata: json("orders.metadata", &row.metadata)?,
            version: row.version,
            created_at: instant::read(row.created_at)?,
            expire_at: instant::read(row.expire_at)?,
        })
    }
}

fn state(row: &row::Model) -> Result<OrderState, StoreError> {
    let reason = || {
        let reason = maybe_word("orders.close_reason", row.close_reason.as_deref())?;
        present("orders.close_reason", reason)
    };
    match row.status.as_str() {
        "pending" => Ok(OrderState::Pending),
        "closing" => Ok(OrderState::Closing { reason: reason()? }),
        "paid" => {
            let by = maybe_word("orders.paid_payment_no", row.paid_payment_no.as_deref())?;
            let transaction_id = row.transaction_id.clone();
            Ok(OrderState::Paid {
                paid_at: instant::read(present("orders.paid_at", row.paid_at)?)?,
                payment_no: present("orders.paid_payment_no", by)?,
                transaction_id: present("orders.transaction_id", transaction_id)?,
            })
        }
        "closed" => Ok(OrderState::Closed {
            reason: reason()?,
            closed_at: instant::read(present("orders.closed_at", row.closed_at)?)?,
        }),
        unknown => Err(corrupt("orders.status", &unknown)),
    }
}

/// The columns that can change.
fn changeable(order: &Order) -> row::ActiveModel {
    let mut row = row::ActiveModel {
        paid_fen: Set(order.paid.fen()),
        refunded_fen: Set(order.refunded.fen()),
        status: Set(order.state.as_str().to_owned()),
        close_reason: Set(order
            .state
            .close_reason()
            .map(|why| why.as_str().to_owned())),
        fulfilment: Set(order.fulfilment.as_str().to_owned()),
        payment_no: Set(order.payment_no.to_string()),
        paid_payment_no: Set(None),
        transaction_id: Set(None),
        version: Set(order.version),
        paid_at: Set(None),
        closed_at: Set(None),
        pending_upgrade_of: Set(upgrades_now(order).then(|| order.user_id.to_string())),
        ..<row::ActiveModel as ActiveModelTrait>::default()
    };
    match &order.state {
        OrderState::Paid {
            paid_at,
            payment_no,
            transaction_id,
        } => {
            row.paid_at = Set(Some(instant::stored(*paid_at)));
            row.paid_payment_no = Set(Some(payment_no.to_string()));
            row.transaction_id = Set(Some(transaction_id.clone()));
        }
        OrderState::Closed { closed_at, .. } => {
            row.closed_at = Set(Some(instant::stored(*closed_at)));
        }
        _ => {}
    }
    row
}

/// Whether this is an upgrade that waits, of which a user has one at most.
fn upgrades_now(order: &Order) -> bool {
    order.item.kind == ItemKind::MembershipUpgrade && order.state == OrderState::Pending
}

/// An order with the attempt that was joined to it.
fn purchase(
    (order, attempt): (row::Model, Option<attempts::row::Model>),
) -> Result<Purchase, StoreError> {
    let attempt = present("orders.payment_no", attempt)?;
    Ok(Purchase {
        order: order.try_into()?,
        attempt: attempt.try_into()?,
    })
}

#[async_trait]
impl<C: ConnectionTrait + Send> OrderReads for Session<C> {
    async fn find_purchase(&mut self, order_no: &OrderNo) -> Result<Option<Purchase>, StoreError> {
        row::Entity::find_by_id(order_no.as_str())
            .find_also_related(attempts::row::Entity)
            .one(&self.connection)
            .await
            .map_err(store_error)?
            .map(purchase)
            .transpose()
    }

    async fn find_pending(
        &mut self,
        user_id: &UserId,
        kind: ItemKind,
        code: &str,
        channel: Channel,
    ) -> Result<Option<Purchase>, StoreError> {
        row::Entity::find()
            .find_also_related(attempts::row::Entity)
            .filter(row::Column::UserId.eq(user_id.as_str()))
            .filter(row::Column::Status.eq(OrderState::Pending.as_str()))
            .filter(row::Column::Kind.eq(kind.as_str()))
            .filter(row::Column::Code.eq(code))
            .filter(attempts::row::Column::Channel.eq(channel.as_str()))
            .order_by_desc(row::Column::CreatedAt)
            .order_by_desc(row::Column::OrderNo)
            .one(&self.connection)
            .await
            .map_err(store_error)?
            .map(purchase)
            .transpose()
    }

    async fn find_pending_upgrade(
        &mut self,
        user_id: &UserId,
    ) -> Result<Option<Purchase>, StoreError> {
        row::Entity::find()
            .find_also_related(attempts::row::Entity)
            .filter(row::Column::UserId.eq(user_id.as_str()))
            .filter(row::Column::Status.eq(OrderState::Pending.as_str()))
            .filter(row::Column::Kind.eq(ItemKind::MembershipUpgrade.as_str()))
            .order_by_desc(row::Column::CreatedAt)
            .order_by_desc(row::Column::OrderNo)
            .one(&self.connection)
            .await
            .map_err(store_error)?
            .map(purchase)
            .transpose()
    }

    async fn find_owed_upgrade(&mut self, user_id: &UserId) -> Result<Option<Order>, StoreError> {
        row::Entity::find()
            .filter(row::Column::UserId.eq(user_id.as_str()))
            .filter(row::Column::Status.eq("paid"))
            .filter(row::Column::Kind.eq(ItemKind::MembershipUpgrade.as_str()))
            .filter(row::Column::Fulfilment.eq(Fulfilment::Pending.as_str()))
            .order_by_asc(row::Column::PaidAt)
            .order_by_asc(row::Column::OrderNo)
            .one(&self.connection)
            .await
            .map_err(store_error)?
            .map(TryInto::try_into)
            .transpose()
    }

    async fn recent_purchases(
        &mut self,
        user_id: &UserId,
        since: OffsetDateTime,
        limit: u64,
    ) -> Result<Vec<Purchase>, StoreError> {
        row::Entity::find()
            .find_also_related(attempts::row::Entity)
            .filter(row::Column::UserId.eq(user_id.as_str()))
            .filter(row::Column::CreatedAt.gte(instant::stored(since)))
            .order_by_desc(row::Column::CreatedAt)
            .order_by_desc(row::Column::OrderNo)
            .limit(limit)
            .all(&self.connection)
            .await
            .map_err(store_error)?
            .into_iter()
            .map(purchase)
            .collect()
    }

    async fn list_purchases(
        &mut self,
        user_id: &UserId,
        filter: &OrderFilter,
    ) -> Result<Vec<Purchase>, StoreError> {
        let status = filter
            .status
            .map(|status| row::Column::Status.eq(status.as_str()));
        let older = filter.after.as_ref().map(|place| {
            let at = instant::stored(place.created_at);
            let before = row::Column::OrderNo.lt(place.order_no.as_str());
            row::Column::CreatedAt
                .lt(at)
                .or(row::Column::CreatedAt.eq(at).and(before))
        });
        row::Entity::find()
            .find_also_related(attempts::row::Entity)
            .filter(row::Column::UserId.eq(user_id.as_str()))
            .filter(Condition::all().add_option(status).add_option(older))
            .order_by_desc(row::Column::CreatedAt)
            .order_by_desc(row::Column::OrderNo)
            .limit(filter.limit)
            .all(&self.connection)
            .await
            .map_err(store_error)?
            .into_iter()
            .map(purchase)
            .collect()
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send> OrderStore for Session<C> {
    async fn insert_order(&mut self, order: &Order) -> Result<(), StoreError> {
        let row = row::ActiveModel {
            order_no: Set(order.order_no.to_string()),
            user_id: Set(order.user_id.to_string()),
            kind: Set(order.item.kind.as_str().to_owned()),
            code: Set(order.item.code.clone()),
            item: Set(to_json(&order.item)?),
            amount_fen: Set(order.amount.fen()),
            currency: Set(CURRENCY.to_owned()),
            metadata: Set(to_json(&order.metadata)?),
            created_at: Set(instant::stored(order.created_at)),
            expire_at: Set(instant::stored(order.expire_at)),
            updated_at: Set(instant::stored(order.created_at)),
            ..changeable(order)
        };
        insert(&self.connection, &row::Entity::insert(row).into_query()).await
    }

    async fn lock_order(&mut self, order_no: &OrderNo) -> Result<Option<Order>, StoreError> {
        row::Entity::find_by_id(order_no.as_str())
            // On SQLite this adds nothing: whoever writes there holds the whole database.
            .lock_exclusive()
            .one(&self.connection)
            .await
            .map_err(store_error)?
            .map(TryInto::try_into)
            .transpose()
    }

    async fn save_order(&mut self, order: &Order) -> Result<(), StoreError> {
        let saved = row::Entity::update_many()
            .set(changeable(order))
            .col_expr(row::Column::UpdatedAt, database_now(self.backend()))
            .filter(row::Column::OrderNo.eq(order.order_no.as_str()))
            .filter(row::Column::Version.eq(order.version - 1))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        if saved.rows_affected == 1 {
            Ok(())
        } else {
            Err(StoreError::lost_update("the order has another version"))
        }
    }
}
