//! Which form of an answer a client prefers, by its Accept headers (RFC 9110, section 12.5.1).
//!
//! Libraries send `application/json, text/plain, */*` with every request, so a type that is named beside
//! `*/*` with the same weight is not a preference.

use http::{HeaderMap, header};

/// A form besides the file itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Page,
}

/// The weight of a type in thousandths, and whether the type is named. Of two equal weights, the one of a
/// named type is greater.
type Weight = (u16, bool);

/// The form that a client names and prefers; `None` leaves the choice to the route.
pub(crate) fn preferred(headers: &HeaderMap) -> Option<Form> {
    let lines = headers.get_all(header::ACCEPT).iter();
    let ranges: Vec<Range<'_>> = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| split(line, ','))
        .filter_map(Range::parse)
        .collect();
    let json = weight(&ranges, "application", "json");
    let html = weight(&ranges, "text", "html");
    let (anything, _) = weight(&ranges, "*", "*");
    let is_named = |(weight, is_named): Weight| is_named && weight > 0;
    if is_named(json) && json.0 > html.0.max(anything) {
        Some(Form::Json)
    } else if is_named(html) && html > json {
        Some(Form::Page)
    } else {
        None
    }
}

pub(crate) fn wants_json(headers: &HeaderMap) -> bool {
    preferred(headers) == Some(Form::Json)
}

/// Parts of the names of programs that preview a link before anyone follows it. Previews that do not identify
/// themselves request a page like browsers do.
const PREVIEWS: [&str; 12] = [
    "bot",
    "crawler",
    "spider",
    "preview",
    "facebookexternalhit",
    "whatsapp",
    "slack",
    "skype",
    "telegram",
    "discord",
    "embedly",
    "mastodon",
];

/// Whether the client wants a page instead of the file itself.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    match preferred(headers) {
        Some(form) => form == Form::Page,
        None => is_preview(headers),
    }
}

fn is_preview(headers: &HeaderMap) -> bool {
    let program = headers
        .get(header::USER_AGENT)
        .and_then(|program| program.to_str().ok())
        .unwrap_or_default()
        .to_lowercase();
    PREVIEWS.iter().any(|preview| program.contains(preview))
}

/// Returns the weight that the most specific of the ranges gives to a type; 0 if none covers it.
fn weight(ranges: &[Range<'_>], kind: &str, subtype: &str) -> Weight {
    let covering = ranges.iter().filter_map(|range| {
        let specificity = range.specificity(kind, subtype)?;
        Some((specificity, range.weight))
    });
    covering.max().map_or((0, false), |(specificity, weight)| {
        (weight, specificity >= Specificity::Parameters)
    })
}

/// How exactly a range names a type. Parameters narrow it to variants that we do not have, so a range without
/// them comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    Anything,
    Kind,
    Parameters,
    Type,
}

/// A member of the header.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    has_parameters: bool,
    weight: u16,
}

impl<'a> Range<'a> {
    /// Parses a member; `None` if it is malformed.
    fn parse(member: &'a str) -> Option<Self> {
        let mut parts = split(member, ';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut range = Self {
            kind,
            subtype,
            has_parameters: false,
            weight: 1000,
        };
        for parameter in parts.filter(|part| !part.is_empty()) {
            let (name, value) = parameter.split_once('=')?;
            match name.trim().eq_ignore_ascii_case("q") {
                true => range.weight = thousandths(value.trim())?,
                false => range.has_parameters = true,
            }
        }
        Some(range)
    }

    /// Returns how exactly the range names the type; `None` if it does not cover it.
    fn specificity(&self, kind: &str, subtype: &str) -> Option<Specificity> {
        let is_kind = self.kind.eq_ignore_ascii_case(kind);
        if is_kind && self.subtype.eq_ignore_ascii_case(subtype) {
            return Some(match self.has_parameters {
                true => Specificity::Parameters,
                false => Specificity::Type,
            });
        }
        match (self.kind, self.subtype) {
            (_, "*") if is_kind => Some(Specificity::Kind),
            ("*", "*") => Some(Specificity::Anything),
            _ => None,
        }
    }
}

