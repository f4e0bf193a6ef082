fn main() -> std::process::ExitCode {
    parlor::Server::standard().with(tour::extension()).run()
}
