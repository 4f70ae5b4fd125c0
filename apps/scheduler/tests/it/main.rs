//! The binary's commands.

use std::process::Command;

#[test]
fn an_unknown_job_is_named_with_those_that_exist() {
    let output = Command::new(env!("CARGO_BIN_EXE_paydesk-scheduler"))
        .args(["once", "nonsense"])
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(
        words.contains("nonsense") && words.contains("fulfil"),
        "{words}"
    );
}

#[test]
fn a_job_needs_settings() {
    let output = Command::new(env!("CARGO_BIN_EXE_paydesk-scheduler"))
        .args(["once", "fulfil"])
        .env_clear()
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(words.starts_with("paydesk-scheduler: setting "), "{words}");
    assert_eq!(words.trim().lines().count(), 1, "{words}");
}
