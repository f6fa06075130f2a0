//! Compiles what is measured from C.

fn main() {
    println!("cargo::rerun-if-changed=c/border.c");
    println!("cargo::rerun-if-changed=../include/conclave.h");
    cc::Build::new().file("c/border.c").include("../include").opt_level(2).compile("border");
}
