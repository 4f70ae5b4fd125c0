//! Plans, and what a user holds.

use actix_web::HttpResponse;
use actix_web::web::Data;
use catalog::{Plan, Tier};
use membership::Segment;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa::openapi::Ref;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::query::{NoParameters, Query};
use crate::words;

/// A rung of membership; a higher rank is better.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tier)]
pub(crate) struct TierView {
    code: String,
    title: String,
    title_en: String,
    rank: i32,
}

impl From<&Tier> for TierView {
    fn from(tier: &Tier) -> Self {
        Self {
            code: tier.code.clone(),
            title: tier.title.zh.clone(),
            title_en: tier.title.en.clone(),
            rank: tier.rank,
        }
    }
}

/// A plan of membership.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plan)]
pub(crate) struct PlanView {
    #[schema(schema_with = words::item_kind)]
    kind: &'static str,
    code: String,
    version: i32,
    title: String,
    title_en: String,
    amount_fen: i64,
    #[schema(schema_with = words::currency)]
    currency: &'static str,
    months: u32,
    tier: TierView,
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        Self {
            kind: catalog::ItemKind::Membership.as_str(),
            tier: TierView::from(&plan.tier),
            code: plan.code,
            version: plan.version,
            title: plan.title.zh,
            title_en: plan.title.en,
            amount_fen: plan.price.fen(),
            currency: "CNY",
            months: plan.months,
        }
    }
}

/// A stretch of membership from one order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MembershipSegment)]
struct SegmentView {
    segment_id: String,
    tier: TierView,
    #[serde(with = "time::serde::rfc3339")]
    from: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    until: OffsetDateTime,
    order_no: String,
}

/// What the caller holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Membership)]
pub(crate) struct MembershipView {
    /// What the caller holds now; null when nothing.
    #[schema(schema_with = maybe_tier, required)]
    tier: Option<TierView>,
    /// Until when they hold it without a break.
    #[schema(required)]
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    /// What is not over yet, by beginning.
    segments: Vec<SegmentView>,
}

fn maybe_tier() -> Schema {
    OneOfBuilder::new()
        .item(Ref::from_schema_name("Tier"))
        .item(ObjectBuilder::new().schema_type(Type::Null))
        .build()
        .into()
}

/// The caller's membership.
#[utoipa::path(get, path = "/api/v1/account/membership", tag = "account", security(("bearer" = [])),
    responses((status = 200, description = "What is held, and what follows", body = MembershipView)),
    extensions(("x-problems" = json!(["invalid_request"]))))]
pub(crate) async fn held(
    api: Data<Api>,
    caller: Caller,
    _: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let ports = &api.service().ports;
    let mut snapshot = ports.database.read().await?;
    let held = snapshot.find_segments(&caller.user_id).await?;
    let now = ports.clock.now();
    let current = membership::current(&held, now);
    let segments = held
        .into_iter()
        .filter(|segment| segment.is_unfinished(now));
    Ok(HttpResponse::Ok().json(MembershipView {
        tier: current
            .as_ref()
            .map(|current| TierView::from(&current.tier)),
        expires_at: current.map(|current| current.until),
        segments: segments.map(SegmentView::from).collect(),
    }))
}

impl From<Segment> for SegmentView {
    fn from(segment: Segment) -> Self {
        Self {
            tier: TierView::from(&segment.tier),
            segment_id: segment.segment_id,
            from: segment.from,
            until: segment.until,
            order_no: segment.order_no.to_string(),
        }
    }
}
