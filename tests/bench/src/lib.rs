//! What the platforms' clients cost, beside `ring` alone on the same bytes.
//!
//! The same subjects are measured in two ways: `cargo bench` shows each of them, and the program `cost`
//! compares them and fails beyond a limit.

mod alipay;
mod keys;
mod nowhere;
mod wechat;

/// What is repeated.
pub type Work = Box<dyn Fn()>;

/// Something that the clients do, and the part of it that is `ring`'s.
pub struct Subject {
    /// What is done.
    pub name: &'static str,
    /// `ring` alone, on the same bytes.
    pub ring: Work,
    /// All of it.
    pub ours: Work,
    /// How much it may cost.
    pub limit: Limit,
}

/// How much something may cost.
#[derive(Clone, Copy)]
pub enum Limit {
    /// So many thousandths of `ring` alone.
    OfRing(u64),
    /// So many nanoseconds of an idle core.
    Nanoseconds(u64),
}

/// Signing and verifying may cost a twentieth more than `ring` alone.
const BARE: Limit = Limit::OfRing(1050);

/// Everything that is measured.
pub fn subjects() -> Vec<Subject> {
    let mut subjects = keys::subjects();
    subjects.extend(wechat::subjects());
    subjects.extend(alipay::subjects());
    subjects
}
