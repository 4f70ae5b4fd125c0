use std::path::Path;

use catalog::{PointPackage, Title};
use config::{Config, File, FileFormat};
use paydesk_money::Cny;
use serde::Deserialize;
use serde_json::Value;

use crate::SettingsError;
use crate::sources::{one_line, without_source};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogFile {
    #[serde(default)]
    point_packages: Vec<PackageEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackageEntry {
    code: String,
    title: String,
    title_en: String,
    price_fen: i64,
    points: i64,
    valid_days: Option<u32>,
    #[serde(default = "yes")]
    listed: bool,
}

/// Reads a catalogue file: `[[point_packages]]` in the order in which they are shown.
///
/// # Errors
/// Names the file, and the field that is wrong.
pub fn read_catalog(path: &Path) -> Result<Vec<PointPackage>, SettingsError> {
    let wrong = |problem: String| SettingsError::new(path.display().to_string(), problem);
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    parse(&text).map_err(wrong)
}

/// Reads the text of a catalogue file.
///
/// # Errors
/// Names the field that is wrong.
pub fn parse_catalog(text: &str) -> Result<Vec<PointPackage>, SettingsError> {
    parse(text).map_err(|problem| SettingsError::new("(catalogue)", problem))
}

fn parse(text: &str) -> Result<Vec<PointPackage>, String> {
    // By way of a plain tree: `Config` itself would round a price of 9.9 to 10.
    let tree: Value = Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .build()
        .and_then(Config::try_deserialize)
        .map_err(|error| without_source(&error.to_string()))?;
    let file: CatalogFile =
        serde_path_to_error::deserialize(tree).map_err(|error| one_line(&error.to_string()))?;
    let packages = file
        .point_packages
        .into_iter()
        .zip(1..)
        .map(|(entry, position)| PointPackage {
            code: entry.code,
            version: 1,
            title: Title {
                zh: entry.title,
                en: entry.title_en,
            },
            price: Cny::from_fen(entry.price_fen),
            points: entry.points,
            valid_days: entry.valid_days,
            listed: entry.listed,
            position,
        });
    Ok(packages.collect())
}

const fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "[[point_packages]]\ncode = \"p\"\ntitle = \"点\"\ntitle_en = \"p\"\n";

    #[test]
    fn r15_prices_are_whole_fen() {
        let priced = |price: &str| parse(&format!("{ENTRY}points = 1\nprice_fen = {price}"));
        assert_eq!(priced("990").unwrap()[0].price, Cny::from_fen(990));
        for price in ["9.90", "\"9.9e2\"", "true"] {
            assert!(priced(price).is_err(), "{price}");
        }
    }

    #[test]
    fn unknown_fields_are_named() {
        let error = parse(&format!("{ENTRY}points = 1\nprice_fen = 1\nprise = 1")).unwrap_err();
        assert!(error.contains("prise"), "{error}");
    }
}
