//! Whether an authentic message is about our order: a signature says who speaks, not about what.

use std::fmt;

use paydesk_money::Cny;

/// A field that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The platform's name of the field.
    pub field: &'static str,
    /// As we keep it.
    pub expected: String,
    /// As the platform says; empty if it says nothing.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            expected,
            found,
        } = self;
        write!(f, "{field} is {found:?} instead of {expected:?}")
    }
}

/// The message is authentic, but not about what was expected. Grant nothing on it, and tell someone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch(Vec<Difference>);

impl Mismatch {
    /// Each field that differs; at least one.
    pub fn differences(&self) -> &[Difference] {
        &self.0
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, difference) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{difference}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mismatch {}

/// Collects what differs.
#[derive(Debug, Default)]
pub struct Comparison(Vec<Difference>);

impl Comparison {
    /// A field of text.
    #[must_use]
    pub fn field(self, field: &'static str, expected: &str, found: &str) -> Self {
        if expected == found {
            return self;
        }
        self.differs(field, expected, found)
    }

    /// A field that is not as it should be, whatever its text.
    #[must_use]
    pub fn differs(mut self, field: &'static str, expected: &str, found: &str) -> Self {
        self.0.push(Difference {
            field,
            expected: expected.to_owned(),
            found: found.to_owned(),
        });
        self
    }

    /// An amount in fen, where the platform writes fen.
    #[must_use]
    pub fn fen(self, field: &'static str, expected: Cny, found: Option<Cny>) -> Self {
        let found = found.map_or_else(String::new, |found| found.fen().to_string());
        self.field(field, &expected.fen().to_string(), &found)
    }

    /// An amount in yuan, where the platform writes yuan.
    #[must_use]
    pub fn yuan(self, field: &'static str, expected: Cny, found: Option<Cny>) -> Self {
        let found = found.map_or_else(String::new, |found| found.to_string());
        self.field(field, &expected.to_string(), &found)
    }

    /// What was found.
    ///
    /// # Errors
    /// [`Mismatch`] names each field that differs.
    pub fn result(self) -> Result<(), Mismatch> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Mismatch(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_differs_is_named() {
        let compared = |number: &str, total: Option<Cny>| {
            Comparison::default()
                .field("number", "1", number)
                .fen("fen", Cny::from_fen(990), total)
                .yuan("yuan", Cny::from_fen(990), total)
                .result()
        };
        assert_eq!(compared("1", Some(Cny::from_fen(990))), Ok(()));
        let mismatch = compared("2", Some(Cny::from_fen(1))).unwrap_err();
        assert_eq!(mismatch.differences().len(), 3);
        assert_eq!(
            mismatch.to_string(),
            "number is \"2\" instead of \"1\", fen is \"1\" instead of \"990\", \
             yuan is \"0.01\" instead of \"9.90\""
        );
        let odd = Comparison::default().differs("state", "PAID", "PAID");
        assert_eq!(odd.result().unwrap_err().differences().len(), 1);
        let absent = compared("1", None).unwrap_err();
        assert_eq!(
            absent.differences().first().map(|it| it.found.as_str()),
            Some("")
        );
    }
}
