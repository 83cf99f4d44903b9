//! `sorn run`: what it writes, what it prints, and that the same seed gives the same bits.

use crate::common::{Place, QUICK, assert_same, contents, stderr};
use serde_json::Value;

#[test]
fn a_run_directory_holds_what_it_should() {
    let place = Place::new();
    let text = place.done(&["run", "quick.toml"]);
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("CartPole-v1 "), "{last}");
    assert!(last.contains("next: ") && last.ends_with("eval runs/quick/seed-0"), "{last}");

    let files = contents(&place.path("runs/quick/seed-0"));
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            ".lock",
            "checkpoints/episode-000024.safetensors",
            "checkpoints/episode-000028.safetensors",
            "checkpoints/episode-000030.safetensors",
            "config.toml",
            "figures/learning-curve.png",
            "figures/learning-curve.svg",
            "metrics.csv",
            "metrics.jsonl",
            "summary.json",
        ]
    );
    let lines: Vec<Value> = String::from_utf8_lossy(&files["metrics.jsonl"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 30);
    let steps: u64 = lines.iter().map(|line| line["length"].as_u64().unwrap()).sum();
    assert!(lines.iter().all(|line| line["return"].as_f64() == line["length"].as_f64()));
    let summary: Value = serde_json::from_slice(&files["summary.json"]).unwrap();
    assert_eq!(summary["experiment"], "quick");
    assert_eq!(summary["env"], "CartPole-v1");
    assert_eq!(summary["episodes"], 30);
    assert_eq!(summary["env_steps"], steps);
    assert_eq!(summary["solved"], false);
    assert_eq!(summary["episodes_to_solve"], Value::Null);
    assert_eq!(summary["eval"]["episodes"], 3);
    let mean: f64 = lines.iter().map(|line| line["return"].as_f64().unwrap()).sum::<f64>() / 30.0;
    assert!((summary["mean_return_last_100"].as_f64().unwrap() - mean).abs() < 1e-9);
}

#[test]
fn solved_is_counted_at_the_end_of_the_window_and_ends_the_run() {
    let place = Place::new();
    let json = place.done(&["run", "quick.toml", "--json", "--set", "run.threshold=9.0"]);
    let summary: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(summary["solved"], true);
    let episodes = summary["episodes_to_solve"].as_u64().unwrap();
    assert!(episodes >= 10);
    assert_eq!(summary["episodes"], episodes);
    assert_eq!(summary["env_steps_to_solve"], summary["env_steps"]);
}

