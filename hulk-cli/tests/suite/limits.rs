//! Servers that limit requests: the command waits as it is told, but not for a log-in, and not in vain.

use crate::{
    harness::{
        Process,
        engine::{self, free_address},
    },
    home::{Home, Ran, make_key},
    proxy::{Fate, Proxy},
};

/// How a proxy in between answers too many requests.
const SLOW_DOWN: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
/// How the server answers too many log-ins.
const LOGINS: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 600\r\n\
    RateLimit: \"device-code\";r=0;t=600\r\n\
    Content-Type: application/json\r\nConnection: close\r\n\r\n\
    {\"error\":{\"code\":\"TOO_MANY_REQUESTS\",\"message\":\"too many attempts\",\"details\":[]}}";
/// How a server answers whose user has downloaded too much this month.
const USED_UP: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 600\r\n\
    Content-Type: application/json\r\nConnection: close\r\n\r\n\
    {\"error\":{\"code\":\"TRANSFER_EXCEEDED\",\"message\":\"used up until the 1st\",\"details\":[]}}";

#[test]
fn a_server_with_limits_serves_all_requests_in_the_end() {
    let mut home = Home::empty();
    let data_dir = home.path("data");
    let limits = "api=5/2s,upload=5/2s";
    let mut serve = home.command(&["serve", "--listen", &free_address()]);
    serve.args(["--rate-limit", limits, "--data-dir"]);
    serve.arg(&data_dir).envs(engine::variables(&data_dir));
    home.server = Some(Process::start(serve).unwrap());
    let permissions = hulk_proto::KeyPermission::All;
    let key = make_key(&data_dir, "ada@example.com", 1 << 30, permissions);
    let run = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.env("HULK_SERVER", home.url());
        Ran::of(command.env("HULK_API_KEY", &key).output().unwrap())
    };
    for number in 0..4 {
        let name = format!("{number}.txt");
        home.write(&name, name.as_bytes());
        run(&["put", "-q", &name]).ok();
    }
    for number in 0..20 {
        home.write(&format!("tree/{number}.txt"), &[number]);
    }
    run(&["put", "-q", "tree"]).ok();
    for _ in 0..8 {
        assert!(run(&["ls"]).ok().contains("3.txt"));
    }
    assert!(run(&["ls", "tree"]).ok().contains("19.txt"));
}

#[test]
fn a_wait_that_is_asked_for_is_announced_unless_quiet() {
    let home = Home::serving();
    for (flag, is_told) in [("--verbose", true), ("--quiet", false)] {
        let proxy = Proxy::start(home.url(), |index| match index {
            0 => Fate::Answer(SLOW_DOWN),
            _ => Fate::GOOD,
        });
        let mut ls = home.command(&["ls", flag]);
        proxy.put_before(&mut ls);
        // A wait that the server asks for does not count.
        ls.env("HULK_RETRY_TIMEOUT", "1");
        let ran = Ran::of(ls.output().unwrap());
        ran.ok();
        let stderr = ran.stderr();
        let told = stderr.contains("the server asks to wait 2 s");
        assert_eq!(told, is_told, "{stderr}");
    }
}

/// The tests would wait for ten minutes, if the command did.
#[test]
fn a_log_in_fails_at_once_and_so_does_what_is_used_up() {
    let home = Home::serving();
    let refused = |arguments: &[&str], answer: &'static str| {
        let proxy = Proxy::start(home.url(), move |_| Fate::Answer(answer));
        let mut command = home.command(arguments);
        proxy.put_before(&mut command);
        let ran = Ran::of(command.output().unwrap());
        assert_ne!(ran.code(), 0);
        ran
    };
    let error = refused(&["login", "--server", home.url()], LOGINS).stderr();
    assert!(error.contains("too many attempts"), "{error}");
    home.write("a.txt", b"a");
    home.run(&["put", "-q", "a.txt"]).ok();
    let get = refused(&["get", "a.txt", "-o", "b.txt"], USED_UP);
    let error = get.stderr();
    assert!(error.contains("used up until the 1st"), "{error}");
    assert_eq!(get.code(), 6, "{error}");
}
