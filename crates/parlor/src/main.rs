//! The binary `parlor`: the server without extensions of others.

fn main() -> std::process::ExitCode {
    parlor::Server::standard().run()
}
