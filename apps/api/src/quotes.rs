//! What something would cost.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use cashier::Quote;
use catalog::{Goods, Upgrade};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Api;
use crate::auth::Caller;
use crate::body::Json;
use crate::idempotent::{Answered, KeyHeader, Named, idempotent};
use crate::memberships::TierView;
use crate::orders::WantedItem;
use crate::problem::Problem;
use crate::query::{NoParameters, Query};
use crate::view::ItemView;
use crate::words;

/// What is to be priced.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuoteWish {
    item: WantedItem,
}

/// What something would cost the caller now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Quote)]
pub(crate) struct QuoteView {
    item: ItemView,
    /// What an order placed now would cost.
    amount_fen: i64,
    #[schema(schema_with = words::currency)]
    currency: &'static str,
    breakdown: Breakdown,
}

/// How the amount comes about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Breakdown)]
struct Breakdown {
    list_price_fen: i64,
    credit_fen: i64,
    /// By how much the period grows, for credit beyond the price.
    extra_seconds: i64,
    consumed: Vec<ConsumedView>,
}

/// A segment that ends with the upgrade.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConsumedSegment)]
struct ConsumedView {
    segment_id: String,
    tier: TierView,
    unused_seconds: i64,
    credit_fen: i64,
}

/// What something would cost the caller now. An order placed at this moment costs the same; the price of
/// an upgrade changes with the time that is left of what it replaces, and is frozen by ordering it.
#[utoipa::path(post, path = "/api/v1/payment/quote", tag = "payment",
    security(("bearer" = [])), params(KeyHeader), request_body = QuoteWish,
    responses((status = 200, description = "The price with its breakdown", body = QuoteView)),
    extensions(("x-problems" = json!(["not_an_upgrade", "upgrade_needed"]))))]
pub(crate) async fn quote(
    api: Data<Api>,
    caller: Caller,
    named: Named,
    _: Query<NoParameters>,
    wish: Json<QuoteWish>,
) -> Result<HttpResponse, Problem> {
    let Json(wish) = wish;
    let (kind, code) = (wish.item.kind, wish.item.code.clone());
    let (catalogue, user_id) = (api.service().catalogue.clone(), caller.user_id.clone());
    let work = move |_| async move {
        let quote = catalogue.quote(&user_id, kind, &code).await?;
        Answered::json(StatusCode::OK, &QuoteView::from(quote))
    };
    idempotent(api.service(), &caller.user_id, named, &wish, work).await
}

impl From<Quote> for QuoteView {
    fn from(quote: Quote) -> Self {
        let breakdown = match &quote.sold.goods {
            Goods::Upgrade { upgrade, .. } => Breakdown::of(upgrade, &quote),
            _ => Breakdown {
                list_price_fen: quote.sold.price.fen(),
                credit_fen: 0,
                extra_seconds: 0,
                consumed: Vec::new(),
            },
        };
        Self {
            item: ItemView::from(&quote.sold),
            amount_fen: quote.sold.price.fen(),
            currency: "CNY",
            breakdown,
        }
    }
}

impl Breakdown {
    fn of(upgrade: &Upgrade, quote: &Quote) -> Self {
        // Quote and segments were read at the same moment, so each one counted is there.
        let consumed = upgrade.consumed.iter().filter_map(|part| {
            let segment = quote
                .held
                .iter()
                .find(|it| it.segment_id == part.segment_id)?;
            Some(ConsumedView {
                segment_id: part.segment_id.clone(),
                tier: TierView::from(&segment.tier),
                unused_seconds: segment.unused_seconds(quote.at),
                credit_fen: part.credit.fen(),
            })
        });
        Self {
            list_price_fen: upgrade.list_price.fen(),
            credit_fen: upgrade.credit.fen(),
            extra_seconds: upgrade.extra_seconds,
            consumed: consumed.collect(),
        }
    }
}
