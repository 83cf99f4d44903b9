//! Names that tell arms apart.

use std::path::PathBuf;

/// The names of the arms in `dirs`; those that several share are followed by their directory.
pub(crate) fn labels(dirs: &[PathBuf], names: &[&str]) -> Vec<String> {
    let shared = |name: &str| names.iter().filter(|other| **other == name).count() > 1;
    let label = |(dir, name): (&PathBuf, &&str)| match shared(name) {
        true => format!("{name} ({})", dir.display()),
        false => (*name).to_string(),
    };
    dirs.iter().zip(names).map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_two_share_is_followed_by_the_directory() {
        let dirs = ["a/hover", "b/hover", "runs/other"].map(PathBuf::from);
        assert_eq!(
            labels(&dirs, &["hover", "hover", "other"]),
            ["hover (a/hover)", "hover (b/hover)", "other"]
        );
    }
}
