//! `cargo bench --bench transfers`: put, get, start-up, small puts, redirects and memory, beside
//! curl to and from nginx on the same machine in the same run.
//!
//! Ratios are of medians of alternating runs. nginx does not fsync; the embedded store does.
//! Needs nginx (with its WebDAV module) and curl; wrk for the redirects, taskset to pin them.
//! `HULK_BENCH_BYTES` sets the file's size, `HULK_BENCH_RUNS` the number of runs.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark"
)]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

const HULK: &str = env!("CARGO_BIN_EXE_hulk");

fn main() {
    // `cargo test --benches` and the like only check that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let bytes = number("HULK_BENCH_BYTES", 1 << 30);
    let runs = number("HULK_BENCH_RUNS", 5) as usize;
    let bench = Bench::start(bytes);
    println!("{bytes} bytes, {runs} runs; each cell is a median\n");
    println!("| what | hulk | floor or limit | ratio | target |");
    println!("|---|---|---|---|---|");
    bench.idle_memory();
    bench.start_up();
    bench.transfers(runs);
    bench.small_puts();
    bench.redirects();
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

struct Bench {
    directory: TempDir,
    hulk: Child,
    url: String,
    nginx: Option<(Child, String)>,
    file: PathBuf,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.hulk.kill();
        let _ = self.hulk.wait();
        if let Some((nginx, _)) = &mut self.nginx {
            let _ = Command::new("kill").arg(nginx.id().to_string()).status();
            let _ = nginx.wait();
        }
    }
}

impl Bench {
    fn start(bytes: u64) -> Self {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("file.bin");
        write_noise(&file, bytes);
        let mut hulk = Command::new(HULK)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(directory.path().join("data"))
            .envs(environment(directory.path()))
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(hulk.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line.trim().trim_start_matches("listening on ").to_owned();
        let nginx = start_nginx(directory.path());
        Self {
            directory,
            hulk,
            url,
            nginx,
            file,
        }
    }

    fn hulk(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(HULK);
        command
            .args(arguments)
            .envs(environment(self.directory.path()))
            .env("HULK_SERVER", &self.url);
        command
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn idle_memory(&self) {
        std::thread::sleep(Duration::from_secs(1));
        let mib = self.server_memory("VmRSS:");
        println!("| idle server | {mib:.0} MiB | | | < 40 MiB |");
    }

    /// Memory of the server in MiB, as Linux reports it.
    fn server_memory(&self, field: &str) -> f64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.hulk.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok())
            .map_or(0.0, |kib| kib / 1024.0)
    }

    fn start_up(&self) {
        let times = (0..50)
            .map(|_| time(&mut self.hulk(&["--version"])))
            .collect();
        println!(
            "| `hulk --version` | {:.1} ms | | | < 10 ms |",
            median(times) * 1e3
        );
    }

    fn transfers(&self, runs: usize) {
        let file = self.file.display().to_string();
        let (mut put, mut floor_put, mut get, mut floor_get) = (vec![], vec![], vec![], vec![]);
        let mut plain_get = vec![];
        for run in 0..runs {
            let remote = format!("bench/{run}.bin");
            // Digests remembered from the previous run would save hashing in this one.
            let _ = fs::remove_dir_all(self.directory.path().join("state"));
            put.push(time(&mut self.hulk(&["put", "-q", &file, "--to", &remote])));
            let saved = self.path("got.bin");
            get.push(time(&mut self.hulk(&[
                "get",
                "-q",
                "--force",
                "--no-cache",
                &remote,
                "-o",
                &saved,
            ])));
            plain_get.push(time(&mut curl(&["-o", &saved, "-L", &self.link(&remote)])));
            self.hulk(&["rm", "-q", "--purge", &remote])
                .status()
                .unwrap();
            if let Some((_, nginx)) = &self.nginx {
                let target = format!("{nginx}/{run}.bin");
                floor_put.push(time(&mut curl(&["-T", &file, &target])));
                floor_get.push(time(&mut curl(&["-o", &saved, &target])));
                let _ = fs::remove_file(self.directory.path().join(format!("nginx/{run}.bin")));
            }
        }
        row(
            "put, durable, SHA-256 of the whole and a checksum of each part",
            put,
            floor_put.clone(),
            "≥ 0.5",
        );
        row(
            "get, verified, into a file",
            get,
            floor_get.clone(),
            "≥ 1.0",
        );
        row("`curl -L LINK` into a file", plain_get, floor_get, "");
        let peak = self.server_memory("VmHWM:");
        println!("| server's peak memory | {peak:.0} MiB | | | |");
    }

    fn link(&self, remote: &str) -> String {
        let info = self
            .hulk(&["info", "--json", remote])
            .output()
            .unwrap()
            .stdout;
        let info: serde_json::Value = serde_json::from_slice(&info).unwrap();
        info["url"].as_str().unwrap().to_owned()
    }

