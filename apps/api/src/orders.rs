use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, Path};
use cashier::{PlaceOrder, Placed};
use catalog::ItemKind;
use kernel::{OrderNo, UserId};
use orders::{OrderFilter, OrderPlace, OrderState, OrderStatus, Purchase};
use paydesk_provider::{Channel, Scene};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::Api;
use crate::auth::{Caller, ORDERS_CREATE};
use crate::body::Json;
use crate::idempotent::{Answered, KeyHeader, Named, Run, idempotent};
use crate::page::{Page, Wanted};
use crate::problem::Problem;
use crate::query::{NoParameters, Query};
use crate::view::OrderView;
use crate::words;

/// What is wanted. The price is the server's.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateOrder {
    item: WantedItem,
    #[schema(schema_with = words::channel)]
    channel: Channel,
    #[schema(schema_with = words::scene, required = false)]
    #[serde(default = "by_qr")]
    scene: Scene,
    /// Your own notes: at most 10, keys of 1 to 40 bytes, values of at most 500.
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    /// Who buys, when it is not the caller: needs the scope `orders:create`.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
}

/// Which goods.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedItem {
    #[schema(schema_with = words::item_kind)]
    pub(crate) kind: ItemKind,
    pub(crate) code: String,
}

const fn by_qr() -> Scene {
    Scene::Qr
}

/// Notes are for the caller, not for storing documents.
fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<(), Problem> {
    if metadata.len() > 10 {
        return Err(Problem::invalid("metadata", "at most 10 entries"));
    }
    for (key, value) in metadata {
        if !(1..=40).contains(&key.len()) || value.len() > 500 {
            let rule = "keys of 1 to 40 bytes, values of at most 500";
            return Err(Problem::invalid("metadata", rule));
        }
    }
    Ok(())
}

/// Places an order and asks the platform for a code to pay with.
#[utoipa::path(post, path = "/api/v1/payment/create-order", tag = "payment",
    security(("bearer" = [])), params(KeyHeader), request_body = CreateOrder,
    responses(
        (status = 200, description = "The same order was placed before and waits", body = OrderView),
        (status = 201, description = "A new order", body = OrderView)),
    extensions(("x-problems" = json!(["forbidden", "order_closed", "unsupported_channel",
        "not_an_upgrade", "upgrade_needed", "provider_unavailable", "provider_timeout"]))))]
pub(crate) async fn create(
    api: Data<Api>,
    caller: Caller,
    named: Named,
    _: Query<NoParameters>,
    wish: Json<CreateOrder>,
) -> Result<HttpResponse, Problem> {
    let Json(wish) = wish;
    check_metadata(&wish.metadata)?;
    if wish.user_id.is_some() {
        caller.needs(ORDERS_CREATE)?;
    }
    let user_id = wish.user_id.as_ref().unwrap_or(&caller.user_id);
    let order = PlaceOrder {
        user_id: user_id.clone(),
        kind: wish.item.kind,
        code: wish.item.code.clone(),
        channel: wish.channel,
        scene: wish.scene,
        metadata: wish.metadata.clone(),
        key: None,
    };
    let work = {
        let api = api.clone();
        move |run| async move { place(&api, order, run).await }
    };
    idempotent(api.service(), &caller.user_id, named, &wish, work).await
}

async fn place(api: &Api, mut order: PlaceOrder, run: Run) -> Result<Answered, Problem> {
    let checkout = &api.service().checkout;
    let placed = match run {
        Run::Begin(key) => {
            order.key = key;
            checkout.place(&order).await?
        }
        Run::Continue(order_no) => {
            let purchase = checkout.resume(&order.user_id, &order_no).await?;
            // Whoever was told that there is no code must not be told now that the order was made.
            if purchase.order.state.close_reason().is_some() {
                return Err(Problem::order_closed(&order_no));
            }
            Placed::New(purchase)
        }
    };
    match placed {
        Placed::New(purchase) => Answered::json(StatusCode::CREATED, &api.view(&purchase)),
        Placed::Waiting(purchase) => Answered::json(StatusCode::OK, &api.view(&purchase)),
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichOrder {
    #[param(required)]
    order_no: Option<String>,
    /// Whether the platform is asked first.
    #[param(value_type = Option<bool>)]
    refresh: Option<String>,
}

/// One order of the caller's.
#[utoipa::path(get, path = "/api/v1/payment/order-status", tag = "payment",
    security(("bearer" = [])), params(WhichOrder),
    responses((status = 200, description = "The order", body = OrderView)),
    extensions(("x-problems" = json!(["invalid_request", "order_not_found"]))))]
