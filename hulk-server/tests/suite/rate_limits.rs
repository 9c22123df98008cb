//! `--rate-limit`: limits per class and caller, and the headers that tell of them.

use hulk_proto::ApiKeySecret;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::server::{PASSWORD, Server, answer, code};

/// Sends a request to the first of the servers, since each counts alone.
async fn send(
    server: &Server,
    method: Method,
    path: &str,
    key: &str,
    body: Option<Value>,
) -> Response {
    let url = format!("{}{path}", server.process.url);
    server.send(method, &url, key, body).await
}

async fn me(server: &Server, key: &str) -> Response {
    send(server, Method::GET, "/api/v1/me", key, None).await
}

/// Statuses of as many requests for the caller.
async fn statuses(server: &Server, key: &str, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(me(server, key).await.status().as_u16());
    }
    statuses
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

fn number(response: &Response, name: &str) -> u64 {
    let text = header(response, name);
    text.parse()
        .unwrap_or_else(|_| panic!("{name}: {text:?} is no number"))
}

#[tokio::test]
async fn each_class_has_its_limit_and_answers_tell_of_it() {
    let limits = "api=3/1h,upload=2/1h,link=2/1h";
    let server = Server::start_with(&["--rate-limit", limits]);
    let key = server.user("ada@example.com").key;

    // Until the key is known to be good, its address is counted.
    assert_eq!(me(&server, &key).await.status(), 200);
    for left in [2, 1, 0] {
        let allowed = me(&server, &key).await;
        assert_eq!(allowed.status(), 200);
        assert_eq!(number(&allowed, "x-ratelimit-limit"), 3);
        assert_eq!(number(&allowed, "x-ratelimit-remaining"), left);
        assert!((1..=3600).contains(&number(&allowed, "x-ratelimit-reset")));
        assert_eq!(header(&allowed, "ratelimit-policy"), "\"api\";q=3;w=3600");
        let expected = format!("\"api\";r={left};t=1200");
        assert_eq!(header(&allowed, "ratelimit"), expected);
        assert_eq!(header(&allowed, "retry-after"), "");
    }
    let refused = me(&server, &key).await;
    let wait = number(&refused, "retry-after");
    assert!((1..=1200).contains(&wait), "{wait}");
    assert!((wait..=3600).contains(&number(&refused, "x-ratelimit-reset")));
    assert_eq!(number(&refused, "x-ratelimit-remaining"), 0);
    assert_eq!(
        header(&refused, "ratelimit"),
        format!("\"api\";r=0;t={wait}")
    );
    assert_eq!(header(&refused, "cache-control"), "no-store");
    let (status, body) = answer(refused).await;
    assert_eq!((status.as_u16(), code(&body)), (429, "TOO_MANY_REQUESTS"));
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains("'api'"), "{message}");

    let plan = |path: &str| Some(json!({ "path": path, "size_bytes": 1 }));
    for (path, expected) in [("a", 201), ("b", 201), ("c", 429)] {
        let planned = send(&server, Method::POST, "/api/v1/files", &key, plan(path)).await;
        assert_eq!(planned.status(), expected, "{path}");
        let policy = header(&planned, "ratelimit-policy");
        assert_eq!(policy, "\"upload\";q=2;w=3600");
    }

    for expected in [404, 404, 429] {
        let link = "/d/000000000000/none.txt";
        let followed = send(&server, Method::GET, link, "", None).await;
        assert_eq!(followed.status(), expected);
    }
    let url = format!("{}/b/000000000000", server.process.url);
    let page = server.http.get(url).header("accept", "text/html");
    let page = page.send().await.unwrap();
    assert_eq!(page.status(), 429);
    assert!(header(&page, "content-type").starts_with("text/html"));
    assert!(number(&page, "retry-after") > 0);

    for path in ["/healthz", "/", "/login"] {
        for _ in 0..5 {
            let open = send(&server, Method::GET, path, "", None).await;
            assert_eq!(open.status(), 200, "{path}");
            assert_eq!(header(&open, "ratelimit"), "");
        }
    }
}

