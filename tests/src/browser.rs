use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Client, Process, free_port, until};

/// The key under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A headless Chromium, spoken to over WebDriver.
#[derive(Debug)]
pub struct Browser {
    driver: Client,
    session: String,
    // Dropped with it: the driver ends, the folder goes.
    _process: Process,
    profile: TempDir,
}

impl Drop for Browser {
    /// The driver is killed, and a killed driver leaves its browser behind: that is found by its folder.
    fn drop(&mut self) {
        let folder = format!("user-data-dir={}", self.profile.path().display());
        let ended = Command::new("pkill")
            .args(["-KILL", "-f", &folder])
            .status();
        assert!(
            ended.is_ok() || std::thread::panicking(),
            "pkill runs: {ended:?}"
        );
    }
}

impl Browser {
    /// Starts a browser with a window of this size in CSS pixels.
    pub async fn start(width: u32, height: u32) -> Self {
        let port = free_port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}"));
        let mut process = Process::start(command);
        process
            .printed("started successfully", Duration::from_secs(30))
            .await;
        let profile = tempfile::tempdir().expect("a temporary folder");
        let arguments = json!([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", profile.path().display()),
        ]);
        let driver = Client::new(&format!("http://127.0.0.1:{port}"));
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
        } } });
        let answer = driver.post("/session", &capabilities).await;
        let session = answer.json()["value"]["sessionId"]
            .as_str()
            .map(str::to_owned);
        let session = session.unwrap_or_else(|| panic!("no browser: {}", answer.text));
        Self {
            driver,
            session,
            _process: process,
            profile,
        }
    }

    async fn call(&self, path: &str, body: &Value) -> Value {
        let path = format!("/session/{}{path}", self.session);
        self.driver.post(&path, body).await.json()["value"].clone()
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        let answer = self.call("/url", &json!({ "url": url })).await;
        assert!(answer.is_null(), "cannot open {url}: {answer}");
    }

    /// Moves the browser to another time zone.
    pub async fn travel(&self, zone: &str) {
        let command = "Emulation.setTimezoneOverride";
        let call = json!({ "cmd": command, "params": { "timezoneId": zone } });
        let answer = self.call("/goog/cdp/execute", &call).await;
        assert_eq!(answer, json!({}), "cannot go to {zone}");
    }

    /// The value of a script's `return`.
    pub async fn eval(&self, script: &str) -> Value {
        self.call("/execute/sync", &json!({ "script": script, "args": [] }))
            .await
    }

    /// Whether an element is on the page.
    pub async fn has(&self, selector: &str) -> bool {
        self.find(selector).await.is_some()
    }

    async fn find(&self, selector: &str) -> Option<String> {
        let wanted = json!({ "using": "css selector", "value": selector });
        self.call("/element", &wanted).await[ELEMENT]
            .as_str()
            .map(str::to_owned)
    }

    /// Waits for an element and clicks it.
    pub async fn click(&self, selector: &str) {
        let what = format!("{selector} to click");
        until(&what, Duration::from_secs(15), || async {
            let Some(element) = self.find(selector).await else {
                return false;
            };
            self.call(&format!("/element/{element}/click"), &json!({}))
                .await
                .is_null()
        })
        .await;
    }

    /// An attribute of an element, or its text for the name `text`.
    pub async fn read(&self, selector: &str, attribute: &str) -> Option<String> {
        let script = format!(
            "const e = document.querySelector({selector:?}); \
             return e && ({attribute:?} === 'text' ? e.textContent : e.getAttribute({attribute:?}));"
        );
        self.eval(&script).await.as_str().map(str::to_owned)
    }

    /// Waits until an attribute has this value.
    pub async fn shows(&self, selector: &str, attribute: &str, value: &str, limit: Duration) {
        let what = format!("{selector} shows {attribute}={value:?}");
        until(&what, limit, || async {
            self.read(selector, attribute).await.as_deref() == Some(value)
        })
        .await;
    }

    /// Takes a picture of the window.
    pub async fn picture(&self, path: &Path) {
        let path_here = format!("/session/{}/screenshot", self.session);
        let answer = self.driver.get(&path_here).await.json();
        let picture = answer["value"].as_str().expect("a picture");
        std::fs::write(path, STANDARD.decode(picture).expect("base64")).expect("it is written");
    }
}
