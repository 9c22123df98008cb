//! The embedded store, used by the AWS SDK over a socket.

mod parts;

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation},
    error::SdkError,
    primitives::ByteStream,
    types::{Delete, ObjectIdentifier},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use md5::Digest;

use crate::{
    harness::engine::{S3Store, engine_of},
    server::{Server, noise, sha256},
};

pub(crate) const BUCKET: &str = "hulkastorus-ugc";
const PART: usize = 5 << 20;

pub(crate) fn sdk(server: &Server) -> Client {
    client_of(&store_of(server))
}

/// Like `sdk`, but signs URLs for the address at which clients reach the store.
pub(crate) fn signer(server: &Server) -> Client {
    let mut store = store_of(server);
    if store.endpoint == server.store_url {
        store.endpoint = server.process.url.clone();
    }
    client_of(&store)
}

/// The store that the server uses.
pub(crate) fn store_of(server: &Server) -> S3Store {
    if let Some(store) = engine_of(&server.data_dir).s3 {
        return store;
    }
    let kept = std::fs::read_to_string(server.data_dir.join("store/credentials")).unwrap();
    let (key, secret) = kept.trim().split_once('\n').unwrap();
    S3Store {
        endpoint: server.store_url.clone(),
        bucket: BUCKET.to_owned(),
        region: "auto".to_owned(),
        access_key: key.to_owned(),
        secret_key: secret.to_owned(),
    }
}

pub(crate) fn client_of(store: &S3Store) -> Client {
    let (key, secret) = (&store.access_key, &store.secret_key);
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&store.endpoint)
        .region(Region::new(store.region.clone()))
        .credentials_provider(Credentials::new(key, secret, None, None, "test"))
        .force_path_style(true)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

pub(crate) fn status<T, E>(outcome: Result<T, SdkError<E>>) -> u16 {
    match outcome {
        Ok(_) => 200,
        Err(error) => error
            .raw_response()
            .map_or(0, |response| response.status().as_u16()),
    }
}

async fn put(s3: &Client, key: &str, bytes: &[u8]) -> String {
    let put = s3
        .put_object()
        .bucket(BUCKET)
        .key(key)
        .body(ByteStream::from(bytes.to_vec()));
    put.send().await.unwrap().e_tag.unwrap()
}

async fn get(s3: &Client, key: &str) -> Vec<u8> {
    let got = s3
        .get_object()
        .bucket(BUCKET)
        .key(key)
        .send()
        .await
        .unwrap();
    got.body.collect().await.unwrap().to_vec()
}

#[tokio::test]
async fn objects_are_put_got_replaced_copied_and_deleted() {
    let server = Server::start();
    let s3 = sdk(&server);
    let long = format!("deep/{}", "k".repeat(200));
    for key in [
        "a",
        "a/b",
        "a/b/c",
        "a//b",
        "sp ace/ü+%/.",
        "../x",
        "..",
        "@",
        "a@",
        long.as_str(),
    ] {
        put(&s3, key, b"old").await;
        put(&s3, key, key.as_bytes()).await;
        assert_eq!(get(&s3, key).await, key.as_bytes(), "{key}");
    }
    assert!(!server.data_dir.join("store/objects/../x@").exists());
    let etag = put(&s3, "from", b"bytes").await;
    let copy = |etag: String| {
        s3.copy_object()
            .bucket(BUCKET)
            .key("to")
            .copy_source(format!("{BUCKET}/from"))
            .copy_source_if_match(etag)
            .send()
    };
    assert_eq!(status(copy("\"other\"".into()).await), 412);
    copy(etag).await.unwrap();
    s3.delete_object()
        .bucket(BUCKET)
        .key("from")
        .send()
        .await
        .unwrap();
    s3.delete_object()
        .bucket(BUCKET)
        .key("from")
        .send()
        .await
        .unwrap();
    assert_eq!(
        status(s3.get_object().bucket(BUCKET).key("from").send().await),
        404
    );
    assert_eq!(
        status(s3.head_object().bucket(BUCKET).key("from").send().await),
        404
    );
    assert_eq!(get(&s3, "to").await, b"bytes");
    assert_eq!(status(s3.head_bucket().bucket("another").send().await), 404);
    let too_long = "x".repeat(600);
    assert_eq!(
        status(
            s3.put_object()
                .bucket(BUCKET)
                .key(too_long)
                .body(ByteStream::from_static(b"x"))
                .send()
                .await
        ),
        400
    );
}

