//! Multipart uploads, and bytes that need not be sent again, through the API.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};

use crate::server::{Key, Server, code, has_embedded_store, md5, noise, sha256, signed};

const MIB: usize = 1 << 20;
const PART: usize = 8 * MIB;

async fn begin(server: &Server, key: &str, path: &str, bytes: &[u8]) -> Value {
    let body = json!({ "path": path, "size_bytes": bytes.len() });
    let (status, planned) = server.post("/api/v1/files", key, body).await;
    assert_eq!(status, 201, "{planned}");
    planned
}

/// Sends some of the parts; returns their ETags.
async fn send(
    server: &Server,
    key: &str,
    planned: &Value,
    bytes: &[u8],
    parts: &[usize],
) -> Vec<String> {
    let mut etags = Vec::new();
    for number in parts {
        let (status, answer) = server
            .sign(key, planned, json!([{ "number": number }]))
            .await;
        assert_eq!(status, 200, "{answer}");
        let part = bytes.chunks(PART).nth(number - 1).unwrap();
        let sent = signed(&server.http, &answer["parts"][0]).body(part.to_vec());
        let sent = sent.send().await.unwrap();
        assert_eq!(sent.status(), 200);
        let etag = sent.headers()["etag"].to_str().unwrap();
        etags.push(etag.trim_matches('"').to_owned());
    }
    etags
}

async fn report(server: &Server, key: &str, planned: &Value, more: Value) -> (u16, Value) {
    let id = planned["file"]["id"].as_str().unwrap();
    let mut body = json!({ "status": "uploaded", "version": planned["file"]["version"] });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let (status, answer) = server
        .put(&format!("/api/v1/files/{id}/status"), key, body)
        .await;
    (status.as_u16(), answer)
}

#[tokio::test]
async fn an_upload_in_parts_tells_what_it_has_and_ends_when_it_has_all() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let bytes = noise(1, 20 * MIB);
    let planned = begin(&server, &key, "a.bin", &bytes).await;
    let upload = &planned["upload"];
    assert_eq!(upload["kind"], "multipart");
    assert_eq!(
        (&upload["part_size"], &upload["part_count"]),
        (&PART.into(), &3.into())
    );
    assert_eq!(upload["parts"].as_array().unwrap().len(), 3);
    send(&server, &key, &planned, &bytes, &[3, 1]).await;
    let id = planned["file"]["id"].as_str().unwrap();
    let (_, state) = server
        .get(&format!("/api/v1/files/{id}/upload"), &key)
        .await;
    assert_eq!(state["missing"], json!([2]));
    assert_eq!(state["received"][1]["size_bytes"], 4 * MIB);
    let (status, error) = report(&server, &key, &planned, json!({})).await;
    assert_eq!((status, code(&error)), (422, "UPLOAD_INCOMPLETE"));
    let again = begin(&server, &key, "a.bin", &bytes).await;
    assert_eq!(again["file"]["version"], planned["file"]["version"]);
    assert_eq!(again["upload"]["received"].as_array().unwrap().len(), 2);
    send(&server, &key, &planned, &bytes, &[2]).await;
    let digest = sha256(&bytes);
    let (status, file) = report(&server, &key, &planned, json!({ "sha256": digest })).await;
    assert_eq!(
        (status, &file["status"]),
        (200, &"validated".into()),
        "{file}"
    );
    let (status, _) = report(&server, &key, &planned, json!({ "sha256": digest })).await;
    assert_eq!(status, 200, "the same report again");
    assert_eq!(server.used_bytes(&key).await, bytes.len() as u64);
    let link = file["url"].as_str().unwrap();
    assert!(server.download(link, "").await.1 == bytes);

    let details = server
        .http
        .get(server.url(link))
        .header("accept", "application/json")
        .send()
        .await
        .unwrap();
    let details: Value = details.json().await.unwrap();
    assert_eq!(details["sha256"], digest);
    let digests = details["parts"]["digests"].as_array().unwrap();
    assert_eq!(digests.len(), 3);
    let second = &bytes[PART..2 * PART];
    let expected = match has_embedded_store() {
        true => blake3::hash(second).to_hex().to_string(),
        false => md5(second),
    };
    assert_eq!(digests[1], expected);
    let (_, missing) = server
        .get(&format!("/api/v1/files/{id}/upload"), &key)
        .await;
    assert_eq!(code(&missing), "NOT_FOUND");
}

