//! Steps of the crates in `examples/`, which stand outside the workspace and see what any crate sees.

use anyhow::Result;

use crate::runner::Session;
use crate::steps::Outcome;
use crate::workspace::cargo;

/// Crates that depend on little but the workspace.
const QUICK: [&str; 2] = ["examples/custom_robot/Cargo.toml", "examples/own_parts/Cargo.toml"];
/// Crates that depend on much that nothing else needs.
const ROBOTS: [&str; 2] = ["examples/rapier_robot/Cargo.toml", "examples/zenoh_robot/Cargo.toml"];

/// The manifests that are there.
pub(crate) fn all(session: &Session<'_>) -> Vec<&'static str> {
    [there(session, QUICK), there(session, ROBOTS)].concat()
}

pub(crate) fn quick(session: &mut Session<'_>) -> Result<Outcome> {
    test(session, QUICK)
}

pub(crate) fn robots(session: &mut Session<'_>) -> Result<Outcome> {
    if session.alone != Some("robots") {
        return Ok(Outcome::Skipped(
            "Zenoh and Rapier take minutes to compile: it runs if it is the only step, --only robots",
        ));
    }
    test(session, ROBOTS)
}

fn there(session: &Session<'_>, manifests: [&'static str; 2]) -> Vec<&'static str> {
    manifests.into_iter().filter(|manifest| session.workspace.root.join(manifest).exists()).collect()
}

/// Lints and tests.
fn test(session: &mut Session<'_>, manifests: [&'static str; 2]) -> Result<Outcome> {
    let manifests = there(session, manifests);
    if manifests.is_empty() {
        return Ok(Outcome::Skipped("there is no crate in examples"));
    }
    let target = session.workspace.target.clone();
    for manifest in manifests {
        for arguments in [["clippy", "--all-targets"].as_slice(), &["test"]] {
            let mut command = cargo();
            // With the workspace's profile most dependencies are those that are built already.
            command.args(arguments).args(["--config", "Cargo.toml", "--manifest-path", manifest]);
            command.arg("--target-dir").arg(&target);
            if arguments[0] == "clippy" {
                command.args(["--", "-D", "warnings"]);
            }
            session.run(&mut command)?;
        }
    }
    Ok(Outcome::Done)
}
