use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use paydesk_simulator::{Options, Running};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::SECRET;
use crate::{Client, Process, binary, free_port};

const START: Duration = Duration::from_secs(20);

const CATALOG: &str = r#"
[[tiers]]
code = "basic"
title = "基础版"
title_en = "Basic"

[[tiers]]
code = "pro"
title = "专业版"
title_en = "Pro"

[[plans]]
code = "basic-month"
tier = "basic"
title = "基础版 1 个月"
title_en = "Basic, 1 month"
price_fen = 1990
months = 1

[[plans]]
code = "basic-year"
tier = "basic"
title = "基础版 12 个月"
title_en = "Basic, 12 months"
price_fen = 19900
months = 12

[[plans]]
code = "pro-month"
tier = "pro"
title = "专业版 1 个月"
title_en = "Pro, 1 month"
price_fen = 4990
months = 1

[[plans]]
code = "pro-year"
tier = "pro"
title = "专业版 12 个月"
title_en = "Pro, 12 months"
price_fen = 49900
months = 12

[[point_packages]]
code = "points-1000"
title = "1,000 点"
title_en = "1,000 points"
price_fen = 990
points = 1000
valid_days = 365

[[point_packages]]
code = "points-100"
title = "100 点"
title_en = "100 points"
price_fen = 100
points = 100

[[point_packages]]
code = "retired"
title = "旧"
title_en = "old"
price_fen = 1
points = 1
listed = false
"#;

/// How a house is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How many times faster than the wall clock the platform repeats its notices.
    pub speed: u32,
    /// Environment of the API process.
    pub environment: Vec<(String, String)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            speed: 100,
            environment: Vec::new(),
        }
    }
}

/// The whole system: a simulated platform in this process, the API as a process of its own, a SQLite
/// file in a temporary folder.
#[derive(Debug)]
pub struct House {
    /// Settings, catalogue, database.
    pub folder: TempDir,
    /// The platform.
    pub simulator: Running,
    /// The API.
    pub api: Process,
    /// Speaks to the API, without a token, and holds every answer against its description.
    pub client: Client,
    /// Speaks to the platform's control desk.
    pub platform: Client,
    port: u16,
}

impl House {
    /// A house as people have it.
    pub async fn new() -> Self {
        Self::set_up(Setup::default()).await
    }

    /// A house set up in some way.
    pub async fn set_up(setup: Setup) -> Self {
        let simulator = paydesk_simulator::start(Options::default().speed(setup.speed))
            .await
            .expect("the simulator starts");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let settings = settings(&folder, port, &simulator);
        fs::write(folder.path().join("paydesk.toml"), settings).expect("settings are written");
        fs::write(folder.path().join("shop.toml"), CATALOG).expect("a catalogue is written");
        let catalog = folder.path().join("shop.toml");
        let catalog = catalog.to_str().expect("a plain path").to_owned();
        succeed(
            &command("paydesk-api", &folder, &["migrate"])
                .output()
                .expect("it runs"),
        );
        let published = command("paydesk-api", &folder, &["catalog", &catalog]).output();
        succeed(&published.expect("it runs"));
        let api = start_api(&folder, &setup.environment).await;
        let platform = Client::new(simulator.url());
        let client = Client::new(&format!("http://127.0.0.1:{port}")).checked();
        Self {
            folder,
            simulator,
            api,
            client,
            platform,
            port,
        }
    }

    /// The API's port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The settings file.
    pub fn settings(&self) -> PathBuf {
        self.folder.path().join("paydesk.toml")
    }

    /// Starts the API again, which must have ended.
    pub async fn restart_api(&mut self, environment: &[(String, String)]) {
        self.api = start_api(&self.folder, environment).await;
    }

    /// Starts a scheduler beside the API.
    pub async fn start_scheduler(&self) -> Process {
        let mut scheduler = Process::start(command("paydesk-scheduler", &self.folder, &["run"]));
        scheduler.printed("scheduler started", START).await;
        scheduler
    }

