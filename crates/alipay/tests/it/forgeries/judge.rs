//! The client that is to judge what is made of genuine messages.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use paydesk_alipay::{
    Alipay, BillKind, BillPeriod, CancelAction, Closed, Config, FoundRefund, FoundTrade,
    FundChange, MessageContent, NoticeContent, Order, PayOutcome, RawCall, RefundRequest, Request,
    Response, TradeNumber, Transport, TransportError,
};
use paydesk_money::Cny;
use paydesk_provider::{Found, NoticeBody, PaymentProvider, RawNotice};
use time::macros::date;

use super::Refused;
use super::messages::{Message, Role, genuine};
use crate::platform::{NOW, an_order, credentials};

/// Gives every call this answer.
#[derive(Debug, Default)]
struct Line(Mutex<Option<Response<Bytes>>>);

#[async_trait]
impl Transport for Line {
    async fn send(&self, _: Request) -> Result<Response, TransportError> {
        Ok(self.0.lock().unwrap().clone().unwrap().into())
    }
}

/// Between the platform and the client.
pub(super) struct Forger {
    client: Alipay,
    line: Arc<Line>,
}

impl Forger {
    pub(super) fn new() -> Self {
        let line = Arc::new(Line::default());
        let config = Config::new(credentials()).clock(|| NOW).read_attempts(1);
        Self {
            client: Alipay::new(config.transport(line.clone())).unwrap(),
            line,
        }
    }

    /// Takes the message for what its role says. An error is a refusal; which one, is for the caller.
    pub(super) async fn take(&self, role: Role, message: &Message) -> Result<(), Refused> {
        if role.is_answer() {
            *self.line.0.lock().unwrap() = Some(Response {
                status: message.status,
                headers: message.headers.clone(),
                body: message.body.clone().into(),
            });
            return self.call(role).await;
        }
        let notice = RawNotice {
            headers: message.headers.clone(),
            body: message.body.clone().into(),
        };
        let verifier = self.client.notices();
        let is_meant = match role {
            Role::Payment => {
                let notice = verifier.verify(&notice)?;
                matches!(notice.content, NoticeContent::Payment(_))
            }
            Role::Refunded => {
                let notice = verifier.verify(&notice)?;
                matches!(notice.content, NoticeContent::Refund(_))
            }
            Role::Neutral => {
                let notice = self.client.verify(&notice)?;
                matches!(notice.body, NoticeBody::Payment(_))
            }
            Role::Message => {
                let message = verifier.verify_message(&notice)?;
                matches!(message.content, MessageContent::DepositBack(_))
            }
            Role::OldMessage => {
                let message = verifier.verify_message(&notice)?;
                matches!(message.content, MessageContent::Fields(_))
            }
            _ => {
                let query = String::from_utf8_lossy(&notice.body);
                verifier.verify_return(&query).map(drop)?;
                true
            }
        };
        assert!(is_meant, "{role:?}: taken for something else: {message:?}");
        Ok(())
    }

    /// Whatever is told of the call but what the genuine answer tells is no belief to hold either.
    async fn call(&self, role: Role) -> Result<(), Refused> {
        let client = &self.client;
        let number = TradeNumber::OutTradeNo("PO0001".to_owned());
        let is_meant = match role {
            Role::Create => {
                let code = client.create(&an_order("PO0001")).await?.value.code_url;
                code == "https://qr.alipay.com/bax1"
            }
            Role::Precreate => {
                let code = client.precreate(&order()).await?.value.content;
                code == "https://qr.alipay.com/bax1"
            }
            Role::Pay => {
                let paid = client.pay(&order(), "281234567890123456").await?.value;
                matches!(paid, PayOutcome::Paid(_))
            }
            Role::Ask => {
                let found = client.query("PO0001").await?.value;
                matches!(found, Found::Payment(_))
            }
            Role::Query => {
                let found = client.query_trade(&number).await?.value;
                matches!(found, FoundTrade::Trade(_))
            }
            Role::Shut => client.close("PO0001").await?.value == Closed::Accepted,
            Role::Close => client.close_trade(&number).await?.value == Closed::Accepted,
            Role::Cancel => {
                let cancelled = client.cancel_trade(&number).await?.value;
                cancelled.action == CancelAction::Closed
            }
            Role::Refund => {
                let refund = RefundRequest::new(number, "RF0001", Cny::from_fen(990));
                let refunded = client.refund(&refund).await?.value;
                refunded.fund_change == FundChange::Moved
            }
            Role::RefundQuery => {
                let found = client.query_refund(&number, "RF0001").await?.value;
                matches!(found, FoundRefund::Refund(_))
            }
            Role::Bill => {
                let day = BillPeriod::Day(date!(2025 - 12 - 31));
                client.bill(BillKind::Trade, day).await?.value.is_some()
            }
            _ => {
                let call = RawCall::write(
                    "alipay.trade.order.settle",
                    r#"{"out_trade_no":"PO0001","out_request_no":"RF0001"}"#,
                );
                client.raw(&call).await?.value.contains("PO0001")
            }
        };
        assert!(is_meant, "{role:?}: something else was believed");
        Ok(())
    }

    pub(super) async fn assert_genuine(&self, role: Role) {
        let genuine = genuine(role);
        if let Err(refused) = self.take(role, &genuine).await {
            panic!("{role:?}: the genuine one was refused: {refused:?}: {genuine:?}");
        }
    }
}

fn order() -> Order {
    let fen = Cny::from_fen(990);
    Order::new("PO0001", "点数", fen, "https://pay.example.com/n")
}
