use async_trait::async_trait;
use catalog::{Tier, Title};
use kernel::{StoreError, UserId};
use membership::{MembershipReads, MembershipStore, Segment, SegmentState};
use paydesk_money::Cny;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect, QueryTrait, Select, Set};

use crate::errors::{insert_once, store_error};
use crate::instant;
use crate::session::Session;
use crate::words::{corrupt, maybe_word, present, word};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "membership_segments")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub segment_id: String,
        pub user_id: String,
        pub order_no: String,
        pub tier: String,
        pub tier_rank: i32,
        pub tier_title: String,
        pub tier_title_en: String,
        pub from_at: i64,
        pub until_at: i64,
        pub anchor_day: i32,
        pub value_fen: i64,
        pub version: i64,
        pub state: String,
        pub consumed_by: Option<String>,
        pub was_until_at: Option<i64>,
        pub credit_fen: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl TryFrom<row::Model> for Segment {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let state = state(&row)?;
        let anchor_day = u8::try_from(row.anchor_day)
            .map_err(|error| corrupt("membership_segments.anchor_day", &error))?;
        Ok(Self {
            segment_id: row.segment_id,
            user_id: word("membership_segments.user_id", &row.user_id)?,
            order_no: word("membership_segments.order_no", &row.order_no)?,
            tier: Tier {
                code: row.tier,
                rank: row.tier_rank,
                title: Title {
                    zh: row.tier_title,
                    en: row.tier_title_en,
                },
            },
            from: instant::read(row.from_at)?,
            until: instant::read(row.until_at)?,
            anchor_day,
            value: Cny::from_fen(row.value_fen),
            version: row.version,
            state,
        })
    }
}

fn state(row: &row::Model) -> Result<SegmentState, StoreError> {
    match row.state.as_str() {
        "live" => Ok(SegmentState::Live),
        "consumed" => {
            let column = "membership_segments.consumed_by";
            let by = maybe_word(column, row.consumed_by.as_deref())?;
            let was_until = present("membership_segments.was_until_at", row.was_until_at)?;
            let credit = present("membership_segments.credit_fen", row.credit_fen)?;
            Ok(SegmentState::Consumed {
                by: present(column, by)?,
                was_until: instant::read(was_until)?,
                credit: Cny::from_fen(credit),
            })
        }
        unknown => Err(corrupt("membership_segments.state", &unknown)),
    }
}

/// The columns that can change.
fn changeable(segment: &Segment) -> row::ActiveModel {
    let (consumed_by, was_until_at, credit_fen) = match &segment.state {
        SegmentState::Consumed {
            by,
            was_until,
            credit,
        } => (
            Some(by.to_string()),
            Some(instant::stored(*was_until)),
            Some(credit.fen()),
        ),
        _ => (None, None, None),
    };
    row::ActiveModel {
        until_at: Set(instant::stored(segment.until)),
        value_fen: Set(segment.value.fen()),
        version: Set(segment.version),
        state: Set(segment.state.as_str().to_owned()),
        consumed_by: Set(consumed_by),
        was_until_at: Set(was_until_at),
        credit_fen: Set(credit_fen),
        ..<row::ActiveModel as ActiveModelTrait>::default()
    }
}

fn of_user(user_id: &UserId) -> Select<row::Entity> {
    row::Entity::find()
        .filter(row::Column::UserId.eq(user_id.as_str()))
        .order_by_asc(row::Column::FromAt)
        .order_by_asc(row::Column::SegmentId)
}

impl<C: ConnectionTrait> Session<C> {
    async fn segments(&self, query: Select<row::Entity>) -> Result<Vec<Segment>, StoreError> {
        query
            .all(&self.connection)
            .await
            .map_err(store_error)?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send> MembershipReads for Session<C> {
    async fn find_segments(&mut self, user_id: &UserId) -> Result<Vec<Segment>, StoreError> {
        self.segments(of_user(user_id)).await
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send> MembershipStore for Session<C> {
    async fn lock_segments(&mut self, user_id: &UserId) -> Result<Vec<Segment>, StoreError> {
        self.segments(of_user(user_id).lock_exclusive()).await
    }

    async fn insert_segment(&mut self, segment: &Segment) -> Result<bool, StoreError> {
        let row = row::ActiveModel {
            segment_id: Set(segment.segment_id.clone()),
            user_id: Set(segment.user_id.to_string()),
            order_no: Set(segment.order_no.to_string()),
            tier: Set(segment.tier.code.clone()),
            tier_rank: Set(segment.tier.rank),
            tier_title: Set(segment.tier.title.zh.clone()),
            tier_title_en: Set(segment.tier.title.en.clone()),
            from_at: Set(instant::stored(segment.from)),
            anchor_day: Set(i32::from(segment.anchor_day)),
            ..changeable(segment)
        };
        insert_once(&self.connection, &row::Entity::insert(row).into_query()).await
    }

    async fn save_segment(&mut self, segment: &Segment) -> Result<(), StoreError> {
        let saved = row::Entity::update_many()
            .set(changeable(segment))
            .filter(row::Column::SegmentId.eq(segment.segment_id.as_str()))
            .filter(row::Column::Version.eq(segment.version - 1))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        if saved.rows_affected == 1 {
            Ok(())
        } else {
            Err(StoreError::lost_update("the segment has another version"))
        }
    }
}
