use kernel::{StoreError, Tag};
use sea_orm::entity::prelude::*;
use sea_orm::{QueryTrait, Set};
use time::OffsetDateTime;

use crate::Store;
use crate::errors::{insert, store_error};
use crate::instant;

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "installation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub payment_tag: String,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table's only row.
const ID: i32 = 1;

/// What migrating did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The steps that were applied now, by name; empty when the schema was up to date.
    pub applied: Vec<String>,
}

/// Why a database was not migrated. Nothing in it has changed then.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// It belongs to another environment.
    #[error("this database was made for payment tag {stored:?}, not for {given:?}")]
    OtherTag {
        /// The tag it was made for.
        stored: String,
        /// The tag of the settings.
        given: String,
    },
    /// It knows steps that this program does not.
    #[error("this database was migrated by a newer version of the program")]
    Newer,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a program must not start on a database.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The schema is older than the program.
    #[error("the database lacks {0} schema steps: run `paydesk-api migrate`")]
    Pending(usize),
    /// The schema is newer than the program.
    #[error("this database was migrated by a newer version of the program")]
    Newer,
    /// No tag was stored.
    #[error("the database has no payment tag: run `paydesk-api migrate`")]
    NoTag,
    /// It belongs to another environment.
    #[error("this database was made for payment tag {stored:?}, the settings say {given:?}")]
    OtherTag {
        /// The tag it was made for.
        stored: String,
        /// The tag of the settings.
        given: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Brings the schema up to date and, the first time, stores the environment's tag. All or
    /// nothing, and one process at a time: it is one transaction that writes.
    pub async fn migrate(&self, tag: &Tag, at: OffsetDateTime) -> Result<Migrated, MigrateError> {
        let connection = self.write().await?;
        let applied = match migrations::apply(&connection.transaction).await {
            Ok(applied) => applied,
            Err(DbErr::Custom(_)) => return Err(MigrateError::Newer),
            Err(error) => return Err(store_error(error).into()),
        };
        match stored_tag(&connection).await? {
            Some(stored) if stored == tag.as_str() => {}
            Some(stored) => {
                return Err(MigrateError::OtherTag {
                    stored,
                    given: tag.to_string(),
                });
            }
            None => {
                let first = row::ActiveModel {
                    id: Set(ID),
                    payment_tag: Set(tag.to_string()),
                    created_at: Set(instant::stored(at)),
                };
                insert(&connection, &row::Entity::insert(first).into_query()).await?;
            }
        }
        let committed = connection.transaction.commit().await;
        committed.map_err(store_error)?;
        Ok(Migrated { applied })
    }

    /// Whether a program with this tag may start on this database. Writes nothing.
    pub async fn check(&self, tag: &Tag) -> Result<(), CheckError> {
        let connection = self.snapshot().await?;
        match migrations::pending(&connection).await {
            Ok(missing) if missing.is_empty() => {}
            Ok(missing) => return Err(CheckError::Pending(missing.len())),
            Err(DbErr::Custom(_)) => return Err(CheckError::Newer),
            Err(error) => return Err(store_error(error).into()),
        }
        match stored_tag(&connection).await? {
            Some(stored) if stored == tag.as_str() => Ok(()),
            Some(stored) => Err(CheckError::OtherTag {
                stored,
                given: tag.to_string(),
            }),
            None => Err(CheckError::NoTag),
        }
    }
}

async fn stored_tag<C: ConnectionTrait>(connection: &C) -> Result<Option<String>, StoreError> {
    let row = row::Entity::find_by_id(ID)
        .one(connection)
        .await
        .map_err(store_error)?;
    Ok(row.map(|row| row.payment_tag))
}
