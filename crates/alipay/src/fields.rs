//! Named texts, of an answer's node or of a notice: both kinds of messages are such.

use paydesk_money::Cny;
use paydesk_provider::Personal;
use time::OffsetDateTime;

use crate::beijing;

pub(crate) trait Fields {
    /// A field's text. An empty one is the same as none.
    fn text(&self, name: &str) -> Result<Option<String>, String>;

    /// A field that must be there.
    fn needed(&self, name: &str) -> Result<String, String> {
        self.text(name)?.ok_or_else(|| format!("{name} is missing"))
    }

    /// Yuan, by the digits as they were written, which no float ever held.
    fn yuan(&self, name: &str) -> Result<Option<Cny>, String> {
        match self.text(name)? {
            Some(yuan) => Cny::parse_yuan(&yuan)
                .map(Some)
                .map_err(|error| format!("{name} is no amount: {error}")),
            None => Ok(None),
        }
    }

    /// An instant, in UTC.
    fn time(&self, name: &str) -> Result<Option<OffsetDateTime>, String> {
        match self.text(name)? {
            Some(time) => beijing::read(&time)
                .map(Some)
                .ok_or_else(|| format!("{name} is no date")),
            None => Ok(None),
        }
    }

    /// Something money does not depend on: what cannot be read is left out.
    fn loose(&self, name: &str) -> Option<String> {
        self.text(name).ok().flatten()
    }

    /// The same about a person.
    fn person(&self, name: &str) -> Option<Personal> {
        self.loose(name).map(Personal::from)
    }

    /// An amount that no decision rests on.
    fn loose_yuan(&self, name: &str) -> Option<Cny> {
        self.yuan(name).ok().flatten()
    }
}
