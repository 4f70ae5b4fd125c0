//! Builds without the feature `testing` refuse its switches. `./tests/run` makes them.

use std::path::PathBuf;
use std::process::Command;

#[expect(
    clippy::disallowed_methods,
    reason = "not a setting: where the second build stands"
)]
fn plain(binary: &str) -> PathBuf {
    let folder = std::env::var("E2E_PLAIN_BUILD").expect("./tests/run names the plain build");
    PathBuf::from(folder).join(binary)
}

#[test]
fn a_plain_build_refuses_test_switches() {
    for binary in ["paydesk-api", "paydesk-scheduler"] {
        for (switch, value) in [
            ("PAYDESK_TEST__FAILPOINT", "settle.committed"),
            ("PAYDESK_TEST__CLOCK_OFFSET_SECONDS", "60"),
            ("PAYDESK_TEST__ANYTHING", "1"),
        ] {
            let command = if binary == "paydesk-api" {
                "serve"
            } else {
                "run"
            };
            let output = Command::new(plain(binary))
                .arg(command)
                .env(switch, value)
                .output()
                .unwrap();
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success(), "{binary} accepted {switch}");
            assert!(
                words.contains(switch) && words.contains("test builds only"),
                "{words}"
            );
        }
    }
}
