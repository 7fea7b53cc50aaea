//! Lets the program find libtorch wherever its own file lies: the whole path of the folder that it was linked against.

fn main() {
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    if let Ok(folder) = std::env::var("LIBTORCH") {
        println!("cargo::rustc-link-arg-bins=-Wl,-rpath,{folder}/lib");
    }
}
