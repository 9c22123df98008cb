//! Directories that others can write to, and servers that choose file names: a download is written where
//! the user asked, and nowhere else.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::PathBuf,
    process::Stdio,
    thread,
    time::Duration,
};

use crate::{
    endless::{Fake, send},
    harness::{files_below, signal},
    home::{Home, Ran, noise},
};

const MIB: usize = 1 << 20;

fn partials(home: &Home) -> Vec<PathBuf> {
    let files = fs::read_dir(home.directory.path()).unwrap().flatten();
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with(".hulk-") && name.ends_with(".part")
    };
    files.map(|file| file.path()).filter(is_one).collect()
}

/// Starts downloading `link` as `got.bin`, and kills it after a part; returns the partial file.
fn begin(home: &Home, link: &str) -> PathBuf {
    let mut get = home.command(&["get", "-q", "--no-cache", "--limit-rate", "8MiB", link]);
    let mut child = get
        .args(["-o", "got.bin"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    loop {
        let found = partials(home).pop();
        let len = |path: &PathBuf| fs::metadata(path).map_or(0, |found| found.len());
        if found.as_ref().is_some_and(|path| len(path) >= 9 << 20) {
            signal(child.id(), "KILL");
            child.wait().unwrap();
            return found.unwrap();
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended before");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Makes a home whose server has a file; also returns its link.
fn with_file(bytes: &[u8]) -> (Home, String) {
    let home = Home::serving();
    home.write("big.bin", bytes);
    let link = home.run(&["put", "-q", "big.bin"]).ok();
    (home, link)
}

fn get_rest(home: &Home, link: &str, bytes: &[u8]) {
    home.run(&["get", "-q", "--no-cache", link, "-o", "got.bin"])
        .ok();
    assert!(fs::read(home.path("got.bin")).unwrap() == bytes);
    assert!(
        files_below(&home.path("state/partial")).is_empty(),
        "what is finished is not remembered"
    );
}

#[test]
fn a_partial_file_has_a_name_that_nobody_can_know_and_is_found_again() {
    let bytes = noise(1, 40 * MIB);
    let (home, link) = with_file(&bytes);
    let partial = begin(&home, &link);
    assert_eq!(files_below(&home.path("state/partial")).len(), 1);
    let inode = fs::metadata(&partial).unwrap().ino();
    get_rest(&home, &link, &bytes);
    assert_eq!(fs::metadata(home.path("got.bin")).unwrap().ino(), inode);
    assert!(partials(&home).is_empty());
}

#[test]
fn a_link_in_place_of_a_partial_file_is_not_followed() {
    let bytes = noise(2, 40 * MIB);
    let (home, link) = with_file(&bytes);
    let victim = home.write("victim", b"mine");
    let partial = begin(&home, &link);
    fs::remove_file(&partial).unwrap();
    symlink(&victim, &partial).unwrap();
    get_rest(&home, &link, &bytes);
    assert_eq!(fs::read(&victim).unwrap(), b"mine");
}

#[test]
fn a_partial_file_with_a_second_name_or_another_file_is_not_gone_on_with() {
    let bytes = noise(3, 40 * MIB);
    let (home, link) = with_file(&bytes);
    let partial = begin(&home, &link);
    let len = fs::metadata(&partial).unwrap().len();
    fs::hard_link(&partial, home.path("second")).unwrap();
    get_rest(&home, &link, &bytes);
    assert_eq!(fs::metadata(home.path("second")).unwrap().len(), len);
    fs::remove_file(home.path("got.bin")).unwrap();
    fs::remove_file(&partial).unwrap();

    let partial = begin(&home, &link);
    // The first one is kept, so that its inode is not reused.
    fs::rename(&partial, home.path("aside")).unwrap();
    fs::write(&partial, noise(4, 12 * MIB)).unwrap();
    get_rest(&home, &link, &bytes);
    assert_eq!(fs::metadata(&partial).unwrap().len(), 12 * MIB as u64);
}

#[test]
fn without_a_state_directory_a_download_begins_anew_and_ends() {
    let bytes = noise(5, 12 * MIB);
    let (home, link) = with_file(&bytes);
    home.write("no-directory", b"");
    let mut get = home.command(&["get", "-q", "--no-cache", &link, "-o", "got.bin"]);
    get.env("HULK_STATE_DIR", home.path("no-directory"));
    Ran::of(get.output().unwrap()).ok();
    assert!(fs::read(home.path("got.bin")).unwrap() == bytes);
    assert!(partials(&home).is_empty());
}

#[test]
fn a_counted_download_that_is_killed_goes_on_and_counts_once() {
    let bytes = noise(6, 40 * MIB);
    let (home, _) = with_file(&bytes);
    let friend = Home::empty();
    let link = home.run(&["share", "big.bin", "--max-downloads", "1"]).ok();
    begin(&friend, &link);
    let other = Home::empty();
    let error = other.run(&["get", "-q", &link]).fails(3);
    assert!(error.contains("limit of downloads"), "{error}");
    get_rest(&friend, &link, &bytes);
    let listed = home.run(&["share", "ls", "--json"]).json();
    assert_eq!(listed[0]["download_count"], 1);
}

#[test]
fn nothing_is_written_through_a_linked_directory_of_the_target() {
    let home = Home::serving();
    for name in ["tree/in/deep/a.txt", "tree/in/b.txt", "tree/c.txt"] {
        home.write(name, b"x");
    }
    home.run(&["put", "-q", "tree"]).ok();
    fs::create_dir_all(home.path("victim")).unwrap();
    fs::create_dir_all(home.path("real/tree")).unwrap();
    symlink(home.path("victim"), home.path("real/tree/in")).unwrap();
    // The path that the user names may contain symbolic links.
    symlink(home.path("real"), home.path("back")).unwrap();
    let got = home.run(&["get", "-q", "--json", "tree", "-o", "back/"]);
    assert_eq!(got.code(), 1, "{}", got.stderr());
    assert!(
        got.stderr().contains("nothing is written through it"),
        "{}",
        got.stderr()
    );
    assert_eq!(got.json()[0]["file_count"], 1);
    assert!(home.path("real/tree/c.txt").exists());
    assert_eq!(fs::read_dir(home.path("victim")).unwrap().count(), 0);
    let got = home.run(&["get", "-q", "--force", "tree", "-o", "back/"]);
    assert_eq!(got.code(), 1, "{}", got.stderr());
    assert_eq!(fs::read_dir(home.path("victim")).unwrap().count(), 0);
}

#[test]
fn a_directory_that_the_server_names_is_no_link() {
    let home = Home::serving();
    home.write("tree/a.txt", b"x");
    home.run(&["put", "-q", "tree"]).ok();
    fs::remove_dir_all(home.path("tree")).unwrap();
    fs::create_dir_all(home.path("victim")).unwrap();
    symlink(home.path("victim"), home.path("tree")).unwrap();
    fs::create_dir_all(home.path("out")).unwrap();
    symlink(home.path("victim"), home.path("out/tree")).unwrap();
    for output in [&[][..], &["-o", "."], &["-o", "out"]] {
        let got = home.run(&[&["get", "-q", "--force", "tree"], output].concat());
        assert_ne!(got.code(), 0);
        assert!(
            got.stderr().contains("nothing is written through it"),
            "{}",
            got.stderr()
        );
        assert_eq!(fs::read_dir(home.path("victim")).unwrap().count(), 0);
    }
    // A directory that the user names may be a symbolic link.
    symlink(home.path("victim"), home.path("mine")).unwrap();
    home.run(&["get", "-q", "tree", "-o", "mine/"]).ok();
    assert!(home.path("victim/tree/a.txt").exists());
}

#[test]
fn a_link_at_the_target_is_replaced_by_force_and_never_followed() {
    let bytes = noise(7, MIB);
    let (home, link) = with_file(&bytes);
    for flags in [&[][..], &["--no-cache"][..]] {
        // The first download fills the cache.
        home.run(&["get", "-q", &link, "-o", "first", "--force"])
            .ok();
        symlink(home.path("victim"), home.path("got.bin")).unwrap();
        let get = ["get", "-q", link.as_str(), "-o", "got.bin"];
        home.run(&[&get[..], flags].concat()).fails(5);
        home.run(&[&get[..], flags, &["--force"]].concat()).ok();
        assert!(!home.path("victim").exists());
        let found = fs::symlink_metadata(home.path("got.bin")).unwrap();
        assert!(found.is_file());
        assert!(fs::read(home.path("got.bin")).unwrap() == bytes);
        fs::remove_file(home.path("got.bin")).unwrap();
    }
}

#[test]
fn a_name_that_reads_another_way_is_none() {
    let home = Home::empty();
    let server = Fake::start(|target, stream| match target.starts_with("/d/") {
        true => send(stream, "302 Found", "Location: /store/object\r\n", ""),
        false => send(
            stream,
            "206 Partial Content",
            "Content-Range: bytes 0-0/1\r\n\
             Content-Disposition: attachment; filename*=UTF-8''exe%E2%80%AEgpj.txt\r\n",
            "x",
        ),
    });
    let link = format!("{}/d/000000000000/good.txt", server.url);
    let error = home.run(&["get", "-q", &link]).fails(2);
    assert!(error.contains("no name that is safe"), "{error}");
    home.run(&["get", "-q", &link, "-o", "mine.txt"]).ok();
    assert_eq!(fs::read(home.path("mine.txt")).unwrap(), b"x");
}

#[test]
fn the_umask_is_obeyed() {
    let home = Home::serving();
    let mode = |name: &str| fs::metadata(home.path(name)).unwrap().mode() & 0o7777;
    // Large enough for the cache, which keeps the file with the mode of the first download.
    for (name, kept) in [("run.sh", 0o777), ("read.txt", 0o444)] {
        let path = home.write(&format!("tree/{name}"), &noise(8, 200_000));
        fs::set_permissions(path, fs::Permissions::from_mode(kept)).unwrap();
    }
    home.run(&["put", "-q", "tree"]).ok();
    for (umask, run, read) in [
        ("022", 0o755, 0o444),
        ("077", 0o700, 0o400),
        ("027", 0o750, 0o440),
    ] {
        let to = format!("u{umask}");
        let get = ["get", "-q", "tree", "-o", to.as_str()];
        home.run_after(&format!("umask {umask}"), &get).ok();
        assert_eq!(mode(&format!("{to}/run.sh")), run, "{umask}");
        assert_eq!(mode(&format!("{to}/read.txt")), read, "{umask}");
    }
    let single = ["get", "-q", "tree/run.sh", "-o", "single"];
    home.run_after("umask 077", &single).ok();
    assert_eq!(mode("single"), 0o700);
}

#[test]
fn what_a_kill_leaves_of_a_copy_from_the_cache_is_removed_by_the_next_run() {
    let bytes = noise(9, 192 * MIB);
    let (home, link) = with_file(&bytes);
    let get = ["get", "-q", link.as_str(), "-o", "got.bin", "--force"];
    home.run(&get).ok();
    for _ in 0..6 {
        let mut child = home.command(&get).spawn().unwrap();
        // Usually killed half-way; on a fast machine it may already have finished.
        for _ in 0..400 {
            if !partials(&home).is_empty() || child.try_wait().unwrap().is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(fs::read(home.path("got.bin")).unwrap() == bytes);
        assert!(partials(&home).len() <= 1, "{:?}", partials(&home));
    }
    home.run(&get).ok();
    assert!(fs::read(home.path("got.bin")).unwrap() == bytes);
    assert!(partials(&home).is_empty(), "{:?}", partials(&home));
}