#[tokio::test]
async fn attributes_and_conditions() {
    let server = Server::start();
    let s3 = sdk(&server);
    let put = s3
        .put_object()
        .bucket(BUCKET)
        .key("a")
        .content_type("text/csv")
        .metadata("color", "green");
    let etag = put
        .body(ByteStream::from_static(b"hello"))
        .send()
        .await
        .unwrap()
        .e_tag
        .unwrap();
    let head = s3
        .head_object()
        .bucket(BUCKET)
        .key("a")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (head.content_type(), head.content_length()),
        (Some("text/csv"), Some(5))
    );
    assert_eq!(head.metadata().unwrap()["color"], "green");
    assert_eq!(etag, format!("\"{}\"", sha256(b"hello")));
    assert_eq!(
        status(
            s3.get_object()
                .bucket(BUCKET)
                .key("a")
                .if_match("\"x\"")
                .send()
                .await
        ),
        412
    );
    assert_eq!(
        status(
            s3.get_object()
                .bucket(BUCKET)
                .key("a")
                .if_none_match(etag)
                .send()
                .await
        ),
        304
    );
    let got = s3
        .get_object()
        .bucket(BUCKET)
        .key("a")
        .response_content_type("x/y")
        .response_content_disposition("attachment");
    let got = got.send().await.unwrap();
    assert_eq!(
        (got.content_type(), got.content_disposition()),
        (Some("x/y"), Some("attachment"))
    );
}

#[tokio::test]
async fn a_damaged_body_is_refused() {
    let server = Server::start();
    let s3 = sdk(&server);
    let good = BASE64.encode(md5::Md5::digest(b"hello"));
    let put = |md5: &str| {
        s3.put_object()
            .bucket(BUCKET)
            .key("a")
            .content_md5(md5)
            .body(ByteStream::from_static(b"hello"))
            .send()
    };
    assert_eq!(status(put(&BASE64.encode([0; 16])).await), 400);
    assert_eq!(status(put("no base64").await), 400);
    assert_eq!(
        status(s3.head_object().bucket(BUCKET).key("a").send().await),
        404
    );
    put(&good).await.unwrap();
    let wrong = s3
        .put_object()
        .bucket(BUCKET)
        .key("b")
        .checksum_sha256(BASE64.encode([0; 32]))
        .body(ByteStream::from_static(b"hello"));
    assert_eq!(status(wrong.send().await), 400);
    let unchecked = s3
        .put_object()
        .bucket(BUCKET)
        .key("b")
        .checksum_crc32("AAAAAA==")
        .body(ByteStream::from_static(b"hello"));
    assert_eq!(
        status(unchecked.send().await),
        501,
        "an unsupported checksum is refused, not ignored"
    );
}

#[tokio::test]
async fn lists_are_in_the_order_of_bytes_and_paged() {
    let server = Server::start();
    let s3 = sdk(&server);
    let mut keys = vec![
        "a", "a-b", "a/b", "a/c/d", "a/c/e", "a0", "b/x", "B", "é", "z z",
    ];
    for key in &keys {
        put(&s3, key, b"x").await;
    }
    keys.sort_unstable();
    let (mut found, mut token) = (Vec::new(), None);
    loop {
        let page = s3
            .list_objects_v2()
            .bucket(BUCKET)
            .max_keys(3)
            .set_continuation_token(token)
            .send()
            .await
            .unwrap();
        found.extend(
            page.contents()
                .iter()
                .map(|object| object.key().unwrap().to_owned()),
        );
        token = page.next_continuation_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(found, keys);
    let grouped = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("a")
        .delimiter("/")
        .send()
        .await
        .unwrap();
    let objects: Vec<_> = grouped
        .contents()
        .iter()
        .map(|object| object.key().unwrap())
        .collect();
    let prefixes: Vec<_> = grouped
        .common_prefixes()
        .iter()
        .map(|prefix| prefix.prefix().unwrap())
        .collect();
    assert_eq!((objects, prefixes), (vec!["a", "a-b", "a0"], vec!["a/"]));
    let below = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("a/")
        .start_after("a/b")
        .send()
        .await
        .unwrap();
    assert_eq!(below.contents().len(), 2);
    let objects = keys
        .iter()
        .map(|key| ObjectIdentifier::builder().key(*key).build().unwrap())
        .collect();
    let delete = Delete::builder()
        .set_objects(Some(objects))
        .build()
        .unwrap();
    s3.delete_objects()
        .bucket(BUCKET)
        .delete(delete)
        .send()
        .await
        .unwrap();
    assert_eq!(
        s3.list_objects_v2()
            .bucket(BUCKET)
            .send()
            .await
            .unwrap()
            .key_count(),
        Some(0)
    );
}

#[tokio::test]
async fn writers_of_one_key_replace_each_other_whole() {
    let server = Server::start();
    let s3 = sdk(&server);
    let contents: Vec<Vec<u8>> = (0..8).map(|seed| noise(seed, 200_000)).collect();
    let puts = contents.iter().map(|bytes| put(&s3, "contended", bytes));
    futures_util::future::join_all(puts).await;
    let found = get(&s3, "contended").await;
    assert!(contents.contains(&found));
    let files = crate::harness::files_below(&server.data_dir.join("store/data"));
    assert_eq!(
        files.len(),
        1,
        "the losers' bytes were not deleted: {files:?}"
    );
}