/// Splits at separators outside of quoted strings.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |character: char| {
        if is_escaped {
            is_escaped = false;
            return false;
        }
        match character {
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        character == separator && !is_quoted
    })
}

/// Parses a `qvalue`: `0.8` is 800; `None` if it is malformed.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_fraction = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !is_fraction || !matches!(whole, "0" | "1") {
        return None;
    }
    let weight: u16 = format!("{whole}{fraction:0<3}").parse().ok()?;
    (weight <= 1000).then_some(weight)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const JSON: Option<Form> = Some(Form::Json);
    const PAGE: Option<Form> = Some(Form::Page);

    #[test]
    fn forms_that_clients_prefer() {
        for (lines, expected) in [
            (&["*/*"][..], None),
            (&[], None),
            (&[""], None),
            (&["application/json"], JSON),
            (&["Application/JSON"], JSON),
            (&["application/json;q=0.9, */*;q=0.1"], JSON),
            (&["application/json ; Q=0.9 , */* ; q=0.1"], JSON),
            (&["*/*;q=0.1", "application/json"], JSON),
            // axios, httr
            (&["application/json, text/plain, */*"], None),
            (&["application/json, text/xml, application/xml, */*"], None),
            (&["application/json, */*;q=0.5, text/plain"], JSON),
            (&["application/json;q=0.5, */*"], None),
            // Firefox, Chrome, Java
            (
                &["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
                PAGE,
            ),
            (
                &[
                    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,\
                   image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
                ],
                PAGE,
            ),
            (
                &["text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"],
                PAGE,
            ),
            (&["text/html, */*"], PAGE),
            (&["text/html;q=0.5, */*"], None),
            (&["text/*"], None),
            (&["text/html;q=0"], None),
            (&["text/html, application/json"], None),
            (&["text/html;q=0.9, application/json"], JSON),
            (&["text/html, application/json;q=0.9"], PAGE),
            (&["text/html;q=0, application/json;q=0.1"], JSON),
            // By a wildcard, or not at all
            (&["application/*"], None),
            (&["application/*;q=0.9, */*;q=0.1"], None),
            (&["application/json;q=0"], None),
            (&["application/json;q=0, */*"], None),
            // The most specific one decides.
            (&["application/json;q=0.2, application/*, */*;q=0.5"], None),
            (&["application/json, text/*;q=0.5"], JSON),
            (&["application/json, text/*"], None),
            (&["application/json, text/*, text/html;q=0.1"], JSON),
            (
                &["application/json;version=1, application/json;q=0.1, */*;q=0.5"],
                None,
            ),
            (&["application/json;charset=utf-8"], JSON),
            (&[r#"application/json;profile="a,b;q=0""#], JSON),
            (&[r#"application/json;profile="a\",*/*,\"";q=0.5"#], JSON),
        ] {
            assert_eq!(found(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn malformed_members_are_ignored() {
        for member in [
            "application/json;q=x",
            "application/json;q=",
            "application/json;q=-0.1",
            "application/json;q=+1",
            "application/json;q=1.001",
            "application/json;q=0.0001",
            "application/json;q=2",
            "application/json;level",
            "application/json x",
            "application json",
            "json",
            "*",
            "/",
            ",,",
            ";q=1",
            "\"",
        ] {
            assert_eq!(found(&[member]), None, "{member}");
            let after = format!("text/html;q=0.1, {member}");
            assert_eq!(found(&[after.as_str()]), PAGE, "{after}");
        }
    }

    #[test]
    fn a_line_that_is_no_text_is_ignored() {
        let mut headers = HeaderMap::new();
        let line = http::HeaderValue::from_bytes(b"*/*, \xff").unwrap();
        headers.append(header::ACCEPT, line);
        assert_eq!(preferred(&headers), None);
        headers.append(header::ACCEPT, "application/json".parse().unwrap());
        assert_eq!(preferred(&headers), JSON);
    }

    fn found(lines: &[&str]) -> Option<Form> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT, line.parse().unwrap());
        }
        preferred(&headers)
    }
}
