//! Every experiment of the repository can be run, and is told of.

use std::path::Path;

use sorn_lab::sorn_sequence::Task;
use sorn_lab::{DynamicsTask, Experiment, Quiet, RunDir, SeriesTask, TaskExperiment, TaskSort, train};

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
            assert!(text.contains(line), "{stem}: expected {line} at the top");
        }
        assert!(table.contains(&format!("`{stem}`")), "{stem}: no row in experiments/README.md");
        seen += 1;
        if TaskSort::of_file(&path).unwrap() == Some(TaskSort::Sequence) {
            // Paths in a file are relative to the folder in which the command is given: the repository's.
            let text = folder.join("texts/alice.txt");
            let set: &[String] = match stem {
                "text" => &[format!("task.source.file={}", text.display())],
                _ => &[],
            };
            let experiment = TaskExperiment::<Task>::load(&path, set).unwrap_or_else(|e| panic!("{e}"));
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

#[test]
fn every_experiment_of_a_paper_is_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/papers");
    let told = std::fs::read_to_string(folder.join("../../docs/papers.md")).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for line in ["# Question:", "# Command:", "# Expected:", "# Run time:"] {
            assert!(text.contains(line), "{stem}: expected {line} at the top");
        }
        assert!(told.contains(&format!("experiments/papers/{stem}.toml")), "{stem}: not in docs/papers.md");
        let name = match TaskSort::of_file(&path).unwrap() {
            Some(TaskSort::Dynamics) => TaskExperiment::<DynamicsTask>::load(&path, &[]).map(|e| e.name),
            _ => TaskExperiment::<Task>::load(&path, &[]).map(|e| e.name),
        };
        assert_eq!(name.unwrap_or_else(|e| panic!("{e}")), stem);
        seen += 1;
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn every_experiment_of_series_is_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/series");
    let told = std::fs::read_to_string(folder.join("../../docs/series.md")).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for line in ["# Question:", "# Command:", "# Expected:", "# Run time:"] {
            assert!(text.contains(line), "{stem}: expected {line} at the top");
        }
        assert!(told.contains(&format!("experiments/series/{stem}.toml")), "{stem}: not in docs/series.md");
        let read = TaskExperiment::<SeriesTask>::load(&path, &[]).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(read.name, stem);
        seen += 1;
    }
    assert!(seen >= 4, "{seen}");
}

#[test]
fn every_experiment_with_the_environment_of_another_says_nothing_but_what_it_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/others");
    let told = std::fs::read_to_string(folder.join("../../docs/agent.md")).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "toml") {
            continue;
        }
        let stem = path.file_stem().unwrap().to_str().unwrap();
        assert!(told.contains(&format!("| `{stem}` |")), "{stem}: no row in docs/agent.md");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{stem}: expected a line that says what it is");
        assert!(!text.contains("agent"), "{stem}: the agent is to be the default one");
        // Python's environments cannot be made here: another stands for them.
        let set = ["env.id=CartPole-v1", "env.wrappers=[]", "env.kwargs={}"].map(String::from);
        let experiment = Experiment::load(&path, &set).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(experiment.name, stem);
        assert!(experiment.run.steps.is_some(), "{stem}: expected run.steps");
        seen += 1;
    }
    assert!(seen >= 12, "{seen}");
}

/// Their agents are written out: a change of defaults leaves every bit of what they do. The returns are those of seed 0 before
/// there was an agent that is not tuned.
#[test]
fn tuned_experiments_keep_their_returns_whatever_the_defaults() {
    let before: &[(&str, &[f64])] = &[
        (
            "cartpole",
            &[
                37.0, 17.0, 10.0, 9.0, 14.0, 10.0, 16.0, 10.0, 10.0, 15.0, 10.0, 11.0, 10.0, 25.0, 15.0,
                12.0, 10.0, 10.0, 16.0, 14.0, 13.0, 32.0, 24.0, 15.0, 45.0, 117.0, 70.0, 64.0, 57.0, 21.0,
            ],
        ),
        (
            "cartpole-static",
            &[
                37.0, 17.0, 10.0, 9.0, 11.0, 17.0, 19.0, 12.0, 10.0, 24.0, 19.0, 11.0, 19.0, 55.0, 28.0,
                12.0, 19.0, 133.0, 104.0, 77.0, 500.0, 400.0, 105.0, 14.0, 150.0, 131.0, 128.0, 242.0, 191.0,
                178.0,
            ],
        ),
        (
            "cartpole-no-reservoir",
            &[
                37.0, 17.0, 10.0, 9.0, 11.0, 10.0, 10.0, 10.0, 10.0, 10.0, 8.0, 17.0, 12.0, 10.0, 21.0, 13.0,
                10.0, 12.0, 10.0, 18.0, 14.0, 9.0, 29.0, 11.0, 14.0, 12.0, 12.0, 38.0, 74.0, 64.0,
            ],
        ),
        (
            "cartpole-masked",
            &[
                37.0, 32.0, 28.0, 32.0, 11.0, 19.0, 32.0, 39.0, 41.0, 41.0, 78.0, 38.0, 43.0, 157.0, 95.0,
                50.0, 173.0, 239.0, 78.0, 43.0,
            ],
        ),
        (
            "acrobot",
            &[
                -500.0, -500.0, -500.0, -500.0, -500.0, -500.0, -500.0, -500.0, -500.0, -500.0, -339.0,
                -326.0, -189.0, -409.0, -440.0, -257.0, -392.0, -247.0, -436.0, -319.0, -186.0, -251.0,
                -250.0, -262.0, -309.0, -189.0, -281.0, -174.0, -239.0, -281.0,
            ],
        ),
        (
            "mountain-car-continuous",
            &[
                -29.286320704226068,
                95.15128917872805,
                -24.732109231225444,
                -42.67278214477682,
                -29.320178685475387,
                84.84306542432647,
                92.7393678954021,
                -3.6162586948474282,
                -19.679990053159006,
                95.42939794859336,
                -19.089952491278613,
                93.42281828942069,
            ],
        ),
        ("pendulum", &[-1166.7777414741008, -1166.5006873014727, -1019.0552923720744, -1388.9476989485593]),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    for (name, returns) in before {
        let set = [format!("run.episodes={}", returns.len()), "eval.episodes=1".into()];
        let experiment = Experiment::load(&folder.join(format!("{name}.toml")), &set).unwrap();
        let out = tempfile::tempdir().unwrap();
        let dir = RunDir::create(&out.path().join("run"), &experiment).unwrap();
        train(&dir, &Quiet).unwrap();
        let found: Vec<f64> = dir.episodes().unwrap().iter().map(|episode| episode.ret).collect();
        assert_eq!(found, *returns, "{name}");
    }
}
