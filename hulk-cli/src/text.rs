//! Untrusted text on a terminal: names, descriptions and errors come from files and servers, and may hold
//! characters that control the terminal or disguise the text. Like `git` and `ls`, `hulk` shows them escaped.

use std::{borrow::Cow, fmt::Write};

use hulk_proto::path::is_forbidden;

/// Escapes control and bidi characters, except line breaks and tabs.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    escape(text, |character| !matches!(character, '\n' | '\t'))
}

/// Escapes control and bidi characters, including line breaks and tabs.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    escape(text, |_| true)
}

/// Escapes control and bidi characters in the strings of a JSON document. Outside of strings, the only ones
/// are line breaks, which are kept.
pub(crate) fn visible_json(json: String) -> String {
    let is_hidden = |character: char| is_forbidden(character) && character != '\n';
    if !json.contains(is_hidden) {
        return json;
    }
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        match is_hidden(character) {
            // All of them are below U+10000. Writing to a string does not fail.
            true => drop(write!(shown, "\\u{:04x}", u32::from(character))),
            false => shown.push(character),
        }
    }
    shown
}

fn escape(text: &str, is_meant: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_hidden = |character: char| is_forbidden(character) && is_meant(character);
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match is_hidden(character) {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        for (text, shown, line) in [
            (
                "plain, naïve, ملف",
                "plain, naïve, ملف",
                "plain, naïve, ملف",
            ),
            (
                "\x1b]52;c;eA==\x07",
                r"\u{1b}]52;c;eA==\u{7}",
                r"\u{1b}]52;c;eA==\u{7}",
            ),
            ("c1 \u{9b}31m", r"c1 \u{9b}31m", r"c1 \u{9b}31m"),
            ("exe.\u{202e}gpj", r"exe.\u{202e}gpj", r"exe.\u{202e}gpj"),
            ("a\rb\u{7f}", r"a\rb\u{7f}", r"a\rb\u{7f}"),
            ("two\n\tlines", "two\n\tlines", r"two\n\tlines"),
        ] {
            assert_eq!(visible(text), shown);
            assert_eq!(one_line(text), line);
        }
        let json = serde_json::to_string(&["\u{9b}\u{202e}\x1b\n"]).unwrap_or_default();
        let shown = visible_json(json.clone());
        assert_eq!(shown, r#"["\u009b\u202e\u001b\n"]"#);
        let same = |json: &str| serde_json::from_str::<Vec<String>>(json).ok();
        assert_eq!(same(&shown), same(&json));
    }
}
