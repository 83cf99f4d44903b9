//! Tests that link libpython find it when they run.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "gymnasium")]
    pyo3_build_config::add_libpython_rpath_link_args();
}
