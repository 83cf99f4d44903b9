//! Dependencies point one way: the check that no crate grows an edge it should not have.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::workspace::Workspace;

/// Every member with the members it may depend on in its normal build. In tests, examples and
/// benchmarks a crate may use more, see [`ALLOWED_DEV`].
const ALLOWED: &[(&str, &[&str])] = &[
    ("sorn-env", &[]),
    ("sorn-core", &[]),
    ("sorn-readout", &[]),
    ("sorn-sequence", &["sorn-agents", "sorn-core", "sorn-env", "sorn-readout"]),
    ("sorn-report", &["sorn-core", "sorn-readout"]),
    ("sorn-envs", &["sorn-env"]),
    ("sorn-agents", &["sorn-core", "sorn-env", "sorn-readout"]),
    (
        "sorn-lab",
        &[
            "sorn-core",
            "sorn-env",
            "sorn-readout",
            "sorn-report",
            "sorn-sequence",
            "sorn-envs",
            "sorn-agents",
        ],
    ),
    ("sorn-cli", &["sorn-lab"]),
    (
        "sorn-py",
        &[
            "sorn-core",
            "sorn-env",
            "sorn-readout",
            "sorn-sequence",
            "sorn-report",
            "sorn-envs",
            "sorn-agents",
            "sorn-lab",
            "sorn-cli",
        ],
    ),
    (
        "sorn-tests",
        &[
            "sorn-core",
            "sorn-env",
            "sorn-readout",
            "sorn-sequence",
            "sorn-report",
            "sorn-envs",
            "sorn-agents",
            "sorn-lab",
            "sorn-cli",
        ],
    ),
    ("sorn-faults", &[]),
    ("xtask", &[]),
];

/// Additional edges for dev-dependencies: the agents are tried on the shipped environments.
const ALLOWED_DEV: &[(&str, &[&str])] = &[("sorn-agents", &["sorn-envs"])];

pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let problems = problems(workspace.packages());
    if problems.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\nThe allowed edges are in xtask/src/graph.rs and drawn in ARCHITECTURE.md",
        problems.join("\n")
    );
}

fn allowed(table: &[(&str, &'static [&'static str])], name: &str) -> Option<&'static [&'static str]> {
    table.iter().find(|(member, _)| *member == name).map(|(_, edges)| *edges)
}

/// All violations at once, one per line.
fn problems<'a>(packages: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let packages: Vec<_> = packages.collect();
    let members: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let mut problems = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(edges) = allowed(ALLOWED, name) else {
            problems.push(format!("{name} is a workspace member that the table of edges does not know"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or_default();
            let dev = dependency["kind"] == "dev";
            let in_table =
                edges.contains(&to) || dev && allowed(ALLOWED_DEV, name).is_some_and(|e| e.contains(&to));
            // A crate may name itself as a dev-dependency to turn on a feature for its tests.
            if members.contains(to) && !in_table && !(dev && to == name) {
                let kind = if dev { " (dev)" } else { "" };
                problems.push(format!("{name} -> {to}{kind} is not an allowed edge"));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Value {
        let dependencies: Vec<_> =
            dependencies.iter().map(|(name, kind)| json!({"name": name, "kind": kind})).collect();
        json!({"name": name, "dependencies": dependencies})
    }

    #[test]
    fn edges_of_the_table_pass() {
        let packages = [
            package("sorn-env", &[("thiserror", None)]),
            package("sorn-core", &[]),
            package("sorn-envs", &[("sorn-env", None)]),
            package("sorn-agents", &[("sorn-core", None), ("sorn-envs", Some("dev"))]),
        ];
        assert_eq!(problems(packages.iter()), Vec::<String>::new());
    }

    #[test]
    fn other_edges_are_named() {
        let packages = [
            package("sorn-env", &[]),
            package("sorn-core", &[("sorn-env", None)]),
            package("sorn-envs", &[]),
            package("sorn-agents", &[("sorn-envs", None)]),
            package("sorn-new", &[]),
        ];
        let problems = problems(packages.iter());
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[0].contains("sorn-core -> sorn-env"));
        assert!(problems[1].contains("sorn-agents -> sorn-envs"));
        assert!(problems[2].contains("sorn-new"));
    }

    #[test]
    fn the_table_has_no_cycle() {
        // Each member may only use members that stand above it or were placed already.
        let mut placed = BTreeSet::new();
        while placed.len() < ALLOWED.len() {
            let before = placed.len();
            for (name, edges) in ALLOWED {
                if edges.iter().all(|e| placed.contains(e)) {
                    placed.insert(*name);
                }
            }
            assert!(placed.len() > before, "a cycle among the members outside {placed:?}");
        }
    }
}