    /// Runs a command of the API or the scheduler to its end.
    pub fn run(&self, binary: &str, arguments: &[&str]) -> Output {
        command(binary, &self.folder, arguments)
            .output()
            .expect("it runs")
    }

    /// The payer pays at the platform.
    pub async fn pay(&self, order: &Value) {
        let number = order["payment_no"]
            .as_str()
            .expect("an order has a payment number");
        let answer = self
            .platform
            .post(&format!("/sim/orders/{number}/pay"), &json!({}))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// What the platform sent and what it was answered.
    pub async fn deliveries(&self) -> Vec<Value> {
        let log = self.platform.get("/sim/deliveries").await.json();
        log["deliveries"]
            .as_array()
            .or(log.as_array())
            .cloned()
            .unwrap_or_default()
    }

    /// A notice signed by the platform with whatever the overrides say, delivered or only returned.
    pub async fn notice(&self, request: Value) -> Value {
        let answer = self.platform.post("/sim/notices", &request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// A notice that the platform signed and did not send, as headers and body of a request.
    pub async fn signed(&self, mut request: Value) -> (Vec<(String, String)>, Vec<u8>) {
        request["deliver"] = json!(false);
        let notice = self.notice(request).await;
        let request = notice.get("request").unwrap_or(&notice);
        let text = |value: &Value| {
            value
                .as_str()
                .expect("headers and body are text")
                .to_owned()
        };
        let headers = request["headers"].as_object().expect("there are headers");
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), text(value)));
        (headers.collect(), text(&request["body"]).into_bytes())
    }

    /// Makes the platform misbehave.
    pub async fn fault(&self, fault: Value) {
        let answer = self.platform.post("/sim/faults", &json!([fault])).await;
        assert!((200..300).contains(&answer.status), "{answer:?}");
    }
}

async fn start_api(folder: &TempDir, environment: &[(String, String)]) -> Process {
    let mut command = command("paydesk-api", folder, &["serve"]);
    command.envs(environment.iter().cloned());
    let mut api = Process::start(command);
    api.printed("listening on http://", START).await;
    api
}

fn command(name: &str, folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary(name));
    command
        .arg("--config")
        .arg(folder.path().join("paydesk.toml"))
        .args(arguments);
    command
}

fn succeed(output: &Output) {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn settings(folder: &TempDir, port: u16, simulator: &Running) -> String {
    let keys = simulator.keys();
    let database = folder.path().join("paydesk.sqlite");
    let mut text = String::new();
    write!(
        text,
        "[http]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
         link_secret = {SECRET:?}\n\
         [database]\nurl = \"sqlite://{}\"\n\
         [auth]\nalgorithm = \"HS256\"\nsecret = {SECRET:?}\n\
         [orders]\npayment_tag = \"e2e\"\n\
         [log]\nfilter = \"info\"\n\
         [accounts.main]\nchannel = \"wechat\"\nmerchant_id = {:?}\napp_id = {:?}\n\
         certificate_serial = {:?}\nprivate_key = {:?}\napi_v3_key = {:?}\n\
         platform_public_key_id = {:?}\nplatform_public_key = {:?}\nbase_url = {:?}\n",
        database.display(),
        keys.merchant_id,
        keys.app_id,
        keys.certificate_serial,
        keys.private_key,
        keys.api_v3_key,
        keys.platform_public_key_id,
        keys.platform_public_key,
        simulator.url(),
    )
    .expect("text can be written");
    let alipay = &keys.alipay;
    write!(
        text,
        "[accounts.blue]\nchannel = \"alipay\"\nmerchant_id = {:?}\napp_id = {:?}\n\
         private_key = {:?}\nplatform_public_key = {:?}\nbase_url = {:?}\n",
        alipay.merchant_id,
        alipay.app_id,
        alipay.private_key,
        alipay.platform_public_key,
        format!("{}/gateway.do", simulator.url()),
    )
    .expect("text can be written");
    text
}
