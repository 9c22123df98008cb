//! `hulk man`

use clap::CommandFactory;

use crate::{
    args::Arguments,
    error::{Error, Result},
    printer::Printer,
};

pub(crate) fn run(printer: &Printer, command: Option<&str>) -> Result<()> {
    let mut root = Arguments::command();
    root.build();
    let page = match command {
        None => root,
        Some(name) => root
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| Error::usage(format!("unknown command '{name}'")))?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page)
        .render(&mut text)
        .map_err(|error| Error::failed(error.to_string()))?;
    printer.raw(&text);
    Ok(())
}
