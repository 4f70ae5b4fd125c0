use paydesk_money::Cny;

use crate::Title;

/// Something that cannot be offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct InvalidItem {
    /// Which field.
    pub field: &'static str,
    /// What it should be.
    pub rule: &'static str,
}

pub(crate) fn ensure(
    holds: bool,
    field: &'static str,
    rule: &'static str,
) -> Result<(), InvalidItem> {
    if holds {
        Ok(())
    } else {
        Err(InvalidItem { field, rule })
    }
}

pub(crate) fn code(field: &'static str, code: &str) -> Result<(), InvalidItem> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let fits = (1..=64).contains(&code.len()) && code.bytes().all(plain);
    ensure(fits, field, "1 to 64 characters of a-z, 0-9 and -")
}

pub(crate) fn title(
    fields: (&'static str, &'static str),
    title: &Title,
) -> Result<(), InvalidItem> {
    let rule = "1 to 120 bytes on one line, without emoji";
    ensure(titled(&title.zh), fields.0, rule)?;
    ensure(titled(&title.en), fields.1, rule)
}

pub(crate) fn price(price: Cny) -> Result<(), InvalidItem> {
    ensure(price.is_positive(), "price_fen", "at least 1")
}

/// The platforms take up to 127 bytes and no characters beyond the basic plane.
fn titled(text: &str) -> bool {
    (1..=120).contains(&text.len()) && text.chars().all(|c| !c.is_control() && c <= '\u{ffff}')
}
