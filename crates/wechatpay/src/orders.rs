//! Asking about an order and closing it.

use paydesk_provider::{Answer, Closed, ProviderError, Verified};
use serde::Serialize;

use crate::client::WechatPay;
use crate::codes::Class;
use crate::exchange::{Call, answered, known};
use crate::fields::{body, check_out_trade_no, check_platform_no, segment};
use crate::operation::Operation;
use crate::payee::Merchants;
use crate::refusal::Refusal;
use crate::transaction::Transaction;

/// Which order is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderNumber<'a> {
    /// The merchant's number.
    OutTradeNo(&'a str),
    /// WeChat Pay's number, which exists once it is paid.
    TransactionId(&'a str),
}

impl WechatPay {
    /// Asks about an order. `None`: the platform said that it knows no such number. That is not
    /// signed, and freshly placed orders may be told so, too: it proves nothing by itself.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn query_order(
        &self,
        number: OrderNumber<'_>,
    ) -> Result<Answer<Option<Verified<Transaction>>>, ProviderError> {
        self.ask(number, Ok).await
    }

    /// The transaction, as `shape` makes it, under the same signature.
    pub(crate) async fn ask<T>(
        &self,
        number: OrderNumber<'_>,
        shape: impl FnOnce(Transaction) -> Result<T, String>,
    ) -> Result<Answer<Option<Verified<T>>>, ProviderError> {
        let path = match number {
            OrderNumber::OutTradeNo(number) => {
                check_out_trade_no(number)?;
                format!("out-trade-no/{}", segment(number))
            }
            OrderNumber::TransactionId(number) => {
                check_platform_no(number, "transaction_id")?;
                format!("id/{number}")
            }
        };
        let target = format!(
            "{}/{path}?{}",
            self.orders_path(),
            self.merchants()?.query()
        );
        let reply = match known(
            self.account
                .call(&Call::get(Operation::Query, target))
                .await,
        )? {
            Ok(reply) => reply,
            Err(details) => return Ok(answered(None, details)),
        };
        let answer = reply.read(|json| {
            let transaction = Transaction::read(json)?;
            let same = match number {
                OrderNumber::OutTradeNo(number) => transaction.out_trade_no == number,
                OrderNumber::TransactionId(number) => {
                    transaction.transaction_id.as_deref() == Some(number)
                }
            };
            if !same {
                return Err("the answer is about another number".to_owned());
            }
            shape(transaction)
        })?;
        Ok(answer.map(Some))
    }

    /// Closes an order, so that nobody can pay it any more. Merchants report that the platform accepts
    /// to close numbers that never were: query afterwards.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn close_order(&self, out_trade_no: &str) -> Result<Answer<Closed>, ProviderError> {
        check_out_trade_no(out_trade_no)?;
        let target = format!(
            "{}/out-trade-no/{}/close",
            self.orders_path(),
            segment(out_trade_no)
        );
        let body = body(&Close {
            merchants: self.merchants()?,
        })?;
        let call = Call::post(Operation::Close, target, body);
        let (class, details) = match self.account.call(&call).await {
            // The status is not signed, so that it came with nothing is what says that it is about a
            // close and not something else that was signed just now.
            Ok(reply) => {
                return reply.value(|body| {
                    let accepted = body.is_empty().then_some(Closed::Accepted);
                    accepted.ok_or_else(|| "no close: the answer is not empty".to_owned())
                });
            }
            Err(Refusal::Told { class, details }) => (class, details),
            Err(refusal) => return Err(refusal.into_error()),
        };
        closed(class)
            .map(|closed| answered(closed, details.clone()))
            .ok_or_else(|| Refusal::Told { class, details }.into_error())
    }
}

#[derive(Serialize)]
struct Close<'a> {
    #[serde(flatten)]
    merchants: Merchants<'a>,
}

const fn closed(class: Class) -> Option<Closed> {
    match class {
        Class::AlreadyClosed => Some(Closed::Accepted),
        Class::AlreadyPaid => Some(Closed::AlreadyPaid),
        Class::NoSuchNumber => Some(Closed::NoSuchPayment),
        _ => None,
    }
}
