//! The commands, one file per verb.

mod admin;
mod ask;
mod batch;
mod browser;
mod completions;
mod doctor;
mod find;
mod get;
mod info;
mod keys;
mod login;
mod ls;
mod man;
mod mkdir;
mod mv;
mod open;
mod put;
mod rm;
#[cfg(feature = "serve")]
mod serve;
mod set;
mod share;
mod trash;
mod usage;
mod versions;
mod whoami;

use crate::{
    args::{Arguments, Command},
    clipboard, context,
    error::Result,
    printer::Printer,
    runtime,
};

/// Runs the command that was typed.
pub(crate) fn run(arguments: &Arguments, printer: &Printer) -> Result<()> {
    let global = &arguments.global;
    let session = || context::open(global);
    match &arguments.command {
        Command::Completions { shell } => completions::run(printer, *shell),
        Command::Man { command } => man::run(printer, command.as_deref()),
        Command::KeepClipboard => clipboard::keep(),
        Command::Logout => runtime::run(login::logout(global, printer)),
        #[cfg(feature = "serve")]
        Command::Serve(config) => runtime::block_on(serve::run(printer, config)),
        #[cfg(feature = "serve")]
        Command::Put(put) if put.serve => runtime::block_on(serve::put(printer, put)),
        Command::Put(put) => runtime::run_resumable(put::start(global, printer, put)),
        Command::Get(get) => runtime::run_resumable(get::run(global, printer, get)),
        Command::Ls(ls) => runtime::run(async { ls::run(&session()?, printer, ls).await }),
        Command::Info { remote } => {
            runtime::run(async { info::run(&session()?, printer, remote).await })
        }
        Command::Open { remote } => {
            runtime::run(async { open::run(&session()?, printer, remote.as_deref()).await })
        }
        Command::Rm(rm) => runtime::run(async { rm::run(&session()?, printer, rm).await }),
        Command::Mv { sources, to } => {
            runtime::run(async { mv::run(&session()?, printer, sources, to).await })
        }
        Command::Mkdir(mkdir) => {
            runtime::run(async { mkdir::run(&session()?, printer, mkdir).await })
        }
        Command::Find(find) => runtime::run(async { find::run(&session()?, printer, find).await }),
        Command::Set(set) => runtime::run(async { set::run(&session()?, printer, set).await }),
        Command::Share(share) => {
            runtime::run(async { share::run(&session()?, printer, share).await })
        }
        Command::Versions { remote } => {
            runtime::run(async { versions::run(&session()?, printer, remote).await })
        }
        Command::Restore { remote, version } => {
            runtime::run(async { versions::restore(&session()?, printer, remote, *version).await })
        }
        Command::Trash(trash) => {
            runtime::run(async { trash::run(&session()?, printer, global, trash).await })
        }
        Command::Usage => runtime::run(async { usage::run(&session()?, printer).await }),
        Command::Keys(keys) => runtime::run(async { keys::run(&session()?, printer, keys).await }),
        Command::Admin(admin) => {
            runtime::run(async { admin::run(&session()?, printer, global, admin).await })
        }
        Command::Login { api_key_stdin } => {
            runtime::run(login::login(global, printer, *api_key_stdin))
        }
        Command::Doctor => runtime::run(async { doctor::run(&session()?, printer).await }),
        Command::Whoami => runtime::run(async { whoami::run(&session()?, printer).await }),
    }
}
