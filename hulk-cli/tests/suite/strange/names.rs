//! Every file that the server stores can be downloaded, whatever its name.

use std::fs;

use hulk_proto::{Directory, File, Id, Permission, Timestamp, directory::DirectoryListing};
use serde_json::json;

use crate::{
    endless::{Fake, send},
    harness::files_below,
    home::Home,
};

/// Names that a file of this system can have.
const ODD: [&str; 21] = [
    "a\\b",
    "..\\..\\c",
    "%2e%2e",
    "%2E%2E%2Fx",
    "%2e",
    "100%",
    "a%b",
    "%00",
    "a?b=c",
    "a#b",
    "a b",
    " lead",
    "trail ",
    "dot.",
    "-rf",
    "--",
    "~",
    "*",
    "a&b;c|d",
    "\"quoted\"",
    "'single'",
];

#[test]
fn what_is_put_can_be_got() {
    let home = Home::serving();
    for name in ODD {
        home.write(&format!("tree/{name}"), name.as_bytes());
        home.write(&format!("tree/dir {name}/{name}"), name.as_bytes());
    }
    let link = home.run(&["put", "-q", "tree"]).ok();
    for (source, to) in [("tree", "one/"), (link.as_str(), "two/")] {
        home.run(&["get", "-q", source, "-o", to]).ok();
        let got = files_below(&home.path(&format!("{to}tree")));
        assert_eq!(got.len(), 2 * ODD.len());
        for name in ODD {
            for path in [name.to_owned(), format!("dir {name}/{name}")] {
                let bytes = fs::read(home.path(&format!("{to}tree/{path}")));
                assert_eq!(bytes.unwrap(), name.as_bytes(), "{path}");
            }
        }
    }
    // Each file alone, by its path and by its link.
    fs::create_dir_all(home.path("alone")).unwrap();
    for name in ODD {
        let path = format!("tree/{name}");
        let link = home.run(&["info", "--json", &path]).json()["url"].clone();
        for source in [path.as_str(), link.as_str().unwrap()] {
            home.run(&["get", "-q", "--force", source, "-o", "alone/"])
                .ok();
            let bytes = fs::read(home.path(&format!("alone/{name}")));
            assert_eq!(bytes.unwrap(), name.as_bytes(), "{source}");
            fs::remove_file(home.path(&format!("alone/{name}"))).unwrap();
        }
    }
}

#[test]
fn a_name_that_no_file_can_have_is_one_failure() {
    let home = Home::empty();
    let id = Id::random();
    let directory = |name: &str| Directory {
        url: String::new(),
        id: id.clone(),
        path: name.parse().unwrap(),
        parent_id: None,
        default_permissions: Permission::Inherit,
        default_expiration_policy: None,
        metadata: serde_json::Map::new(),
        created_at: Timestamp::now(),
        updated_at: Timestamp::now(),
    };
    let bad = [
        "../up",
        "a/b",
        "",
        ".",
        "..",
        "bell\u{7}",
        "exe\u{202e}gpj",
        "nul\0",
        "new\nline",
    ];
    let file = |name: &str| {
        let file = json!({
            "id": Id::random(), "path": "tree/x", "filename": name, "directory_id": id,
            "status": "validated", "size_bytes": 1, "mime_type": "text/plain", "sha256": null,
            "permissions": "public", "expiration_policy": "infinite", "expires_at": null,
            "tags": [], "description": null, "metadata": {}, "version": 1, "download_count": 0,
            "last_downloaded_at": null, "created_at": Timestamp::now(),
            "updated_at": Timestamp::now(), "url": "",
        });
        serde_json::from_value::<File>(file).unwrap()
    };
    let listing = DirectoryListing {
        directory: directory("tree"),
        directories: Vec::new(),
        files: bad.iter().chain(&["good"]).map(|name| file(name)).collect(),
        next_cursor: None,
    };
    let listing = serde_json::to_string(&listing).unwrap();
    let server = Fake::start(move |target, stream| match target {
        list if list.starts_with("/b/") => {
            send(
                stream,
                "200 OK",
                "Content-Type: application/json\r\n",
                &listing,
            );
        }
        link if link.starts_with("/d/") => send(stream, "302 Found", "Location: /store\r\n", ""),
        _ => send(
            stream,
            "206 Partial Content",
            "Content-Range: bytes 0-0/1\r\n",
            "x",
        ),
    });
    let got = home.run(&["get", "-q", "--json", &format!("{}/b/{id}", server.url)]);
    assert_eq!(got.code(), 1, "{}", got.stderr());
    assert_eq!(got.json()[0]["failed"].as_array().unwrap().len(), bad.len());
    assert_eq!(
        files_below(home.directory.path()).len(),
        1,
        "nothing but the good one"
    );
    assert_eq!(fs::read(home.path("tree/good")).unwrap(), b"x");
}
