//! What is wrong is refused as the contract says, and named.

use e2e::{House, Setup, token, token_with};
use serde_json::{Value, json};

const CREATE: &str = "/api/v1/payment/create-order";
const SECRET: &str = "a secret of test houses, thirty-two bytes or more";
/// 2100-01-01.
const FAR: i64 = 4_102_444_800;

#[track_caller]
fn is_problem(answer: &e2e::Answer, status: u16, code: &str) {
    let problem = answer.json();
    assert_eq!(
        (answer.status, &problem["code"]),
        (status, &json!(code)),
        "{answer:?}"
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{answer:?}"
    );
    assert_eq!(problem["status"], status);
    assert_eq!(
        problem["request_id"].as_str(),
        answer.header("x-request-id"),
        "{answer:?}"
    );
    assert!(
        problem["title"].is_string()
            && problem["detail"].is_string()
            && problem["type"].is_string()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_good_tokens_are_admitted() {
    let house = House::new().await;
    let wish = json!({ "item": { "kind": "points", "code": "points-100" }, "channel": "wechat" });
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSIsImV4cCI6NDEwMjQ0NDgwMH0.";
    let bad = [
        ("empty", String::new()),
        ("garbage", "garbage".to_owned()),
        ("alg none", none.to_owned()),
        (
            "other secret",
            token_with(
                &json!({"sub": "u1", "exp": FAR}),
                "another secret, long enough",
            ),
        ),
        (
            "expired",
            token_with(&json!({"sub": "u1", "exp": 1_700_000_000}), SECRET),
        ),
        ("no expiry", token_with(&json!({"sub": "u1"}), SECRET)),
        ("no subject", token_with(&json!({"exp": FAR}), SECRET)),
        (
            "no user id",
            token_with(&json!({"sub": "a b", "exp": FAR}), SECRET),
        ),
        (
            "not yet",
            token_with(&json!({"sub": "u1", "exp": FAR, "nbf": FAR - 1}), SECRET),
        ),
    ];
    for (what, token) in bad {
        let client = house.client.with_token(&token);
        for answer in [
            client.post(CREATE, &wish).await,
            client.get("/api/v1/account/points").await,
        ] {
            is_problem(&answer, 401, "unauthenticated");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{what}");
        }
    }
    is_problem(
        &house.client.post(CREATE, &wish).await,
        401,
        "unauthenticated",
    );
    let claims = json!({"sub": "u1", "exp": FAR, "role": "anything", "aud": "anyone"});
    let extra = house.client.with_token(&token_with(&claims, SECRET));
    assert_eq!(
        extra.get("/api/v1/account/points").await.status,
        200,
        "other claims are ignored"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_users_order_is_like_none() {
    let house = House::new().await;
    let order = house.client.as_user("u1").order().await;
    let order_no = order["order_no"].as_str().unwrap();
    let stranger = house.client.as_user("u2");
    let path = |number: &str| format!("/api/v1/payment/order-status?order_no={number}");
    let foreign = stranger.get(&path(order_no)).await;
    is_problem(&foreign, 404, "order_not_found");
    for number in [
        "01jd3m8k5zv7q2w4x6y8a0b2c3",
        "x",
        "%00",
        &order_no.to_uppercase(),
    ] {
        let missing = stranger.get(&path(number)).await;
        is_problem(&missing, 404, "order_not_found");
        assert_eq!(missing.json()["detail"], foreign.json()["detail"]);
    }
    let qr = format!("/api/v1/payment/orders/{order_no}/qr.svg");
    is_problem(&stranger.get(&qr).await, 404, "order_not_found");
    let nobody = house.client.get(&qr).await;
    is_problem(&nobody, 401, "unauthenticated");
    assert_eq!(nobody.json()["detail"], "A bearer token is needed.");
    assert_eq!(house.client.as_user("u1").get(&qr).await.status, 200);
    let link = order["qr_code_image"].as_str().unwrap();
    let forged = link.replace("until=", "until=9");
    is_problem(&house.client.get(&forged).await, 404, "order_not_found");
    assert_eq!(house.client.as_user("u1").get(&forged).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_refused_by_field() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let good = json!({ "item": { "kind": "points", "code": "points-100" }, "channel": "wechat" });
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        match pointer.split_once('.') {
            Some((outer, inner)) => body[outer][inner] = value,
            None => body[pointer] = value,
        }
        body
    };
    for (body, field) in [
        (with("amount_fen", json!(1)), "amount_fen"),
        (with("price", json!(1)), "price"),
        (with("item.amount", json!(1)), "item.amount"),
        (with("item.code", json!("nothing")), "item.code"),
        (with("item.code", json!("retired")), "item.code"),
        (with("item.code", json!(7)), "item.code"),
        (with("item.kind", json!("gold")), "item.kind"),
        (with("channel", json!("paypal")), "channel"),
        (with("scene", json!("telepathy")), "scene"),
        (with("metadata", json!({"a": 1})), "metadata.a"),
        (with("metadata", json!({"": "x"})), "metadata"),
        (with("metadata", json!([["a", "x"]])), "metadata"),
        (with("item", json!(["points", "points-100"])), "item"),
        (json!({ "channel": "wechat" }), "item"),
        (json!([]), "(body)"),
    ] {
        let answer = buyer.post(CREATE, &body).await;
        is_problem(&answer, 400, "invalid_request");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{answer:?}");
    }
    let large = with("metadata", json!({ "a": "x".repeat(20_000) }));
    is_problem(&buyer.post(CREATE, &large).await, 413, "payload_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_body_is_refused_in_plain_words() {
    let house = House::new().await;
    let good = json!({ "item": { "kind": "points", "code": "points-100" }, "channel": "wechat" });
    let raw = |kind: &str, body: &str| {
        let bearer = format!("Bearer {}", token("u1"));
        let headers = vec![
            ("content-type".to_owned(), kind.to_owned()),
            ("authorization".to_owned(), bearer),
        ];
        let body = body.as_bytes().to_vec();
        let client = house.client.clone();
        async move { client.raw("POST", CREATE, &headers, body).await }
    };
    is_problem(
        &raw("text/plain", &good.to_string()).await,
        415,
        "unsupported_media_type",
    );
    let points = r#""item":{"kind":"points","code":"points-100"}"#;
    for (body, field, message) in [
        ("{".to_owned(), "(body)", "must be JSON"),
        (format!("{good} x"), "(body)", "must be JSON"),
        (
            format!(r#"{{"channel":"wechat","channel":"wechat",{points}}}"#),
            "channel",
            "given twice",
        ),
        (
            format!(r#"{{"channel":"wechat","metadata":{{"a":"1","a":"2"}},{points}}}"#),
            "metadata.a",
            "given twice",
        ),
        (
            format!(r#"{{"channel":1,{points}}}"#),
            "channel",
            "must be one of wechat, alipay",
        ),
        (
            r#"{"channel":"wechat","item":1}"#.to_owned(),
            "item",
            "must be an object",
        ),
    ] {
        let answer = raw("application/json", &body).await;
        is_problem(&answer, 400, "invalid_request");
        let errors = &answer.json()["errors"];
        let told = json!([{ "field": field, "message": message }]);
        assert_eq!(errors, &told, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_take_no_parameters() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let order_no = buyer.order().await["order_no"].clone();
    let points = json!({ "kind": "points", "code": "points-100" });
    for (name, body) in [
        ("quote", json!({ "item": points })),
        (
            "create-order",
            json!({ "item": points, "channel": "wechat" }),
        ),
        ("cancel-order", json!({ "order_no": order_no })),
        (
            "switch-channel",
            json!({ "order_no": order_no, "channel": "alipay" }),
        ),
    ] {
        let path = format!("/api/v1/payment/{name}?dry_run=true");
        let answer = buyer.post(&path, &body).await;
        is_problem(&answer, 400, "invalid_request");
        assert_eq!(answer.json()["errors"][0]["field"], "dry_run", "{name}");
    }
    let order = buyer.order_status(order_no.as_str().unwrap()).await;
    assert_eq!(
        (&order["status"], &order["channel"]),
        (&json!("pending"), &json!("wechat"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_service_orders_for_others() {
    let house = House::new().await;
    let service = |claims: Value| {
        let mut all = json!({ "sub": "shop", "exp": FAR });
        all.as_object_mut()
            .unwrap()
            .extend(claims.as_object().unwrap().clone());
        house.client.with_token(&token_with(&all, SECRET))
    };
    let mut wish =
        json!({ "item": { "kind": "points", "code": "points-100" }, "channel": "wechat" });
    wish["user_id"] = json!("u1");
    for claims in [
        json!({}),
        json!({ "scope": "orders:creates payments:operate" }),
        json!({ "scopes": ["orders"] }),
        json!({ "scope": { "orders:create": true } }),
    ] {
        is_problem(&service(claims).post(CREATE, &wish).await, 403, "forbidden");
    }
    let buyer = house.client.as_user("u1");
    is_problem(&buyer.post(CREATE, &wish).await, 403, "forbidden");
    let entitled = service(json!({ "scope": "points:spend orders:create" }));
    let placed = entitled.post(CREATE, &wish).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    let again = service(json!({ "scopes": ["orders:create"] }));
    assert_eq!(again.post(CREATE, &wish).await.status, 200);
    let order_no = placed.json()["order_no"].as_str().unwrap().to_owned();
    assert_eq!(buyer.order_status(&order_no).await["status"], "pending");
    let path = format!("/api/v1/payment/order-status?order_no={order_no}");
    is_problem(&entitled.get(&path).await, 404, "order_not_found");
    wish["user_id"] = json!("a b");
    let refused = entitled.post(CREATE, &wish).await;
    is_problem(&refused, 400, "invalid_request");
    assert_eq!(refused.json()["errors"][0]["field"], "user_id");
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_methods_are_answered_as_problems() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    is_problem(&buyer.get("/api/v1/nothing").await, 404, "not_found");
    is_problem(&buyer.get(CREATE).await, 405, "method_not_allowed");
    is_problem(
        &buyer.get("/api/v1/payment/order-status").await,
        400,
        "invalid_request",
    );
    let refresh = "/api/v1/payment/order-status?order_no=x&refresh=maybe";
    is_problem(&buyer.get(refresh).await, 400, "invalid_request");
    is_problem(
        &buyer.get("/api/v1/payment/ws").await,
        400,
        "invalid_request",
    );
    assert_eq!(house.client.get("/healthz").await.status, 200);
    assert_eq!(house.client.get("/readyz").await.json()["database"], "ok");
    let named = [("x-request-id".to_owned(), "gateway-12345678".to_owned())];
    let answer = house
        .client
        .raw("GET", "/healthz", &named, Vec::new())
        .await;
    assert_eq!(answer.header("x-request-id"), Some("gateway-12345678"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_without_an_active_account_takes_nothing() {
    let off = vec![(
        "PAYDESK__ACCOUNTS__BLUE__ACTIVE".to_owned(),
        "false".to_owned(),
    )];
    let house = House::set_up(Setup {
        environment: off,
        ..Setup::default()
    })
    .await;
    let wish = json!({ "item": { "kind": "points", "code": "points-100" }, "channel": "alipay" });
    let answer = house.client.as_user("u1").post(CREATE, &wish).await;
    is_problem(&answer, 422, "unsupported_channel");
}
