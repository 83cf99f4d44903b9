//! Binaries of this package find the libpython they were linked with, and know the interpreter it belongs to.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "gymnasium")]
    {
        pyo3_build_config::add_libpython_rpath_link_args();
        let executable = pyo3_build_config::get().executable().unwrap_or("python3");
        println!("cargo:rustc-env=SORN_BUILD_PYTHON={executable}");
    }
}
