//! Sizes and times as people read them.

use hulk_proto::{Timestamp, limits::UNLIMITED_QUOTA_BYTES};
use indicatif::HumanBytes;

/// Least width of a column of names.
const NAME_WIDTH: usize = 12;

pub(crate) fn size(bytes: u64) -> String {
    HumanBytes(bytes).to_string()
}

/// Formats how much of a quota is used.
pub(crate) fn used(used_bytes: u64, quota_bytes: u64) -> String {
    match quota_bytes >= UNLIMITED_QUOTA_BYTES {
        true => format!("{} of unlimited", size(used_bytes)),
        false => format!("{} of {}", size(used_bytes), size(quota_bytes)),
    }
}

/// Formats a time to the minute, in UTC.
pub(crate) fn time(time: Timestamp) -> String {
    let text = time.to_string();
    match text.split_once('T') {
        Some((date, clock)) => format!("{date} {}", clock.get(..5).unwrap_or(clock)),
        None => text,
    }
}

/// Formats how long until then, `never` or `expired`.
pub(crate) fn until(end: Option<Timestamp>) -> String {
    let Some(end) = end else {
        return "never".to_owned();
    };
    let left = end.unix_millis() - Timestamp::now().unix_millis();
    let minutes = left / 60_000;
    match (minutes / (24 * 60), minutes / 60) {
        _ if left <= 0 => "expired".to_owned(),
        (0, 0) => format!("in {} min", minutes.max(1)),
        (0, hours) => format!("in {hours} h"),
        (days, _) => format!("in {days} d"),
    }
}

/// Formats when something expires as a phrase: `expires in 3 d`, `never expires` or `expired`.
pub(crate) fn expiry(end: Option<Timestamp>) -> String {
    match until(end).as_str() {
        "never" => "never expires".to_owned(),
        "expired" => "expired".to_owned(),
        until => format!("expires {until}"),
    }
}

/// Formats names with their values, one pair a line.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let widths = facts.iter().map(|(name, _)| name.len());
    let width = widths.fold(NAME_WIDTH, usize::max);
    let lines: Vec<String> = facts
        .iter()
        .map(|(name, value)| format!("{name:<width$} {value}"))
        .collect();
    lines.join("\n")
}
