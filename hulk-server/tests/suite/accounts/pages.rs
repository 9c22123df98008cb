//! The pages that lead to a session, and the cookies that carry it.

use reqwest::{RequestBuilder, Response, StatusCode};

use super::{PASSWORD, sign_up, token};
use crate::server::{Server, cookies, sql};

pub(super) fn post(server: &Server, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = server.http.post(server.url(path)).body(body);
    request.header("sec-fetch-site", "same-origin")
}

pub(super) async fn log_in(server: &Server) -> Response {
    let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
    post(server, "/login", &fields).send().await.unwrap()
}

pub(super) async fn page(server: &Server, path: &str, cookies: &str) -> Response {
    let page = server.http.get(server.url(path)).header("cookie", cookies);
    page.send().await.unwrap()
}

/// Returns the name of a cookie of a server without https.
pub(super) fn cookie_name(server: &Server, name: &str) -> String {
    let (_, port) = server.process.url.rsplit_once(':').unwrap();
    format!("hulk_{port}_{name}")
}

pub(super) fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_other_hosts() {
    for (flags, prefix, is_secure) in [
        (&["--signup", "open"][..], "hulk_", false),
        (
            &["--signup", "open", "--public-url", "https://hulk.example"],
            "__Host-hulk_",
            true,
        ),
    ] {
        let server = Server::start_with(flags);
        sign_up(&server, "ada@example.com").await;
        let response = log_in(&server).await;
        assert_eq!(
            (response.status(), location(&response)),
            (StatusCode::SEE_OTHER, "/")
        );
        let set: Vec<&str> = response
            .headers()
            .get_all("set-cookie")
            .iter()
            .map(|cookie| cookie.to_str().unwrap())
            .collect();
        assert_eq!(set.len(), 2);
        for cookie in &set {
            assert!(cookie.starts_with(prefix), "{cookie}");
            assert!(
                cookie.contains("; Path=/; HttpOnly; SameSite=Lax; "),
                "{cookie}"
            );
            assert!(!cookie.contains("Domain"), "{cookie}");
            assert_eq!(cookie.ends_with("; Secure"), is_secure, "{cookie}");
        }
        let home = page(&server, "/", &cookies(&response)).await;
        assert!(home.text().await.unwrap().contains("Sign out"));
    }
}

#[tokio::test]
async fn an_expired_session_of_the_page_is_renewed_and_a_foreign_one_is_not() {
    let server = Server::start_with(&["--signup", "open"]);
    sign_up(&server, "ada@example.com").await;
    let old = cookies(&log_in(&server).await);
    sql(
        &server.data_dir,
        "UPDATE session_tokens SET expires_at = 1 WHERE kind = 'access'",
    )
    .await;
    let response = page(&server, "/app/trash?cursor=x", &old).await;
    let resume = location(&response).to_owned();
    assert_eq!(resume, "/refresh?next=%2Fapp%2Ftrash%3Fcursor%3Dx");
    let renewed = page(&server, &resume, &old).await;
    assert_eq!(location(&renewed), "/app/trash?cursor=x");
    assert_eq!(
        page(&server, "/app/trash", &cookies(&renewed))
            .await
            .status(),
        200
    );
    for elsewhere in [
        "//evil.example",
        "/%5Cevil.example",
        "https://evil.example",
        "/%0d%0aa: b",
    ] {
        let response = page(&server, &format!("/refresh?next={elsewhere}"), &old).await;
        assert_eq!(location(&response), "/", "{elsewhere}");
    }

    // A script of ours renews it too; a page of others does not.
    let renew = |site: &'static str, cookies: String| {
        let request = server.http.post(server.url("/refresh"));
        request
            .header("sec-fetch-site", site)
            .header("cookie", cookies)
            .send()
    };
    let now = cookies(&renewed);
    assert_eq!(
        renew("cross-site", now.clone()).await.unwrap().status(),
        403
    );
    assert_eq!(
        renew("same-origin", now.clone()).await.unwrap().status(),
        204
    );
    assert_eq!(
        renew("same-origin", String::new()).await.unwrap().status(),
        401
    );

    let out = post(&server, "/logout", &[]).header("cookie", &now);
    assert_eq!(out.send().await.unwrap().status(), 303);
    assert_eq!(
        location(&page(&server, "/app/trash", &now).await),
        "/refresh?next=%2Fapp%2Ftrash"
    );
    let ended = page(&server, "/refresh?next=%2Fapp%2Ftrash", &now).await;
    let [access, refresh] = ["session", "refresh"].map(|name| cookie_name(&server, name));
    assert_eq!(cookies(&ended), format!("{access}=; {refresh}="));
    assert_eq!(page(&server, "/", "").await.status(), 200);
}

