//! User content does not run in our origin, and no other origin can act in it.

use serde_json::json;

use super::{files, signed_in, write};
use crate::{chrome::Chrome, server::Server};

#[tokio::test]
async fn plain_http_under_another_name_works_too() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let Some(chrome) = Chrome::start(390, 844).await else {
        return;
    };
    // Browsers send fewer headers and disable APIs for servers that are neither https nor on this machine.
    let url = server.url("/").replace("127.0.0.1", "hulk.test");
    chrome.goto(&url).await;
    chrome.fill("#key", &ada.key).await;
    chrome.click("form:has(#key) button").await;
    let disk = tempfile::TempDir::new().unwrap();
    let file = write(disk.path(), "a.txt", b"hello").await;
    let picker = chrome.find("#pick-files").await;
    picker.send_keys(file.to_str().unwrap()).await.unwrap();
    chrome.click("#upload-list [data-action=link]").await;
    chrome.click("#link[open] #link-copy").await;
    chrome
        .until("document.getElementById('said').textContent.includes('copied')")
        .await;
    assert_eq!(files(&server, &ada).await, ["a.txt"]);
    let origins = [server.process.url.as_str(), url.trim_end_matches('/')];
    chrome.assert_quiet(&origins, &[]).await;
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
        // A file that is saved instead of shown leaves the previous page open.
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
