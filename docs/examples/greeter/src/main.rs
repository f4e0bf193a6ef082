fn main() -> std::process::ExitCode {
    parlor::Server::standard().with(greeter::extension()).run()
}
