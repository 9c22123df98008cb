//! The page, in a real browser.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    chrome::Chrome,
    harness::{engine::Engine, garage::Garage, skipped},
    server::{Key, Server, code, noise, run, text},
};

const MIB: usize = 1 << 20;

async fn signed_in(server: &Server, key: &Key) -> Option<Chrome> {
    let chrome = Chrome::start(1280, 900).await?;
    chrome.goto(&server.url("/")).await;
    chrome.fill("#key", &key.key).await;
    chrome.click("button.main").await;
    chrome.find("#drop").await;
    Some(chrome)
}

/// The row of a file or directory, by its name.
fn row(name: &str) -> String {
    format!("#files li[data-name=\"{name}\"]")
}

/// Opens what can be done with it, and chooses.
async fn choose(chrome: &Chrome, name: &str, action: &str) {
    chrome.click(&format!("{} .more", row(name))).await;
    chrome
        .click(&format!("#actions [data-action={action}]"))
        .await;
}

/// Names with an extension that says where they are.
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

#[tokio::test]
async fn a_large_file_and_a_folder_through_a_lost_line() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let Some(chrome) = signed_in(&server, &ada).await else {
        return;
    };
    let disk = tempfile::TempDir::new().unwrap();
    let bytes = noise(1, 200 * MIB);
    let big = write(disk.path(), "big.bin", &bytes).await;
    let folder = disk.path().join("folder");
    write(&folder, "one.txt", b"one").await;
    write(&folder, "in/two.txt", b"two").await;
    chrome.set_rate(60 * MIB as i64).await;
    chrome.drop_files(&[&big, &folder]).await;
    chrome
        .until("document.getElementById('total').value > 0.4")
        .await;
    chrome.set_offline(true).await;
    chrome
        .until("document.getElementById('upload-list').textContent.includes('Trying again')")
        .await;
    chrome.set_rate(-1).await;
    chrome
        .until("document.getElementById('said').textContent.includes('3 files put')")
        .await;
    assert_eq!(
        files(&server, &ada).await,
        ["big.bin", "folder/one.txt", "folder/in/two.txt"]
    );
    chrome.find(&row("folder")).await;
    choose(&chrome, "big.bin", "link").await;
    chrome.find("#link[open]").await;
    let link = chrome.value("#link-url").await;
    chrome.click("#link-copy").await;
    chrome
        .until("document.getElementById('said').textContent.includes('copied')")
        .await;
    chrome
        .until("document.getElementById('link-qr').naturalWidth > 0")
        .await;
    assert!(server.download(&link, "").await.1 == bytes);
    let shown = server.get("/api/v1/files?filter~path=big.bin", &ada.key);
    let sha256 = shown.await.1["items"][0]["sha256"].clone();
    assert_eq!(sha256, crate::server::sha256(&bytes));
    let origin = &server.process.url;
    chrome
        .assert_quiet(&[origin], &["ERR_INTERNET_DISCONNECTED", "net::ERR"])
        .await;
}

#[tokio::test]
async fn an_upload_is_paused_left_and_gone_on_with_by_another_visit() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let Some(chrome) = signed_in(&server, &ada).await else {
        return;
    };
    let disk = tempfile::TempDir::new().unwrap();
    let bytes = noise(2, 60 * MIB);
    let big = write(disk.path(), "big.bin", &bytes).await;
    chrome.set_rate(20 * MIB as i64).await;
    let picker = chrome.find("#pick-files").await;
    picker.send_keys(big.to_str().unwrap()).await.unwrap();
    chrome
        .until("document.getElementById('total').value > 0.5")
        .await;
    chrome.click("#pause").await;
    chrome
        .until("document.getElementById('upload-list').textContent.includes('paused')")
        .await;
    let id = server
        .get("/api/v1/files?filter~status=reserved", &ada.key)
        .await
        .1["items"][0]["id"]
        .clone();
    let upload = format!("/api/v1/files/{}/upload", id.as_str().unwrap());
    let had = server.get(&upload, &ada.key).await.1["received"]
        .as_array()
        .unwrap()
        .len();
    assert!((1..8).contains(&had), "{had} parts");
    chrome.run("window.onbeforeunload = null").await;
    let again = signed_in(&server, &ada).await.unwrap();
    again.drop_files(&[&big]).await;
    again
        .until("document.getElementById('said').textContent.includes('1 file put')")
        .await;
    let sent = again
        .run(
            "return performance.getEntriesByType('resource')
                .filter((entry) => entry.name.includes('partNumber')).length",
        )
        .await;
    assert_eq!(
        sent.as_u64().unwrap() as usize,
        8 - had,
        "parts were sent twice"
    );
    let (_, found) = server
        .download(&format!("/d/{}", id.as_str().unwrap()), "")
        .await;
    assert!(found == bytes);
}

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
    // To look at it, also again, uses nothing up.
    friend.goto(&link).await;
    assert!(friend.text(".notes").await.contains("one download left"));
    friend.click("button.main").await;
    assert_eq!(friend.downloaded("final.txt").await, b"the report");
    friend.goto(&link).await;
    assert!(friend.text(".notes").await.contains("used up"));
    friend.click("button.main").await;
    assert!(friend.text("[role=alert]").await.contains("as often as"));
    chrome.goto(&server.url("/app/shares")).await;
    chrome.click("#shares [data-action=revoke]").await;
    chrome.click("#ask-do").await;
    chrome.until("!document.querySelector('#shares li')").await;
    friend.goto(&link).await;
    assert!(friend.text("[role=alert]").await.contains("revoked"));
    let origin = &server.process.url;
    // A refusal is an answer that the console counts as an error.
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
        .until("document.getElementById('said').textContent.includes('1 file put')")
        .await;
    assert_eq!(files(&server, &ada).await, ["inbox/big.bin"]);
    friend.assert_quiet(&[&server.process.url], &[]).await;
}

