//! Who may manage a server.

use hulk_proto::{Role, admin::ServerSettings};

use super::{MIA, PASSWORD, Person, typed};
use crate::{
    harness::{
        Process,
        engine::{self, free_address},
    },
    home::{Home, Ran},
};

#[test]
fn each_role_may_do_what_it_is_for() {
    let home = Home::serving();
    let moderator = Person::new(&home, "mod@example.com", Role::Moderator);
    let mia = Person::new(&home, MIA, Role::User);
    let create = [
        "users",
        "create",
        "--email",
        "a@example.com",
        "--password-stdin",
    ];
    for (arguments, may_moderator) in [
        (&["users", "ls"][..], true),
        (&["users", "show", MIA], true),
        (&["files", "ls"], true),
        (&["stats"], true),
        (&create[..], false),
        (&["users", "set", MIA, "--role", "admin"], false),
        (&["users", "suspend", MIA], false),
        (&["users", "rm", "-y", MIA], false),
        (&["tiers", "ls"], false),
        (&["tiers", "create", "lab"], false),
        (&["users", "set", MIA, "--tier", "pro"], false),
        (&["requests", "ls"], false),
        (&["settings"], false),
        (&["audit"], false),
        (&["jobs"], false),
    ] {
        let arguments = [&["admin"][..], arguments].concat();
        mia.run_with_input(&arguments, PASSWORD).fails(4);
        let ran = moderator.run_with_input(&arguments, PASSWORD);
        match may_moderator {
            true => drop(ran.ok()),
            false => drop(ran.fails(4)),
        }
    }
    let refused = mia.run(&["admin", "--json", "stats"]);
    assert_eq!(refused.json()["error"]["code"], "FORBIDDEN");
}

#[test]
fn the_root_key_is_sent_as_it_is() {
    let mut home = Home::empty();
    let root = "an-operator's/root+key=of.40-characters";
    let data_dir = home.path("data");
    let mut serve = home.command(&["serve", "--listen", &free_address(), "--data-dir"]);
    serve.arg(&data_dir).envs(engine::variables(&data_dir));
    serve.env("HULK_ROOT_API_KEY", root);
    home.server = Some(Process::start(serve).unwrap());
    let run = |key: &str, arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.env("HULK_SERVER", home.url());
        command.env("HULK_API_KEY", key);
        Ran::of(command.output().unwrap())
    };
    let settings: ServerSettings = typed(&run(root, &["admin", "settings", "--json"]));
    assert!(!settings.version.is_empty());
    let wrong = root.replace("operator", "impostor");
    for key in [
        wrong.as_str(),
        "too-short",
        "with a space in it, and long enough for a key",
    ] {
        let refused = run(key, &["admin", "settings"]).fails(4);
        assert!(!refused.contains(key), "{refused}");
    }
}
