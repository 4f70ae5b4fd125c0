//! The binary's commands, and the documents held against the code.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what goes wrong fails the test"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use paydesk_api::{PROBLEMS, ROUTES, description};
use serde_json::{Value, json};

const SETTINGS: &str = r#"
[http]
public_url = "https://pay.example.com"
link_secret = "0123456789abcdef0123456789abcdef"
[database]
url = "sqlite://DATABASE"
[auth]
algorithm = "HS256"
secret = "a secret of at least thirty-two bytes"
[orders]
payment_tag = "it"
"#;

fn paydesk(folder: &Path, settings: &str, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let database = folder.join("paydesk.sqlite");
    let settings = settings.replace("DATABASE", database.to_str().unwrap());
    let file = folder.join("paydesk.toml");
    std::fs::write(&file, settings).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_paydesk-api"));
    command
        .arg("--config")
        .arg(file)
        .args(arguments)
        .envs(env.iter().copied());
    command.output().unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_wrong_setting_ends_the_start_with_one_line_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    for (settings, env, setting) in [
        (
            SETTINGS.replace("payment_tag = \"it\"", ""),
            None,
            "orders.payment_tag",
        ),
        (format!("{SETTINGS}surprise = 1"), None, "orders.surprise"),
        (SETTINGS.replace("sqlite:", "oracle:"), None, "database.url"),
        (SETTINGS.replace("HS256", "EdDSA"), None, "auth.public_key"),
        (
            SETTINGS.to_owned(),
            Some(("PAYDESK__AUTH__SECRET_FILE", "/x")),
            "auth.secret_file",
        ),
        (
            SETTINGS.to_owned(),
            Some(("PAYDESK__LOG__FILTER", "=,=")),
            "log.filter",
        ),
        (
            SETTINGS.to_owned(),
            Some(("PAYDESK_AUTH__SECRET", "x")),
            "PAYDESK_AUTH__SECRET",
        ),
    ] {
        let output = paydesk(folder.path(), &settings, &["migrate"], env.as_slice());
        let words = words(&output);
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert_eq!(words.trim().lines().count(), 1, "{words}");
        assert!(words.contains(setting), "{setting}: {words}");
        assert!(!words.contains("a secret of at least"), "{words}");
    }
}

#[test]
fn a_database_is_made_by_migrate_only() {
    let folder = tempfile::tempdir().unwrap();
    let serve = paydesk(folder.path(), SETTINGS, &["serve"], &[]);
    assert!(
        !serve.status.success() && words(&serve).contains("migrate"),
        "{}",
        words(&serve)
    );
    assert!(!folder.path().join("paydesk.sqlite").exists());

    let first = paydesk(folder.path(), SETTINGS, &["migrate"], &[]);
    assert!(first.status.success(), "{}", words(&first));
    let again = paydesk(folder.path(), SETTINGS, &["migrate"], &[]);
    let answer = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(
        again.status.success() && answer.contains("up to date"),
        "{answer}"
    );
}

#[test]
fn a_catalogue_is_published_by_version() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        paydesk(folder.path(), SETTINGS, &["migrate"], &[])
            .status
            .success()
    );
    let shop = folder.path().join("shop.toml");
    let entry = "[[point_packages]]\ncode = \"p\"\ntitle = \"点\"\ntitle_en = \"p\"\npoints = 1\n";
    let publish = |price: &str| {
        std::fs::write(&shop, format!("{entry}price_fen = {price}")).unwrap();
        paydesk(
            folder.path(),
            SETTINGS,
            &["catalog", shop.to_str().unwrap()],
            &[],
        )
    };
    let said = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said(&publish("100")).contains("1 of 1"));
    assert!(
        said(&publish("100")).contains("0 of 1"),
        "what did not change is no new version"
    );
    assert!(said(&publish("200")).contains("1 of 1"));
    for bad in ["0", "-1", "1.5", "\"1e2\""] {
        let output = publish(bad);
        assert!(
            !output.status.success() && words(&output).contains("price_fen"),
            "{bad}: {output:?}"
        );
    }
}

/// Methods and paths of the description.
fn described() -> BTreeSet<(String, String)> {
    let description: Value = serde_json::from_str(description()).unwrap();
    let paths = description["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect()
}

#[test]
fn table_and_description_list_every_endpoint_and_no_other() {
    let manual = include_str!("../../../../docs/HTTP.md");
    let documented: BTreeSet<(String, String)> = manual
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split('`');
            let method = cells.next()?.to_owned();
            let path = cells.nth(1)?.to_owned();
            path.starts_with('/').then_some((method, path))
        })
        .collect();
    let real: BTreeSet<_> = ROUTES
        .iter()
        .map(|route| (route.method.to_owned(), route.path.to_owned()))
        .collect();
    assert_eq!(documented, real);
    assert_eq!(described(), real);
}

#[test]
fn every_error_code_is_described_where_it_is_answered() {
    let description: Value = serde_json::from_str(description()).unwrap();
    let mut answered = BTreeSet::new();
    for item in description["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let schema = &response["content"]["application/problem+json"]["schema"];
                let codes = schema["allOf"][1]["properties"]["code"]["enum"].as_array();
                for code in codes.into_iter().flatten() {
                    let status: u16 = status.parse().unwrap();
                    answered.insert((status, code.as_str().unwrap().to_owned()));
                }
            }
        }
    }
    // Answered where there is no operation that could describe it.
    answered.insert((405, "method_not_allowed".to_owned()));
    let all: BTreeSet<_> = PROBLEMS
        .iter()
        .map(|kind| (kind.status, kind.code.to_owned()))
        .collect();
    assert_eq!(answered, all);
    let listed = &description["components"]["schemas"]["Problem"]["properties"]["code"]["enum"];
    assert_eq!(listed.as_array().unwrap().len(), all.len());
}

#[test]
fn operations_say_their_name_and_whether_they_need_a_token() {
    let description: Value = serde_json::from_str(description()).unwrap();
    let scheme = &description["components"]["securitySchemes"]["bearer"];
    assert_eq!(
        (&scheme["type"], &scheme["scheme"]),
        (&json!("http"), &json!("bearer"))
    );
    let mut names = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name), "{name} names two operations");
            let refused = operation["responses"].get("401").is_some();
            let told = operation.get("security").is_some() || path.ends_with("/callback");
            assert!(!refused || told, "{path}");
        }
    }
}

#[test]
fn every_error_code_is_documented() {
    let manual = include_str!("../../../../docs/HTTP.md");
    let table = manual.split("## Error codes").nth(1).unwrap();
    let documented: BTreeSet<(u16, &str)> = table
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| `")?
                .strip_suffix(" |")?
                .rsplit_once(" | ")
        })
        .flat_map(|(codes, status)| {
            let codes = codes.split('`').step_by(2);
            codes.map(|code| (status.parse().unwrap(), code))
        })
        .filter(|(_, code)| !code.is_empty())
        .collect();
    let real: BTreeSet<_> = PROBLEMS
        .iter()
        .map(|kind| (kind.status, kind.code))
        .collect();
    assert_eq!(documented, real);
}
