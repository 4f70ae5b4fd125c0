//! The words that a field may hold, as the description lists them: from the types that choose them.

use catalog::ItemKind;
use orders::{CloseReason, Fulfilment, OrderStatus};
use paydesk_provider::{Channel, Scene};
use points::EntryKind;
use serde_json::Value;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

fn one_of(words: &[&str]) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words.iter().copied()))
        .build()
}

pub(crate) fn channel() -> Object {
    one_of(&[Channel::Wechat.as_str(), Channel::Alipay.as_str()])
}

pub(crate) fn scene() -> Object {
    one_of(&[Scene::Qr.as_str()])
}

pub(crate) fn item_kind() -> Object {
    one_of(&[
        ItemKind::Points.as_str(),
        ItemKind::Membership.as_str(),
        ItemKind::MembershipUpgrade.as_str(),
    ])
}

pub(crate) fn order_status() -> Object {
    one_of(OrderStatus::WORDS)
}

pub(crate) fn fulfilment() -> Object {
    one_of(Fulfilment::WORDS)
}

pub(crate) fn close_reason() -> Object {
    let words = CloseReason::WORDS.iter().copied().map(Value::from);
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(words.chain([Value::Null])))
        .build()
}

pub(crate) fn entry_kind() -> Object {
    one_of(&[EntryKind::Grant.as_str()])
}

pub(crate) fn currency() -> Object {
    one_of(&["CNY"])
}
