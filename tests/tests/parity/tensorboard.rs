//! A run's event files beside its metrics, read by TensorBoard itself.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;
use sorn_lab::sorn_sequence::Task;
use sorn_lab::{
    Episode, Experiment, Outcome, Plan, Progress, Quiet, RunDir, SweepDir, SweepProgress, SweepTask,
    TaskExperiment, TaskProgress, TaskSweep, train,
};
use sorn_tests::Peer;

const EXPERIMENT: &str = r#"
name = "logged"

[env]
id = "CartPole-v1"

[agent.encoder]
kind = "random_projection"
scale = [1.0, 1.0, 0.1, 1.0]

[agent.reservoir]
kind = "static"

[agent.reservoir.params]
ne = 40

[run]
episodes = 130
stop_when_solved = false
checkpoint_every = 50

[eval]
episodes = 0

[record]
tensorboard = true
"#;

#[derive(Deserialize)]
struct Scalars {
    steps: Vec<u64>,
    values: Vec<f64>,
    wall_times: Vec<f64>,
}

/// Stops after so many episodes.
struct After(AtomicU64, u64);

impl Progress for After {
    fn episode(&self, _seed: u64, _episode: &Episode, _mean: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn finished(&self, _seed: u64) {}
    fn stop(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= self.1
    }
}

/// What stable-baselines3 logs as a mean: of the last 100 episodes, or of all if there are fewer.
fn means(values: &[f64]) -> Vec<f64> {
    (1..=values.len())
        .map(|end| {
            let last = &values[end.saturating_sub(100)..end];
            last.iter().sum::<f64>() / last.len() as f64
        })
        .collect()
}

#[test]
fn tensorboard_reads_what_the_metrics_say() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("logged.toml");
    fs::write(&file, EXPERIMENT).unwrap();
    let experiment = Experiment::load(&file, &[]).unwrap();
    let run = RunDir::create(&dir.path().join("run"), &experiment).unwrap();
    // Interrupted and taken up again: no event is there twice, and none is missing.
    let stopped = train(&run, &After(AtomicU64::new(0), 70)).unwrap();
    assert!(matches!(stopped, Outcome::Stopped { .. }));
    assert!(matches!(train(&run, &Quiet).unwrap(), Outcome::Finished(_)));

    let lines = run.episodes().unwrap();
    assert_eq!(lines.len(), 130);
    let column = |of: fn(&Episode) -> f64| -> Vec<f64> { lines.iter().map(of).collect() };
    let (returns, lengths) = (column(|line| line.ret), column(|line| line.length as f64));
    let wanted = [
        ("rollout/ep_rew_mean", means(&returns)),
        ("rollout/ep_len_mean", means(&lengths)),
        ("time/fps", column(|line| line.env_steps as f64 / line.wall_secs)),
        ("charts/episodic_return", returns),
        ("charts/episodic_length", lengths),
    ];

    let events = run.path().join("tensorboard");
    let answer =
        Peer::from_env().unwrap().bytes("tensorboard_events.py", &[events.to_str().unwrap()], b"").unwrap();
    let mut found: BTreeMap<String, Scalars> = serde_json::from_slice(&answer).unwrap();
    for (tag, values) in wanted {
        let scalars = found.remove(tag).unwrap_or_else(|| panic!("no {tag} among {:?}", found.keys()));
        assert_eq!(scalars.steps, lines.iter().map(|line| line.env_steps).collect::<Vec<_>>(), "{tag}");
        assert_eq!(scalars.values.len(), values.len());
        for (found, value) in scalars.values.iter().zip(values) {
            // Events hold single precision.
            assert!((found - value).abs() <= value.abs() * f64::from(f32::EPSILON), "{tag}: {found} {value}");
        }
        assert!(scalars.wall_times.is_sorted());
    }
    assert!(found.is_empty(), "{:?}", found.keys());
}

const TASK: &str = r#"
name = "words"
[task]
kind = "sequence"
[task.source]
kind = "words"
words = ["A B*3 C", "D E*3 F"]
[[task.phases]]
name = "plastic"
steps = 12000
[[task.phases]]
name = "fit"
role = "fit"
steps = 2000
freeze = "all"
[[task.phases]]
name = "score"
role = "score"
steps = 1500
freeze = "all"
[network]
preset = "counting"
[run]
checkpoint_every = 3000
[record]
tensorboard = true
"#;

/// Stops a task after so many steps.
struct Until(AtomicU64, u64);

impl TaskProgress for Until {
    fn steps(&self, steps: u64) {
        self.0.fetch_add(steps, Ordering::Relaxed);
    }
    fn stop(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= self.1
    }
}