#[tokio::test]
async fn two_who_send_different_bytes_to_one_upload_never_make_a_mixture() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let (one, other) = (noise(1, 20 * MIB), noise(2, 20 * MIB));
    let planned = begin(&server, &key, "a.bin", &one).await;
    let same = begin(&server, &key, "a.bin", &other).await;
    assert_eq!(planned["file"]["version"], same["file"]["version"]);
    let first = send(&server, &key, &planned, &one, &[1, 2, 3]).await;
    let mine = send(&server, &key, &planned, &other, &[1, 2]).await;
    let named = json!({ "part_etags": first, "sha256": sha256(&one) });
    let (status, error) = report(&server, &key, &planned, named.clone()).await;
    assert_eq!(
        (status, code(&error)),
        (422, "UPLOAD_INCOMPLETE"),
        "parts were replaced"
    );
    send(&server, &key, &planned, &one, &[1, 2]).await;
    let (status, file) = report(&server, &key, &planned, named).await;
    assert_eq!(status, 200, "{file}");
    let late = json!({ "part_etags": [mine[0], mine[1], first[2]], "sha256": sha256(&other) });
    let (status, error) = report(&server, &key, &planned, late).await;
    assert_eq!((status, code(&error)), (409, "CONFLICT"));
    assert!(server.download(file["url"].as_str().unwrap(), "").await.1 == one);
    assert_eq!(server.used_bytes(&key).await, one.len() as u64);
}

#[tokio::test]
async fn parts_are_signed_for_their_length_and_their_checksum() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let bytes = noise(1, 20 * MIB);
    let planned = begin(&server, &key, "a.bin", &bytes).await;
    let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, &bytes[..PART]) as u32;
    let crc = BASE64.encode(crc.to_be_bytes());
    let wanted = json!([{ "number": 1, "crc32c": crc }]);
    let (_, answer) = server.sign(&key, &planned, wanted).await;
    let put = |body: &[u8]| {
        signed(&server.http, &answer["parts"][0])
            .body(body.to_vec())
            .send()
    };
    let mut damaged = bytes[..PART].to_vec();
    damaged[1000] ^= 1;
    assert_eq!(put(&damaged).await.unwrap().status(), 400);
    match put(&bytes[..PART - 1]).await {
        Ok(answer) => assert_eq!(answer.status(), 403),
        // Its headers are refused; the response may arrive before the body was sent.
        Err(error) => assert!(error.is_request(), "{error}"),
    }
    assert_eq!(put(&bytes[..PART]).await.unwrap().status(), 200);
    for (parts, why) in [
        (json!([]), "none"),
        (json!([{ "number": 0 }]), "zero"),
        (json!([{ "number": 4 }]), "beyond the end"),
        (json!([{ "number": 1 }, { "number": 1 }]), "twice"),
        (json!([{ "number": 1, "crc32c": "\r\nx: y" }]), "a header"),
        (
            json!([{ "number": 1, "size_bytes": PART + 1 }]),
            "too large",
        ),
    ] {
        let (status, error) = server.sign(&key, &planned, parts).await;
        assert_eq!(
            (status.as_u16(), code(&error)),
            (400, "VALIDATION_ERROR"),
            "{why}"
        );
    }
    for part_size in [1, 4 * MIB, 6 << 30] {
        let body = json!({ "path": "b", "size_bytes": 100 * MIB, "part_size": part_size });
        let (status, _) = server.post("/api/v1/files", &key, body).await;
        assert!(part_size > 100 * MIB || status == 400, "{part_size}");
    }
}

#[tokio::test]
async fn an_upload_of_unknown_length_sets_space_aside_as_it_grows() {
    let server = Server::start();
    let flags = ["--verified", "--default-quota", "52428800"];
    let Key { key, .. } = server.user_with("ada@example.com", "all", &flags);
    let bytes = noise(1, 20 * MIB);
    let body = json!({ "path": "s.bin", "size_bytes": null, "part_size": PART });
    let (_, planned) = server.post("/api/v1/files", &key, body).await;
    assert_eq!(planned["upload"]["part_count"], Value::Null);
    assert_eq!(server.used_bytes(&key).await, 0);
    send(&server, &key, &planned, &bytes, &[1, 2]).await;
    assert_eq!(server.used_bytes(&key).await, 2 * PART as u64);
    let last = json!([{ "number": 3, "size_bytes": 4 * MIB }]);
    let (_, answer) = server.sign(&key, &planned, last).await;
    let put = signed(&server.http, &answer["parts"][0]).body(bytes[2 * PART..].to_vec());
    assert_eq!(put.send().await.unwrap().status(), 200);
    let (status, error) = server.sign(&key, &planned, json!([{ "number": 7 }])).await;
    assert_eq!((status.as_u16(), code(&error)), (507, "QUOTA_EXCEEDED"));
    let (status, file) = report(&server, &key, &planned, json!({ "sha256": sha256(&bytes) })).await;
    assert_eq!(
        (status, &file["size_bytes"]),
        (200, &bytes.len().into()),
        "{file}"
    );
    assert_eq!(server.used_bytes(&key).await, bytes.len() as u64);
    assert!(server.download(file["url"].as_str().unwrap(), "").await.1 == bytes);
    let body = json!({ "path": "t.bin" });
    assert_eq!(
        server.post("/api/v1/files", &key, body).await.0,
        400,
        "an unknown size must be stated"
    );
}

