//! The totals that stand in lines of their own behind the list: `#交易合计：2笔，商家实收共9.90元`.

use std::io::BufRead;

use paydesk_money::Cny;

use super::error::BillError;
use super::lines::Lines;
use super::values;

const EXPECTED: &str = "total like 1笔，共0.01元";

/// What the lines of these labels say.
pub(super) struct Footers(Vec<Footer>);

struct Footer {
    label: &'static str,
    line: u64,
    text: String,
}

impl Footers {
    /// Reads what is left of the file, in which no row may come any more.
    pub(super) fn read<R: BufRead>(
        lines: &mut Lines<R>,
        labels: &[&'static str],
    ) -> Result<Self, BillError> {
        let mut found: Vec<Footer> = Vec::new();
        while let Some((line, text)) = lines.next_with_text()? {
            let Some(text) = text.strip_prefix('#') else {
                return Err(BillError::AfterList { line });
            };
            let stated = labels.iter().find_map(|label| {
                let rest = text.trim_start().strip_prefix(label)?;
                Some((*label, rest.strip_prefix(['：', ':'])?))
            });
            let Some((label, text)) = stated else {
                continue;
            };
            if found.iter().any(|footer| footer.label == label) {
                return Err(BillError::Row {
                    line,
                    problem: "states a total for the second time",
                });
            }
            found.push(Footer {
                label,
                line,
                text: text.to_owned(),
            });
        }
        Ok(Self(found))
    }

    /// How many rows there should be.
    pub(super) fn count(&self, label: &'static str) -> Result<u64, BillError> {
        self.stated(label, |part| values::count(part.strip_suffix('笔')?.trim()))
    }

    /// What they should add up to, in the column that is told by this name, if any.
    pub(super) fn sum(&self, label: &'static str, of: &str) -> Result<Cny, BillError> {
        self.stated(label, |part| {
            let amount = part.strip_prefix(of)?.strip_prefix('共')?;
            Cny::parse_signed_yuan(amount.strip_suffix('元')?.trim()).ok()
        })
    }

    fn stated<T>(
        &self,
        label: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, BillError> {
        let footer = self.0.iter().find(|footer| footer.label == label);
        let footer = footer.ok_or(BillError::Cut { missing: label })?;
        let mut parts = footer.text.split(['，', ',']).map(values::unpadded);
        parts.find_map(read).ok_or(BillError::Value {
            line: footer.line,
            column: label,
            expected: EXPECTED,
        })
    }
}
