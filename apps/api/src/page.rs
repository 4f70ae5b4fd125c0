//! Lists that are read page by page.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::OrderNo;
use orders::OrderPlace;
use points::EntryPlace;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::query::count;

/// Entries of a page unless asked otherwise.
const LIMIT: u64 = 20;
/// And at most.
const MOST: u64 = 100;

/// A page of a list, and where the next one begins.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    data: Vec<T>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A place in a list, as a text that means nothing to the caller.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    list: Cow<'static, str>,
    #[serde(with = "time::serde::timestamp::microseconds")]
    at: OffsetDateTime,
    id: String,
}

impl Place {
    fn cursor(&self) -> Result<String, Problem> {
        let json = serde_json::to_vec(self).map_err(|error| Problem::internal(&error))?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }

    fn read(cursor: &str) -> Option<Self> {
        let json = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

/// A place in a certain list, and in no other.
pub(crate) trait Listed {
    const LIST: &'static str;
}

impl Listed for OrderPlace {
    const LIST: &'static str = "orders";
}

impl Listed for EntryPlace {
    const LIST: &'static str = "points/entries";
}

impl From<OrderPlace> for Place {
    fn from(place: OrderPlace) -> Self {
        Self {
            list: OrderPlace::LIST.into(),
            at: place.created_at,
            id: place.order_no.into(),
        }
    }
}

impl TryFrom<Place> for OrderPlace {
    type Error = <OrderNo as std::str::FromStr>::Err;

    fn try_from(place: Place) -> Result<Self, Self::Error> {
        Ok(Self {
            created_at: place.at,
            order_no: place.id.parse()?,
        })
    }
}

impl From<EntryPlace> for Place {
    fn from(place: EntryPlace) -> Self {
        Self {
            list: EntryPlace::LIST.into(),
            at: place.at,
            id: place.entry_id,
        }
    }
}

impl From<Place> for EntryPlace {
    fn from(place: Place) -> Self {
        Self {
            at: place.at,
            entry_id: place.id,
        }
    }
}

/// How much of a list is wanted, from where.
#[derive(Debug)]
pub(crate) struct Wanted<P> {
    limit: u64,
    pub(crate) after: Option<P>,
}

impl<P: Listed + TryFrom<Place>> Wanted<P> {
    pub(crate) fn read(limit: Option<&str>, cursor: Option<&str>) -> Result<Self, Problem> {
        let unknown = || Problem::invalid("cursor", "not one of this list");
        let after = cursor.map(|cursor| {
            let place = Place::read(cursor).filter(|place| place.list == P::LIST);
            let place = place.ok_or_else(unknown)?;
            P::try_from(place).map_err(|_| unknown())
        });
        Ok(Self {
            limit: count("limit", limit, LIMIT, MOST)?,
            after: after.transpose()?,
        })
    }

    /// One more than is shown: it says whether there is a next page.
    pub(crate) const fn to_read(&self) -> u64 {
        self.limit + 1
    }

    /// Makes a page of what was read.
    pub(crate) fn page<R, T>(
        &self,
        mut read: Vec<R>,
        place: impl Fn(&R) -> P,
        show: impl Fn(R) -> T,
    ) -> Result<Page<T>, Problem>
    where
        P: Into<Place>,
    {
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = read.len() > shown;
        read.truncate(shown);
        let next_cursor = match read.last() {
            Some(last) if more => Some(place(last).into().cursor()?),
            _ => None,
        };
        Ok(Page {
            data: read.into_iter().map(show).collect(),
            next_cursor,
        })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn a_place() -> OrderPlace {
        OrderPlace {
            created_at: datetime!(2026-01-01 10:00:00.123456 UTC),
            order_no: "01jd3m8k5zv7q2w4x6y8a0b2c3".parse().unwrap(),
        }
    }

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let cursor = Place::from(a_place()).cursor().unwrap();
        let wanted = Wanted::<OrderPlace>::read(Some("2"), Some(&cursor)).unwrap();
        assert_eq!(wanted.after, Some(a_place()));
        let no_number = Place {
            id: "entry-1".to_owned(),
            ..a_place().into()
        };
        let cut = cursor.get(1..).unwrap();
        for bad in ["", "x", "*", cut, &no_number.cursor().unwrap()] {
            let refused = Wanted::<OrderPlace>::read(None, Some(bad)).unwrap_err();
            assert!(refused.to_string().contains("cursor: "), "{refused}");
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let order = Place::from(a_place()).cursor().unwrap();
        let entry = Place::from(EntryPlace {
            at: a_place().created_at,
            entry_id: a_place().order_no.into(),
        });
        let entry = entry.cursor().unwrap();
        assert!(Wanted::<EntryPlace>::read(None, Some(&entry)).is_ok());
        let refused = [
            Wanted::<EntryPlace>::read(None, Some(&order)).unwrap_err(),
            Wanted::<OrderPlace>::read(None, Some(&entry)).unwrap_err(),
        ];
        for refused in refused {
            assert!(refused.to_string().contains("cursor: "), "{refused}");
        }
    }

    #[test]
    fn only_a_page_with_more_behind_it_has_a_cursor() {
        let wanted = Wanted::<OrderPlace>::read(Some("2"), None).unwrap();
        let page = |read: Vec<u32>| wanted.page(read, |_| a_place(), |n| n).unwrap();
        assert_eq!(wanted.to_read(), 3);
        let full = page(vec![1, 2]);
        assert_eq!((full.data, full.next_cursor), (vec![1, 2], None));
        let more = page(vec![1, 2, 3]);
        assert_eq!(more.data, [1, 2]);
        assert!(more.next_cursor.is_some());
    }
}
