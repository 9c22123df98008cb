//! The pages, in a real browser.

mod access;
mod finding;
mod safety;
mod sharing;
mod uploads;

use std::path::Path;

use crate::{
    chrome::Chrome,
    server::{Key, Server},
};

const MIB: usize = 1 << 20;

async fn signed_in(server: &Server, key: &Key) -> Option<Chrome> {
    let chrome = Chrome::start(1280, 900).await?;
    chrome.goto(&server.url("/")).await;
    chrome.fill("#key", &key.key).await;
    chrome.click("form:has(#key) button").await;
    chrome.find("#drop").await;
    Some(chrome)
}

/// CSS selector of the row of a file or directory.
fn row(name: &str) -> String {
    format!("#files li[data-name=\"{name}\"]")
}

/// Opens the actions of a file or directory and chooses one.
async fn choose(chrome: &Chrome, name: &str, action: &str) {
    chrome.click(&format!("{} .more", row(name))).await;
    chrome
        .click(&format!("#actions [data-action={action}]"))
        .await;
}

async fn write(directory: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = directory.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

async fn files(server: &Server, key: &Key) -> Vec<String> {
    let page = server
        .get("/api/v1/files?limit=100&order_by=filename", &key.key)
        .await
        .1;
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|file| file["path"].as_str().unwrap().to_owned())
        .collect()
}
