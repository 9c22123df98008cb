//! Searching for files, and restoring their earlier versions.

use super::{choose, files, row, signed_in};
use crate::server::Server;

#[tokio::test]
async fn an_overwritten_file_is_found_and_brought_back() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let Some(chrome) = signed_in(&server, &ada).await else {
        return;
    };
    server
        .upload(&ada.key, "deep/down/notes.txt", b"good")
        .await;
    let file = server.upload(&ada.key, "deep/down/notes.txt", b"bad").await;
    server.upload(&ada.key, "other.txt", b"other").await;
    chrome.goto(&server.url("/")).await;
    chrome.fill("[type=search]", "NOTES size<1KB").await;
    chrome.click(".search button").await;
    let found = chrome.text(&row("notes.txt")).await;
    assert!(found.contains("in /deep/down"), "{found}");
    let rows = "return document.querySelectorAll('#files li').length";
    assert_eq!(chrome.run(rows).await, 1);
    choose(&chrome, "notes.txt", "versions").await;
    chrome
        .click("#versions li[data-number='1'] [data-action=restore]")
        .await;
    chrome
        .until("document.querySelector('#versions li')?.dataset.number === '3'")
        .await;
    let link = file["url"].as_str().unwrap();
    assert_eq!(server.download(link, "").await.1, b"good");
    // Files can be renamed in the search results.
    chrome.goto(&server.url("/app/search?q=notes")).await;
    choose(&chrome, "notes.txt", "rename").await;
    chrome.fill("#ask-text", "kept notes.txt").await;
    chrome.click("#ask-do").await;
    chrome.find(&row("kept notes.txt")).await;
    assert_eq!(
        files(&server, &ada).await,
        ["deep/down/kept notes.txt", "other.txt"]
    );
    chrome.goto(&server.url("/app/search?q=size>much")).await;
    assert!(chrome.text("[role=alert]").await.contains("size>much"));
    assert_eq!(chrome.value("[type=search]").await, "size>much");
    chrome.goto(&server.url("/app/search?q=a&q=b")).await;
    assert!(chrome.text("[role=alert]").await.contains("empty"));
    let origin = &server.process.url;
    chrome.assert_quiet(&[origin], &["status of 400"]).await;
}

#[tokio::test]
async fn a_server_without_a_trash_asks_before_it_deletes() {
    let server = Server::start_with(&["--trash-days", "0"]);
    let ada = server.user("ada@example.com");
    let Some(chrome) = signed_in(&server, &ada).await else {
        return;
    };
    server.upload(&ada.key, "a.txt", b"a").await;
    chrome.goto(&server.url("/")).await;
    choose(&chrome, "a.txt", "delete").await;
    assert!(chrome.text("#ask-title").await.contains("permanently"));
    chrome.click("#ask [value=cancel]").await;
    assert_eq!(files(&server, &ada).await, ["a.txt"]);
    choose(&chrome, "a.txt", "delete").await;
    chrome.click("#ask-do").await;
    chrome.find(".empty").await;
    assert_eq!(files(&server, &ada).await, [""; 0]);
}