    fn small_puts(&self) {
        let small = self.path("small.bin");
        write_noise(Path::new(&small), 1024);
        let (mut put, mut floor) = (vec![], vec![]);
        for run in 0..50 {
            // Bytes that are already stored would not be sent.
            fs::write(&small, format!("{run:01024}")).unwrap();
            put.push(time(&mut self.hulk(&[
                "put",
                "-q",
                &small,
                "--to",
                &format!("small/{run}/"),
            ])));
            if let Some((_, nginx)) = &self.nginx {
                floor.push(time(&mut curl(&[
                    "-T",
                    &small,
                    &format!("{nginx}/small-{run}"),
                ])));
            }
        }
        let floor = if floor.is_empty() {
            String::new()
        } else {
            format!("{:.1} ms", median(floor) * 1e3)
        };
        println!(
            "| put of 1 KiB, whole command, 3 round trips | {:.1} ms | {floor} | | |",
            median(put) * 1e3
        );
    }

    /// Measures redirects with the server on one core and the load on another.
    fn redirects(&self) {
        let small = self.path("small.bin");
        let put = self
            .hulk(&["put", "-q", &small, "--to", "redirect.bin"])
            .output()
            .unwrap()
            .stdout;
        let link = String::from_utf8(put).unwrap().trim().to_owned();
        let server = self.hulk.id().to_string();
        let pinned = Command::new("taskset")
            .args(["-a", "-c", "-p", "0", &server])
            .stdout(Stdio::null())
            .status();
        let load = Command::new("taskset")
            .args(["-c", "1", "wrk", "-t1", "-c16", "-d10s", "--latency", &link])
            .output();
        let (Ok(_), Ok(load)) = (pinned, load) else {
            eprintln!("skipped: redirects: taskset or wrk is not installed");
            return;
        };
        let text = String::from_utf8_lossy(&load.stdout).into_owned();
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.trim().strip_prefix(name))
                .unwrap_or("?")
                .trim()
                .to_owned()
        };
        println!(
            "| redirects on one core | {}/s | | | ≥ 5000/s |",
            field("Requests/sec:")
        );
        println!("| p99 of a redirect | {} | | | < 20 ms |", field("99%"));
    }
}

fn environment(directory: &Path) -> [(&'static str, PathBuf); 3] {
    [
        ("HULK_CONFIG_DIR", directory.join("config")),
        ("HULK_STATE_DIR", directory.join("state")),
        ("HULK_CACHE_DIR", directory.join("cache")),
    ]
}

/// Starts the floor to compare with: a WebDAV server that does not fsync, and sends files with sendfile.
fn start_nginx(directory: &Path) -> Option<(Child, String)> {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let root = directory.join("nginx");
    fs::create_dir(&root).unwrap();
    let (root, base) = (root.display(), directory.display());
    // A worker that drops root could not write here; without root the line is only a warning.
    let user = "user root;";
    let config = format!(
        "{user} daemon off; worker_processes 2; pid {base}/nginx.pid; error_log {base}/nginx.log;
         events {{}}
         http {{
             access_log off; sendfile on; tcp_nodelay on; client_max_body_size 0;
             client_body_temp_path {base}/nginx-tmp; proxy_temp_path {base}/nginx-1;
             fastcgi_temp_path {base}/nginx-2; uwsgi_temp_path {base}/nginx-3; scgi_temp_path {base}/nginx-4;
             server {{ listen 127.0.0.1:{port}; root {root}; dav_methods PUT; }}
         }}"
    );
    let path = directory.join("nginx.conf");
    fs::write(&path, config).unwrap();
    let log = directory.join("nginx.log");
    let child = Command::new("nginx")
        .arg("-e")
        .arg(log)
        .arg("-c")
        .arg(path)
        .stderr(Stdio::null())
        .spawn();
    let Ok(child) = child else {
        eprintln!("skipped: nginx is not installed, so there is no floor to compare with");
        return None;
    };
    std::thread::sleep(Duration::from_millis(500));
    Some((child, format!("http://127.0.0.1:{port}")))
}

fn curl(arguments: &[&str]) -> Command {
    let mut command = Command::new("curl");
    command.args(["-fsS", "--noproxy", "*"]).args(arguments);
    command
}

/// Seconds that a command takes; it must not fail.
fn time(command: &mut Command) -> f64 {
    let start = Instant::now();
    let output = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    seconds
}

fn row(what: &str, ours: Vec<f64>, floor: Vec<f64>, target: &str) {
    let ours = median(ours);
    match floor.is_empty() {
        true => println!("| {what} | {ours:.2} s | | | {target} |"),
        false => {
            let floor = median(floor);
            println!(
                "| {what} | {ours:.2} s | {floor:.2} s | {:.2} | {target} |",
                floor / ours
            );
        }
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Writes bytes that no file system or network can compress.
fn write_noise(path: &Path, bytes: u64) {
    let mut file = fs::File::create(path).unwrap();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut block = vec![0; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        for word in block.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        let length = left.min(block.len() as u64) as usize;
        file.write_all(&block[..length]).unwrap();
        left -= length as u64;
    }
}
