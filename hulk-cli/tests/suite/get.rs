//! `hulk get`, `ls`, `info`, `rm`.

use crate::{
    harness::SmallDisk,
    home::{Home, noise},
};

#[test]
fn by_link_path_and_id_to_file_directory_and_stdout() {
    let home = Home::serving();
    let bytes = noise(1, 300_000);
    home.write("up.bin", &bytes);
    let file = home
        .run(&["put", "--json", "up.bin", "--to", "d/a b.bin"])
        .json()[0]
        .clone();
    let (link, id) = (file["url"].as_str().unwrap(), file["id"].as_str().unwrap());
    for source in [link, id, "d/a b.bin", "/d/a b.bin"] {
        home.run(&["get", source]).ok();
        assert!(
            std::fs::read(home.path("a b.bin")).unwrap() == bytes,
            "{source}"
        );
        home.run(&["get", source]).fails(5);
        std::fs::remove_file(home.path("a b.bin")).unwrap();
    }
    home.run(&["get", id, "-o", "named"]).ok();
    home.run(&["get", id, "-o", "new/dir/"]).ok();
    home.run(&["get", id, "-o", "new"]).ok();
    for path in ["named", "new/dir/a b.bin", "new/a b.bin"] {
        assert!(std::fs::read(home.path(path)).unwrap() == bytes, "{path}");
    }
    home.write("named", b"old");
    home.run(&["get", id, "-o", "named", "--force"]).ok();
    assert!(std::fs::read(home.path("named")).unwrap() == bytes);
    assert!(home.run(&["get", id, "-o", "-"]).bytes() == bytes);
    home.run(&["get", id, link, "-o", "one"]).fails(2);
    let document = home.run(&["get", "--json", id, "-o", "again"]).json();
    assert_eq!(
        (&document[0]["saved_to"], &document[0]["verified"]),
        (&"again".into(), &true.into())
    );
    let leftovers = std::fs::read_dir(home.directory.path()).unwrap();
    assert!(
        !leftovers
            .flatten()
            .any(|file| file.file_name().to_string_lossy().contains(".part"))
    );
}

#[test]
fn without_any_configuration_a_public_link_works() {
    let (home, stranger) = (Home::serving(), Home::empty());
    home.write("a.txt", b"hello");
    let link = home.run(&["put", "a.txt"]).ok();
    stranger.run(&["get", &link]).ok();
    assert_eq!(std::fs::read(stranger.path("a.txt")).unwrap(), b"hello");
    let private = home
        .run(&["put", "a.txt", "--to", "p.txt", "--private"])
        .ok();
    stranger.run(&["get", &private]).fails(3);
    home.run(&["get", &private]).ok();
    stranger.run(&["get", "a.txt", "--force"]).fails(2);
}

#[test]
fn what_is_not_there() {
    let home = Home::serving();
    let gone = format!("{}/d/000000000000/x", home.url());
    for arguments in [
        &["get", "nothing"][..],
        &["get", &gone],
        &["info", "nothing"],
        &["rm", "nothing"],
        &["ls", "nothing"],
    ] {
        home.run(arguments).fails(3);
    }
    let ran = home.run(&["--json", "info", "nothing"]);
    assert_eq!(
        (ran.code(), ran.json()["error"]["code"].as_str()),
        (3, Some("NOT_FOUND"))
    );
}

#[test]
fn lists_information_and_deletion() {
    let home = Home::serving();
    for (name, size) in [("b.txt", 5), ("a.txt", 500), ("c.bin", 50)] {
        home.write(name, &vec![b'x'; size]);
        home.run(&["put", name]).ok();
    }
    home.run(&["put", "a.txt", "--to", "d/"]).ok();
    assert_eq!(home.run(&["ls"]).ok(), "a.txt\nb.txt\nc.bin\nd/");
    assert_eq!(
        home.run(&["ls", "--sort", "size", "--reverse"]).ok(),
        "a.txt\nc.bin\nb.txt\nd/"
    );
    assert_eq!(
        home.run(&["ls", "--sort", "created"]).ok(),
        "b.txt\na.txt\nc.bin\nd/"
    );
    assert_eq!(home.run(&["ls", "d"]).ok(), "a.txt");
    assert!(home.run(&["ls", "-l", "a.txt"]).ok().contains("500 B"));
    assert_eq!(
        home.run(&["ls", "--json"]).json().as_array().unwrap().len(),
        4
    );
    let info = home.run(&["info", "a.txt"]).ok();
    assert!(
        info.contains("500 bytes") && info.contains("sha256"),
        "{info}"
    );
    home.run(&["rm", "a.txt", "c.bin"]).ok();
    assert_eq!(home.run(&["ls"]).ok(), "b.txt\nd/");
    home.run(&["rm", "d"]).fails(2);
}

#[test]
fn a_full_disk_leaves_nothing_under_the_final_name() {
    let Some(disk) = SmallDisk::mount(2 << 20) else {
        return;
    };
    let home = Home::serving();
    home.write("big.bin", &noise(1, 4 << 20));
    let link = home.run(&["put", "big.bin"]).ok();
    let output = format!("{}/", disk.path().display());
    let error = home.run(&["get", &link, "-o", &output]).fails(6);
    assert!(error.contains("No space left"), "{error}");
    assert_eq!(std::fs::read_dir(disk.path()).unwrap().count(), 0);
}