#[tokio::test]
async fn bytes_go_straight_to_another_store() {
    let Some(garage) = Garage::start() else {
        return;
    };
    let store = garage.store();
    let endpoint = store.endpoint.clone();
    let engine = Engine {
        s3: Some(store),
        ..Engine::default()
    };
    let server = Server::start_on(&engine, &[]);
    text(&run(&server.data_dir, &["storage", "init"], ""));
    let ada = server.user("ada@example.com");
    let Some(chrome) = signed_in(&server, &ada).await else {
        return;
    };
    let disk = tempfile::TempDir::new().unwrap();
    let bytes = noise(5, 30 * MIB);
    let big = write(disk.path(), "big.bin", &bytes).await;
    let small = write(disk.path(), "small.txt", b"small").await;
    chrome.drop_files(&[&big, &small]).await;
    chrome
        .until("document.getElementById('said').textContent.includes('2 files put')")
        .await;
    let link = format!("/d/~{}/big.bin", ada.user_id);
    assert!(server.download(&link, "").await.1 == bytes);
    let origins = [server.process.url.as_str(), endpoint.as_str()];
    chrome.assert_quiet(&origins, &[]).await;
}

#[tokio::test]
async fn plain_http_under_another_name_works_too() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let Some(chrome) = Chrome::start(390, 844).await else {
        return;
    };
    // Browsers tell less to servers that are neither https nor on this machine.
    let url = server.url("/").replace("127.0.0.1", "hulk.test");
    chrome.goto(&url).await;
    chrome.fill("#key", &ada.key).await;
    chrome.click("button.main").await;
    let disk = tempfile::TempDir::new().unwrap();
    let file = write(disk.path(), "a.txt", b"hello").await;
    let picker = chrome.find("#pick-files").await;
    picker.send_keys(file.to_str().unwrap()).await.unwrap();
    chrome.click("#upload-list button").await;
    chrome.click("#link[open] #link-copy").await;
    chrome
        .until("document.getElementById('said').textContent.includes('copied')")
        .await;
    assert_eq!(files(&server, &ada).await, ["a.txt"]);
    let origins = [server.process.url.as_str(), url.trim_end_matches('/')];
    chrome.assert_quiet(&origins, &[]).await;
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
    assert!(friend.text("[role=alert]").await.contains("as often as"));
}