#[test]
fn the_resolved_configuration_reproduces_the_run() {
    let place = Place::new();
    place.done(&[
        "run",
        "quick.toml",
        "--seed",
        "7",
        "--set",
        "agent.encoder.gain=2.5",
        "--set",
        "run.episodes=9",
    ]);
    let config = "runs/quick/seed-7/config.toml";
    place.done(&["run", config, "--out", "again"]);
    assert_same(&place.path("runs"), &place.path("again"));
    let text = std::fs::read_to_string(place.path(config)).unwrap();
    for part in ["gain = 2.5", "seed = 7", "episodes = 9", "eta_stdp = 0.004", "window = 10"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn many_seeds_do_not_depend_on_the_number_of_threads() {
    let place = Place::new();
    let many = ["run", "quick.toml", "--seeds", "3..7", "--set", "run.episodes=8", "--threads"];
    let one = place.done(&[&many[..], &["1", "--out", "one"]].concat());
    place.done(&[&many[..], &["2", "--out", "two"]].concat());
    assert_same(&place.path("one"), &place.path("two"));
    assert!(one.lines().last().unwrap().contains("solved by 0 of 4 seeds"), "{one}");
    // A seed among many is the same as the seed alone.
    place.done(&["run", "quick.toml", "--seed", "5", "--set", "run.episodes=8"]);
    assert_same(&place.path("runs/quick/seed-5"), &place.path("one/quick/seed-5"));
    let aggregate: Value =
        serde_json::from_slice(&std::fs::read(place.path("one/quick/aggregate.json")).unwrap()).unwrap();
    assert_eq!(aggregate["seeds"], serde_json::json!([3, 4, 5, 6]));
    assert_eq!(aggregate["solved"], 0);
    assert!(place.path("one/quick/figures/learning-curve.svg").is_file());
}

#[test]
fn a_sweep_takes_in_runs_of_the_same_configuration_only() {
    let place = Place::new();
    let short = ["--set", "run.episodes=5"];
    place.done(&[&["run", "quick.toml", "--seed", "1"], &short[..]].concat());
    let other = place.fails(2, &["run", "quick.toml", "--seeds", "0..3"]);
    assert!(
        other.contains("runs/quick/seed-1") && other.contains("run.episodes was 5, is now 30"),
        "{other}"
    );
    let before = contents(&place.path("runs/quick/seed-1"));
    place.done(&[&["run", "quick.toml", "--seeds", "0..3"], &short[..]].concat());
    assert_eq!(before, contents(&place.path("runs/quick/seed-1")));
    let again = place.fails(2, &[&["run", "quick.toml", "--seeds", "0..2"], &short[..]].concat());
    assert!(again.contains("holds runs with these seeds already"), "{again}");
}

#[test]
fn evaluation_repeats_what_the_summary_says_and_changes_nothing() {
    let place = Place::new();
    place.done(&["run", "quick.toml", "--quiet"]);
    let before = contents(&place.path("runs"));
    let dir = "runs/quick/seed-0";
    let eval: Value = serde_json::from_str(&place.done(&["eval", dir, "--json"])).unwrap();
    let summary: Value = serde_json::from_slice(&before["quick/seed-0/summary.json"]).unwrap();
    assert_eq!(eval, summary["eval"]);
    let other: Value =
        serde_json::from_str(&place.done(&["eval", dir, "--json", "--episodes", "5", "--seed", "9"]))
            .unwrap();
    assert_eq!(other["episodes"], 5);
    place.done(&["plot", dir, "learning-curve"]);
    assert_eq!(before, contents(&place.path("runs")));
}

#[test]
fn a_new_task_runs_as_it_is_and_learns() {
    let place = Place::new();
    let table = |name: &str, more: &[&str]| -> serde_json::Value {
        place.done(&["new", "experiment", name, "--task", name]);
        let file = format!("{name}.toml");
        let arguments = [&["run", &file, "--json", "--quiet"], more].concat();
        serde_json::from_str(&place.done(&arguments)).unwrap()
    };
    let median = |arm: &serde_json::Value, score: &str| arm["spreads"][score]["median"].as_f64().unwrap();
    let counting = table("sequence", &["--seeds", "0..3", "--controls", "static"]);
    assert!(median(&counting["arms"][0], "last_symbol") > 0.95, "{counting}");
    assert!(median(&counting["arms"][1], "last_symbol") < 0.9, "{counting}");
    let narma = table("series", &[]);
    let one = |score| median(&narma["arms"][0], score);
    assert!(one("nrmse") < 0.75 && one("input_reader") > 0.8, "{narma}");
    let dynamics = table("dynamics", &["--set", "task.phases.transient.steps=5000"]);
    assert!(median(&dynamics["arms"][0], "mean_activity") > 1.0, "{dynamics}");
}

#[test]
fn a_new_experiment_runs_as_it_is() {
    let place = Place::new();
    for env in ["CartPole-v1", "MountainCar-v0"] {
        let name = env.split('-').next().unwrap();
        place.done(&["new", "experiment", name, "--env", env]);
        let file = format!("{name}.toml");
        place.done(&["run", &file, "--set", "run.episodes=2", "--set", "eval.episodes=1"]);
        let summary = contents(&place.path(&format!("runs/{name}/seed-0"))).remove("summary.json").unwrap();
        assert!(String::from_utf8(summary).unwrap().contains(env));
    }
    let refused = place.fails(2, &["new", "experiment", "CartPole"]);
    assert!(refused.contains("CartPole.toml: exists already"), "{refused}");
}

/// The table says what the figure's legend says: 27.5, not 28.
#[test]
fn quartiles_that_lie_between_two_episodes_are_not_rounded() {
    let place = Place::new();
    let run = ["run", "quick.toml", "--seeds", "2..6", "--set", "run.threshold=25.0"];
    let text = place.done(&run);
    let aggregate = std::fs::read(place.path("runs/quick/aggregate.json")).unwrap();
    let aggregate: Value = serde_json::from_slice(&aggregate).unwrap();
    let median = aggregate["episodes_to_solve_spread"]["median"].as_f64().unwrap();
    assert!(median.fract() == 0.5, "{median}: other seeds, please");
    let row = |text: &str, begin: &str| -> Vec<String> {
        let line = text.lines().find(|line| line.starts_with(begin)).unwrap();
        line[begin.len()..].split_whitespace().map(String::from).collect()
    };
    assert_eq!(row(&text, "episodes to solve")[1], format!("{median:.1}"));
    assert_eq!(row(&place.done(&["compare", "runs/quick"]), "quick")[1], format!("{median:.1}"));
    let table = place.done(&["compare", "--markdown", "runs/quick"]);
    assert!(table.contains(&format!("| {median:.1} (")), "{table}");
}

#[test]
fn one_is_no_plural() {
    let place = Place::new();
    let text = place.done(&["run", "quick.toml", "--set", "run.episodes=1", "--set", "eval.episodes=1"]);
    assert!(
        text.contains("greedy policy, 1 episode ") && text.contains(" not solved in 1 episode;"),
        "{text}"
    );
    let text = place.fails(2, &["run", "quick.toml", "--set", "agent.encoder.scale=[1.0]"]);
    assert!(text.ends_with("found 1 number\n"), "{text}");
    let text = place.done(&["run", "quick.toml", "--seeds", "1..2", "--set", "run.episodes=1"]);
    assert!(text.contains("solved by 0 of 1 seed;"), "{text}");
}

/// Results of an environment that cannot be made here, of Python's without Python, say.
#[test]
fn thresholds_are_noted_with_the_results() {
    let place = Place::new();
    place.write("quick.toml", &QUICK.replace("threshold = 450.0\n", ""));
    place.done(&["run", "quick.toml", "--seeds", "0..2", "--set", "run.episodes=3"]);
    let edit = |file: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(place.path(file)).unwrap();
        assert!(text.contains(from), "{file}: {text}");
        place.write(file, &text.replace(from, to));
    };
    edit("runs/quick/experiment.toml", "CartPole-v1", "gymnasium:Elsewhere-v0");
    let table = place.done(&["compare", "--markdown", "runs/quick"]);
    assert!(table.contains("| 0/2 | never |") && table.contains("| 0/2 at 475 |"), "{table}");
    place.done(&["compare", "runs/quick"]);
    let output = place.sorn(&["report", "runs/quick"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(stderr(&output).matches("gymnasium:Elsewhere-v0").count(), 1, "{}", stderr(&output));
    edit("runs/quick/aggregate.json", "\"threshold\": 475.0", "\"threshold\": null");
    let output = place.sorn(&["compare", "--markdown", "runs/quick"]).output().unwrap();
    assert!(
        String::from_utf8(output.stdout.clone()).unwrap().contains("| Experiment | evaluation: "),
        "{output:?}"
    );
    let warning = stderr(&output);
    assert!(
        warning.contains("runs/quick: the threshold of gymnasium:Elsewhere-v0 is not known: "),
        "{warning}"
    );
}

#[test]
fn sweeps_are_compared() {
    let place = Place::new();
    for (name, kind) in [("a", "sorn"), ("b", "static")] {
        let name = format!("name={name}");
        let kind = format!("agent.reservoir.kind={kind}");
        let rest = [
            "--seeds",
            "0..3",
            "--set",
            "run.episodes=6",
            "--set",
            "run.threshold=9.0",
            "--set",
            "run.window=2",
        ];
        place.done(&[&["run", "quick.toml", "--set", &name, "--set", &kind], &rest[..]].concat());
    }
    let text = place.done(&["compare", "runs/a", "runs/b"]);
    assert!(text.contains("Mann-Whitney"), "{text}");
    assert!(place.path("runs/a/figures/comparison.svg").is_file());
    let table = place.done(&["compare", "--markdown", "runs/b", "runs/a"]);
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 4, "{table}");
    assert!(rows.iter().all(|row| row.matches('|').count() == 8), "{table}");
    assert!(rows[0].starts_with("| Experiment | solved | episodes | p | evaluation"), "{table}");
    assert!(rows[2].starts_with("| `a` | ") && rows[3].starts_with("| `b` | "), "{table}");
    let missing = place.fails(2, &["compare", "runs/a", "runs/a/seed-0"]);
    assert!(missing.contains("no aggregate.json"), "{missing}");
}
