//! What people meet in the wild: odd names, targets, readers, sizes and text.

mod choice;
mod kept;
mod names;
mod sizes;
mod skipped;
mod targets;
mod text;
mod told;
mod twins;
