//! Forged, altered, replayed and garbled messages: none is believed, none makes anything panic.
//!
//! Each forgery is made of a genuine message, and each genuine message is seen to be accepted just
//! before and after, so that nothing is refused for another reason than the one that is meant.

mod bodies;
mod borders;
mod contents;
mod envelopes;
mod forms;
mod judge;
mod messages;
mod nodes;
mod replays;
mod signatures;

use std::collections::BTreeSet;

use paydesk_provider::{Advice, NoticeError, ProviderError, Untrusted};

use judge::Forger;
use messages::{ANSWERS, FORMS, Message, Role, genuine};

/// Makes a forgery of a genuine message; `None` where it cannot be made of this one.
type Alter = Box<dyn Fn(Role) -> Option<Message>>;

struct Forgery {
    name: String,
    alter: Alter,
}

fn forgery(name: impl Into<String>, alter: impl Fn(Role) -> Option<Message> + 'static) -> Forgery {
    Forgery {
        name: name.into(),
        alter: Box::new(alter),
    }
}

/// The genuine message with its body made otherwise; none where that changes nothing.
fn body(name: impl Into<String>, alter: impl Fn(Vec<u8>) -> Vec<u8> + 'static) -> Forgery {
    forgery(name, move |role| {
        let genuine = genuine(role);
        let altered = alter(genuine.body.clone());
        (altered != genuine.body).then_some(Message {
            body: altered,
            ..genuine
        })
    })
}

#[derive(Debug)]
enum Refused {
    Notice(NoticeError),
    Answer(ProviderError),
}

impl From<NoticeError> for Refused {
    fn from(error: NoticeError) -> Self {
        Self::Notice(error)
    }
}

impl From<ProviderError> for Refused {
    fn from(error: ProviderError) -> Self {
        Self::Answer(error)
    }
}

impl Refused {
    fn did_not_happen(&self) -> bool {
        matches!(self, Self::Answer(error) if error.did_not_happen())
    }

    fn untrusted(&self) -> Option<&Untrusted> {
        match self {
            Self::Notice(NoticeError::Untrusted(reason))
            | Self::Answer(ProviderError::Untrusted { reason, .. }) => Some(reason),
            _ => None,
        }
    }

    /// Nothing of what came is repeated, for it may be anybody's.
    fn assert_silent(&self, name: &str) {
        let said = match self {
            Self::Notice(error) => error.to_string(),
            Self::Answer(error) => {
                assert_ne!(error.advice(), Advice::Never, "{name}: {error}");
                error.to_string()
            }
        };
        for told in ["PO0001", "RF0001", "qr.alipay.com", "会员", "evil"] {
            assert!(!said.contains(told), "{name}: {said}");
        }
    }
}

/// Every forgery of every genuine message is refused, and none by a certain "it did not happen".
async fn assert_refused(
    forger: &Forger,
    roles: &[Role],
    forgeries: &[Forgery],
) -> BTreeSet<(Role, String)> {
    let mut refused = BTreeSet::new();
    let mut believed = Vec::new();
    for &role in roles {
        forger.assert_genuine(role).await;
        for Forgery { name, alter } in forgeries {
            let Some(message) = alter(role) else {
                continue;
            };
            let Err(why) = forger.take(role, &message).await else {
                believed.push(format!("{role:?} {name}: {message:?}"));
                continue;
            };
            assert!(!why.did_not_happen(), "{role:?} {name}: {why:?}");
            why.assert_silent(name);
            assert!(
                refused.insert((role, name.clone())),
                "{name} is there twice"
            );
        }
        forger.assert_genuine(role).await;
    }
    assert!(believed.is_empty(), "{}", believed.join("\n"));
    for Forgery { name, .. } in forgeries {
        let made = refused.iter().any(|(_, made)| made == name);
        assert!(made, "{name} was made of no message");
    }
    refused
}

/// Tries these on all of these, and sees that no fewer were made than were meant.
async fn assert_none_is_believed(roles: &[Role], forgeries: &[Forgery], least: usize) {
    let refused = assert_refused(&Forger::new(), roles, forgeries).await;
    assert!(refused.len() >= least, "{} of {least}", refused.len());
}

fn everywhere() -> Vec<Role> {
    [&ANSWERS[..], &FORMS[..]].concat()
}

#[tokio::test]
async fn r18_no_message_is_believed_under_another_signature() {
    assert_none_is_believed(&everywhere(), &signatures::all(), 18 * 38).await;
}

#[tokio::test]
async fn r18_no_message_is_believed_in_other_bytes() {
    assert_none_is_believed(&everywhere(), &bodies::all(), 18 * 24).await;
}

#[tokio::test]
async fn r18_no_answer_is_believed_in_another_envelope() {
    assert_none_is_believed(&ANSWERS, &envelopes::all(), 12 * 70).await;
}

#[tokio::test]
async fn r18_no_answer_is_believed_with_another_node() {
    assert_none_is_believed(&ANSWERS, &nodes::all(), 12 * 24).await;
}

#[tokio::test]
async fn r18_no_form_is_believed_with_other_fields() {
    assert_none_is_believed(&FORMS, &forms::all(), 6 * 45).await;
}

#[tokio::test]
async fn r18_nothing_senseless_is_believed_for_its_signature() {
    assert_none_is_believed(&everywhere(), &contents::all(), 550).await;
}

/// None was lost.
#[test]
fn forgeries_are_counted() {
    let counts = [
        signatures::all().len(),
        bodies::all().len(),
        envelopes::all().len(),
        nodes::all().len(),
        forms::all().len(),
        contents::all().len(),
    ];
    assert_eq!(counts, [39, 30, 70, 25, 73, 150]);
}
