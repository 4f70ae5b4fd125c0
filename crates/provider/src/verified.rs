use std::ops::Deref;

use crate::{Notice, NoticeBody, PaymentStatement};

/// Something a platform really said: its signature was checked.
///
/// It can be read and taken apart, but not made: [`Verified::attest`] is for a provider's signature
/// verifier alone (`clippy.toml` forbids it elsewhere), and no method turns one verified thing into
/// another that its signer did not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// States that the signature over this was checked. For a provider's verifier only.
    pub const fn attest(checked: T) -> Self {
        Self(checked)
    }

    /// The statement itself; what leaves here is no longer known to be verified.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl Verified<Notice> {
    /// The payment this notice speaks of, still verified; the notice itself when it is about
    /// something else.
    pub fn payment(self) -> Result<Verified<PaymentStatement>, Box<Self>> {
        match self.0 {
            Notice {
                body: NoticeBody::Payment(statement),
                ..
            } => Ok(Verified(statement)),
            other => Err(Box::new(Self(other))),
        }
    }
}
