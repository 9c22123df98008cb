//! `hulk find`

use hulk_proto::{ListQuery, directory::Entry, page::OrderBy};

use super::ls;
use crate::{args::Find, client::Client, error::Result, printer::Printer};

pub(crate) async fn run(client: &Client, printer: &Printer, find: &Find) -> Result<()> {
    let words: Vec<String> = find.query.iter().map(|word| quoted(word)).collect();
    let query = ListQuery {
        order_by: Some(OrderBy {
            property: "filename".to_owned(),
            descending: false,
        }),
        ..ListQuery::default()
    };
    let files = client.search(&words.join(" "), query).await?;
    if printer.json {
        printer.document(&files);
        return Ok(());
    }
    for file in files {
        let path = file.path.to_string();
        printer.line(ls::line(&Entry::File(Box::new(file)), path, find.long));
    }
    Ok(())
}

/// Quotes an argument with spaces: it is one word, whose quotes the shell removed.
fn quoted(word: &str) -> String {
    if !word.contains(char::is_whitespace) || word.contains('"') {
        return word.to_owned();
    }
    match word.split_once(':') {
        Some((name @ ("tag" | "type"), value)) => format!("{name}:\"{value}\""),
        _ => format!("\"{word}\""),
    }
}
