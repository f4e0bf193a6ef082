fn main() -> std::process::ExitCode {
    parlor::Server::standard().with(NAME::extension()).run()
}
