//! `hulk completions`

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::{args::Arguments, error::Result};

pub(crate) fn run(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), "hulk", &mut script);
    // Who closed the pipe wants no more.
    let _ = io::stdout().lock().write_all(&script);
    Ok(())
}
