fn main() -> std::process::ExitCode {
    parlor::Server::standard().with(my_extension::extension()).run()
}
