use std::collections::BTreeSet;
use std::path::Path;

use catalog::{Listing, Plan, PointPackage, Tier, Title};
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
    tiers: Vec<TierEntry>,
    #[serde(default)]
    plans: Vec<PlanEntry>,
    #[serde(default)]
    point_packages: Vec<PackageEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TierEntry {
    code: String,
    title: String,
    title_en: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanEntry {
    code: String,
    tier: String,
    title: String,
    title_en: String,
    price_fen: i64,
    months: u32,
    #[serde(default = "yes")]
    listed: bool,
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

/// Reads a catalogue file: `[[tiers]]`, the lowest first, then `[[plans]]` and `[[point_packages]]`
/// in the order in which they are shown.
///
/// # Errors
/// Names the file, and the field that is wrong.
pub fn read_catalog(path: &Path) -> Result<Listing, SettingsError> {
    let wrong = |problem: String| SettingsError::new(path.display().to_string(), problem);
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    parse(&text).map_err(wrong)
}

/// Reads the text of a catalogue file.
///
/// # Errors
/// Names the field that is wrong.
pub fn parse_catalog(text: &str) -> Result<Listing, SettingsError> {
    parse(text).map_err(|problem| SettingsError::new("(catalogue)", problem))
}

fn parse(text: &str) -> Result<Listing, String> {
    // By way of a plain tree: `Config` itself would round a price of 9.9 to 10.
    let tree: Value = Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .build()
        .and_then(Config::try_deserialize)
        .map_err(|error| without_source(&error.to_string()))?;
    let file: CatalogFile =
        serde_path_to_error::deserialize(tree).map_err(|error| one_line(&error.to_string()))?;
    let tiers = file
        .tiers
        .into_iter()
        .zip(0..)
        .map(tier)
        .collect::<Vec<_>>();
    once("tier", tiers.iter().map(|tier| &tier.code))?;
    once("plan", file.plans.iter().map(|plan| &plan.code))?;
    let packages = &file.point_packages;
    once(
        "point package",
        packages.iter().map(|package| &package.code),
    )?;
    let plans = file.plans.into_iter().zip(1..);
    Ok(Listing {
        plans: plans
            .map(|(entry, position)| plan(&tiers, entry, position))
            .collect::<Result<_, _>>()?,
        packages: file
            .point_packages
            .into_iter()
            .zip(1..)
            .map(package)
            .collect(),
    })
}

/// The second of two entries would silently become a version of the first.
fn once<'a>(what: &str, codes: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for code in codes {
        if !seen.insert(code) {
            return Err(format!("{what} {code:?} is there twice"));
        }
    }
    Ok(())
}

fn tier((entry, rank): (TierEntry, i32)) -> Tier {
    Tier {
        code: entry.code,
        rank,
        title: Title {
            zh: entry.title,
            en: entry.title_en,
        },
    }
}

fn plan(tiers: &[Tier], entry: PlanEntry, position: i32) -> Result<Plan, String> {
    let unknown = || format!("plan {:?}: unknown tier {:?}", entry.code, entry.tier);
    let tier = tiers.iter().find(|tier| tier.code == entry.tier);
    Ok(Plan {
        tier: tier.ok_or_else(unknown)?.clone(),
        code: entry.code,
        version: 1,
        title: Title {
            zh: entry.title,
            en: entry.title_en,
        },
        price: Cny::from_fen(entry.price_fen),
        months: entry.months,
        listed: entry.listed,
        position,
    })
}

fn package((entry, position): (PackageEntry, i32)) -> PointPackage {
    PointPackage {
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
    }
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
        assert_eq!(priced("990").unwrap().packages[0].price, Cny::from_fen(990));
        for price in ["9.90", "\"9.9e2\"", "true"] {
            assert!(priced(price).is_err(), "{price}");
        }
    }

    #[test]
    fn unknown_fields_are_named() {
        let error = parse(&format!("{ENTRY}points = 1\nprice_fen = 1\nprise = 1")).unwrap_err();
        assert!(error.contains("prise"), "{error}");
    }

    const TIERS: &str = "[[tiers]]\ncode = \"basic\"\ntitle = \"基础版\"\ntitle_en = \"Basic\"\n\
        [[tiers]]\ncode = \"pro\"\ntitle = \"专业版\"\ntitle_en = \"Pro\"\n";

    fn plan_of(tier: &str) -> String {
        format!(
            "{TIERS}[[plans]]\ncode = \"m\"\ntier = {tier:?}\ntitle = \"月\"\ntitle_en = \"Month\"\n\
             price_fen = 4990\nmonths = 1\n"
        )
    }

    #[test]
    fn tiers_rank_in_the_order_of_the_file() {
        let listing = parse(&plan_of("pro")).unwrap();
        let [plan] = listing.plans.as_slice() else {
            unreachable!("there is one plan")
        };
        assert_eq!((plan.tier.code.as_str(), plan.tier.rank), ("pro", 1));
        assert_eq!(plan.tier.title.zh, "专业版");
        assert_eq!((plan.months, plan.listed, plan.position), (1, true, 1));
        assert_eq!(plan.check(), Ok(()));
        assert_eq!(parse(&plan_of("basic")).unwrap().plans[0].tier.rank, 0);
    }

    #[test]
    fn an_unknown_tier_is_named() {
        let error = parse(&plan_of("gold")).unwrap_err();
        assert!(
            error.contains("\"m\"") && error.contains("\"gold\""),
            "{error}"
        );
    }

    #[test]
    fn what_is_there_twice_is_named() {
        for (text, code) in [
            (format!("{TIERS}{TIERS}"), "basic"),
            (
                plan_of("pro") + plan_of("pro").trim_start_matches(TIERS),
                "m",
            ),
            (format!("{ENTRY}points = 1\nprice_fen = 1\n").repeat(2), "p"),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(
                error.contains(&format!("{code:?} is there twice")),
                "{error}"
            );
        }
    }
}
