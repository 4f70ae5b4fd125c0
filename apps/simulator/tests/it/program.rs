//! The binary.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use paydesk_simulator::Keys;

use crate::merchant::Merchant;

struct Program(Child);

impl Program {
    fn start(arguments: &[&str]) -> (Self, impl BufRead + use<>) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_paydesk-simulator"))
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        (Self(child), out)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_prints_its_address_and_serves() {
    let (_program, mut out) = Program::start(&[]);
    let mut url = String::new();
    out.read_line(&mut url).unwrap();
    let merchant = Merchant::new(Keys::throw_away(), url.trim().to_owned());
    let order = merchant.order("PO20260101000001", "http://127.0.0.1:9/notify");
    let placed = merchant.place(&order).await;
    assert!(merchant.verifies(&placed));
    let code_url = placed.json()["code_url"].as_str().unwrap().to_owned();
    assert!(
        code_url.starts_with(url.trim()),
        "a phone can open it: {code_url}"
    );
}

#[test]
fn it_prints_settings_with_its_kept_keys() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::throw_away();
    let file = serde_json::to_vec(&Keys {
        merchant_id: "1900000042".to_owned(),
        ..keys
    })
    .unwrap();
    std::fs::write(folder.path().join("keys.json"), file).unwrap();
    let path = folder.path().to_str().unwrap();
    let (program, mut out) = Program::start(&["--keys", path, "--print-settings"]);
    let mut settings = String::new();
    while !settings.contains("base_url") {
        assert_ne!(
            out.read_line(&mut settings).unwrap(),
            0,
            "it ended: {settings}"
        );
    }
    drop(program);
    out.read_to_string(&mut settings).unwrap();
    assert!(settings.starts_with("[accounts.simulator]\nchannel = \"wechat\"\n"));
    assert!(settings.contains("merchant_id = \"1900000042\""));
    assert!(settings.contains("private_key = '''\n-----BEGIN PRIVATE KEY-----"));
    assert!(settings.contains("platform_public_key = '''\n-----BEGIN PUBLIC KEY-----"));
    assert!(settings.contains("base_url = \"http://127.0.0.1:"));
    let (_, alipay) = settings
        .split_once("[accounts.alipay-simulator]\n")
        .unwrap();
    assert!(alipay.starts_with("channel = \"alipay\"\nmerchant_id = \"2088"));
    assert!(alipay.contains("app_id = \"2021"));
    assert!(alipay.contains("private_key = '''\n-----BEGIN PRIVATE KEY-----"));
    assert!(alipay.contains("platform_public_key = '''\n-----BEGIN PUBLIC KEY-----"));
    assert!(alipay.contains("/gateway.do\"\n"));
}

#[test]
fn it_prints_an_environment_that_a_shell_understands() {
    let (program, mut out) = Program::start(&["--print-environment"]);
    let mut commands = String::new();
    while !commands.contains("ALIPAY_BASE_URL") {
        assert_ne!(out.read_line(&mut commands).unwrap(), 0, "{commands}");
    }
    drop(program);
    let script = format!(
        "{commands}\nprintf '%s|%s|%s|%s|%s' \"$ALIPAY_APP_ID\" \"$ALIPAY_APP_KEY\" \
         \"$WECHATPAY_MERCHANT_ID\" \"$WECHATPAY_MERCHANT_KEY\" \"$ALIPAY_BASE_URL\""
    );
    let shell = Command::new("sh").args(["-c", &script]).output().unwrap();
    let said = String::from_utf8(shell.stdout).unwrap();
    let keys = Keys::throw_away();
    let expected = format!(
        "{}|{}|{}|{}|http://127.0.0.1:",
        keys.alipay.app_id,
        keys.alipay.private_key.trim(),
        keys.merchant_id,
        keys.private_key.trim()
    );
    assert!(said.starts_with(&expected), "{said}");
    assert!(said.ends_with("/gateway.do"), "{said}");
}
