//! The methods: what a request asks for, and what the world makes of it.

use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime, Time};
use url::Url;

use crate::{
    alipay::{
        answer::Answer,
        fields::{self, Span},
        gate::{Method, moment},
        parameters::Given,
        refusal::Refusal,
        trade::{self, fen},
    },
    channel::Channel,
    clock::CHINA,
    keys::AlipayKeys,
    orders::{CODE_LIFE, Order, Terms},
    world::World,
};

/// The most that one trade may cost: a hundred million yuan.
const LARGEST_FEN: i64 = 10_000_000_000;
const PRODUCTS: [&str; 2] = ["FACE_TO_FACE_PAYMENT", "QR_CODE_OFFLINE"];
const LONGEST_ADDRESS: usize = 256;

/// Whom a query or a closing means. Alipay's own number wins over the merchant's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    trade_no: Option<String>,
    out_trade_no: Option<String>,
}

/// A well-formed request.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Precreate(Box<Terms>),
    Query(Named),
    Close(Named),
}

/// Reads a request that the gate has admitted.
pub(crate) fn understand(
    method: Method,
    given: &Given,
    keys: &AlipayKeys,
    now: OffsetDateTime,
) -> Result<Call, Refusal> {
    let content = given.get("biz_content");
    match method {
        Method::Precreate => {
            let content = fields::PRECREATE.read(content)?;
            let notify_url = notify_url(given)?;
            terms(&content, notify_url, keys, now).map(|terms| Call::Precreate(Box::new(terms)))
        }
        Method::Query => named(&fields::QUERY.read(content)?).map(Call::Query),
        Method::Close => {
            notify_url(given)?;
            named(&fields::CLOSE.read(content)?).map(Call::Close)
        }
    }
}

impl Named {
    fn order<'a>(&self, world: &'a mut World, now: OffsetDateTime) -> Option<&'a Order> {
        let number = self.number(world);
        let order = world.order(Channel::Alipay, &number, now)?;
        order.is_known().then_some(order)
    }

    /// The merchant's number; empty if the world does not know Alipay's.
    pub(crate) fn number(&self, world: &World) -> String {
        let Some(trade_no) = &self.trade_no else {
            return self.out_trade_no.clone().unwrap_or_default();
        };
        world
            .order_by_transaction(Channel::Alipay, trade_no)
            .map(|order| order.terms.out_trade_no.clone())
            .unwrap_or_default()
    }

    /// What a refusal repeats of the question.
    fn echo(&self) -> Map<String, Value> {
        let pairs = [
            ("out_trade_no", &self.out_trade_no),
            ("trade_no", &self.trade_no),
        ];
        let given = pairs.into_iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some((name.to_owned(), json!(value)))
        });
        given.collect()
    }
}

impl Call {
    pub(crate) fn method(&self) -> Method {
        match self {
            Self::Precreate(_) => Method::Precreate,
            Self::Query(_) => Method::Query,
            Self::Close(_) => Method::Close,
        }
    }

    /// Does it. `code` is the new code and `qr_code` its address, for the case that one is needed.
    pub(crate) fn carry_out(
        self,
        world: &mut World,
        (code, qr_code): (&str, String),
        now: OffsetDateTime,
    ) -> Answer {
        match self {
            Self::Precreate(terms) => precreate(*terms, world, (code, qr_code), now),
            Self::Query(named) => query(&named, world, now),
            Self::Close(named) => close(&named, world, now),
        }
    }
}

fn precreate(
    terms: Terms,
    world: &mut World,
    (code, qr_code): (&str, String),
    now: OffsetDateTime,
) -> Answer {
    let method = Method::Precreate.name();
    let out_trade_no = json!(terms.out_trade_no);
    let mut content = Map::from_iter([("out_trade_no".to_owned(), out_trade_no)]);
    if let Err(error) = world.place(terms, code, now) {
        return Answer::refusal_with(method, &error.into(), content);
    }
    content.insert("qr_code".to_owned(), json!(qr_code));
    Answer::success(method, content)
}

fn query(named: &Named, world: &mut World, now: OffsetDateTime) -> Answer {
    let method = Method::Query.name();
    if let Some(order) = named.order(world, now) {
        return Answer::success(method, trade::trade(order));
    }
    let mut content = trade::nothing();
    content.extend(named.echo());
    Answer::refusal_with(method, &Refusal::trade_unknown(), content)
}

fn close(named: &Named, world: &mut World, now: OffsetDateTime) -> Answer {
    let method = Method::Close.name();
    let number = named.number(world);
    if let Err(error) = world.close(Channel::Alipay, &number, now) {
        return Answer::refusal_with(method, &error.into(), named.echo());
    }
    let order = world.order(Channel::Alipay, &number, now);
    let trade_no = order
        .and_then(|order| order.trade.as_ref())
        .map(|trade| json!(trade.transaction_id));
    let mut content = named.echo();
    content.insert("out_trade_no".to_owned(), json!(number));
    content.extend(trade_no.map(|number| ("trade_no".to_owned(), number)));
    Answer::success(method, content)
}

