//! Background jobs, run as for cron.

use crate::{
    data_dir::sql,
    harness::files_below,
    server::{Server, run, text},
};

#[tokio::test]
async fn stale_uploads_and_expired_files_give_their_space_back() {
    let mut server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "kept.txt", b"kept").await;
    server.upload(&key, "old.txt", b"old").await;
    let planned = server.plan(&key, "never.bin", 1000).await;
    server.send_bytes(&key, &planned, &[0; 1000]).await;
    assert_eq!(server.used_bytes(&key).await, 1007);
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
        (&1.into(), &1.into())
    );
    let files = files_below(&server.data_dir.join("store/data"));
    assert_eq!(files.len(), 1, "{files:?}");
    let again = Server::start_in(&server.data_dir, &[]);
    assert_eq!(again.used_bytes(&key).await, 4);
    assert_eq!(again.get("/api/v1/files", &key).await.1["total"], 1);
}
