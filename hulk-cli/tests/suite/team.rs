//! The README's walk-through for a team, run unchanged but for the port, and for the page, on which the test signs in.

use std::process::{Command, Stdio};

use crate::{
    harness::{engine::free_address, skipped},
    home::{Home, Ran},
};

/// Signs in on the page with the code that `hulk login` prints, and agrees.
const LOGIN: &str = r#"
hulk() {
    # In place of the shell that runs this function in the background, which would be stopped without it.
    if [ "$1" = serve ]; then exec hulk "$@"; fi
    if [ "$1" != login ]; then command hulk "$@"; return; fi
    command hulk "$@" 2> login.txt &
    local waiting=$!
    until grep -q 'type this code' login.txt; do sleep 0.1; done
    local code page=$HULK_SERVER same='Sec-Fetch-Site: same-origin'
    code=$(grep -o '[A-Z]\{4\}-[A-Z]\{4\}' login.txt)
    curl -sf -c jar -H "$same" "$page/login" --data-urlencode email=ada@example.com \
        --data-urlencode 'password=correct horse battery staple' > /dev/null
    curl -sf -b jar -H "$same" "$page/device" -d user_code="$code" -d decision=approve > /dev/null
    wait $waiting
}
trap 'kill $(jobs -p)' EXIT
"#;

fn script(address: &str) -> String {
    let readme = include_str!("../../../README.md");
    let (_, rest) = readme
        .split_once("This is run by a test as it is written")
        .unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    let (script, _) = rest.split_once("```").unwrap();
    let script = script.replace("127.0.0.1:4861", address);
    // A command after '!' is expected to fail, which 'set -e' does not check.
    let checked = script.lines().map(|line| match line.strip_prefix("! ") {
        Some(command) => format!(
            "if {command}; then echo \"worked: {}\" >&2; exit 1; fi",
            command.replace('"', "'")
        ),
        None => line.to_owned(),
    });
    let checked: Vec<String> = checked.collect();
    format!("set -euo pipefail\n{LOGIN}\n{}\n", checked.join("\n"))
}

#[test]
fn a_team_signs_up_logs_in_and_is_administered() {
    if Command::new("curl").arg("--version").output().is_err() {
        skipped("curl", "there is no 'curl' on PATH");
        return;
    }
    let home = Home::empty();
    let hulk = std::path::Path::new(env!("CARGO_BIN_EXE_hulk"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", hulk.parent().unwrap().display());
    let variables = home.command(&[]);
    let mut shell = Command::new("bash");
    shell
        .arg("-c")
        .arg(script(&free_address()))
        .current_dir(home.path(""));
    for (name, value) in variables.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let output = shell.env("PATH", path).stdin(Stdio::null()).output();
    let ran = Ran::of(output.unwrap());
    let said = ran.ok();
    assert!(said.contains("pro"), "{said}");
    for action in [
        "user.create",
        "user.verify",
        "session.create",
        "device.approve",
        "key.create",
        "file.put",
        "key.delete",
        "user.change",
        "tier.request",
        "tier.approve",
    ] {
        assert!(said.contains(action), "{action}: {said}");
    }
}