#[tokio::test]
async fn forged_keys_have_no_count_of_their_own() {
    let server = Server::start_with(&["--rate-limit", "api=4/1h"]);
    let key = server.user("ada@example.com").key;
    assert_eq!(statuses(&server, &key, 1).await, [200]);
    let mut answers = Vec::new();
    for _ in 0..5 {
        let forged = ApiKeySecret::random().reveal();
        answers.extend(statuses(&server, &forged, 1).await);
    }
    assert_eq!(answers, [401, 401, 401, 429, 429]);
    assert_eq!(statuses(&server, "", 1).await, [429], "the same address");
    // Whoever knows the id of a key uses up nothing of its owner's.
    let known = key.parse::<ApiKeySecret>().unwrap();
    let other = ApiKeySecret::derived(known.id().clone(), &[7; 32]).reveal();
    assert_eq!(statuses(&server, &other, 1).await, [429]);
    let own = statuses(&server, &key, 5).await;
    assert_eq!(own, [200, 200, 200, 200, 429]);
}

#[tokio::test]
async fn attempts_to_log_in_have_the_limit_that_is_set() {
    let server = Server::start_with(&["--rate-limit", "login=2/15min"]);
    server.user("ada@example.com");
    let log_in = json!({ "email": "ada@example.com", "password": PASSWORD });
    for expected in [201, 201, 429] {
        let begun = server.send(Method::POST, "/api/v1/sessions", "", Some(log_in.clone()));
        let begun = begun.await;
        assert_eq!(begun.status(), expected);
        if expected == 429 {
            let policy = header(&begun, "ratelimit-policy");
            assert_eq!(policy, "\"login\";q=2;w=900");
            assert!((1..=900).contains(&number(&begun, "retry-after")));
            assert_eq!(number(&begun, "x-ratelimit-limit"), 2);
            let (_, body) = answer(begun).await;
            let message = body["error"]["message"].as_str().unwrap();
            assert!(message.contains("'login'"), "{message}");
        }
    }
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("email", "ada@example.com"), ("password", PASSWORD)])
        .finish();
    let page = server.http.post(server.url("/login")).body(body);
    let page = page.header("sec-fetch-site", "same-origin");
    let page = page.send().await.unwrap();
    assert_eq!(page.status(), 429);
    assert!(number(&page, "retry-after") > 0);
    assert_eq!(header(&page, "ratelimit-policy"), "\"login\";q=2;w=900");
}

#[tokio::test]
async fn limits_can_be_off_and_those_of_requests_are_by_default() {
    for flags in [&["--rate-limit", "api=1/1h,off"][..], &[]] {
        let server = Server::start_with(flags);
        let key = server.user("ada@example.com").key;
        for _ in 0..20 {
            let allowed = me(&server, &key).await;
            assert_eq!(allowed.status(), 200, "{flags:?}");
            assert_eq!(header(&allowed, "ratelimit"), "");
            assert_eq!(header(&allowed, "x-ratelimit-limit"), "");
        }
    }
    let server = Server::start_with(&["--rate-limit", "login=off"]);
    let wrong = json!({ "email": "nobody@example.com", "password": "wrong" });
    for _ in 0..12 {
        let (status, _) = server.post("/api/v1/sessions", "", wrong.clone()).await;
        assert_eq!(status, 401);
    }
}

#[test]
fn a_bad_limit_is_refused() {
    for bad in [
        "",
        "api",
        "api=",
        "api=5",
        "api=5/",
        "api=5/1",
        "api=5/min",
        "api=0/1m",
        "api=-1/1m",
        "api=+1/1m",
        "api=1.5/1m",
        "api=1000001/1m",
        "api=5/0s",
        "api=5/25h",
        "api=5/1d",
        "api=5/99999999999s",
        "API=5/1m",
        "device=5/1m",
        "on",
        "api=5/1m,,",
        "api=5/1m;link=5/1m",
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hulk-server"));
        command.args(["openapi", "--rate-limit", bad]);
        let output = command.env_remove("HULK_RATE_LIMIT").output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{bad:?}: {error}");
        assert!(error.contains("--rate-limit"), "{bad:?}: {error}");
    }
}