#[tokio::test]
async fn what_is_stored_is_not_sent_and_counts_for_each_file() {
    let server = Server::start();
    let (ada, bob) = (
        server.user("ada@example.com").key,
        server.user("bob@example.com").key,
    );
    let file = server.upload(&ada, "a.txt", b"hello").await;
    let body = |path: &str| json!({ "path": path, "size_bytes": 5, "sha256": sha256(b"hello") });
    let (_, linked) = server.post("/api/v1/files", &ada, body("b.txt")).await;
    assert_eq!(linked["upload"]["kind"], "none");
    assert_eq!(linked["file"]["status"], "validated");
    assert_eq!(server.used_bytes(&ada).await, 10);
    let (_, unchanged) = server.post("/api/v1/files", &ada, body("a.txt")).await;
    assert_eq!(unchanged["upload"]["kind"], "none");
    assert_eq!(unchanged["file"]["version"], 1);
    let (_, others) = server.post("/api/v1/files", &bob, body("a.txt")).await;
    assert_eq!(
        others["upload"]["kind"], "single",
        "others' bytes are not revealed"
    );
    let id = file["id"].as_str().unwrap();
    server
        .delete(&format!("/api/v1/files/{id}?purge=true"), &ada)
        .await;
    let link = linked["file"]["url"].as_str().unwrap();
    assert_eq!(server.download(link, "").await.1, b"hello");
    assert_eq!(server.used_bytes(&ada).await, 5);
}

#[tokio::test]
async fn a_crash_between_the_parts_and_the_row_is_gone_on_with() {
    let directory = tempfile::TempDir::new().unwrap();
    let data_dir = directory.path().join("data");
    let mut server = Server::start_in(&data_dir, &[]);
    let key = server.user("ada@example.com").key;
    let bytes = noise(1, 20 * MIB);
    let planned = begin(&server, &key, "a.bin", &bytes).await;
    let etags = send(&server, &key, &planned, &bytes, &[1, 2, 3]).await;
    let named = json!({ "part_etags": etags, "sha256": sha256(&bytes) });
    // The object exists but the row was not written, as after a crash in between.
    let s3 = crate::store::sdk(&server);
    let (object, upload_id) = object_of(&planned);
    let parts = (1..).zip(&etags).map(|(number, etag)| {
        aws_sdk_s3::types::CompletedPart::builder()
            .part_number(number)
            .e_tag(etag)
            .build()
    });
    let parts =
        aws_sdk_s3::types::CompletedMultipartUpload::builder().set_parts(Some(parts.collect()));
    s3.complete_multipart_upload()
        .bucket(crate::store::store_of(&server).bucket)
        .key(object)
        .upload_id(upload_id)
        .multipart_upload(parts.build())
        .send()
        .await
        .unwrap();
    server.process.kill();
    let server = Server::start_in(&data_dir, &[]);
    let (status, file) = report(&server, &key, &planned, named).await;
    assert_eq!(status, 200, "{file}");
    assert!(
        server.download(file["url"].as_str().unwrap(), "").await.1 == bytes || {
            let id = file["id"].as_str().unwrap();
            server.download(&format!("/d/{id}"), "").await.1 == bytes
        }
    );
}

fn object_of(planned: &Value) -> (String, String) {
    let url: reqwest::Url = planned["upload"]["parts"][0]["url"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let key = url.path().splitn(3, '/').nth(2).unwrap().to_owned();
    let upload_id = url
        .query_pairs()
        .find(|(name, _)| name == "uploadId")
        .unwrap()
        .1;
    (key, upload_id.into_owned())
}
