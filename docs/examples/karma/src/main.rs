fn main() -> std::process::ExitCode {
    parlor::Server::standard().with(karma::extension()).run()
}
