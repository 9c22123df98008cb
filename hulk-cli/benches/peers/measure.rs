//! Wall time, CPU time and memory of a command, measured by GNU time.

use std::{
    fmt,
    process::{Command, Stdio},
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) wall: f64,
    cpu: f64,
    mib: f64,
}

impl Measured {
    /// Median of each time, and the highest memory.
    pub(crate) fn median(runs: Vec<Self>) -> Self {
        let middle = |figure: fn(&Self) -> f64| {
            let mut figures: Vec<f64> = runs.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
        };
        Self {
            wall: middle(|run| run.wall),
            cpu: middle(|run| run.cpu),
            mib: runs.iter().map(|run| run.mib).fold(0.0, f64::max),
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.wall < 0.1 {
            true => write!(f, "{:.1} ms", self.wall * 1e3)?,
            false => write!(f, "{:.2} s", self.wall)?,
        }
        write!(f, ", {:.2} CPU-s, {:.0} MiB", self.cpu, self.mib)
    }
}

/// Runs a command, which must not fail.
pub(crate) fn run(command: &mut Command) -> Measured {
    let mut timed = Command::new("/usr/bin/time");
    timed
        .args(["-q", "-f", "%U %S %M"])
        .arg(command.get_program())
        .args(command.get_args())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => timed.env(name, value),
            None => timed.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        timed.current_dir(directory);
    }
    let start = std::time::Instant::now();
    let output = timed.output().unwrap();
    let wall = start.elapsed().as_secs_f64();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    let figures: Vec<f64> = stderr
        .lines()
        .last()
        .unwrap()
        .split(' ')
        .map(|figure| figure.parse().unwrap())
        .collect();
    Measured {
        wall,
        cpu: figures[0] + figures[1],
        mib: figures[2] / 1024.0,
    }
}

/// A row of the table: the runs of each contender, hulk first.
pub(crate) struct Row {
    what: String,
    runs: Vec<Vec<Measured>>,
}

impl Row {
    pub(crate) fn new(what: String, contenders: usize) -> Self {
        Self {
            what,
            runs: vec![Vec::new(); contenders],
        }
    }

    pub(crate) fn add(&mut self, contender: usize, run: Measured) {
        self.runs[contender].push(run);
    }

    pub(crate) fn print(&self) {
        let cells: Vec<Option<Measured>> = self
            .runs
            .iter()
            .map(|runs| (!runs.is_empty()).then(|| Measured::median(runs.clone())))
            .collect();
        let best = cells[1..]
            .iter()
            .flatten()
            .map(|cell| cell.wall)
            .fold(f64::INFINITY, f64::min);
        let shown: Vec<String> = cells
            .iter()
            .map(|cell| cell.map_or(String::new(), |cell| cell.to_string()))
            .collect();
        let ratio = cells[0].map_or(f64::NAN, |ours| best / ours.wall);
        println!("| {} | {} | {ratio:.2} |", self.what, shown.join(" | "));
    }
}
