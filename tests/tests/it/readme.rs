//! The commands of the README, as they are written there.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use e2e::{Client, Process, binary, free_port, token_with, until};
use serde_json::json;

const SECRET: &str = "only for this machine: thirty-two bytes or more";

/// The shell commands below a heading, one text for each block.
fn blocks(heading: &str) -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let section = readme.split(&format!("## {heading}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The commands with ports and a folder of this test's own, and without building again.
fn moved(block: &str, folder: &Path, api: u16, simulator: u16) -> String {
    let lines = block
        .lines()
        .filter(|line| !line.starts_with("cargo build"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let here = folder.display().to_string();
    text.replace("$PWD/target/debug", &binaries())
        .replace(
            "mkdir -p target/trial && cd target/trial",
            &format!("cd {here}"),
        )
        .replace(
            "../../docs/example/local.toml paydesk.toml",
            "local.toml paydesk.toml",
        )
        .replace("../..", &root().display().to_string())
        .replace(
            "paydesk-simulator --",
            &format!("paydesk-simulator --listen 127.0.0.1:{simulator} --"),
        )
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{api}"))
}

fn binaries() -> String {
    let api = binary("paydesk-api");
    api.parent().unwrap().display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_run_by_the_commands_of_the_readme() {
    let folder = tempfile::tempdir().unwrap();
    let (api, simulator) = (free_port(), free_port());
    let local = fs::read_to_string(root().join("docs/example/local.toml")).unwrap();
    let local = local.replace("127.0.0.1:8080", &format!("127.0.0.1:{api}"));
    fs::write(folder.path().join("local.toml"), local).unwrap();
    let blocks = blocks("Run it");
    let [start, order] = blocks.as_slice() else {
        unreachable!("two blocks: {blocks:?}")
    };
    let start = moved(start, folder.path(), api, simulator);
    let order = moved(order, folder.path(), api, simulator);
    // Whatever it starts ends when this test does, by whatever way: then the pipe closes.
    let watch = "exec 3<&0; ( cat <&3 > /dev/null; kill 0 ) &";
    let script = format!("set -eu\n{watch}\n{start}\n{order}\necho\necho ORDERED\nwait\n");
    let mut command = Command::new("setsid");
    command.args(["bash", "-c", &script]);
    let mut shell = Process::start(command);
    shell.printed("ORDERED", Duration::from_secs(30)).await;
    let said = shell.output();
    let placed = said
        .lines()
        .find(|line| line.contains("\"order_no\""))
        .unwrap();
    let order: serde_json::Value = serde_json::from_str(placed).unwrap();
    assert_eq!(order["status"], "pending", "{order}");

    let platform = Client::new(&format!("http://127.0.0.1:{simulator}"));
    let number = order["payment_no"].as_str().unwrap();
    let paid = platform
        .post(&format!("/sim/orders/{number}/pay"), &json!({}))
        .await;
    assert_eq!(paid.status, 200, "{paid:?}");
    let claims = json!({ "sub": "u1", "exp": 4_102_444_800_i64 });
    let buyer = Client::new(&format!("http://127.0.0.1:{api}"));
    let buyer = buyer.with_token(&token_with(&claims, SECRET));
    until(
        "the membership is there",
        Duration::from_secs(10),
        || async {
            let held = buyer.get("/api/v1/account/membership").await.json();
            held["tier"]["code"] == "basic"
        },
    )
    .await;
}
