//! Bugs that users of other tools have reported, one test each.

use std::{fs, process::Stdio, thread};

use crate::{
    endless::{Fake, send},
    harness::files_below,
    home::{Home, Ran, noise},
};

/// <https://github.com/s3tools/s3cmd/issues/562>
#[test]
fn a_directory_that_is_called_dash_is_not_the_standard_input() {
    let home = Home::serving();
    home.write("-/secret", b"secret");
    home.run_with_input(&["put", "-q", "-", "--name", "x"], b"input")
        .ok();
    assert_eq!(home.run(&["get", "-q", "x", "-o", "-"]).bytes(), b"input");
}

/// <https://github.com/restic/restic/pull/2139>
#[test]
fn a_closed_standard_input_is_no_empty_file() {
    let home = Home::serving();
    let put = home.run_after("exec <&-", &["put", "-q", "-", "--name", "x"]);
    put.fails(2);
    home.run_after("exec </dev/null", &["put", "-q", "-", "--name", "x"])
        .ok();
}

/// <https://github.com/curl/curl/issues/3239>
#[test]
fn pipes_that_do_not_block_are_waited_for() {
    let home = Home::serving();
    let bytes = noise(1, 3_000_000);
    home.write("big.bin", &bytes);
    home.run(&["put", "-q", "big.bin"]).ok();
    // The shell's own `cat` starts late, and the pipe is set to fail instead of blocking.
    let line = "exec > >(sleep 0.3; cat > got); python3 -c 'import os; os.set_blocking(1, False)'";
    let got = home.run_after(line, &["get", "-q", "big.bin", "-o", "-"]);
    assert_eq!(got.code(), 0, "{}", got.stderr());
    for _ in 0..100 {
        if fs::metadata(home.path("got")).is_ok_and(|found| found.len() == 3_000_000) {
            break;
        }
        thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(fs::read(home.path("got")).unwrap() == bytes);
    let line =
        "exec < <(sleep 0.3; cat big.bin); python3 -c 'import os; os.set_blocking(0, False)'";
    home.run_after(line, &["put", "-q", "-", "--name", "in"])
        .ok();
    assert!(home.run(&["get", "-q", "in", "-o", "-"]).bytes() == bytes);
}

/// <https://github.com/gilbertchen/duplicacy/issues/240>
#[test]
fn an_accent_in_a_filter_is_one_however_it_is_written() {
    let home = Home::serving();
    for (name, pattern) in [
        ("cl\u{e9}.key", "cle\u{301}.key"),
        ("cle\u{301}.key", "cl\u{e9}.key"),
        ("\u{e9}/x.key", "e\u{301}/"),
    ] {
        home.write(&format!("tree/{name}"), b"secret");
        home.write("tree/plain.txt", b"x");
        let planned = home.run(&["put", "tree", "--exclude", pattern, "--dry-run"]);
        assert_eq!(planned.ok(), "/tree/plain.txt", "{pattern}");
        fs::remove_dir_all(home.path("tree")).unwrap();
    }
}

/// <https://github.com/seanmonstar/reqwest/issues/2579>
#[test]
fn no_proxy_for_all_is_obeyed() {
    let home = Home::serving();
    for list in ["*", "example.com, *"] {
        let mut ls = home.command(&["ls"]);
        ls.env("http_proxy", "http://127.0.0.1:9")
            .env("NO_PROXY", list);
        Ran::of(ls.output().unwrap()).ok();
    }
    let mut ls = home.command(&["ls"]);
    ls.env("http_proxy", "http://127.0.0.1:9")
        .env("NO_PROXY", "example.com");
    Ran::of(ls.output().unwrap()).fails(8);
}

/// <https://github.com/Azure/azure-storage-azcopy/issues/243>
#[test]
fn few_open_files_are_enough_for_many() {
    let home = Home::serving();
    for number in 0..200 {
        home.write(&format!("tree/{number}"), format!("{number}").as_bytes());
    }
    home.run_after("ulimit -Sn 40", &["put", "-q", "tree"]).ok();
    home.run_after("ulimit -Sn 40", &["get", "-q", "tree", "-o", "back"])
        .ok();
    assert_eq!(files_below(&home.path("back")).len(), 200);
}

/// <https://github.com/huggingface/huggingface_hub/issues/1133>
/// <https://github.com/distribution/distribution/issues/2077>
#[test]
fn the_same_at_once_is_done_by_all() {
    let home = Home::serving();
    for number in 0..100 {
        home.write(&format!("tree/{number}"), &noise(number, 1000));
    }
    home.write("tree/large.bin", &noise(1, 20 << 20));
    home.run(&["put", "-q", "tree"]).ok();
    home.write("same.bin", &noise(2, 20 << 20));
    for arguments in [
        &["get", "-q", "tree", "-o", "out/"][..],
        &["put", "-q", "same.bin", "--to", "at/once.bin"],
        &["put", "-q", "tree", "--to", "trees/"],
    ] {
        let start = |_| {
            home.command(arguments)
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let all: Vec<_> = (0..3).map(start).collect();
        for one in all {
            let ran = Ran::of(one.wait_with_output().unwrap());
            assert_eq!(ran.code(), 0, "{arguments:?}: {}", ran.stderr());
        }
    }
    assert_eq!(
        files_below(&home.path("out")).len(),
        101,
        "and nothing half done"
    );
}

/// <https://github.com/GoogleCloudPlatform/gsutil/issues/274>
#[test]
fn a_tree_that_was_interrupted_is_gone_on_with_where_it_was() {
    let home = Home::serving();
    for number in 0..4 {
        home.write(&format!("t/{number}.bin"), &noise(number, 9 << 20));
    }
    let kill = |arguments: &[&str]| {
        let mut child = home.command(arguments).spawn().unwrap();
        thread::sleep(std::time::Duration::from_millis(1500));
        child.kill().unwrap();
        child.wait().unwrap();
    };
    kill(&["put", "-q", "t", "--to", "there", "--limit-rate", "8MiB"]);
    home.run(&["put", "-q", "t", "--to", "there"]).ok();
    let listed = home.run(&["ls", "-R"]).ok();
    assert!(!listed.contains("there/t"), "{listed}");
    kill(&[
        "get",
        "-q",
        "there",
        "-o",
        "here",
        "--limit-rate",
        "8MiB",
        "--no-cache",
    ]);
    home.run(&["get", "-q", "there", "-o", "here"]).ok();
    assert_eq!(files_below(&home.path("here")).len(), 4);
    // Once the directory is complete, the same put goes into it, as usual.
    home.run(&["put", "-q", "t", "--to", "there"]).ok();
    home.run(&["get", "-q", "there/0.bin", "-o", "here"])
        .fails(5);
    assert!(home.run(&["ls", "-R"]).ok().contains("there/t/"));
}

/// <https://github.com/aws/aws-cli/issues/5762>
#[test]
fn a_slow_rate_is_no_stall() {
    let home = Home::serving();
    home.write("a.bin", &noise(1, 150_000));
    for arguments in [
        &["put", "-q", "a.bin", "--limit-rate", "50KB"][..],
        &["get", "-q", "a.bin", "-o", "got", "--limit-rate", "50KB"],
    ] {
        let mut command = home.command(arguments);
        command.env("HULK_STALL_TIMEOUT", "1");
        Ran::of(command.output().unwrap()).ok();
    }
}

/// <https://github.com/huggingface/hf-hub/issues/163>
#[test]
fn a_link_that_leads_to_a_link_is_followed_but_not_round_and_round() {
    let home = Home::serving();
    home.write("a.txt", b"a");
    let link = home.run(&["put", "-q", "a.txt"]).ok();
    let mirror = Fake::start(move |target, stream| {
        let location = match target.contains("round") {
            true => target.to_owned(),
            false => link.clone(),
        };
        send(
            stream,
            "302 Found",
            &format!("Location: {location}\r\n"),
            "",
        );
    });
    let get = |name: &str| {
        home.run(&[
            "get",
            "-q",
            &format!("{}/d/0/{name}", mirror.url),
            "-o",
            "-",
        ])
    };
    assert_eq!(get("a").bytes(), b"a");
    assert!(get("round").fails(1).contains("redirects too many times"));
}

/// <https://github.com/git-lfs/git-lfs/issues/266>
#[test]
fn half_of_what_was_replaced_is_not_left() {
    let home = Home::serving();
    home.write("a.bin", &noise(1, 40 << 20));
    home.run(&["put", "-q", "a.bin"]).ok();
    let get = ["get", "-q", "a.bin", "-o", "out/got", "--no-cache"];
    fs::create_dir(home.path("out")).unwrap();
    let limited = [&get[..], &["--limit-rate", "8MiB"]].concat();
    let mut child = home.command(&limited).spawn().unwrap();
    while files_below(&home.path("out")).is_empty() {
        thread::sleep(std::time::Duration::from_millis(10));
    }
    thread::sleep(std::time::Duration::from_millis(1500));
    child.kill().unwrap();
    child.wait().unwrap();
    let new = noise(2, 12 << 20);
    home.write("a.bin", &new);
    home.run(&["put", "-q", "a.bin"]).ok();
    home.run(&get).ok();
    assert!(fs::read(home.path("out/got")).unwrap() == new);
    assert_eq!(files_below(&home.path("out")).len(), 1);
}

/// <https://github.com/proftpd/proftpd/pull/463>
#[test]
fn a_file_that_may_not_be_so_large_is_an_error() {
    let home = Home::serving();
    home.write("a.bin", &noise(1, 3 << 20));
    home.run(&["put", "-q", "a.bin"]).ok();
    fs::create_dir(home.path("out")).unwrap();
    let got = home.run_after(
        "ulimit -f 1000",
        &["get", "-q", "a.bin", "-o", "out/got", "--no-cache"],
    );
    assert!(got.fails(1).contains("too large"), "{}", got.stderr());
    assert!(!home.path("out/got").exists());
}

/// <https://github.com/cli/cli/issues/8822>
#[test]
fn the_old_bytes_are_there_until_the_new_ones_are() {
    let home = Home::serving();
    let old = noise(1, 2 << 20);
    home.write("a.bin", &old);
    let link = home.run(&["put", "-q", "a.bin"]).ok();
    home.write("a.bin", &noise(2, 40 << 20));
    let mut child = home
        .command(&["put", "-q", "a.bin", "--limit-rate", "8MiB"])
        .spawn()
        .unwrap();
    thread::sleep(std::time::Duration::from_millis(1000));
    child.kill().unwrap();
    child.wait().unwrap();
    for source in ["a.bin", link.as_str()] {
        assert!(
            home.run(&["get", "-q", source, "-o", "-"]).bytes() == old,
            "{source}"
        );
    }
    assert_eq!(home.run(&["put", "-q", "a.bin"]).ok(), link);
}