fn text(content: &Map<String, Value>, name: &str) -> Option<String> {
    content.get(name)?.as_str().map(str::to_owned)
}

fn named(content: &Map<String, Value>) -> Result<Named, Refusal> {
    let named = Named {
        trade_no: text(content, "trade_no"),
        out_trade_no: text(content, "out_trade_no"),
    };
    if named.trade_no.is_none() && named.out_trade_no.is_none() {
        return Err(Refusal::field("out_trade_no", "和trade_no不能同时为空"));
    }
    Ok(named)
}

/// Where notices go: http or https, without a query of its own.
fn notify_url(given: &Given) -> Result<Option<String>, Refusal> {
    let Some(address) = given.get("notify_url") else {
        return Ok(None);
    };
    let url = Url::parse(address).ok();
    let usable = url.is_some_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()
    });
    if !usable || address.chars().count() > LONGEST_ADDRESS {
        return Err(Refusal::invalid("parameter", "notify_url"));
    }
    Ok(Some(address.to_owned()))
}

/// The terms in a form whose shape has been checked.
fn terms(
    content: &Map<String, Value>,
    notify_url: Option<String>,
    keys: &AlipayKeys,
    now: OffsetDateTime,
) -> Result<Terms, Refusal> {
    let required = |name| text(content, name).ok_or_else(Refusal::business_content);
    let amount = |name| text(content, name).as_deref().and_then(fen);
    let total_fen = amount("total_amount").ok_or_else(Refusal::business_content)?;
    if !(1..=LARGEST_FEN).contains(&total_fen) {
        return Err(Refusal::amount_out_of_range());
    }
    let parts = amount("discountable_amount").zip(amount("undiscountable_amount"));
    if parts.is_some_and(|(with, without)| with + without != total_fen) {
        return Err(Refusal::field("discountable_amount", "与总金额不符"));
    }
    if content.contains_key("enable_pay_channels") && content.contains_key("disable_pay_channels") {
        return Err(Refusal::field(
            "enable_pay_channels",
            "与disable_pay_channels互斥",
        ));
    }
    let product = text(content, "product_code");
    if product.is_some_and(|product| !PRODUCTS.contains(&product.as_str())) {
        return Err(Refusal::product_not_signed());
    }
    if text(content, "seller_id").is_some_and(|seller| seller != keys.merchant_id) {
        return Err(Refusal::foreign_seller());
    }
    let subject = required("subject")?;
    Ok(Terms {
        channel: Channel::Alipay,
        out_trade_no: required("out_trade_no")?,
        // The rest of a repeat may differ: only these are bound to the number.
        request: json!({"subject": subject, "total_fen": total_fen}),
        description: subject,
        total_fen,
        notify_url,
        attach: text(content, "passback_params"),
        device_id: None,
        body: text(content, "body"),
        deadline: deadline(content, now)?,
        code_life: code_life(content, now),
    })
}

/// `time_expire` wins over `timeout_express`.
fn deadline(
    content: &Map<String, Value>,
    now: OffsetDateTime,
) -> Result<Option<OffsetDateTime>, Refusal> {
    if let Some(at) = text(content, "time_expire").as_deref().and_then(moment) {
        if at <= now {
            return Err(Refusal::deadline_passed());
        }
        if at > now + Channel::Alipay.longest_life() {
            return Err(Refusal::field("time_expire", "超过15天"));
        }
        return Ok(Some(at));
    }
    Ok(span(content, "timeout_express", now).map(|span| now + span))
}

fn code_life(content: &Map<String, Value>, now: OffsetDateTime) -> Duration {
    let wanted = span(content, "qr_code_timeout_express", now);
    wanted.map_or(CODE_LIFE, |wanted| wanted.min(CODE_LIFE))
}

