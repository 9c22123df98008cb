//! Progress of a transfer: bars on a terminal, a line every 10 s without one, JSON lines with
//! `--json -v`.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{HumanBytes, HumanDuration, MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;

use crate::{http::waits, printer::Printer, text::one_line, transfer::Watcher};

const LINE_INTERVAL: Duration = Duration::from_secs(10);
const JSON_INTERVAL: Duration = Duration::from_secs(1);
/// Files smaller than this have no bar of their own when there are several.
const SMALL_BYTES: u64 = 8 << 20;

/// Progress of all files of a command.
pub(crate) struct Display {
    printer: Printer,
    /// Verb in the past tense, such as "put".
    verb: &'static str,
    bars: Option<MultiProgress>,
    total_bar: Option<ProgressBar>,
    total: AtomicU64,
    done: AtomicU64,
    start: Instant,
    last_line: Mutex<Instant>,
}

impl Display {
    /// Creates a display, with a bar for the total if there will be several files.
    pub(crate) fn new(printer: &Printer, verb: &'static str, are_several: bool) -> Arc<Self> {
        let bars = printer.draws().then(MultiProgress::new);
        let total_bar = bars
            .as_ref()
            .filter(|_| are_several)
            .map(|bars| bars.add(bar("total", Some(0))));
        let display = Arc::new(Self {
            printer: printer.clone(),
            verb,
            bars,
            total_bar,
            total: AtomicU64::new(0),
            done: AtomicU64::new(0),
            start: Instant::now(),
            last_line: Mutex::new(Instant::now()),
        });
        // Above the bars, for as long as there are any.
        let weak = Arc::downgrade(&display);
        waits::tell_with(move |line| {
            if let Some(display) = weak.upgrade() {
                display.say(line);
            }
        });
        display
    }

    /// Adds a file; `size` if it is known.
    pub(crate) fn file(self: &Arc<Self>, name: impl Into<String>, size: Option<u64>) -> Progress {
        let name = name.into();
        let is_alone = self.total_bar.is_none();
        let has_bar = is_alone || size.is_none_or(|size| size > SMALL_BYTES);
        let bar = self.bars.as_ref().filter(|_| has_bar).map(|bars| {
            let bar = bar(&name, size);
            match &self.total_bar {
                Some(total) => bars.insert_before(total, bar),
                None => bars.add(bar),
            }
        });
        self.expect(size.unwrap_or(0));
        Progress {
            display: self.clone(),
            asked_as: name,
            name: OnceLock::new(),
            size: size.map(OnceLock::from).unwrap_or_default(),
            done: AtomicU64::new(0),
            start: Instant::now(),
            bar,
        }
    }

    fn expect(&self, bytes: u64) {
        let total = self.total.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if let Some(bar) = &self.total_bar {
            bar.set_length(total);
        }
    }

    fn add(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if let Some(bar) = &self.total_bar {
            bar.set_position(done);
        }
    }

