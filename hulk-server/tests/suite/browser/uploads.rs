//! Uploads of dropped or chosen files, on good and bad connections.

use serde_json::json;

use super::{MIB, choose, files, row, signed_in, write};
use crate::{
    harness::{engine::Engine, garage::Garage},
    server::{Server, noise, run, text},
};

#[tokio::test]
async fn a_large_file_and_a_folder_through_a_lost_line() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let Some(chrome) = signed_in(&server, &ada).await else {
        return;
    };
    let disk = tempfile::TempDir::new().unwrap();
    let bytes = noise(1, 200 * MIB);
    let big = write(disk.path(), "big.bin", &bytes).await;
    let folder = disk.path().join("folder");
    write(&folder, "one.txt", b"one").await;
    write(&folder, "in/two.txt", b"two").await;
    chrome.set_rate(60 * MIB as i64).await;
    chrome.drop_files(&[&big, &folder]).await;
    chrome
        .until("document.getElementById('total').value > 0.4")
        .await;
    chrome.set_offline(true).await;
    chrome
        .until("document.getElementById('upload-list').textContent.includes('Retrying')")
        .await;
    chrome.set_rate(-1).await;
    chrome
        .until("document.getElementById('said').textContent.includes('3 files uploaded')")
        .await;
    assert_eq!(
        files(&server, &ada).await,
        ["big.bin", "folder/one.txt", "folder/in/two.txt"]
    );
    chrome.find(&row("folder")).await;
    choose(&chrome, "big.bin", "link").await;
    chrome.find("#link[open]").await;
    let link = chrome.value("#link-url").await;
    chrome.click("#link-copy").await;
    chrome
        .until("document.getElementById('said').textContent.includes('copied')")
        .await;
    chrome
        .until("document.getElementById('link-qr').naturalWidth > 0")
        .await;
    assert!(server.download(&link, "").await.1 == bytes);
    let shown = server.get("/api/v1/files?filter~path=big.bin", &ada.key);
    let sha256 = shown.await.1["items"][0]["sha256"].clone();
    assert_eq!(sha256, crate::server::sha256(&bytes));
    let origin = &server.process.url;
    chrome
        .assert_quiet(&[origin], &["ERR_INTERNET_DISCONNECTED", "net::ERR"])
        .await;
}

#[tokio::test]
async fn an_upload_is_paused_left_and_gone_on_with_by_another_visit() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let Some(chrome) = signed_in(&server, &ada).await else {
        return;
    };
    let disk = tempfile::TempDir::new().unwrap();
    let bytes = noise(2, 60 * MIB);
    let big = write(disk.path(), "big.bin", &bytes).await;
    chrome.set_rate(20 * MIB as i64).await;
    let picker = chrome.find("#pick-files").await;
    picker.send_keys(big.to_str().unwrap()).await.unwrap();
    chrome
        .until("document.getElementById('total').value > 0.5")
        .await;
    chrome.click("#pause").await;
    chrome
        .until("document.getElementById('upload-list').textContent.includes('paused')")
        .await;
    let id = server
        .get("/api/v1/files?filter~status=reserved", &ada.key)
        .await
        .1["items"][0]["id"]
        .clone();
    let upload = format!("/api/v1/files/{}/upload", id.as_str().unwrap());
    let had = server.get(&upload, &ada.key).await.1["received"]
        .as_array()
        .unwrap()
        .len();
    assert!((1..8).contains(&had), "{had} parts");
    chrome.run("window.onbeforeunload = null").await;
    let again = signed_in(&server, &ada).await.unwrap();
    again.drop_files(&[&big]).await;
    again
        .until("document.getElementById('said').textContent.includes('1 file uploaded')")
        .await;
    let sent = again
        .run(
            "return performance.getEntriesByType('resource')
                .filter((entry) => entry.name.includes('partNumber')).length",
        )
        .await;
    assert_eq!(
        sent.as_u64().unwrap() as usize,
        8 - had,
        "parts were sent twice"
    );
    let (_, found) = server
        .download(&format!("/d/{}", id.as_str().unwrap()), "")
        .await;
    assert!(found == bytes);
}

#[tokio::test]
async fn bytes_go_straight_to_another_store() {
    let Some(garage) = Garage::start() else {
        return;
    };
    let store = garage.store();
    let endpoint = store.endpoint.clone();
    let engine = Engine {
        s3: Some(store),
        ..Engine::default()
    };
    let server = Server::start_on(&engine, &[]);
    text(&run(&server.data_dir, &["storage", "init"], ""));
    let ada = server.user("ada@example.com");
    let Some(chrome) = signed_in(&server, &ada).await else {
        return;
    };
    let disk = tempfile::TempDir::new().unwrap();
    let bytes = noise(5, 30 * MIB);
    let big = write(disk.path(), "big.bin", &bytes).await;
    let small = write(disk.path(), "small.txt", b"small").await;
    chrome.drop_files(&[&big, &small]).await;
    chrome
        .until("document.getElementById('said').textContent.includes('2 files uploaded')")
        .await;
    let link = format!("/d/~{}/big.bin", ada.user_id);
    assert!(server.download(&link, "").await.1 == bytes);
    let origins = [server.process.url.as_str(), endpoint.as_str()];
    chrome.assert_quiet(&origins, &[]).await;
}

#[tokio::test]
async fn an_upload_is_cancelled_and_what_failed_is_tried_again() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let Some(chrome) = signed_in(&server, &ada).await else {
        return;
    };
    let disk = tempfile::TempDir::new().unwrap();
    let bytes = noise(3, 40 * MIB);
    let big = write(disk.path(), "big.bin", &bytes).await;
    let taken = write(disk.path(), "taken", b"a file").await;
    let made = server.post("/api/v1/directories", &ada.key, json!({ "path": "taken" }));
    let directory = made.await.1["id"].as_str().unwrap().to_owned();
    let says = |text: &str| {
        format!("document.getElementById('upload-list').textContent.includes('{text}')")
    };
    chrome.set_rate(5 * MIB as i64).await;
    chrome.drop_files(&[&big]).await;
    chrome
        .until("document.getElementById('total').value > 0.1")
        .await;
    chrome.click("#upload-list [data-action=cancel]").await;
    chrome.until(&says("cancelled")).await;
    chrome
        .until("document.getElementById('said').textContent === 'Cancelled.'")
        .await;
    for _ in 0..500 {
        if server.used_bytes(&ada.key).await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(server.used_bytes(&ada.key).await, 0);
    // A paused upload can be cancelled as well.
    chrome.click("#upload-list [data-action=again]").await;
    chrome.until(&says("sending")).await;
    chrome.click("#pause").await;
    chrome.until(&says("paused")).await;
    chrome.click("#upload-list [data-action=cancel]").await;
    chrome.until(&says("cancelled")).await;
    chrome.set_rate(-1).await;
    chrome.click("#upload-list [data-action=again]").await;
    chrome.click("#pause").await;
    chrome.until(&says("done")).await;
    let link = format!("/d/~{}/big.bin", ada.user_id);
    assert!(server.download(&link, "").await.1 == bytes);

    chrome.drop_files(&[&taken]).await;
    chrome.find("#upload-list .failed").await;
    server
        .delete(&format!("/api/v1/directories/{directory}"), &ada.key)
        .await;
    chrome
        .click("#upload-list .failed [data-action=again]")
        .await;
    chrome
        .until("!document.querySelector('#upload-list [data-action=again]')")
        .await;
    chrome
        .until("document.getElementById('said').textContent.includes('2 files uploaded')")
        .await;
    assert_eq!(files(&server, &ada).await, ["big.bin", "taken"]);
}
