//! `hulk admin`

mod files;
mod records;
mod requests;
mod server;
mod tiers;
mod users;

use crate::{
    args::{Admin, Global},
    client::Client,
    error::Result,
    printer::Printer,
};

pub(crate) async fn run(
    client: &Client,
    printer: &Printer,
    global: &Global,
    admin: &Admin,
) -> Result<()> {
    match admin {
        Admin::Users(command) => users::run(client, printer, global, command).await,
        Admin::Files(command) => files::run(client, printer, command).await,
        Admin::Tiers(command) => tiers::run(client, printer, global, command).await,
        Admin::Requests(command) => requests::run(client, printer, command).await,
        Admin::Stats => server::stats(client, printer).await,
        Admin::Settings => server::settings(client, printer).await,
        Admin::Audit(audit) => records::audit(client, printer, audit).await,
        Admin::Jobs(jobs) => records::jobs(client, printer, jobs).await,
    }
}
