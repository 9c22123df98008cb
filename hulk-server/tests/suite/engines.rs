//! The same tests on every engine.

use crate::{
    harness::{
        engine::{Engine, run_suite},
        garage::Garage,
        postgres::Postgres,
    },
    other_store::OtherStore,
};

/// Tests of the embedded store or of one process's disk, and tests with engines of their own.
const OWN: &[&str] = &[
    "browser::",
    "data_dir::",
    "engines::",
    "faults::",
    "full_disk::",
    "signatures::",
    "soak::",
    "store::",
    "scale::",
    "strangers::bodies",
    "strangers::connections",
    "strangers::insides",
    "strangers::odd",
    "strangers::stalled",
];

/// Tests that `s3s-fs` cannot pass. It lists parts without their ETags, which are needed to resume an
/// upload. And it copies to an object by truncating the old one, which a reader may see; S3 replaces an
/// object atomically, so that replicas may copy the same bytes twice.
const NOT_OF_S3S_FS: &[&str] = &[
    "path_keys::uploads::the_beginning",
    "links::many_who_ask_at_once_for_a_direct_upload",
    "multipart::",
    "versions::a_restored_version_is_the_newest",
    "files::an_upload_in_three_requests",
    "operating::sigterm_lets_a_download_end",
    "strangers::inbox::a_plan_of_which_nothing_comes",
    "strangers::urls::headers_that_nobody_signed",
    "upload_keys::parts::",
];

/// Tests of the log, the metrics and the signals of one process.
const ONE_PROCESS: &[&str] = &["operating::"];

#[test]
fn postgres_and_the_embedded_store() {
    let Some(postgres) = Postgres::start(false) else {
        return;
    };
    let engine = Engine {
        database: Some(postgres.url()),
        ..Engine::default()
    };
    run_suite(&engine, OWN);
}

#[test]
fn sqlite_and_another_s3() {
    let store = OtherStore::start();
    let engine = Engine {
        s3: Some(store.store()),
        ..Engine::default()
    };
    run_suite(&engine, &[OWN, NOT_OF_S3S_FS].concat());
}

#[test]
fn two_replicas_on_postgres_and_another_s3() {
    let Some(postgres) = Postgres::start(false) else {
        return;
    };
    let store = OtherStore::start();
    let skipped = [OWN, NOT_OF_S3S_FS, ONE_PROCESS].concat();
    run_suite(&replicas(&postgres, store.store()), &skipped);
}

#[test]
fn two_replicas_on_postgres_and_garage() {
    let (Some(postgres), Some(garage)) = (Postgres::start(false), Garage::start()) else {
        return;
    };
    let skipped = [OWN, ONE_PROCESS].concat();
    run_suite(&replicas(&postgres, garage.store()), &skipped);
}

fn replicas(postgres: &Postgres, store: crate::harness::engine::S3Store) -> Engine {
    Engine {
        database: Some(postgres.url()),
        s3: Some(store),
        has_replicas: true,
    }
}