fn span(content: &Map<String, Value>, name: &str, now: OffsetDateTime) -> Option<Duration> {
    match Span::read(&text(content, name)?)? {
        Span::Minutes(minutes) => Some(Duration::minutes(minutes)),
        Span::Today => {
            let here = now.to_offset(CHINA);
            let midnight = here.date().next_day()?.with_time(Time::MIDNIGHT);
            Some(midnight.assume_offset(CHINA) - here)
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-01-01 12:00 +8);

    fn precreate(change: &Value) -> Result<Terms, String> {
        let mut content = json!({
            "out_trade_no": "T20260101000001",
            "total_amount": "9.90",
            "subject": "会员-月卡",
        });
        for (name, value) in change.as_object().unwrap() {
            content[name] = value.clone();
        }
        let mut given = Given::default();
        given
            .all
            .insert("biz_content".to_owned(), content.to_string());
        let keys = AlipayKeys::throw_away();
        match understand(Method::Precreate, &given, &keys, NOON) {
            Ok(Call::Precreate(terms)) => Ok(*terms),
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => Err(refusal.sub_code),
        }
    }

    #[test]
    fn business_rules_have_their_codes() {
        for (change, code) in [
            (json!({"total_amount": "0"}), "ACQ.TOTAL_FEE_EXCEED"),
            (
                json!({"total_amount": "100000000.01"}),
                "ACQ.TOTAL_FEE_EXCEED",
            ),
            (
                json!({"product_code": "QUICK_WAP_WAY"}),
                "ACQ.ACCESS_FORBIDDEN",
            ),
            (
                json!({"seller_id": "2088000000000000"}),
                "ACQ.SELLER_NOT_EXIST",
            ),
            (
                json!({"time_expire": "2026-01-01 12:00:00"}),
                "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR",
            ),
            (
                json!({"time_expire": "2026-01-16 12:00:01"}),
                "ACQ.INVALID_PARAMETER",
            ),
            (
                json!({"discountable_amount": "1", "undiscountable_amount": "8"}),
                "ACQ.INVALID_PARAMETER",
            ),
            (
                json!({"enable_pay_channels": "balance", "disable_pay_channels": "pcredit"}),
                "ACQ.INVALID_PARAMETER",
            ),
        ] {
            assert_eq!(precreate(&change).unwrap_err(), code, "{change}");
        }
    }

    #[test]
    fn deadlines_come_from_the_first_of_two_fields() {
        let deadline = |change: Value| precreate(&change).unwrap().deadline;
        assert_eq!(deadline(json!({})), None);
        assert_eq!(
            deadline(json!({"timeout_express": "90m"})),
            Some(NOON + Duration::minutes(90))
        );
        assert_eq!(
            deadline(json!({"timeout_express": "1c"})),
            Some(datetime!(2026-01-02 0:00 +8))
        );
        let both = json!({"timeout_express": "90m", "time_expire": "2026-01-01 12:15:00"});
        assert_eq!(deadline(both), Some(NOON + Duration::minutes(15)));
        let life = |span: &str| {
            let terms = precreate(&json!({"qr_code_timeout_express": span}));
            terms.unwrap().code_life
        };
        assert_eq!((life("5m"), life("1d")), (Duration::minutes(5), CODE_LIFE));
    }

    #[test]
    fn a_notice_address_is_plain() {
        let mut given = Given::default();
        let mut check = |address: &str| {
            given
                .all
                .insert("notify_url".to_owned(), address.to_owned());
            notify_url(&given).is_ok()
        };
        assert!(check("https://pay.example.com/n/alipay"));
        assert!(check("http://127.0.0.1:8080/n"));
        for address in ["ftp://a.example/", "/n", "https://a.example/n?x=1"] {
            assert!(!check(address), "{address}");
        }
        assert!(!check(&format!("https://a.example/{}", "n".repeat(250))));
    }

    #[test]
    fn a_trade_exists_once_its_code_is_scanned() {
        let mut world = World::new(1);
        let named = |number: &str| Named {
            trade_no: None,
            out_trade_no: Some(number.to_owned()),
        };
        let code = || ("bax1", "https://qr.alipay.com/bax1".to_owned());
        let terms = precreate(&json!({})).unwrap();
        let number = terms.out_trade_no.clone();
        let placed = Call::Precreate(Box::new(terms)).carry_out(&mut world, code(), NOON);
        assert!(placed.is_success());
        let call = |world: &mut World, call: Call| call.carry_out(world, code(), NOON);
        let unknown = call(&mut world, Call::Query(named(&number)));
        assert_eq!(unknown.sub_code(), "ACQ.TRADE_NOT_EXIST");
        assert_eq!(unknown.content()["out_trade_no"], json!(number));
        let unknown = call(&mut world, Call::Close(named(&number)));
        assert_eq!(unknown.sub_code(), "ACQ.TRADE_NOT_EXIST");

        world.scan("bax1", "2026010122001", NOON);
        let shown = call(&mut world, Call::Query(named(&number)));
        assert_eq!(shown.content()["trade_status"], "WAIT_BUYER_PAY");
        let by_trade_no = Named {
            trade_no: Some("2026010122001".to_owned()),
            out_trade_no: Some("another".to_owned()),
        };
        let closed = call(&mut world, Call::Close(by_trade_no));
        assert_eq!(closed.content()["out_trade_no"], json!(number));
        let shown = call(&mut world, Call::Query(named(&number)));
        assert_eq!(shown.content()["trade_status"], "TRADE_CLOSED");
        let again = call(&mut world, Call::Close(named(&number)));
        assert_eq!(again.sub_code(), "ACQ.TRADE_STATUS_ERROR");
        let again = precreate(&json!({})).unwrap();
        let again = call(&mut world, Call::Precreate(Box::new(again)));
        assert_eq!(again.sub_code(), "ACQ.TRADE_HAS_CLOSE");
    }
}
