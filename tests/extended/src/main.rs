//! A server like `parlor` with extensions: one that behaves, those that do not, which the settings switch
//! on (`PARLOR_LOOPS=on`), and one that is wrong, which `EXTENDED_WRONG` names.

mod flooding;
mod misbehaving;
mod parts;
mod tally;
mod wrong;

use misbehaving::{Blocks, Loops, Panics};
use parlor::Server;
use std::process::ExitCode;

fn main() -> ExitCode {
    let server = Server::standard()
        .with(tally::extension())
        .with(misbehaving::extension::<Loops>())
        .with(misbehaving::extension::<Blocks>())
        .with(misbehaving::extension::<Panics>())
        .with(flooding::extension());
    let wrong = std::env::var("EXTENDED_WRONG").ok();
    let wrong = wrong.iter().flat_map(|name| wrong::extensions(name));
    wrong.fold(server, Server::with).run()
}
