//! Accessibility of the pages, checked with axe-core, and their screenshots.

use serde_json::json;

use super::{MIB, choose, row, signed_in, write};
use crate::{
    chrome::Chrome,
    harness::skipped,
    server::{Server, noise},
};

#[tokio::test]
async fn every_page_is_accessible() {
    let Some(axe) = axe() else { return };
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let Some(chrome) = signed_in(&server, &ada).await else {
        return;
    };
    let file = server.upload(&ada.key, "papers/report.pdf", b"%PDF").await;
    server
        .upload(&ada.key, "model.safetensors", &noise(4, 3 * MIB))
        .await;
    server.upload(&ada.key, "thrown.txt", b"x").await;
    let labels = json!({ "tags": ["draft"], "expiration_policy": "7d", "permissions": "private" });
    let id = file["id"].as_str().unwrap();
    server
        .put(&format!("/api/v1/files/{id}"), &ada.key, labels)
        .await;
    server
        .upload(&ada.key, "papers/report.pdf", b"%PDF 2")
        .await;
    let versions = format!("/app/versions/{id}");
    let thrown = server
        .get("/api/v1/files?filter~path=thrown.txt", &ada.key)
        .await
        .1;
    let thrown = thrown["items"][0]["id"].as_str().unwrap();
    server
        .delete(&format!("/api/v1/files/{thrown}"), &ada.key)
        .await;
    let mut links = Vec::new();
    for body in [
        json!({ "path": "papers/report.pdf", "max_downloads": 3 }),
        json!({ "path": "papers", "password": "x" }),
        json!({ "path": "papers", "permissions": { "can_download": true, "can_upload": true } }),
    ] {
        let share = server.post("/api/v1/shares", &ada.key, body).await.1;
        links.push(share["url"].as_str().unwrap().to_owned());
    }
    let stranger = Chrome::start(1280, 900).await.unwrap();
    let pages = [
        (&stranger, "welcome", server.url("/")),
        (&chrome, "files", server.url("/")),
        (&chrome, "directory", server.url("/app/browse/papers")),
        (&chrome, "found", server.url("/app/search?q=tag:draft")),
        (&chrome, "not-found", server.url("/app/search?q=size>x")),
        (&chrome, "versions", server.url(&versions)),
        (&chrome, "trash", server.url("/app/trash")),
        (&chrome, "links", server.url("/app/shares")),
        (&stranger, "shared-file", links[0].clone()),
        (&stranger, "shared-password", links[1].clone()),
        (&stranger, "shared-directory", links[2].clone()),
        (
            &stranger,
            "no-link",
            server.url("/s/0000000000000000000000"),
        ),
    ];
    for (chrome, name, url) in pages {
        chrome.goto(&url).await;
        chrome.picture(name).await;
        chrome.assert_accessible(&axe, name).await;
        chrome.set_width(390).await;
        let is_wide = "return document.documentElement.scrollWidth > innerWidth";
        assert_eq!(
            chrome.run(is_wide).await,
            false,
            "{name} is wider than a phone"
        );
        chrome.set_width(1280).await;
    }
    chrome.goto(&server.url("/")).await;
    for (action, dialog) in [("link", "link"), ("share", "share"), ("move", "ask")] {
        choose(&chrome, "model.safetensors", action).await;
        chrome.find(&format!("#{dialog}[open]")).await;
        chrome.picture(&format!("dialog-{action}")).await;
        chrome.assert_accessible(&axe, action).await;
        chrome
            .run(&format!("document.getElementById('{dialog}').close()"))
            .await;
    }
    chrome
        .click(&format!("{} .more", row("model.safetensors")))
        .await;
    chrome.picture("dialog-actions").await;
    chrome.assert_accessible(&axe, "actions").await;
    chrome.goto(&server.url("/")).await;
    let disk = tempfile::TempDir::new().unwrap();
    let file = write(disk.path(), "put.txt", b"put").await;
    let picker = chrome.find("#pick-files").await;
    picker.send_keys(file.to_str().unwrap()).await.unwrap();
    chrome.find("#upload-list [data-action=link]").await;
    chrome.picture("uploads").await;
    chrome.assert_accessible(&axe, "uploads").await;
}

/// Script of axe-core, read from the path in `HULK_TEST_AXE`.
fn axe() -> Option<String> {
    let text =
        std::env::var_os("HULK_TEST_AXE").and_then(|path| std::fs::read_to_string(path).ok());
    if text.is_none() {
        skipped("axe", "HULK_TEST_AXE does not name axe-core's axe.min.js");
    }
    text
}
