//! Multipart uploads.

use aws_sdk_s3::{
    Client,
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use md5::Digest;

use super::{BUCKET, PART, get, sdk, status};
use crate::server::{Server, noise};

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
        "again, as after a lost response"
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
