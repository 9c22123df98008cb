//! `hulk completions`

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::{args::Arguments, error::Result, printer::Printer};

pub(crate) fn run(printer: &Printer, shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), "hulk", &mut script);
    printer.raw(&script);
    Ok(())
}
