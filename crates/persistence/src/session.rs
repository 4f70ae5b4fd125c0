use async_trait::async_trait;
use cashier::Transaction;
use kernel::StoreError;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};

use crate::errors::store_error;
use crate::turns::Turn;

/// Something that statements run on, with the stores on top of it. The stores are written once, for
/// whatever connection: a snapshot, a transaction that writes, or a member of a group of such.
#[derive(Debug)]
pub(crate) struct Session<C> {
    pub(crate) connection: C,
}

impl<C: ConnectionTrait> Session<C> {
    pub(crate) fn backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }
}

/// A transaction that holds the turn to write. The fields are dropped in this order: the rollback
/// is on its way before the next writer is let in.
#[derive(Debug)]
pub(crate) struct WriteTransaction {
    pub(crate) transaction: DatabaseTransaction,
    pub(crate) turn: Turn,
}

#[async_trait]
impl ConnectionTrait for WriteTransaction {
    fn get_database_backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.transaction.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.transaction.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.transaction.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.transaction.query_all_raw(statement).await
    }
}

#[async_trait]
impl Transaction for Session<WriteTransaction> {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let WriteTransaction { transaction, turn } = self.connection;
        let committed = transaction.commit().await.map_err(store_error);
        drop(turn);
        committed
    }
}

#[cfg(test)]
mod tests;
