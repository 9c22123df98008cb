//! The embedded store, asked by the AWS SDK over a socket.

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation},
    error::SdkError,
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier},
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

/// The store that the server works with.
pub(crate) fn store_of(server: &Server) -> S3Store {
    if let Some(store) = engine_of(&server.data_dir).s3 {
        return store;
    }
    let kept = std::fs::read_to_string(server.data_dir.join("store/credentials")).unwrap();
    let (key, secret) = kept.trim().split_once('\n').unwrap();
    S3Store {
        endpoint: server.process.url.clone(),
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
        "a checksum that is not checked is not passed over"
    );
}

struct Upload<'a> {
    s3: &'a Client,
    key: &'a str,
    id: String,
}

impl<'a> Upload<'a> {
    async fn begin(s3: &'a Client, key: &'a str) -> Self {
        let begun = s3
            .create_multipart_upload()
            .bucket(BUCKET)
            .key(key)
            .content_type("x/y")
            .send()
            .await
            .unwrap();
        Self {
            s3,
            key,
            id: begun.upload_id.unwrap(),
        }
    }

    async fn part(&self, number: i32, bytes: &[u8]) -> CompletedPart {
        let part = self
            .s3
            .upload_part()
            .bucket(BUCKET)
            .key(self.key)
            .upload_id(&self.id)
            .part_number(number);
        let md5 = BASE64.encode(md5::Md5::digest(bytes));
        let sent = part
            .content_md5(md5)
            .body(ByteStream::from(bytes.to_vec()))
            .send()
            .await
            .unwrap();
        CompletedPart::builder()
            .part_number(number)
            .set_e_tag(sent.e_tag)
            .build()
    }

    async fn copied(&self, number: i32, from: &str, range: &str) -> CompletedPart {
        let part = self
            .s3
            .upload_part_copy()
            .bucket(BUCKET)
            .key(self.key)
            .upload_id(&self.id)
            .part_number(number);
        let sent = part
            .copy_source(format!("{BUCKET}/{from}"))
            .copy_source_range(range)
            .send()
            .await
            .unwrap();
        let etag = sent.copy_part_result.unwrap().e_tag;
        CompletedPart::builder()
            .part_number(number)
            .set_e_tag(etag)
            .build()
    }

    async fn complete(&self, parts: &[CompletedPart]) -> u16 {
        let parts = CompletedMultipartUpload::builder()
            .set_parts(Some(parts.to_vec()))
            .build();
        status(
            self.s3
                .complete_multipart_upload()
                .bucket(BUCKET)
                .key(self.key)
                .upload_id(&self.id)
                .multipart_upload(parts)
                .send()
                .await,
        )
    }
}

#[tokio::test]
async fn a_multipart_upload_and_copies_of_its_parts() {
    let server = Server::start();
    let s3 = sdk(&server);
    let bytes = noise(1, 2 * PART + 1234);
    let upload = Upload::begin(&s3, "multi").await;
    upload.part(1, &noise(9, PART)).await;
    let mut parts = Vec::new();
    for (index, part) in bytes.chunks(PART).enumerate() {
        parts.push(upload.part(index as i32 + 1, part).await);
    }
    upload.part(7, b"not named in the end").await;
    let listed = s3
        .list_parts()
        .bucket(BUCKET)
        .key("multi")
        .upload_id(&upload.id)
        .max_parts(2)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            listed.parts().len(),
            listed.is_truncated(),
            listed.next_part_number_marker()
        ),
        (2, Some(true), Some("2"))
    );
    let rest = s3
        .list_parts()
        .bucket(BUCKET)
        .key("multi")
        .upload_id(&upload.id)
        .part_number_marker("2")
        .send()
        .await
        .unwrap();
    assert_eq!(
        rest.parts()
            .iter()
            .map(|part| part.part_number())
            .collect::<Vec<_>>(),
        [Some(3), Some(7)]
    );
    assert_eq!(
        s3.list_multipart_uploads()
            .bucket(BUCKET)
            .send()
            .await
            .unwrap()
            .uploads()
            .len(),
        1
    );
    assert_eq!(
        status(s3.head_object().bucket(BUCKET).key("multi").send().await),
        404
    );

    assert_eq!(
        upload.complete(&[parts[1].clone(), parts[0].clone()]).await,
        400,
        "out of order"
    );
    assert_eq!(upload.complete(&[]).await, 400, "without parts");
    let wrong = CompletedPart::builder()
        .part_number(1)
        .e_tag("\"x\"")
        .build();
    assert_eq!(upload.complete(&[wrong]).await, 400, "another etag");
    assert_eq!(upload.complete(&parts).await, 200);
    assert_eq!(
        upload.complete(&parts).await,
        200,
        "once more, as after a lost answer"
    );
    assert!(get(&s3, "multi").await == bytes);
    let head = s3
        .head_object()
        .bucket(BUCKET)
        .key("multi")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (head.content_type(), head.content_length()),
        (Some("x/y"), Some(bytes.len() as i64))
    );
    assert!(head.e_tag().unwrap().ends_with("-3\""));
    assert!(
        s3.list_multipart_uploads()
            .bucket(BUCKET)
            .send()
            .await
            .unwrap()
            .uploads()
            .is_empty()
    );
    let range = s3
        .get_object()
        .bucket(BUCKET)
        .key("multi")
        .range(format!("bytes={}-{}", PART - 2, PART + 1))
        .send()
        .await
        .unwrap();
    assert_eq!(
        range.body.collect().await.unwrap().to_vec(),
        bytes[PART - 2..PART + 2]
    );

    let changed = Upload::begin(&s3, "changed").await;
    let fresh = noise(2, PART);
    let new_parts = [
        changed
            .copied(1, "multi", &format!("bytes=0-{}", PART - 1))
            .await,
        changed.part(2, &fresh).await,
        changed
            .copied(3, "multi", &format!("bytes=100-{}", PART + 500))
            .await,
    ];
    s3.delete_object()
        .bucket(BUCKET)
        .key("multi")
        .send()
        .await
        .unwrap();
    assert_eq!(changed.complete(&new_parts).await, 200);
    let expected = [&bytes[..PART], &fresh, &bytes[100..PART + 501]].concat();
    assert!(get(&s3, "changed").await == expected);
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    let server = Server::start();
    let s3 = sdk(&server);
    let upload = Upload::begin(&s3, "gone").await;
    let part = upload.part(1, b"x").await;
    let abort = || {
        s3.abort_multipart_upload()
            .bucket(BUCKET)
            .key("gone")
            .upload_id(&upload.id)
            .send()
    };
    abort().await.unwrap();
    assert_eq!(status(abort().await), 404);
    assert_eq!(upload.complete(&[part]).await, 404);
    let put = s3
        .upload_part()
        .bucket(BUCKET)
        .key("gone")
        .upload_id(&upload.id)
        .part_number(1)
        .body(ByteStream::from_static(b"x"));
    assert_eq!(status(put.send().await), 404);
    assert!(crate::harness::files_below(&server.data_dir.join("store/data")).is_empty());
    let small = Upload::begin(&s3, "small").await;
    let parts = [small.part(1, b"too small").await, small.part(2, b"x").await];
    assert_eq!(small.complete(&parts).await, 400);
    for number in [0, 10_001] {
        let part = s3
            .upload_part()
            .bucket(BUCKET)
            .key("small")
            .upload_id(&small.id)
            .part_number(number);
        assert_eq!(
            status(part.body(ByteStream::from_static(b"x")).send().await),
            400
        );
    }
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
        "the losers' bytes are still there: {files:?}"
    );
}
