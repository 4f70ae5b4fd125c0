use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, Resource};

use crate::problem::Problem;
use crate::{account, callback, catalog, health, live, orders};

/// One endpoint; `docs/HTTP.md` lists the same ones, and a test holds the two together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The path, with parameters in braces.
    pub path: &'static str,
}

macro_rules! routes {
    ($($method:ident $path:literal => $handler:path),+ $(,)?) => {
        /// Every endpoint.
        pub const ROUTES: &[Route] = &[$(Route { method: stringify!($method), path: $path }),+];

        /// Puts every endpoint into an actix application.
        pub fn configure(service: &mut ServiceConfig) {
            $(service.service(
                Resource::new($path)
                    .route(web::method(actix_web::http::Method::$method).to($handler))
                    .default_service(web::to(|request: HttpRequest| async move {
                        Problem::method_not_allowed(&request, stringify!($method))
                    })),
            );)+
        }
    };
}

routes! {
    GET "/api/v1/catalog" => catalog::show,
    POST "/api/v1/payment/create-order" => orders::create,
    GET "/api/v1/payment/order-status" => orders::status,
    GET "/api/v1/payment/orders/{order_no}/qr.svg" => orders::qr,
    POST "/api/v1/payment/wechat/callback" => callback::wechat,
    POST "/api/v1/payment/alipay/callback" => callback::alipay,
    GET "/api/v1/payment/ws" => live::connect,
    GET "/api/v1/account/points" => account::points,
    GET "/healthz" => health::alive,
    GET "/readyz" => health::ready,
}

/// For every path that is none of ours.
pub(crate) async fn nothing_here(request: HttpRequest) -> Problem {
    Problem::not_found(&request)
}
