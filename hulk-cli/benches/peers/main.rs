//! `cargo bench --bench peers`: hulk beside s5cmd, rclone, aws and curl on one store, in one run,
//! with the same files: on the embedded store and, if a `garage` is found, on a Garage.
//!
//! The tools alternate; a cell is the median of wall seconds, with CPU seconds and the peak memory of the
//! command beside it. hulk verifies every download; the other tools do not. Needs GNU `time`, and the other
//! tools on the PATH: one that is missing has no column. `HULK_BENCH_BYTES`, `HULK_BENCH_FILES` and
//! `HULK_BENCH_RUNS` set the sizes and the number of runs; `HULK_BENCH_STORE` limits the run to `embedded` or
//! `garage`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark"
)]

mod contender;
mod files;
mod measure;
mod stores;

use std::{fs, process::Command, thread, time::Duration};

use contender::Contender;
use measure::{Measured, Row};
use stores::Store;
use tempfile::TempDir;

struct Sizes {
    bytes: u64,
    files: u64,
    runs: u64,
}

fn main() {
    // `cargo test --benches` and the like only check that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let sizes = Sizes {
        bytes: number("HULK_BENCH_BYTES", 1 << 30),
        files: number("HULK_BENCH_FILES", 5000),
        runs: number("HULK_BENCH_RUNS", 3),
    };
    let directory = TempDir::new().unwrap();
    files::make(directory.path(), &sizes);
    let only = std::env::var("HULK_BENCH_STORE").unwrap_or_default();
    for name in ["embedded", "garage"] {
        if !only.is_empty() && only != name {
            continue;
        }
        let store = match name {
            "garage" => Store::garage(directory.path()),
            _ => Some(Store::embedded(directory.path())),
        };
        if let Some(store) = store {
            compare(&store, &sizes);
        }
    }
}

fn number(variable: &str, default: u64) -> u64 {
    let set = std::env::var(variable).ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Prints one table.
fn compare(store: &Store, sizes: &Sizes) {
    let contenders = Contender::all(store);
    println!(
        "\n### {}: {} MiB, {} × 4 KiB, 1 KiB; {} runs\n",
        store.name,
        sizes.bytes >> 20,
        sizes.files,
        sizes.runs
    );
    let names: Vec<&str> = contenders.iter().map(|contender| contender.name).collect();
    println!("| | {} | ratio to the best peer |", names.join(" | "));
    println!("|---|{}---|", "---|".repeat(names.len()));
    // Whoever comes first would pay for memory that was never used before.
    contenders[0].up(store, "big", 0);
    contenders[0].down(store, "big", 0);
    contenders[0].remove(store, "big", 0);
    for (what, small_runs) in [("big", 1), ("small", 7), ("tree", 1)] {
        let (mut up, mut down) = (
            Row::new(format!("{what} up"), names.len()),
            Row::new(format!("{what} down"), names.len()),
        );
        for run in 0..sizes.runs * small_runs {
            for turn in 0..contenders.len() {
                // Each takes a turn as the first, which finds memory and disk in another state.
                let index = (turn + run as usize) % contenders.len();
                let contender = &contenders[index];
                // These need up to a minute for a tree.
                let is_slow =
                    what == "tree" && ["aws", "rclone"].contains(&contender.name) && run > 0;
                if is_slow || !contender.can(what) {
                    continue;
                }
                store.forget();
                up.add(index, contender.up(store, what, run));
                down.add(index, contender.down(store, what, run));
                contender.remove(store, what, run);
            }
        }
        up.print();
        down.print();
    }
    changed(store, sizes);
    resumed(store, sizes);
}

/// Measures a second put of a file with a hundredth changed in the middle.
fn changed(store: &Store, sizes: &Sizes) {
    let (mut full, mut part) = (Vec::new(), Vec::new());
    for run in 0..sizes.runs {
        store.forget();
        files::restore(&store.directory, sizes);
        full.push(put(store, "changing.bin", "changed.bin"));
        files::change_a_hundredth(&store.directory, sizes, run);
        part.push(put(store, "changing.bin", "changed.bin"));
        store
            .hulk(&["rm", "-q", "--purge", "changed.bin"])
            .status()
            .unwrap();
    }
    let (full, part) = (Measured::median(full), Measured::median(part));
    println!(
        "\nput again with 1 % changed: {part}, full put {full}: ratio {:.2}",
        part.wall / full.wall
    );
}

/// Measures the put that completes one that was killed half-way.
fn resumed(store: &Store, sizes: &Sizes) {
    let mut rest = Vec::new();
    for _ in 0..sizes.runs {
        store.forget();
        files::restore(&store.directory, sizes);
        let full = put(store, "changing.bin", "whole.bin");
        store
            .hulk(&["rm", "-q", "--purge", "whole.bin"])
            .status()
            .unwrap();
        store.forget();
        let mut put_half = store.hulk(&["put", "-q", "changing.bin", "--to", "half.bin"]);
        let mut child = put_half.spawn().unwrap();
        thread::sleep(Duration::from_secs_f64(full.wall / 2.0));
        let _ = child.kill();
        child.wait().unwrap();
        rest.push(put(store, "changing.bin", "half.bin"));
        store
            .hulk(&["rm", "-q", "--purge", "half.bin"])
            .status()
            .unwrap();
    }
    println!("put again after a kill at half: {}", Measured::median(rest));
}

fn put(store: &Store, file: &str, to: &str) -> Measured {
    let mut command = store.hulk(&["put", "-q", file, "--to", to]);
    measure::run(&mut command)
}

/// Whether a program can be started.
fn exists(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok()
}

fn remove(path: &std::path::Path) {
    let _ = fs::remove_file(path);
    let _ = fs::remove_dir_all(path);
}
