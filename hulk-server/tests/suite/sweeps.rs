//! Background jobs, run by a command as for cron.

use crate::{
    harness::files_below,
    server::{Server, has_embedded_store, run, signed, sql, text},
};

#[tokio::test]
async fn stale_uploads_and_expired_files_give_their_space_back() {
    let mut server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "kept.txt", b"kept").await;
    server.upload(&key, "old.txt", b"old").await;
    let planned = server.plan(&key, "never.bin", 1000).await;
    server.send_bytes(&key, &planned, &[0; 1000]).await;
    let parts = server.plan(&key, "never-in-parts.bin", 20 << 20).await;
    let sign = serde_json::json!([{ "number": 1 }]);
    let (_, signed_part) = server.sign(&key, &parts, sign).await;
    let put = signed(&server.http, &signed_part["parts"][0]).body(vec![0; 8 << 20]);
    assert_eq!(put.send().await.unwrap().status(), 200);
    assert_eq!(server.used_bytes(&key).await, 1007 + (20 << 20));
    server.process.terminate();
    sql(
        &server.data_dir,
        "UPDATE versions SET updated_at = 1 WHERE state = 'reserved'",
    )
    .await;
    sql(
        &server.data_dir,
        "UPDATE versions SET expires_at = 1 WHERE size_bytes = 3",
    )
    .await;
    let swept = text(&run(&server.data_dir, &["--json", "sweep"], ""));
    let swept: serde_json::Value = serde_json::from_str(&swept).unwrap();
    assert_eq!(
        (&swept["stale_uploads"], &swept["expired_files"]),
        (&2.into(), &1.into())
    );
    let again = Server::start_in(&server.data_dir, &[]);
    assert_eq!(again.used_bytes(&key).await, 4);
    assert_eq!(again.get("/api/v1/files", &key).await.1["total"], 1);
    if !has_embedded_store() {
        return;
    }
    for (directory, left) in [("store/data", 0), ("store/objects", 1)] {
        let files = files_below(&server.data_dir.join(directory));
        assert_eq!(files.len(), left, "{files:?}");
    }
    assert!(files_below(&server.data_dir.join("store/uploads")).is_empty());
}
