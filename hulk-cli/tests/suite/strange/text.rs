//! Text from others does not control the terminal.

use hulk_proto::ApiKeySecret;

use crate::{
    endless::{Fake, send},
    home::{Home, Ran},
};

/// Characters that no output may contain unescaped.
fn is_steering(character: char) -> bool {
    let is_plain = matches!(character, '\n' | '\t');
    let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || character.is_control() && !is_plain
}

fn assert_plain(ran: &Ran, what: &str) {
    for text in [ran.stdout(), ran.stderr()] {
        assert!(!text.contains(is_steering), "{what}: {text:?}");
    }
}

const STEERING: [&str; 6] = [
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b[2J\x1b[1;1Hgone",
    "\u{9b}31mred",
    "exe.\u{202e}gpj",
    "line\rover",
    "del\u{7f}ete",
];

#[test]
fn what_a_server_says_is_shown_and_not_obeyed() {
    let home = Home::empty();
    for steering in STEERING {
        let body = serde_json::json!({ "error": {
            "code": "CONFLICT", "message": format!("no: {steering}\nerror: faked"),
            "details": [],
        }});
        let body = body.to_string();
        let server = Fake::start(move |_, stream| {
            send(
                stream,
                "409 Conflict",
                "Content-Type: application/json\r\n",
                &body,
            );
        });
        for arguments in [
            &["ls"][..],
            &["ls", "--json"],
            &["info", "a"],
            &["keys", "ls"],
            &["usage", "--json"],
        ] {
            let mut command = home.command(arguments);
            command
                .env("HULK_SERVER", &server.url)
                .env("HULK_API_KEY", ApiKeySecret::random().reveal());
            let ran = Ran::of(command.output().unwrap());
            assert_eq!(ran.code(), 5, "{}", ran.stderr());
            assert_plain(&ran, steering);
            assert!(!ran.stderr().contains("\nerror: faked"), "{}", ran.stderr());
        }
    }
}

#[test]
fn names_of_files_here_are_shown_and_not_obeyed() {
    let home = Home::serving();
    for (number, steering) in STEERING.into_iter().enumerate() {
        home.write(&format!("tree/{number}{steering}"), b"x");
        let ran = home.run(&["put", &format!("tree/{number}{steering}")]);
        assert_eq!(ran.code(), 2, "{}", ran.stderr());
        assert_plain(&ran, steering);
    }
    home.write("tree/good", b"x");
    for flags in [&[][..], &["--json"], &["-v"], &["--dry-run"]] {
        let ran = home.run(&[&["put", "tree"], flags].concat());
        assert_plain(&ran, "a tree");
    }
}

#[test]
fn the_server_keeps_no_such_text() {
    let home = Home::serving();
    home.write("a.txt", b"x");
    home.run(&["put", "-q", "a.txt"]).ok();
    for steering in STEERING {
        for arguments in [
            ["set", "a.txt", "--description", steering],
            ["set", "a.txt", "--tag", steering],
            ["mkdir", "-q", "-p", steering],
            ["mv", "-q", "a.txt", steering],
        ] {
            let ran = home.run(&arguments);
            assert_ne!(ran.code(), 0, "{arguments:?}");
            assert_plain(&ran, steering);
        }
        let key = [
            "keys",
            "create",
            "--permissions",
            "read",
            "--label",
            steering,
        ];
        assert_ne!(home.run(&key).code(), 0, "{steering:?}");
    }
}
