//! The process in which a plugin runs; gfn starts it.

fn main() -> std::process::ExitCode {
    gfn_plugins::serve()
}
