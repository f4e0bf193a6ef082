//! A server like `parlor` with three extensions that follow: `tally` records every entry, `latest` what
//! comes from now on, and `echo` repeats what someone asks it to.

mod echo;
mod latest;
mod tally;

use parlor::Server;
use std::process::ExitCode;

fn main() -> ExitCode {
    Server::standard()
        .with(tally::extension())
        .with(latest::extension())
        .with(echo::extension())
        .run()
}
