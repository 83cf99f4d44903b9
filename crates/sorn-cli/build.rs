//! The program finds the libpython it was linked with when it runs.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "gymnasium")]
    pyo3_build_config::add_libpython_rpath_link_args();
}
