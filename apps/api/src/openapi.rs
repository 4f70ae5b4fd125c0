//! The description of this API: what the handlers say, and what holds for all of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{AllOfBuilder, ArrayBuilder, Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, LicenseBuilder, Ref, RefOr, Response,
};

use crate::REQUEST_ID;
use crate::idempotent::{KEY, REPLAYED};
use crate::problem::{PROBLEMS, ProblemKind};
use crate::routes::Endpoints;

/// Where a handler lists the codes that only it answers with.
const OWN_PROBLEMS: &str = "x-problems";

static DESCRIPTION: LazyLock<String> = LazyLock::new(|| {
    let mut all = Endpoints::openapi();
    all.info = InfoBuilder::new()
        .title("Paydesk")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").build()))
        .build();
    let components = all.components.get_or_insert_with(Components::new);
    let schemas = &mut components.schemas;
    schemas.insert("Problem".to_owned(), RefOr::T(problem().into()));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    for item in all.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            complete(operation);
        }
    }
    all.to_json().unwrap_or_default()
});

const ABOUT: &str = "Orders, payments by QR code, memberships, points. Amounts are integers of \
    fen, times RFC 3339 in UTC. Errors are `application/problem+json` with a stable `code`. Every \
    answer carries `x-request-id`.";

/// The OpenAPI description, as JSON.
pub fn description() -> &'static str {
    &DESCRIPTION
}

/// Adds what follows from what an operation takes.
fn complete(operation: &mut Operation) {
    let keyed = parameters(operation).any(|(name, _)| name == KEY);
    let mut problems: BTreeMap<u16, Vec<ProblemKind>> = BTreeMap::new();
    for kind in problems_of(operation, keyed) {
        problems.entry(kind.status).or_default().push(kind);
    }
    for (status, kinds) in problems {
        let response = RefOr::T(problems_of_one_status(&kinds));
        let responses = &mut operation.responses.responses;
        responses.insert(status.to_string(), response);
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        let header = |about: &str| {
            let text = ObjectBuilder::new().schema_type(Type::String).build();
            let header = HeaderBuilder::new()
                .schema(Some(text))
                .description(Some(about));
            RefOr::T(header.build())
        };
        let headers = &mut response.headers;
        headers.insert(REQUEST_ID.to_owned(), header("Names the request."));
        let early = ["401", "403", "408", "413", "415", "429"].contains(&status.as_str());
        if keyed && !early && !status.starts_with('5') {
            let about = "`true` when the answer was given before.";
            headers.insert(REPLAYED.to_owned(), header(about));
        }
    }
}

/// Names and places of an operation's parameters.
fn parameters(operation: &Operation) -> impl Iterator<Item = (&str, &ParameterIn)> {
    let all = operation.parameters.iter().flatten();
    all.filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some((parameter.name.as_str(), &parameter.parameter_in)),
        RefOr::Ref(_) => None,
    })
}

/// What an operation may be answered with, in the order of all kinds. One that lists no problems
/// answers with none.
fn problems_of(operation: &mut Operation, keyed: bool) -> Vec<ProblemKind> {
    let extensions = operation.extensions.as_mut();
    let Some(own) = extensions.and_then(|extensions| extensions.remove(OWN_PROBLEMS)) else {
        return Vec::new();
    };
    let own = own.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut codes: Vec<&str> = own.iter().filter_map(Value::as_str).collect();
    codes.extend(["internal", "service_unavailable"]);
    if operation.security.is_some() {
        codes.push("unauthenticated");
    }
    if operation.request_body.is_some() {
        codes.extend([
            "invalid_request",
            "request_timeout",
            "payload_too_large",
            "unsupported_media_type",
        ]);
    }
    if keyed {
        codes.extend(["idempotency_key_reused", "request_in_progress"]);
    }
    let all = PROBLEMS.iter().copied();
    all.filter(|kind| codes.contains(&kind.code)).collect()
}

/// The answer under one status, with the codes that it may have here.
fn problems_of_one_status(kinds: &[ProblemKind]) -> Response {
    let codes = kinds.iter().map(|kind| kind.code);
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes));
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name("Problem"))
        .item(ObjectBuilder::new().property("code", code));
    let titles: Vec<_> = kinds.iter().map(|kind| kind.title).collect();
    ResponseBuilder::new()
        .description(titles.join("; "))
        .content(
            "application/problem+json",
            ContentBuilder::new()
                .schema(Some(Schema::from(schema)))
                .build(),
        )
        .build()
}

/// An answer of RFC 9457, in words that `problem.rs` writes.
fn problem() -> Object {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let codes = PROBLEMS.iter().map(|kind| kind.code);
    let field = ObjectBuilder::new()
        .property("field", text())
        .property("message", text())
        .required("field")
        .required("message");
    let about = |text: ObjectBuilder, about: &str| text.description(Some(about.to_owned()));
    let mut problem = ObjectBuilder::new()
        .property("type", text())
        .property("title", text())
        .property("status", ObjectBuilder::new().schema_type(Type::Integer))
        .property("detail", text())
        .property("code", about(text().enum_values(Some(codes)), "Stable."))
        .property("request_id", text())
        .property("errors", ArrayBuilder::new().items(field))
        .property(
            "order_no",
            about(text(), "The order that stands all the same."),
        );
    for always in ["type", "title", "status", "detail", "code", "request_id"] {
        problem = problem.required(always);
    }
    problem
        .description(Some("Why there is no other answer."))
        .build()
}
