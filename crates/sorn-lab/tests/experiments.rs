//! Every experiment of the repository can be run, and is told of.

use std::path::Path;

use sorn_lab::{Experiment, SequenceExperiment};

#[test]
fn every_experiment_is_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let table = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for line in ["# Question:", "# Command:", "# Expected:", "# Run time:"] {
            assert!(text.contains(line), "{stem}: {line} expected at the top");
        }
        assert!(table.contains(&format!("`{stem}`")), "{stem}: no row in experiments/README.md");
        seen += 1;
        if sorn_lab::is_sequence_file(&path).unwrap() {
            let experiment = SequenceExperiment::load(&path, &[]).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(experiment.name, stem);
            continue;
        }
        // Python's environments cannot be made here: one with such actions stands for them.
        let set = match text.contains("id = \"gymnasium:") {
            true => {
                let discrete = text.contains("LunarLander");
                let id = if discrete { "MountainCar-v0" } else { "MountainCarContinuous-v0" };
                vec![format!("env.id={id}"), "agent.encoder.scale=[]".to_string()]
            }
            false => Vec::new(),
        };
        let experiment = Experiment::load(&path, &set).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(experiment.name, stem);
    }
    assert!(seen >= 20, "{seen}");
}
