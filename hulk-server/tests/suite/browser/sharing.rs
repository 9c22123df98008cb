//! Links, and what their recipients see and can do.

use serde_json::{Value, json};

use super::{MIB, choose, files, row, signed_in, write};
use crate::{
    chrome::Chrome,
    server::{Server, code, noise},
};

#[tokio::test]
async fn files_are_tidied_shared_and_opened_by_somebody_else() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let Some(chrome) = signed_in(&server, &ada).await else {
        return;
    };
    server.upload(&ada.key, "report.txt", b"the report").await;
    chrome.goto(&server.url("/")).await;
    chrome.click("#new-folder").await;
    chrome.fill("#ask-text", "papers").await;
    chrome.click("#ask-do").await;
    chrome.find(&row("papers")).await;
    choose(&chrome, "report.txt", "rename").await;
    chrome.fill("#ask-text", "papers").await;
    chrome.click("#ask-do").await;
    chrome
        .until("document.getElementById('ask-refusal').textContent.includes('papers')")
        .await;
    chrome.fill("#ask-text", "final.txt").await;
    chrome.click("#ask-do").await;
    chrome.find(&row("final.txt")).await;
    choose(&chrome, "final.txt", "move").await;
    chrome.fill("#ask-text", "/papers/2026/").await;
    chrome.click("#ask-do").await;
    chrome
        .until("!document.querySelector('#files li[data-name=\"final.txt\"]')")
        .await;
    assert_eq!(files(&server, &ada).await, ["papers/2026/final.txt"]);
    chrome.click(&format!("{} a", row("papers"))).await;
    chrome.click(&format!("{} a", row("2026"))).await;
    choose(&chrome, "final.txt", "delete").await;
    chrome.find(".empty").await;
    assert_eq!(files(&server, &ada).await, [""; 0]);
    chrome.goto(&server.url("/app/trash")).await;
    chrome.click("#trash [data-action=restore]").await;
    chrome.until("!document.querySelector('#trash li')").await;
    chrome.goto(&server.url("/app/browse/papers/2026")).await;
    choose(&chrome, "final.txt", "share").await;
    chrome.fill("#share-password", "open sesame").await;
    chrome.fill("#share-count", "1").await;
    chrome.click("#share-do").await;
    chrome.find("#link[open]").await;
    let link = chrome.value("#link-url").await;
    assert!(link.contains("/s/"), "{link}");

    let friend = Chrome::start(390, 844).await.unwrap();
    friend.goto(&link).await;
    assert!(!friend.client.source().await.unwrap().contains("final.txt"));
    friend.fill("#password", "wrong").await;
    friend.click("button.main").await;
    assert!(
        friend
            .text("[role=alert]")
            .await
            .contains("not the link's password")
    );
    friend.fill("#password", "open sesame").await;
    friend.click("button.main").await;
    friend
        .until("document.querySelector('h1').textContent === 'final.txt'")
        .await;
    // Opening the page, even repeatedly, uses up no download.
    friend.goto(&link).await;
    assert!(friend.text(".notes").await.contains("one download left"));
    friend.click("button.main").await;
    assert_eq!(friend.downloaded("final.txt").await, b"the report");
    friend.goto(&link).await;
    assert!(friend.text(".notes").await.contains("no downloads left"));
    friend.click("button.main").await;
    assert!(
        friend
            .text("[role=alert]")
            .await
            .contains("limit of downloads")
    );
    chrome.goto(&server.url("/app/shares")).await;
    chrome.click("#shares [data-action=revoke]").await;
    chrome.click("#ask-do").await;
    chrome.until("!document.querySelector('#shares li')").await;
    friend.goto(&link).await;
    assert!(friend.text("[role=alert]").await.contains("revoked"));
    let origin = &server.process.url;
    // The console reports a refused request as an error.
    let statuses = ["status of 401", "status of 410", "status of 409"];
    chrome.assert_quiet(&[origin], &statuses).await;
    friend.assert_quiet(&[origin], &statuses).await;
    chrome.goto(&server.url("/")).await;
    chrome.click("header form button").await;
    chrome.find("#key").await;
}

#[tokio::test]
async fn somebody_drops_files_through_a_link() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let Some(friend) = Chrome::start(390, 844).await else {
        return;
    };
    let path = json!({ "path": "inbox" });
    server.post("/api/v1/directories", &ada.key, path).await;
    let share = json!({ "path": "inbox", "permissions": { "can_upload": true } });
    let share = server.post("/api/v1/shares", &ada.key, share).await.1;
    friend.goto(share["url"].as_str().unwrap()).await;
    let disk = tempfile::TempDir::new().unwrap();
    let bytes = noise(3, 20 * MIB);
    let big = write(disk.path(), "big.bin", &bytes).await;
    friend.drop_files(&[&big]).await;
    friend
        .until("document.getElementById('said').textContent.includes('1 file uploaded')")
        .await;
    assert_eq!(files(&server, &ada).await, ["inbox/big.bin"]);
    friend.assert_quiet(&[&server.process.url], &[]).await;
}

#[tokio::test]
async fn a_counted_directory_is_downloaded_by_its_buttons() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let Some(friend) = Chrome::start(390, 844).await else {
        return;
    };
    server.upload(&ada.key, "box/in/a.txt", b"hello").await;
    let share = json!({ "path": "box", "max_downloads": 1, "password": "p" });
    let share = server.post("/api/v1/shares", &ada.key, share).await.1;
    friend.goto(share["url"].as_str().unwrap()).await;
    friend.fill("#password", "p").await;
    friend.click("button.main").await;
    friend.click("a.name").await;
    friend.click(".files form button").await;
    assert_eq!(friend.downloaded("a.txt").await, b"hello");
    friend.click(".files form button").await;
    assert!(
        friend
            .text("[role=alert]")
            .await
            .contains("limit of downloads")
    );
}

#[tokio::test]
async fn previews_of_a_counted_link_see_a_page_and_use_nothing_up() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let file = server.upload(&ada.key, "a.txt", b"hello").await;
    let share = json!({ "path": "a.txt", "max_downloads": 1 });
    let share = server.post("/api/v1/shares", &ada.key, share).await.1;
    let token = share["token"].as_str().unwrap();
    let by_id = format!("/d/{}?token={token}", file["id"].as_str().unwrap());
    for (name, value) in [
        ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
        (
            "user-agent",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        ),
        ("user-agent", "WhatsApp/2.23.20.0"),
        ("user-agent", "facebookexternalhit/1.1"),
        ("user-agent", "Mozilla/5.0 (compatible; Discordbot/2.0)"),
    ] {
        for path in [format!("/s/{token}"), by_id.clone()] {
            let look = server.http.get(server.url(&path)).header(name, value);
            let look = look.send().await.unwrap();
            let location = look.headers().get("location").cloned();
            assert!(
                look.status() == 200
                    || location.is_some_and(|to| to == format!("/s/{token}").as_str()),
                "{value}: {path}"
            );
        }
    }
    let shown = server
        .get(&format!("/api/v1/shares/public/{token}"), "")
        .await
        .1;
    assert_eq!(shown["downloads_left"], 1);
    assert_eq!(
        server.download(&format!("/s/{token}"), "").await.1,
        b"hello"
    );
    let (_, error): (_, Value) = server.get(&format!("/s/{token}"), "").await;
    assert!(["SHARE_EXPIRED", "no code"].contains(&code(&error)));
}