#[tokio::test]
async fn hostile_names_and_contents_run_nothing() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let Some(chrome) = signed_in(&server, &ada).await else {
        return;
    };
    let script = "document.title='owned'";
    let names = [
        format!("<img src=x onerror={script}>.txt"),
        format!("\"><script>{script}<%2Fscript>.txt"),
        format!("'-{script}-'.txt"),
        "javascript:alert(1)".to_owned(),
        "{{ 7*7 }}.txt".to_owned(),
    ];
    for name in &names {
        server.upload(&ada.key, name, b"x").await;
        server
            .upload(&ada.key, &format!("dir {name}/{name}"), b"x")
            .await;
    }
    let html = format!("<script>{script}; parent.{script}</script>");
    let svg = format!("<svg xmlns='http://www.w3.org/2000/svg'><script>{script}</script></svg>");
    let page = server.upload(&ada.key, "page.html", html.as_bytes()).await;
    let image = server.upload(&ada.key, "image.svg", svg.as_bytes()).await;
    let share = json!({ "path": format!("dir {}", names[0]) });
    let share = server.post("/api/v1/shares", &ada.key, share).await.1;
    let directories = server
        .get("/api/v1/directories?limit=100", &ada.key)
        .await
        .1;
    let mut pages = vec![
        server.url("/"),
        server.url("/app/trash"),
        server.url("/app/shares"),
        share["url"].as_str().unwrap().to_owned(),
        page["url"].as_str().unwrap().to_owned(),
        image["url"].as_str().unwrap().to_owned(),
    ];
    for directory in directories["items"].as_array().unwrap() {
        pages.push(directory["url"].as_str().unwrap().to_owned());
    }
    for url in pages {
        // What is saved and not shown leaves the page that was there.
        let _ = chrome.client.goto(&url).await;
        let title = chrome.client.title().await.unwrap();
        assert_ne!(title, "owned", "{url}");
        assert_eq!(
            chrome
                .run("return document.querySelectorAll('img[src=x]').length")
                .await,
            0
        );
    }
    chrome.goto(&server.url("/")).await;
    for name in &names {
        let css = format!(
            "#files li[data-kind=file][data-name={}] .more",
            quoted(name)
        );
        chrome.click(&css).await;
        assert_eq!(chrome.text("#actions-name").await, *name);
        chrome.click("#actions form button").await;
    }
    assert_ne!(chrome.client.title().await.unwrap(), "owned");
    chrome.assert_quiet(&[&server.process.url], &[]).await;
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

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
        (&chrome, "trash", server.url("/app/trash")),
        (&chrome, "links", server.url("/app/shares")),
        (&stranger, "shared-file", links[0].clone()),
        (&stranger, "shared-password", links[1].clone()),
        (&stranger, "shared-directory", links[2].clone()),
        (
            &stranger,
            "not-found",
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
    chrome.find("#upload-list button").await;
    chrome.picture("uploads").await;
    chrome.assert_accessible(&axe, "uploads").await;
}

/// axe-core's script: `HULK_TEST_AXE` says where it is.
fn axe() -> Option<String> {
    let text =
        std::env::var_os("HULK_TEST_AXE").and_then(|path| std::fs::read_to_string(path).ok());
    if text.is_none() {
        skipped("axe", "HULK_TEST_AXE does not name axe-core's axe.min.js");
    }
    text
}

#[tokio::test]
async fn the_cookie_is_for_our_own_pages() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let login_with = |key: &str| {
        let login = server.http.post(server.url("/login"));
        let login = login.header("content-type", "application/x-www-form-urlencoded");
        login.body(format!("key={key}"))
    };
    let login = || login_with(&ada.key);
    assert_eq!(login().send().await.unwrap().status(), 403);
    let elsewhere = login().header("origin", "https://evil.example");
    assert_eq!(elsewhere.send().await.unwrap().status(), 403);
    let cross = login()
        .header("origin", &server.process.url)
        .header("sec-fetch-site", "cross-site");
    assert_eq!(cross.send().await.unwrap().status(), 403);
    let wrong = login_with("hulk_x");
    let wrong = wrong.header("origin", &server.process.url);
    assert_eq!(wrong.send().await.unwrap().status(), 401);
    let good = login().header("sec-fetch-site", "same-origin");
    let good = good.send().await.unwrap();
    assert_eq!(good.status(), 303);
    let cookie = good.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    let cookie = cookie.split(';').next().unwrap();
    let ask = |method: reqwest::Method, path: &str| {
        server
            .http
            .request(method, server.url(path))
            .header("cookie", cookie)
    };
    let read = ask(reqwest::Method::GET, "/api/v1/me")
        .send()
        .await
        .unwrap();
    assert_eq!(read.status(), 200);
    let body = json!({ "path": "d" });
    let change = || ask(reqwest::Method::POST, "/api/v1/directories").json(&body);
    for (name, value, expected) in [
        ("x-nothing", "x", 403),
        ("origin", "https://evil.example", 403),
        ("sec-fetch-site", "same-site", 403),
        ("sec-fetch-site", "same-origin", 201),
        ("origin", server.process.url.as_str(), 409),
    ] {
        let answer = change().header(name, value).send().await.unwrap();
        assert_eq!(answer.status(), expected, "{name}: {value}");
    }
    let page = ask(reqwest::Method::GET, "/").send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    let text = page.text().await.unwrap();
    assert!(
        !text.contains("hulk_") && !text.contains("<script>"),
        "{text}"
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
