//! Cases that occur in practice: odd names, targets, readers, sizes and text.

mod choice;
mod exits;
mod kept;
mod links;
mod names;
mod reports;
mod sizes;
mod skipped;
mod targets;
mod text;
mod told;
mod twins;
