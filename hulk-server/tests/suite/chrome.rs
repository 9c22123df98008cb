//! A real browser with a profile of its own, driven through WebDriver.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::skipped;

/// Time limit for a page to show an expected element or state.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Chrome {
    pub(crate) client: Client,
    driver: Child,
    session: String,
    http: reqwest::Client,
    pub(crate) downloads: TempDir,
}

impl Chrome {
    /// Returns `None` if there is no `chromedriver`.
    pub(crate) async fn start(width: u32, height: u32) -> Option<Self> {
        let version = Command::new("chromedriver").arg("--version").output();
        if !version.is_ok_and(|version| version.status.success()) {
            skipped("chromium", "there is no 'chromedriver' on PATH");
            return None;
        }
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().unwrap().unwrap();
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        // A full pipe would block the driver.
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!("http://127.0.0.1:{port}");
        let options = json!({
            "goog:chromeOptions": { "args": ["--headless=new", "--no-sandbox",
                "--host-resolver-rules=MAP hulk.test 127.0.0.1", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
                format!("--window-size={width},{height}")] },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(options.as_object().unwrap().clone())
            .connect(&url)
            .await
            .unwrap();
        let id = client.session_id().await.unwrap().unwrap();
        let chrome = Self {
            client,
            driver,
            session: format!("{url}/session/{id}"),
            http: crate::server::client(),
            downloads: TempDir::new().unwrap(),
        };
        let path = chrome.downloads.path().display().to_string();
        let allow = json!({ "behavior": "allow", "downloadPath": path });
        chrome.devtools("Browser.setDownloadBehavior", allow).await;
        Some(chrome)
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        let url = format!("{}/goog/cdp/execute", self.session);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert!(answer["value"]["error"].is_null(), "{command}: {answer}");
        answer["value"].clone()
    }

    /// Log entries since the last call.
    async fn log(&self, kind: &str) -> Vec<Value> {
        let url = format!("{}/se/log", self.session);
        let answer = self.http.post(url).json(&json!({ "type": kind })).send();
        let answer: Value = answer.await.unwrap().json().await.unwrap();
        answer["value"].as_array().unwrap().clone()
    }

    /// Asserts that no script failed, that the page's policy blocked nothing, and that all requests went
    /// to `origins`.
    pub(crate) async fn assert_quiet(&self, origins: &[&str], expected: &[&str]) {
        for entry in self.log("browser").await {
            let message = entry["message"].as_str().unwrap();
            let is_expected = expected.iter().any(|part| message.contains(part));
            assert!(
                is_expected || entry["level"] != "SEVERE",
                "the console says: {message}"
            );
            assert!(!message.contains("Content Security Policy"), "{message}");
        }
        for entry in self.log("performance").await {
            let event: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            if event["message"]["method"] != "Network.requestWillBeSent" {
                continue;
            }
            let url = event["message"]["params"]["request"]["url"]
                .as_str()
                .unwrap();
            let is_ours = origins.iter().any(|origin| url.starts_with(origin));
            assert!(is_ours || url.starts_with("data:"), "requested {url}");
        }
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Waits for an element.
    pub(crate) async fn find(&self, css: &str) -> Element {
        let wait = self.client.wait().at_most(PATIENCE);
        let found = wait.for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => {
                let page = self.client.source().await.unwrap_or_default();
                panic!("{css}: {error}: {page}")
            }
        }
    }

    pub(crate) async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let input = self.find(css).await;
        input.clear().await.unwrap();
        input.send_keys(text).await.unwrap();
    }

    pub(crate) async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.unwrap()
    }

    pub(crate) async fn value(&self, css: &str) -> String {
        self.find(css).await.prop("value").await.unwrap().unwrap()
    }

    /// Waits until a script returns true.
    pub(crate) async fn until(&self, script: &str) {
        let start = std::time::Instant::now();
        loop {
            let found = self.run(&format!("return Boolean({script})")).await;
            if found == true {
                return;
            }
            if start.elapsed() > PATIENCE {
                let page = self.client.source().await.unwrap_or_default();
                panic!("timed out: {script}: {page}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Drops files and folders from the disk onto the page.
    pub(crate) async fn drop_files(&self, paths: &[&Path]) {
        for kind in ["dragEnter", "dragOver", "drop"] {
            let data = json!({ "items": [], "files": paths, "dragOperationsMask": 1 });
            let event = json!({ "type": kind, "x": 100, "y": 200, "data": data });
            self.devtools("Input.dispatchDragEvent", event).await;
        }
    }

    pub(crate) async fn set_offline(&self, is_offline: bool) {
        let conditions = json!({ "offline": is_offline, "latency": 0,
            "downloadThroughput": -1, "uploadThroughput": -1 });
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.emulateNetworkConditions", conditions)
            .await;
    }

    /// Limits uploads to this many bytes per second; -1 removes the limit.
    pub(crate) async fn set_rate(&self, upload: i64) {
        let conditions = json!({ "offline": false, "latency": 0,
            "downloadThroughput": -1, "uploadThroughput": upload });
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.emulateNetworkConditions", conditions)
            .await;
    }

    pub(crate) async fn set_dark(&self, is_dark: bool) {
        let value = if is_dark { "dark" } else { "light" };
        let feature = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": feature }))
            .await;
    }

    pub(crate) async fn set_width(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 844, "deviceScaleFactor": 1,
            "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// Content of the file that the browser saved under this name.
    pub(crate) async fn downloaded(&self, name: &str) -> Vec<u8> {
        let path = self.downloads.path().join(name);
        for _ in 0..600 {
            if path.exists() {
                return std::fs::read(&path).unwrap();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{name} was not downloaded");
    }

    /// With `HULK_SCREENSHOTS`, saves screenshots of the page for people to review.
    pub(crate) async fn picture(&self, name: &str) {
        let Some(directory) = std::env::var_os("HULK_SCREENSHOTS") else {
            return;
        };
        for (width, is_dark) in [(390, false), (390, true), (1280, false), (1280, true)] {
            self.set_width(width).await;
            self.set_dark(is_dark).await;
            let theme = if is_dark { "dark" } else { "light" };
            let path = PathBuf::from(&directory).join(format!("{name}-{width}-{theme}.png"));
            std::fs::write(path, self.client.screenshot().await.unwrap()).unwrap();
        }
        self.devtools("Emulation.clearDeviceMetricsOverride", json!({}))
            .await;
    }

    /// Asserts that axe-core finds no violations on the page, in both themes.
    pub(crate) async fn assert_accessible(&self, axe: &str, page: &str) {
        for is_dark in [false, true] {
            self.set_dark(is_dark).await;
            self.run(axe).await;
            let check = "const done = arguments[0];
                axe.run(document).then((found) => done(found.violations.map((violation) =>
                    [violation.id, violation.nodes.map((node) => node.html)])));";
            let found = self.client.execute_async(check, Vec::new()).await.unwrap();
            assert_eq!(found, json!([]), "{page}, dark: {is_dark}");
        }
    }
}

impl Drop for Chrome {
    fn drop(&mut self) {
        let session = self.session.clone();
        // The driver stops its browser when the session ends, not when the driver is killed.
        let _ = std::thread::spawn(move || {
            let _ = Command::new("curl")
                .args(["-sX", "DELETE", &session])
                .output();
        })
        .join();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
