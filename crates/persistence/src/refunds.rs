//! The rows of refunds. Their store methods are in `payments`, as in the domain.

use kernel::{PaymentNo, StoreError};
use paydesk_money::Cny;
use payments::{AccountKey, Refund, RefundReason, RefundState};
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QueryTrait, Set};

use crate::errors::{insert, store_error};
use crate::instant;
use crate::orders::CURRENCY;
use crate::words::{corrupt, word};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "refunds")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub refund_no: String,
        pub payment_no: String,
        pub order_no: String,
        pub account: String,
        pub channel: String,
        pub merchant_id: String,
        pub transaction_id: String,
        pub amount_fen: i64,
        pub currency: String,
        pub state: String,
        pub reason: String,
        pub created_at: i64,
        pub updated_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

const STATES: [RefundState; 1] = [RefundState::Due];
const REASONS: [RefundReason; 3] = [
    RefundReason::LatePayment,
    RefundReason::DoublePayment,
    RefundReason::GrantFailed,
];

impl TryFrom<row::Model> for Refund {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let state = STATES.into_iter().find(|it| it.as_str() == row.state);
        let reason = REASONS.into_iter().find(|it| it.as_str() == row.reason);
        Ok(Self {
            refund_no: word("refunds.refund_no", &row.refund_no)?,
            payment_no: word("refunds.payment_no", &row.payment_no)?,
            order_no: word("refunds.order_no", &row.order_no)?,
            account: AccountKey::new(row.account),
            channel: word("refunds.channel", &row.channel)?,
            merchant_id: row.merchant_id,
            transaction_id: row.transaction_id,
            amount: Cny::from_fen(row.amount_fen),
            state: state.ok_or_else(|| corrupt("refunds.state", &row.state))?,
            reason: reason.ok_or_else(|| corrupt("refunds.reason", &row.reason))?,
            created_at: instant::read(row.created_at)?,
        })
    }
}

pub(crate) async fn of_payment<C: ConnectionTrait>(
    connection: &C,
    payment_no: &PaymentNo,
) -> Result<Vec<Refund>, StoreError> {
    row::Entity::find()
        .filter(row::Column::PaymentNo.eq(payment_no.as_str()))
        .order_by_asc(row::Column::RefundNo)
        .all(connection)
        .await
        .map_err(store_error)?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
}

pub(crate) async fn add<C: ConnectionTrait>(
    connection: &C,
    refund: &Refund,
) -> Result<(), StoreError> {
    let row = row::ActiveModel {
        refund_no: Set(refund.refund_no.to_string()),
        payment_no: Set(refund.payment_no.to_string()),
        order_no: Set(refund.order_no.to_string()),
        account: Set(refund.account.to_string()),
        channel: Set(refund.channel.as_str().to_owned()),
        merchant_id: Set(refund.merchant_id.clone()),
        transaction_id: Set(refund.transaction_id.clone()),
        amount_fen: Set(refund.amount.fen()),
        currency: Set(CURRENCY.to_owned()),
        state: Set(refund.state.as_str().to_owned()),
        reason: Set(refund.reason.as_str().to_owned()),
        created_at: Set(instant::stored(refund.created_at)),
        updated_at: Set(instant::stored(refund.created_at)),
    };
    insert(connection, &row::Entity::insert(row).into_query()).await
}
