//! Where the cells of a row begin when its texts hold commas.

use super::cells::Shape;
use super::values::unpadded;

/// A text has at most some hundred characters, and few have more than some commas.
const MOST_SURPLUS: usize = 256;

/// The cells of a line that has more pieces between commas than there are columns.
///
/// Only columns of words can hold a comma. Every other column must come to stand at one place only,
/// whichever way the words are put together, and fit there; else there is no answer. A text that is made
/// to look like the rest of a row does not pass for it.
pub(super) fn rejoined<'a>(
    text: &'a str,
    shapes: &[Shape],
    pieces: &[&str],
) -> Option<Vec<&'a str>> {
    let surplus = pieces.len().checked_sub(shapes.len())?;
    if surplus > MOST_SURPLUS {
        return None;
    }
    let starts = starts(shapes, pieces, surplus)?;
    let mut commas = text.match_indices(',').map(|(at, _)| at);
    let mut cells = Vec::with_capacity(shapes.len());
    let (mut piece, mut from) = (0, 0);
    // A cell ends at the comma before the next one, the last where the line does.
    for next in starts.into_iter().skip(1) {
        let end = commas.nth((next - piece).checked_sub(1)?);
        cells.push(unpadded(text.get(from..end.unwrap_or(text.len()))?));
        (piece, from) = (next, end.map_or(text.len(), |end| end + 1));
    }
    Some(cells)
}

/// The piece that each column begins with, and the end.
fn starts(shapes: &[Shape], pieces: &[&str], surplus: usize) -> Option<Vec<usize>> {
    let offsets = || 0..=surplus;
    let fits = |at: usize, shape: Shape, offset: usize| {
        pieces
            .get(at + offset)
            .is_some_and(|piece| shape.fits(piece))
    };
    // By how many pieces each column can be moved, as far as those before it tell.
    let mut reached = vec![offsets().map(|offset| offset == 0).collect::<Vec<_>>()];
    for (at, &shape) in shapes.iter().enumerate() {
        let before = reached.last()?;
        let after = if shape == Shape::Free {
            let any = |seen: &mut bool, &this: &bool| {
                *seen |= this;
                Some(*seen)
            };
            before.iter().scan(false, any).collect()
        } else {
            let kept = |(offset, &this): (usize, &bool)| this && fits(at, shape, offset);
            before.iter().enumerate().map(kept).collect()
        };
        reached.push(after);
    }
    // The same from behind, and what both allow.
    let mut possible = offsets()
        .map(|offset| offset == surplus)
        .collect::<Vec<_>>();
    let mut starts = vec![pieces.len()];
    let columns = shapes.iter().enumerate().zip(&reached).rev();
    for ((at, &shape), reached) in columns {
        if shape == Shape::Free {
            let mut seen = false;
            for this in possible.iter_mut().rev() {
                seen |= *this;
                *this = seen;
            }
        } else {
            for (offset, this) in possible.iter_mut().enumerate() {
                *this = *this && fits(at, shape, offset);
            }
        }
        let both = |offset: &usize| {
            let allowed = |of: &[bool]| of.get(*offset).copied().unwrap_or_default();
            allowed(reached) && allowed(&possible)
        };
        let mut found = offsets().filter(both);
        let first = found.next()?;
        if shape != Shape::Free && found.next().is_some() {
            return None;
        }
        starts.push(at + first);
    }
    starts.reverse();
    Some(starts)
}

#[cfg(test)]
mod tests {
    use super::Shape::{Digits, Free, Money, Plain, Time};
    use super::*;

    fn cells(text: &str, shapes: &[Shape]) -> Option<Vec<String>> {
        let pieces: Vec<_> = text.split(',').map(unpadded).collect();
        let cells = rejoined(text, shapes, &pieces)?;
        assert_eq!(cells.len(), shapes.len());
        Some(cells.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn commas_belong_to_words_wherever_these_stand() {
        for (text, shapes, expected) in [
            (
                "1,a, b,c ,9.90",
                &[Digits, Free, Money][..],
                &["1", "a, b,c", "9.90"][..],
            ),
            (
                "1,a,9.90,b,\"c, d\"\t",
                &[Digits, Free, Money, Free],
                &["1", "a", "9.90", "b,\"c, d\""],
            ),
            (
                "a,b,2026-01-01 10:00:00,c,d,1.00,",
                &[Free, Time, Free, Money, Free],
                &["a,b", "2026-01-01 10:00:00", "c,d", "1.00", ""],
            ),
            ("a,b,c,T1", &[Free, Plain], &["a,b,c", "T1"]),
            // Which of two words has it makes no difference to anything else.
            ("a,b,c,1.00", &[Free, Free, Money], &["a", "b,c", "1.00"]),
        ] {
            assert_eq!(cells(text, shapes).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not_read() {
        for (text, shapes) in [
            // A name that looks like the rest of the row.
            ("1,a,0.01,9.90,b", &[Digits, Free, Money, Free][..]),
            ("a,1,b,c", &[Free, Plain, Free]),
            ("a,b,1.00,x", &[Free, Money]),
            ("a,b,c", &[Plain, Plain]),
        ] {
            assert_eq!(cells(text, shapes), None, "{text}");
        }
        let many = format!("1,{},9.90", ",".repeat(MOST_SURPLUS + 1));
        assert_eq!(cells(&many, &[Digits, Free, Money]), None);
        let fewer = format!("1,{},9.90", ",".repeat(MOST_SURPLUS));
        assert!(cells(&fewer, &[Digits, Free, Money]).is_some());
    }
}