    fn take_back(&self, bytes: u64) {
        self.done.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Prints a line for people, above the bars.
    pub(crate) fn say(&self, line: &str) {
        match &self.bars {
            Some(bars) => bars.suspend(|| self.printer.note(line)),
            None => self.printer.note(line),
        }
    }

    /// Prints one summary line for a whole tree.
    pub(crate) fn finish(&self, name: &str, files: u64) {
        if let Some(bar) = &self.total_bar {
            bar.finish_and_clear();
        }
        let done = self.done.load(Ordering::Relaxed);
        let seconds = self.start.elapsed().as_secs_f64();
        self.printer.note(&format!(
            "{} {name}: {files} files, {} in {seconds:.1} s ({}/s)",
            self.verb,
            HumanBytes(done),
            HumanBytes(rate(done, seconds)),
        ));
    }

    fn is_due(&self, interval: Duration) -> bool {
        let mut last = self
            .last_line
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_due = last.elapsed() >= interval;
        if is_due {
            *last = Instant::now();
        }
        is_due
    }

    fn line_if_due(&self, file: &Progress) {
        if self.printer.reports_json() {
            if self.is_due(JSON_INTERVAL) {
                self.json_line(file, "sending");
            }
        } else if self.bars.is_none() && self.printer.reports() && self.is_due(LINE_INTERVAL) {
            self.printer.note(&self.line(file));
        }
    }

    fn json_line(&self, file: &Progress, phase: &str) {
        let seconds = self.start.elapsed().as_secs_f64();
        let done = self.done.load(Ordering::Relaxed);
        self.printer.json_line(&json!({
            "event": "progress",
            "phase": phase,
            "name": file.name(),
            "done_bytes": file.done.load(Ordering::Relaxed),
            "size_bytes": file.size.get(),
            "all_done_bytes": done,
            "all_size_bytes": self.total.load(Ordering::Relaxed),
            "bytes_per_second": rate(done, seconds),
        }));
    }

    fn line(&self, file: &Progress) -> String {
        let (done, total) = (
            self.done.load(Ordering::Relaxed),
            self.total.load(Ordering::Relaxed),
        );
        let rate = rate(done, self.start.elapsed().as_secs_f64());
        let moved = format!("{}: {}", file.name(), HumanBytes(done));
        match file.size.get() {
            Some(_) => {
                let left = Duration::from_secs(total.saturating_sub(done) / rate.max(1));
                format!(
                    "{moved} of {}, {}/s, {} left",
                    HumanBytes(total),
                    HumanBytes(rate),
                    HumanDuration(left),
                )
            }
            None => format!("{moved}, {}/s", HumanBytes(rate)),
        }
    }
}

/// Progress of one file.
pub(crate) struct Progress {
    display: Arc<Display>,
    asked_as: String,
    /// The name and the size may become known only when the transfer has started.
    name: OnceLock<String>,
    size: OnceLock<u64>,
    done: AtomicU64,
    start: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    fn name(&self) -> &str {
        self.name.get().unwrap_or(&self.asked_as)
    }

    /// Removes the bar and prints one summary line.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let done = self.done.load(Ordering::Relaxed);
        let seconds = self.start.elapsed().as_secs_f64();
        self.display.say(&format!(
            "{} {}: {} in {seconds:.1} s ({}/s)",
            self.display.verb,
            self.name(),
            HumanBytes(done),
            HumanBytes(rate(done, seconds)),
        ));
    }

    /// Sets the name and size that became known when the transfer started.
    pub(crate) fn set_size(&self, name: &str, size: u64) {
        let _ = self.name.set(name.to_owned());
        if self.size.set(size).is_ok() {
            self.display.expect(size);
        }
        if let Some(bar) = &self.bar {
            bar.set_prefix(one_line(name).into_owned());
            bar.set_length(size);
        }
    }
}

impl Watcher for Progress {
    fn moved(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.display.add(bytes);
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
        self.display.line_if_due(self);
    }

    fn undone(&self, bytes: u64) {
        self.done.fetch_sub(bytes, Ordering::Relaxed);
        self.display.take_back(bytes);
    }

    fn restart(&self) {
        let done = self.done.swap(0, Ordering::Relaxed);
        self.display.take_back(done);
    }

    fn phase(&self, phase: &'static str) {
        match &self.bar {
            Some(bar) => bar.set_message(phase),
            None if self.display.printer.reports_json() => self.display.json_line(self, phase),
            None => self
                .display
                .printer
                .detail(&format!("{}: {phase}", self.name())),
        }
    }

    fn note(&self, note: &str) {
        self.display.say(&format!("{}: {note}", self.name()));
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
        .with_prefix(one_line(name).into_owned())
}

/// Bytes per second.
fn rate(bytes: u64, seconds: f64) -> u64 {
    match seconds > 0.0 {
        true => (bytes as f64 / seconds) as u64,
        false => 0,
    }
}