pub(crate) async fn status(
    api: Data<Api>,
    caller: Caller,
    which: Query<WhichOrder>,
) -> Result<HttpResponse, Problem> {
    let Query(which) = which;
    let missing = || Problem::invalid("order_no", "missing");
    let order_no = which.order_no.as_deref().ok_or_else(missing)?;
    let refresh = match which.refresh.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::invalid("refresh", "must be true or false")),
    };
    // A number that cannot be one is an order that does not exist.
    let order_no: OrderNo = order_no.parse().map_err(|_| Problem::order_not_found())?;
    let checkout = api.service().checkout.clone();
    let found = api
        .service()
        .ports
        .tasks
        .run(async move { checkout.status(&caller.user_id, &order_no, refresh).await })
        .await??;
    Ok(HttpResponse::Ok().json(api.view(&found)))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichOrders {
    /// Only those that stand there.
    #[param(schema_with = words::order_status)]
    status: Option<String>,
    /// How many at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The caller's orders, newest first.
#[utoipa::path(get, path = "/api/v1/payment/orders", tag = "payment",
    security(("bearer" = [])), params(WhichOrders),
    responses((status = 200, description = "A page of them", body = Page<OrderView>)),
    extensions(("x-problems" = json!(["invalid_request"]))))]
pub(crate) async fn list(
    api: Data<Api>,
    caller: Caller,
    which: Query<WhichOrders>,
) -> Result<HttpResponse, Problem> {
    let Query(which) = which;
    let wanted = Wanted::read(which.limit.as_deref(), which.cursor.as_deref())?;
    let status = which.status.as_deref().map(str::parse::<OrderStatus>);
    let filter = OrderFilter {
        status: status
            .transpose()
            .map_err(|_| Problem::invalid("status", "unknown"))?,
        after: wanted.after.clone(),
        limit: wanted.to_read(),
    };
    let found = api
        .service()
        .ports
        .database
        .read()
        .await?
        .list_purchases(&caller.user_id, &filter)
        .await?;
    let page = wanted.page(
        found,
        |purchase| OrderPlace::from(&purchase.order),
        |purchase| api.view(&purchase),
    )?;
    Ok(HttpResponse::Ok().json(page))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LinkQuery {
    /// Until when the link works, in seconds since 1970.
    #[param(value_type = Option<i64>)]
    until: Option<String>,
    signature: Option<String>,
}

/// The code as an image, by a signed link or by the buyer's token.
#[utoipa::path(get, path = "/api/v1/payment/orders/{order_no}/qr.svg", tag = "payment",
    security((), ("bearer" = [])),
    params(("order_no" = String, Path, description = "The order"), LinkQuery),
    responses((status = 200, description = "The image", content_type = "image/svg+xml", body = String)),
    extensions(("x-problems" = json!(["invalid_request", "order_not_found", "not_found"]))))]
pub(crate) async fn qr(
    api: Data<Api>,
    path: Path<String>,
    link: Query<LinkQuery>,
    caller: Result<Caller, Problem>,
) -> Result<HttpResponse, Problem> {
    let order_no: OrderNo = path.parse().map_err(|_| Problem::order_not_found())?;
    let Query(link) = link;
    let now = api.service().ports.clock.now();
    let purchase = match (linked(&api, &order_no, &link, now).await?, caller) {
        (Some(purchase), _) => purchase,
        (None, Ok(caller)) => {
            let checkout = &api.service().checkout;
            checkout.status(&caller.user_id, &order_no, false).await?
        }
        // Whoever follows a link is told nothing about orders, and has no token to send.
        (None, Err(_)) if link.signature.is_some() => return Err(Problem::order_not_found()),
        (None, Err(refused)) => return Err(refused),
    };
    let code = payable_code(&purchase, now).ok_or_else(Problem::code_not_found)?;
    let image = QrCode::with_error_correction_level(code, EcLevel::M)
        .map_err(|error| Problem::internal(&error))?
        .render::<svg::Color<'_>>()
        .min_dimensions(256, 256)
        .quiet_zone(true)
        .build();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "image/svg+xml"))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(image))
}

/// The order whose code the link opens, if it does.
async fn linked(
    api: &Api,
    order_no: &OrderNo,
    link: &LinkQuery,
    now: OffsetDateTime,
) -> Result<Option<Purchase>, Problem> {
    let until = link.until.as_deref().and_then(|until| until.parse().ok());
    let Some((until, signature)) = until.zip(link.signature.as_deref()) else {
        return Ok(None);
    };
    let found = api.service().checkout.show(order_no).await?;
    Ok(found.filter(|purchase| {
        let payment_no = &purchase.order.payment_no;
        api.links()
            .admits(order_no, payment_no, until, signature, now)
    }))
}

fn payable_code(purchase: &Purchase, now: OffsetDateTime) -> Option<&str> {
    purchase
        .attempt
        .code_at(now)
        .filter(|_| purchase.order.state == OrderState::Pending)
}

impl Api {
    pub(crate) fn view(&self, purchase: &Purchase) -> OrderView {
        OrderView::of(purchase, self.links(), self.service().ports.clock.now())
    }
}
