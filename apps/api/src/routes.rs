use actix_web::guard::{self, Guard};
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, Resource};

use crate::problem::Problem;
use crate::{account, callback, catalog, changes, docs, health, live, memberships, orders, quotes};

/// One endpoint; `docs/HTTP.md` and the OpenAPI description list the same ones, and a test holds the
/// three together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The path, with parameters in braces.
    pub path: &'static str,
}

macro_rules! routes {
    ($($method:ident $path:literal => $module:ident::$handler:ident),+ $(,)?) => {
        /// Every endpoint.
        pub const ROUTES: &[Route] = &[$(Route { method: stringify!($method), path: $path }),+];

        /// Puts every endpoint into an actix application.
        pub fn configure(service: &mut ServiceConfig) {
            $(service.service(
                Resource::new($path)
                    .route(web::route().guard(takes(Method::$method)).to($module::$handler))
                    .default_service(web::to(|request: HttpRequest| async move {
                        Problem::method_not_allowed(&request, allowed(&Method::$method))
                    })),
            );)+
            service.service(web::redirect("/docs/", "/docs"));
        }

        /// Every endpoint as its handler describes it.
        #[derive(Debug, utoipa::OpenApi)]
        #[openapi(paths($($module::$handler),+))]
        pub(crate) struct Endpoints;
    };
}

routes! {
    GET "/api/v1/catalog" => catalog::show,
    POST "/api/v1/payment/quote" => quotes::quote,
    POST "/api/v1/payment/create-order" => orders::create,
    GET "/api/v1/payment/order-status" => orders::status,
    GET "/api/v1/payment/orders" => orders::list,
    GET "/api/v1/payment/orders/{order_no}/qr.svg" => orders::qr,
    POST "/api/v1/payment/cancel-order" => changes::cancel,
    POST "/api/v1/payment/switch-channel" => changes::switch,
    POST "/api/v1/payment/wechat/callback" => callback::wechat,
    POST "/api/v1/payment/alipay/callback" => callback::alipay,
    GET "/api/v1/payment/ws" => live::connect,
    GET "/api/v1/account/membership" => memberships::held,
    GET "/api/v1/account/points" => account::points,
    GET "/api/v1/account/points/entries" => account::entries,
    GET "/api/v1/openapi.json" => docs::description,
    GET "/docs" => docs::page,
    GET "/docs/{file}" => docs::file,
    GET "/healthz" => health::alive,
    GET "/readyz" => health::ready,
}

/// What can be read can be asked for without its body.
fn takes(method: Method) -> impl Guard {
    let get = method == Method::GET;
    guard::fn_guard(move |request| {
        let asked = &request.head().method;
        *asked == method || (get && *asked == Method::HEAD)
    })
}

/// The same, as the header `Allow` says it.
fn allowed(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET, HEAD",
        _ => "POST",
    }
}

/// For every path that is none of ours.
pub(crate) async fn nothing_here(request: HttpRequest) -> Problem {
    Problem::not_found(&request)
}
