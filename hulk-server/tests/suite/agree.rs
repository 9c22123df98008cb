//! Compares a server's database with its store, bypassing the server.

use std::collections::{HashMap, HashSet};

use sqlx::AnyConnection;

use crate::{
    harness::engine::S3Store,
    server::{Server, database, sha256},
    store::{client_of, store_of},
};

/// A version: its file, state, size, digest, object key and upload key.
type Row = (String, String, i64, Option<String>, String, String);

/// Asserts that every validated file reads back with its digest, that every object has a row, and that
/// every user's usage is the sum of their versions.
pub(crate) async fn assert_agreement(server: &Server) {
    let mut database = database(&server.data_dir).await;
    assert_agreement_of(&mut database, &store_of(server), &server.env_name()).await;
}

pub(crate) async fn assert_agreement_of(
    database: &mut AnyConnection,
    store: &S3Store,
    env_name: &str,
) {
    let versions: Vec<Row> = sqlx::query_as(
        "SELECT file_id, state, size_bytes, sha256, object_key, upload_key FROM versions",
    )
    .fetch_all(&mut *database)
    .await
    .unwrap();
    // Read before the objects: a concurrent deletion removes the object first, then the row.
    let garbage: Vec<String> = sqlx::query_scalar("SELECT object_key FROM garbage")
        .fetch_all(&mut *database)
        .await
        .unwrap();
    let objects = objects(store, env_name).await;
    let s3 = client_of(store);
    let mut owned: HashSet<&str> = HashSet::new();
    for (file, state, size, digest, object_key, upload_key) in &versions {
        match state.as_str() {
            "reserved" | "uploaded" => owned.extend([object_key.as_str(), upload_key.as_str()]),
            "validated" => {
                owned.insert(object_key);
                assert_eq!(
                    objects.get(object_key),
                    Some(size),
                    "{file} at {object_key}"
                );
                let got = s3.get_object().bucket(&store.bucket).key(object_key);
                let body = got.send().await.unwrap().body.collect().await.unwrap();
                let found = sha256(&body.into_bytes());
                assert_eq!(digest.as_ref().unwrap_or(&found), &found, "{file}");
            }
            _ => {}
        }
    }
    owned.extend(garbage.iter().map(String::as_str));
    for key in objects.keys() {
        assert!(
            owned.contains(key.as_str()) || key.contains("/probe/"),
            "{key} has no row"
        );
    }
    let wrong: Vec<(String, i64)> = sqlx::query_as(
        "SELECT u.email, u.used_bytes FROM users u WHERE
             u.used_bytes <> (SELECT COALESCE(SUM(v.size_bytes), 0) FROM versions v
                 JOIN entries e ON e.id = v.file_id
                 WHERE e.user_id = u.id AND v.state IN ('reserved', 'uploaded', 'validated'))
             OR u.file_count <> (SELECT COUNT(*) FROM entries e
                 JOIN versions v ON v.file_id = e.id AND v.number = e.version
                 WHERE e.user_id = u.id AND e.trash_id IS NULL AND v.state = 'validated')",
    )
    .fetch_all(database)
    .await
    .unwrap();
    assert!(wrong.is_empty(), "usage is not the sum: {wrong:?}");
}

/// Sizes of all objects by key.
async fn objects(store: &S3Store, env_name: &str) -> HashMap<String, i64> {
    let s3 = client_of(store);
    let mut objects = HashMap::new();
    let mut after = String::new();
    loop {
        let page = s3
            .list_objects_v2()
            .bucket(&store.bucket)
            .prefix(format!("{env_name}/"))
            .set_start_after((!after.is_empty()).then(|| after.clone()))
            .send()
            .await
            .unwrap();
        for object in page.contents() {
            after = object.key().unwrap().to_owned();
            objects.insert(after.clone(), object.size().unwrap());
        }
        if page.is_truncated() != Some(true) {
            return objects;
        }
    }
}
