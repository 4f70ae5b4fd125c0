use std::collections::BTreeMap;
use std::fmt;

use paydesk_money::Cny;
use paydesk_provider::NoticeError;
use time::OffsetDateTime;

use super::content::malformed;
use crate::fields::Fields;
use crate::form::Form;
use crate::members::Members;

const DEPOSIT_BACK: &str = "alipay.trade.refund.depositback.completed";

/// A message to the application gateway (应用网关), an address of its own. Payments are not announced
/// there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GatewayMessage {
    /// The platform's id of the message, where it has one.
    pub notify_id: Option<String>,
    /// The app; empty if it is not named.
    pub app_id: String,
    /// The platform's name for the message: `msg_method`, of older ones `method`.
    pub method: String,
    /// When it was sent.
    pub sent_at: Option<OffsetDateTime>,
    /// What it says.
    pub content: MessageContent,
}

/// What a message to the application gateway says.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageContent {
    /// A card's bank took a refund back, or could not. Comes only for refunds that were asked for with
    /// [`RefundDetail::DepositBack`](crate::RefundDetail::DepositBack).
    DepositBack(Box<DepositBack>),
    /// Another message: its JSON.
    Json(String),
    /// An older message: its fields. They may name people.
    Fields(BTreeMap<String, String>),
}

impl fmt::Debug for MessageContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DepositBack(content) => f.debug_tuple("DepositBack").field(content).finish(),
            Self::Json(_) => f.write_str("Json(redacted)"),
            Self::Fields(_) => f.write_str("Fields(redacted)"),
        }
    }
}

/// How a refund to a bank card ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DepositBack {
    /// Alipay's number of the trade.
    pub trade_no: Option<String>,
    /// The merchant's number of the trade.
    pub out_trade_no: Option<String>,
    /// The merchant's number of the refund.
    pub out_request_no: Option<String>,
    /// `S`: the bank has it. `F`: the bank refused, and the money is in the payer's balance. `P`: it is
    /// on its way, as a query says.
    pub status: String,
    /// How much.
    pub amount: Option<Cny>,
    /// When the bank took it.
    pub bank_ack_time: Option<OffsetDateTime>,
    /// When the payer's card should show it.
    pub expected_at: Option<OffsetDateTime>,
}

/// Reads the fields of an authentic message.
pub(super) fn open(form: &Form) -> Result<GatewayMessage, NoticeError> {
    let newer = form.text("msg_method").map_err(malformed)?;
    let sent_at = if newer.is_some() {
        form.get("utc_timestamp").and_then(milliseconds)
    } else {
        form.time("notify_time").ok().flatten()
    };
    let (method, content) = match newer {
        Some(method) => {
            let content = json(form, &method)?;
            (method, content)
        }
        None => (form.needed("method").map_err(malformed)?, all(form)?),
    };
    Ok(GatewayMessage {
        notify_id: form.loose("notify_id"),
        app_id: form.loose("app_id").unwrap_or_default(),
        method,
        sent_at,
        content,
    })
}

fn json(form: &Form, method: &str) -> Result<MessageContent, NoticeError> {
    let json = form
        .words("biz_content")
        .ok_or_else(|| malformed("biz_content is missing"))?;
    if method == DEPOSIT_BACK {
        let deposit = DepositBack::read(&json).map_err(malformed)?;
        return Ok(MessageContent::DepositBack(Box::new(deposit)));
    }
    Ok(MessageContent::Json(json))
}

fn all(form: &Form) -> Result<MessageContent, NoticeError> {
    form.all_words().map(MessageContent::Fields).ok_or_else(|| {
        malformed("a field is not in the character set, or its borders are not clear")
    })
}

impl DepositBack {
    pub(crate) fn read(json: &str) -> Result<Self, String> {
        let node = Members::read(json.as_bytes()).map_err(|error| error.to_string())?;
        Ok(Self {
            trade_no: node.text("trade_no")?,
            out_trade_no: node.text("out_trade_no")?,
            out_request_no: node.text("out_request_no")?,
            status: node.needed("dback_status")?,
            amount: node.yuan("dback_amount")?,
            bank_ack_time: node.time("bank_ack_time").ok().flatten(),
            expected_at: node.time("est_bank_receipt_time").ok().flatten(),
        })
    }
}

fn milliseconds(text: &str) -> Option<OffsetDateTime> {
    let since: i128 = text.parse().ok()?;
    OffsetDateTime::from_unix_timestamp_nanos(since.checked_mul(1_000_000)?).ok()
}
