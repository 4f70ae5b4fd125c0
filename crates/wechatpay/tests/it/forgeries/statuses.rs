//! Answers whose status, signature and body do not belong together.

use super::{ANSWERS, Forger, Forgery, Message, Role, SIGNED, forgery};

fn unsigned(mut message: Message) -> Message {
    for name in SIGNED {
        message = message.without(name);
    }
    message
}

/// The genuine answer under another status.
fn status(status: u16) -> Forgery {
    let name = format!("a good answer under {status}");
    forgery(name, move |_, it| {
        (it.status != status).then_some(Message { status, ..it })
    })
}

/// An answer of this status and body, signed or not.
fn answer(name: &str, status: u16, body: &'static str, signed: bool) -> Forgery {
    forgery(name, move |forger, it| {
        // A signed close says everything by its status.
        let is_genuine = signed && status == it.status && it.body.is_empty();
        let message = forger.signed(status, body);
        let message = if signed { message } else { unsigned(message) };
        (!is_genuine).then_some(message)
    })
}

/// Under the signature of another message.
fn of_another(name: &str, status: u16, body: &'static str) -> Forgery {
    forgery(name, move |_, it| {
        Some(Message {
            status,
            body: body.into(),
            ..it
        })
    })
}

pub(super) fn all() -> Vec<Forgery> {
    let mut all: Vec<Forgery> = [
        100, 200, 201, 202, 203, 204, 205, 206, 299, 300, 301, 302, 303, 304, 307, 308, 400, 401,
        403, 404, 409, 418, 429, 500, 502, 503, 504, 599,
    ]
    .map(status)
    .into();
    let refusal = "{\"code\":\"INVENTED\",\"message\":\"x\"}";
    let page = "<html>bad gateway</html>";
    all.extend([
        forgery("a good answer without a signature", |_, it| {
            Some(unsigned(it))
        }),
        answer("an empty 200 without a signature", 200, "", false),
        answer("an empty 204 without a signature", 204, "", false),
        answer("an empty object without a signature", 200, "{}", false),
        answer("a page for an answer", 200, page, false),
        answer("a page of a gateway", 502, page, false),
        answer("a page with a signature", 502, page, true),
        answer("a refusal with a signature", 403, refusal, true),
        answer("a refusal under a success", 200, refusal, true),
        answer(
            "a refusal under a success without a signature",
            200,
            refusal,
            false,
        ),
        answer(
            "wait, under a success",
            202,
            "{\"code\":\"USER_PAYING\"}",
            true,
        ),
        answer(
            "wait, without a signature",
            202,
            "{\"code\":\"USER_PAYING\"}",
            false,
        ),
        answer("a redirect", 302, "", true),
        answer("a redirect without a signature", 302, "", false),
        of_another("an empty answer under another's signature", 200, " "),
        of_another("a refusal under another's signature", 403, refusal),
        of_another("a page under another's signature", 502, page),
    ]);
    all
}

#[tokio::test]
async fn r18_no_answer_is_believed_under_another_status_or_none_of_its_own_signature() {
    let forger = Forger::new();
    let forgeries = all();
    let refused = forger.assert_refused(&ANSWERS, &forgeries).await;
    assert!(forgeries.len() >= 40, "{}", forgeries.len());
    assert!(
        refused.len() >= 5 * (forgeries.len() - 3),
        "{}",
        refused.len()
    );
    assert!(refused.contains(&(Role::Close, "a good answer under 200".to_owned())));
    assert!(refused.contains(&(Role::Native, "a good answer under 204".to_owned())));
}
