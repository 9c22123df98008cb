//! Targets that are not regular files are written to, and never replaced.

use std::{
    fs,
    io::Read,
    os::unix::fs::{FileTypeExt, symlink},
    process::{Command, Stdio},
    thread,
};

use crate::home::{Home, noise};

fn fifo(home: &Home, name: &str) {
    let made = Command::new("mkfifo").arg(home.path(name)).status();
    assert!(made.unwrap().success());
}

#[test]
fn bytes_go_through_what_is_no_file() {
    let home = Home::serving();
    // More than a pipe holds, and more than is requested at once.
    let bytes = noise(1, 9 << 20);
    home.write("big.bin", &bytes);
    let link = home.run(&["put", "-q", "big.bin"]).ok();
    for (script, code) in [
        ("$0 get -q $1 -o /dev/null", 0),
        ("$0 get -q $1 --force -o /dev/null", 0),
        ("$0 get -q $1 -o /dev/stdout | cat > got", 0),
        ("$0 get -q $1 -o /dev/stdout > got", 0),
        ("$0 get -q $1 -o /dev/fd/1 > got", 0),
        ("$0 get -q $1 -o /dev/fd/3 3> got", 0),
        (
            "exec 3> >(cat > got); $0 get -q $1 -o /dev/fd/3; code=$?; exec 3>&-; wait $!; exit $code",
            0,
        ),
        (
            "mkfifo pipe; cat pipe > got & $0 get -q $1 -o pipe && wait",
            0,
        ),
        ("$0 get -q $1 -o /dev/full", 6),
        ("$0 get -q $1 --no-cache --force -o /dev/full", 6),
    ] {
        let _ = fs::remove_file(home.path("got"));
        let ran = home.in_shell(script, &[&link]);
        assert_eq!(ran.code(), code, "{script}: {}", ran.stderr());
        if script.contains("got") {
            assert!(fs::read(home.path("got")).unwrap() == bytes, "{script}");
        }
        for device in ["/dev/null", "/dev/full"] {
            let kind = fs::symlink_metadata(device).unwrap().file_type();
            assert!(kind.is_char_device(), "{script}: {device}");
        }
    }
    assert!(
        fs::symlink_metadata(home.path("pipe"))
            .unwrap()
            .file_type()
            .is_fifo()
    );
    let document = home.run(&["get", "--json", &link, "-o", "/dev/null"]);
    assert_eq!(document.json()[0]["saved_to"], "/dev/null");
}

#[test]
fn a_link_to_a_device_is_written_through() {
    let home = Home::serving();
    home.write("a.txt", b"x");
    let link = home.run(&["put", "-q", "a.txt"]).ok();
    symlink("/dev/null", home.path("null")).unwrap();
    home.run(&["get", "-q", &link, "--force", "-o", "null"])
        .ok();
    assert_eq!(
        fs::read_link(home.path("null")).unwrap().to_str(),
        Some("/dev/null")
    );
}

#[test]
fn what_is_no_file_in_a_tree_is_not_replaced() {
    let home = Home::serving();
    for name in ["pipe", "plain"] {
        home.write(&format!("tree/{name}"), b"x");
    }
    home.run(&["put", "-q", "tree"]).ok();
    home.run(&["get", "-q", "tree", "-o", "other/"]).ok();
    fs::remove_file(home.path("other/tree/pipe")).unwrap();
    fifo(&home, "other/tree/pipe");
    for flags in [&[][..], &["--force"]] {
        let got = home.run(&[&["get", "-q", "tree", "-o", "other/"], flags].concat());
        assert_eq!(got.code(), 1, "{}", got.stderr());
        assert!(got.stderr().contains("pipe"), "{}", got.stderr());
        let kind = fs::symlink_metadata(home.path("other/tree/pipe")).unwrap();
        assert!(kind.file_type().is_fifo());
    }
    // A directory cannot be written to a stream either.
    home.run(&["get", "-q", "tree", "-o", "/dev/null"]).fails(2);
}

#[test]
fn a_reader_that_goes_away_is_an_error() {
    let home = Home::serving();
    home.write("big.bin", &noise(2, 3 << 20));
    let link = home.run(&["put", "-q", "big.bin"]).ok();
    let mut get = home.command(&["get", "-q", &link, "-o", "-"]);
    let mut child = get
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let reader = thread::spawn(move || out.read_exact(&mut [0; 100]));
    reader.join().unwrap().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