#[tokio::test]
async fn changes_with_a_cookie_alone_come_from_our_own_pages() {
    let server = Server::start_with(&["--signup", "open"]);
    let (user, _) = sign_up(&server, "ada@example.com").await;
    let session = cookies(&log_in(&server).await);
    let path = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    for (headers, status) in [
        (&[][..], 403),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("origin", "https://evil.example")], 403),
        (&[("sec-fetch-site", "same-origin")], 200),
    ] {
        let mut request = server.http.put(server.url(&path)).body("{}");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = request.header("cookie", &session).send().await.unwrap();
        assert_eq!(sent.status(), status, "{headers:?}");
    }
    for path in [
        "/login",
        "/logout",
        "/refresh",
        "/register",
        "/reset-password",
    ] {
        let request = server
            .http
            .post(server.url(path))
            .body("email=a&password=b");
        let sent = request.header("sec-fetch-site", "cross-site").send();
        assert_eq!(sent.await.unwrap().status(), 403, "{path}");
    }
}

#[tokio::test]
async fn an_account_is_made_verified_and_found_again_on_the_pages() {
    let server = Server::start_with(&["--invite-code", "PARTY"]);
    let form = page(&server, "/register", "").await.text().await.unwrap();
    assert!(form.contains("Invite code"));
    let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
    let refused = post(&server, "/register", &fields).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("value=\"ada@example.com\"")
    );
    let fields = [fields[0], fields[1], ("invite_code", "PARTY")];
    let made = post(&server, "/register", &fields).send().await.unwrap();
    assert_eq!(made.status(), 201);
    assert!(made.text().await.unwrap().contains("hulk_"));

    let secret = token(&server, "ada@example.com", "Confirm", 1).await;
    let link = format!("/verify-email?token={secret}");
    let verified = page(&server, &link, "").await.text().await.unwrap();
    assert!(verified.contains("Your address is verified"), "{verified}");
    assert_eq!(page(&server, &link, "").await.status(), 400);

    let fields = [("email", "ada@example.com")];
    let sent = post(&server, "/reset-password", &fields)
        .send()
        .await
        .unwrap();
    assert!(
        sent.text()
            .await
            .unwrap()
            .contains("If an account has this address")
    );
    let secret = token(&server, "ada@example.com", "new password", 1).await;
    let form = page(&server, &format!("/reset-password?token={secret}"), "").await;
    assert!(form.text().await.unwrap().contains(&secret));
    let fields = [
        ("token", secret.as_str()),
        ("password", "another staple entirely"),
    ];
    let done = post(&server, "/reset-password", &fields)
        .send()
        .await
        .unwrap();
    assert!(done.text().await.unwrap().contains("Your password is set"));
    assert_eq!(log_in(&server).await.status(), 401, "the old password");
}

#[tokio::test]
async fn a_session_of_a_key_permits_what_the_key_does_and_ends_with_it() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let read = server.key("ada@example.com", "read");
    let begun = post(&server, "/login", &[("key", &read)])
        .send()
        .await
        .unwrap();
    let session = cookies(&begun);
    let send = |method: reqwest::Method, path: &str| {
        let request = server.http.request(method, server.url(path)).body("{}");
        let request = request.header("sec-fetch-site", "same-origin");
        request.header("cookie", session.clone()).send()
    };
    let path = format!("/api/v1/users/{}", ada.user_id);
    assert_eq!(
        send(reqwest::Method::GET, &path).await.unwrap().status(),
        200
    );
    assert_eq!(
        send(reqwest::Method::PUT, &path).await.unwrap().status(),
        403
    );
    let id = read.split('_').nth(1).unwrap();
    let revoked = server
        .delete(&format!("/api/v1/api-keys/{id}"), &ada.key)
        .await;
    assert_eq!(revoked.0, 204);
    assert_eq!(
        send(reqwest::Method::GET, &path).await.unwrap().status(),
        401
    );
}
