use super::*;

const GOOD: &str = r#"
[http]
public_url = "https://pay.example.com"
link_secret = "0123456789abcdef0123456789abcdef"
[database]
url = "sqlite://paydesk.sqlite"
[auth]
algorithm = "HS256"
secret = "a secret of at least thirty-two bytes"
[orders]
payment_tag = "prod"
"#;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// Settings with nothing but what must be there.
pub(crate) fn good() -> Settings {
    load(GOOD, &[]).unwrap()
}

fn load(toml: &str, pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::from(&Source::Text(toml), environment(pairs))
}

#[test]
fn defaults_fill_what_may_be_left_out() {
    let settings = load(GOOD, &[]).unwrap();
    assert_eq!(settings.http.listen, default_listen());
    assert_eq!(settings.orders.pay_within_minutes, 30);
    assert_eq!(settings.public("/x"), "https://pay.example.com/x");
}

#[test]
fn the_environment_wins_and_keeps_digits_as_text() {
    let settings = load(
        GOOD,
        &[
            ("PAYDESK__HTTP__LISTEN", "0.0.0.0:9000"),
            ("PAYDESK__ORDERS__PAY_WITHIN_MINUTES", "15"),
            ("PAYDESK__ORDERS__UPGRADE_PAY_WITHIN_MINUTES", "5"),
            ("PAYDESK__ORDERS__LATE_PAYMENT", "grant"),
            ("PAYDESK__ORDERS__PAYMENT_TAG", "0042"),
            (
                "PAYDESK__HTTP__ALLOWED_ORIGINS",
                "https://a.example, https://b.example",
            ),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!(settings.http.listen.to_string(), "0.0.0.0:9000");
    assert_eq!(settings.orders.pay_within_minutes, 15);
    assert_eq!(settings.orders.upgrade_pay_within_minutes, Some(5));
    assert_eq!(settings.orders.late_payment, LatePayment::Grant);
    assert_eq!(settings.orders.payment_tag.as_str(), "0042");
    assert_eq!(
        settings.http.allowed_origins,
        ["https://a.example", "https://b.example"]
    );
}

#[test]
fn every_complaint_names_the_setting() {
    let without = |line: &str| GOOD.replace(line, "");
    for (toml, setting) in [
        (without("payment_tag = \"prod\""), "orders.payment_tag"),
        (
            without("[database]\nurl = \"sqlite://paydesk.sqlite\""),
            "database",
        ),
        (
            without("secret = \"a secret of at least thirty-two bytes\""),
            "auth.secret",
        ),
        (
            without("public_url = \"https://pay.example.com\""),
            "http.public_url",
        ),
        (format!("{GOOD}pay_within = 3"), "orders.pay_within"),
        (
            format!("{GOOD}pay_within_minutes = 3"),
            "orders.pay_within_minutes",
        ),
        (
            format!("{GOOD}pay_within_minutes = \"soon\""),
            "orders.pay_within_minutes",
        ),
        (format!("{GOOD}[surprise]\nx = 1"), "surprise"),
        (GOOD.replace("prod", "PROD"), "orders.payment_tag"),
        (GOOD.replace("HS256", "none"), "auth.algorithm"),
        (GOOD.replace("HS256", "RS256"), "auth.public_key"),
        (
            GOOD.replace("pay.example.com", "pay.example.com/shop"),
            "http.public_url",
        ),
        (GOOD.replace("https:", "ftp:"), "http.public_url"),
        (
            GOOD.replace("https://", "https://user:pw@"),
            "http.public_url",
        ),
        (
            GOOD.replace("pay.example.com", "pay.example.com/#top"),
            "http.public_url",
        ),
        (
            GOOD.replace(
                "[http]",
                "[http]\nallowed_origins = [\"https://a.example/\"]",
            ),
            "http.allowed_origins",
        ),
        (
            GOOD.replace("[http]", "[http]\nallowed_origins = [\"*\"]"),
            "http.allowed_origins",
        ),
        (
            GOOD.replace("[auth]", "[auth]\nissuer = \"\""),
            "auth.issuer",
        ),
        (
            GOOD.replace("link_secret = \"0123456789abcdef", "link_secret = \""),
            "http.link_secret",
        ),
        (
            format!("{GOOD}[accounts.a]\nchannel = \"paypal\""),
            "accounts.a.channel",
        ),
    ] {
        let error = load(&toml, &[]).unwrap_err();
        assert_eq!(error.setting, setting, "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn what_is_out_of_its_range_is_named() {
    for (line, setting) in [
        (
            "upgrade_pay_within_minutes = 121",
            "orders.upgrade_pay_within_minutes",
        ),
        (
            "points_pay_within_minutes = 4",
            "orders.points_pay_within_minutes",
        ),
        ("late_payment = \"keep\"", "orders.late_payment"),
        ("failed_grant = \"grant\"", "orders.failed_grant"),
        ("grant_tries = 0", "orders.grant_tries"),
        ("query_every_seconds = 301", "orders.query_every_seconds"),
        ("create_retries = 1001", "orders.create_retries"),
        (
            "[scheduler]\npoll_every_seconds = 0",
            "scheduler.poll_every_seconds",
        ),
    ] {
        let error = load(&format!("{GOOD}{line}"), &[]).unwrap_err();
        assert_eq!(error.setting, setting, "{error}");
    }
}

#[test]
fn misspelt_environment_settings_are_refused() {
    for (key, setting) in [
        ("PAYDESK_HTTP__LISTEN", "PAYDESK_HTTP__LISTEN"),
        ("PAYDESK__HTTP__LISTENS", "http.listens"),
        ("PAYDESK__HTPP__LISTEN", "htpp"),
    ] {
        assert_eq!(load(GOOD, &[(key, "x")]).unwrap_err().setting, setting);
    }
}

#[test]
fn secrets_are_read_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "a secret that stands in a file of its own\n").unwrap();
    let file = path.to_str().unwrap();
    let toml = GOOD.replace("secret = \"a secret of at least thirty-two bytes\"", "");
    let settings = load(&toml, &[("PAYDESK__AUTH__SECRET_FILE", file)]).unwrap();
    let secret = settings.auth.secret.unwrap();
    assert_eq!(
        secret.expose_secret(),
        "a secret that stands in a file of its own"
    );

    let both = load(GOOD, &[("PAYDESK__AUTH__SECRET_FILE", file)]).unwrap_err();
    assert_eq!(both.setting, "auth.secret_file");
    let missing = load(&toml, &[("PAYDESK__AUTH__SECRET_FILE", "/nowhere/secret")]).unwrap_err();
    assert_eq!(missing.setting, "auth.secret_file");
    std::fs::write(&path, "x".repeat(65 * 1024)).unwrap();
    let large = load(&toml, &[("PAYDESK__AUTH__SECRET_FILE", file)]).unwrap_err();
    assert_eq!(large.setting, "auth.secret_file");
}

#[test]
fn two_accounts_cannot_both_take_new_payments() {
    let account = |name: &str| {
        format!(
            "[accounts.{name}]\nchannel = \"wechat\"\nmerchant_id = \"1\"\napp_id = \"wx\"\n\
             certificate_serial = \"00\"\nprivate_key = \"k\"\napi_v3_key = \"k\"\n\
             platform_public_key_id = \"p\"\nplatform_public_key = \"k\"\n"
        )
    };
    let error = load(&format!("{GOOD}{}{}", account("a"), account("b")), &[]).unwrap_err();
    assert_eq!(error.setting, "accounts.b.active");
}

#[test]
fn secrets_stay_out_of_debug_and_errors() {
    let canary = "canary-canary-canary-canary-canary";
    let toml = GOOD.replace("a secret of at least thirty-two bytes", canary);
    assert!(!format!("{:?}", load(&toml, &[]).unwrap()).contains(canary));
    for broken in [
        toml.replace(&format!("\"{canary}\""), &format!("[\"{canary}\"]")),
        toml.replace("algorithm = \"HS256\"", "algorithm = \"RS256\""),
        toml.replace(
            "payment_tag = \"prod\"",
            &format!("payment_tag = \"{canary}\""),
        ),
        toml.replace(&format!("\"{canary}\""), &format!("\"{canary}")),
        toml.replace(&format!("\"{canary}\""), canary),
        toml.replace(
            "\nsecret = ",
            &format!("\nsecret = \"{canary}\"\nsecret = "),
        ),
    ] {
        let error = load(&broken, &[]).unwrap_err();
        assert!(!error.to_string().contains(canary), "{error}");
    }
}

/// Lists the settings of a section out of the parser's own complaint about one that it lacks.
fn known(section: &str) -> Vec<String> {
    let probe = if section.is_empty() {
        format!("{GOOD}[zzz]\nx = 1")
    } else if section == "accounts.NAME" {
        format!("{GOOD}[accounts.NAME]\nzzz = 1")
    } else {
        let line = format!("[{section}]");
        if GOOD.contains(&line) {
            GOOD.replace(&line, &format!("{line}\nzzz = 1"))
        } else {
            format!("{GOOD}{line}\nzzz = 1")
        }
    };
    let problem = load(&probe, &[]).unwrap_err().problem;
    problem
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_documentation_lists_every_setting_and_no_other() {
    let manual = include_str!("../../../../docs/SETTINGS.md");
    let documented: std::collections::BTreeSet<String> = manual
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    let mut real = std::collections::BTreeSet::new();
    for section in known("") {
        let section = if section == "accounts" {
            "accounts.NAME".to_owned()
        } else {
            section
        };
        let keys = known(&section);
        assert!(!keys.is_empty(), "no settings found in {section}");
        real.extend(keys.into_iter().map(|key| format!("{section}.{key}")));
    }
    assert_eq!(documented, real);
}

#[test]
fn the_example_has_good_settings_but_for_its_files() {
    let example = include_str!("../../../../docs/example/paydesk.toml");
    let secret = "0123456789abcdef0123456789abcdef";
    let inline: String = example
        .lines()
        .map(|line| match line.split_once("_file = ") {
            Some((name, _)) => format!("{name} = {secret:?}\n"),
            None => format!("{line}\n"),
        })
        .collect();
    let settings = load(&inline, &[]).unwrap();
    assert_eq!(settings.accounts["main"].channel, Channel::Wechat);
    let shop = include_str!("../../../../docs/example/shop.toml");
    assert!(!crate::parse_catalog(shop).unwrap().is_empty());
}
