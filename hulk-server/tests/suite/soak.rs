//! Two replicas, Postgres and Garage, killed at random under load: `HULK_SOAK_SECONDS` sets the
//! duration.

use std::time::{Duration, Instant};

use crate::{
    agree::assert_agreement,
    faults::assert_done,
    harness::{Process, engine::Engine, garage::Garage, postgres::Postgres},
    load::Load,
    server::{Server, command, run, text},
};

const SECONDS: u64 = 15;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost() {
    let (Some(mut postgres), Some(mut garage)) = (Postgres::start(true), Garage::start()) else {
        return;
    };
    let seconds = std::env::var("HULK_SOAK_SECONDS").ok();
    let seconds = seconds.map_or(SECONDS, |text| text.parse().unwrap());
    let engine = Engine {
        database: Some(postgres.url()),
        s3: Some(garage.store()),
        has_replicas: true,
    };
    let mut server = Server::start_on(&engine, &["--default-quota", "1TiB"]);
    let key = server
        .user_with(
            "ada@example.com",
            "all",
            &["--verified", "--default-quota", "1TiB"],
        )
        .key;
    let urls = vec![
        server.process.url.clone(),
        server.replica.as_ref().unwrap().url.clone(),
    ];
    let load = Load::start(urls, &key, 6);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let mut kills = [0; 4];
    while Instant::now() < end {
        load.wait_for(5).await;
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        tokio::time::sleep(Duration::from_millis(dice % 1500)).await;
        let victim = (dice >> 32) as usize % 4;
        kills[victim] += 1;
        match victim {
            0 => {
                postgres.kill();
                postgres.start_again();
            }
            1 => {
                garage.kill();
                garage.start_again();
            }
            2 => kill(&mut server.process, &load, &server.data_dir),
            _ => kill(server.replica.as_mut().unwrap(), &load, &server.data_dir),
        }
    }
    load.wait_for(5).await;
    let done = load.stop().await;
    eprintln!(
        "{} uploads, {kills:?} kills of Postgres, Garage and the two replicas",
        done.len()
    );
    assert_done(&server, &done).await;
    server.process.kill();
    server.replica.as_mut().unwrap().kill();
    text(&run(&server.data_dir, &["sweep", "--orphan-age", "0"], ""));
    let server = Server::start_in(&server.data_dir, &[]);
    assert_done(&server, &done).await;
    assert_agreement(&server).await;
}

fn kill(replica: &mut Process, load: &Load, data_dir: &std::path::Path) {
    replica.kill();
    // Retried until the database and the store answer.
    let started = (0..100).find_map(|_| {
        let mut serve = command(data_dir);
        serve.args(["--listen", "127.0.0.1:0"]);
        Process::start(serve).ok()
    });
    let again = started.unwrap();
    load.replace(&replica.url, &again.url);
    *replica = again;
}