#[test]
fn tensorboard_reads_the_scores_of_a_task_and_no_step_twice() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("words.toml");
    fs::write(&file, TASK).unwrap();
    let experiment = TaskExperiment::<Task>::load(&file, &[]).unwrap();
    let sweep = TaskSweep::create(&dir.path().join("run"), &experiment, &[0], &[], false).unwrap();
    // Stopped in the phase that fits, which begins anew.
    let stopped = sweep.run(1, &Until(AtomicU64::new(0), 13_000)).unwrap();
    assert_eq!(stopped.stopped, 1);
    assert!(sweep.run(1, &Until(AtomicU64::new(0), u64::MAX)).unwrap().table.is_some());
    let run = sweep.runs(&sweep.arms().unwrap()[0].0)[0].clone();
    let summary: serde_json::Value =
        serde_json::from_slice(&fs::read(run.join("summary.json")).unwrap()).unwrap();
    let events = run.join("tensorboard");
    let answer =
        Peer::from_env().unwrap().bytes("tensorboard_events.py", &[events.to_str().unwrap()], b"").unwrap();
    let found: BTreeMap<String, Scalars> = serde_json::from_slice(&answer).unwrap();
    let activity = &found["reservoir/activity"];
    assert_eq!(activity.steps, (1..=15).map(|k| 1000 * k).collect::<Vec<_>>());
    assert!(activity.values.iter().all(|rate| (0.02..0.3).contains(rate)), "{:?}", activity.values);
    assert_eq!(found["reservoir/synapses"].steps, activity.steps);
    for (name, value) in summary["scores"].as_object().unwrap() {
        let scalars = &found[&format!("scores/{name}")];
        assert_eq!(scalars.steps, [15_500], "{name}");
        let value = value.as_f64().unwrap();
        assert!((scalars.values[0] - value).abs() <= value.abs() * f64::from(f32::EPSILON), "{name}");
    }
}

#[derive(Deserialize)]
struct Found {
    name: String,
    keys: Vec<String>,
    metrics: Vec<String>,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    values: BTreeMap<String, serde_json::Value>,
    metrics: BTreeMap<String, f64>,
    sessions: u64,
}

struct Silent;

impl SweepProgress for Silent {
    fn begun(&self, _task: &SweepTask) {}
    fn ended(&self, _task: &SweepTask, _done: Option<bool>) {}
    fn skipped(&self) {}
    fn stop(&self) -> bool {
        false
    }
    fn asked(&self) -> Option<std::time::Instant> {
        None
    }
}

#[test]
fn the_dashboard_of_hparams_has_every_configuration_with_its_mean() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("logged.toml");
    let sweep = "\n[sweep]\nseeds = [1, 2]\n[sweep.grid]\nagent.encoder.gain = [1.0, 2.0]\n\
                 agent.reservoir.kind = [\"static\", \"none\"]\n";
    let text = EXPERIMENT.replace("episodes = 130", "episodes = 5").replace("tensorboard = true", "");
    fs::write(&file, text + sweep).unwrap();
    let sweep = SweepDir::create(dir.path(), Plan::load(&file, &[]).unwrap()).unwrap();
    sweep.run(&(0..8).collect::<Vec<_>>(), 2, &Silent).unwrap();
    let results = sweep.results();
    let folder = sweep.write_hparams(&results).unwrap();
    let answer =
        Peer::from_env().unwrap().bytes("tensorboard_hparams.py", &[folder.to_str().unwrap()], b"").unwrap();
    let found: Found = serde_json::from_slice(&answer).unwrap();
    let mut keys = found.keys;
    keys.sort();
    assert_eq!((found.name.as_str(), found.groups.len()), ("logged", 4));
    assert_eq!(keys, ["agent.encoder.gain", "agent.reservoir.kind"]);
    assert_eq!(found.metrics[0], "mean_return_last_100");
    let ranking = sweep.ranking(&results).unwrap();
    for ranked in ranking.configurations {
        let group = found.groups.iter().find(|group| group.name == ranked.name).unwrap();
        assert_eq!(
            (group.sessions, &group.values["agent.reservoir.kind"]),
            (2, &ranked.values["agent.reservoir.kind"])
        );
        assert_eq!(group.values["agent.encoder.gain"], ranked.values["agent.encoder.gain"]);
        let (found, mean) = (group.metrics["mean_return_last_100"], ranked.mean.unwrap());
        assert!((found - mean).abs() <= mean.abs() * f64::from(f32::EPSILON), "{found} {mean}");
    }
}
