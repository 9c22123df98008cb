//! How far a transfer is: a bar on a terminal, a line every 10 s without one.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressStyle};

use crate::{printer::Printer, transfer::Watcher};

const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// Of one file.
pub(crate) struct Progress {
    printer: Printer,
    verb: &'static str,
    name: String,
    total: Option<u64>,
    done: AtomicU64,
    start: Instant,
    last_line: Mutex<Instant>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// `verb` in the past tense, as "put".
    pub(crate) fn new(
        printer: &Printer,
        verb: &'static str,
        name: impl Into<String>,
        total: Option<u64>,
    ) -> Self {
        let name = name.into();
        let bar = printer.draws().then(|| bar(&name, total));
        Self {
            printer: printer.clone(),
            verb,
            name,
            total,
            done: AtomicU64::new(0),
            start: Instant::now(),
            last_line: Mutex::new(Instant::now()),
            bar,
        }
    }

    fn add(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None => self.line_if_due(done),
        }
    }

    /// Names what happens after the last byte.
    fn phase(&self, phase: &'static str) {
        match &self.bar {
            Some(bar) => bar.set_message(phase),
            None => self.printer.detail(&format!("{}: {phase}", self.name)),
        }
    }

    /// The bar goes; one line says what was done.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let done = self.done.load(Ordering::Relaxed);
        let seconds = self.start.elapsed().as_secs_f64();
        self.printer.note(&format!(
            "{} {}: {} in {seconds:.1} s ({}/s)",
            self.verb,
            self.name,
            HumanBytes(done),
            HumanBytes(rate(done, seconds)),
        ));
    }

    fn line_if_due(&self, done: u64) {
        let mut last = self
            .last_line
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !self.printer.reports() || last.elapsed() < LINE_INTERVAL {
            return;
        }
        *last = Instant::now();
        let rate = rate(done, self.start.elapsed().as_secs_f64());
        let line = match self.total {
            Some(total) => format!(
                "{}: {} of {}, {}/s, {} left",
                self.name,
                HumanBytes(done),
                HumanBytes(total),
                HumanBytes(rate),
                HumanDuration(Duration::from_secs(
                    total.saturating_sub(done) / rate.max(1)
                )),
            ),
            None => format!(
                "{}: {}, {}/s",
                self.name,
                HumanBytes(done),
                HumanBytes(rate)
            ),
        };
        self.printer.note(&line);
    }
}

impl Watcher for Progress {
    fn moved(&self, bytes: u64) {
        self.add(bytes);
    }

    fn checking(&self) {
        self.phase("checking");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(name: &str, total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => "{prefix} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} {msg}",
        None => "{prefix} {spinner} {bytes} {bytes_per_sec} {msg}",
    };
    let bar = match total {
        Some(total) => ProgressBar::new(total),
        None => ProgressBar::new_spinner(),
    };
    let style = ProgressStyle::with_template(template);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_prefix(name.to_owned())
}

/// Bytes per second.
fn rate(bytes: u64, seconds: f64) -> u64 {
    match seconds > 0.0 {
        true => (bytes as f64 / seconds) as u64,
        false => 0,
    }
}
