//! Tasks of series: a file, its table, controls, resumption.

use serde_json::Value;

use crate::common::{Place, contents, stderr};

const MEMORY: &str = r#"
name = "memory"
question = "How long does a static network remember numbers?"
report = ["memory", "input_reader", "nrmse"]

[task]
kind = "series"

[task.source]
kind = "memory_capacity"
delays = [1, 2, 3, 4]

[task.readout]
kind = "ridge"
features = ["traces", "activity", "bias"]
trace_decays = [0.5]
penalty = 0.1

[[task.phases]]
name = "organise"
steps = 3000

[[task.phases]]
name = "fit"
role = "fit"
steps = 1500
freeze = "all"

[[task.phases]]
name = "score"
role = "score"
steps = 800
freeze = "all"

[network]
ne = 100
input = "direct"
noise_sd = 0.0

[run]
checkpoint_every = 1000
"#;

fn place() -> Place {
    let place = Place::new();
    place.write("memory.toml", MEMORY);
    place
}

fn scores(place: &Place, arm: &str, seed: u64) -> Value {
    let path = place.path(&format!("runs/memory/{arm}/seed-{seed}/summary.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str::<Value>(&text).unwrap()["scores"].clone()
}

#[test]
fn numbers_are_remembered_by_activity_and_not_by_the_present_input() {
    let place = place();
    let table =
        place.done(&["run", "memory.toml", "--seeds", "0..3", "--controls", "static,none", "--quiet"]);
    assert!(table.contains("memory") && table.contains("static"), "{table}");
    for seed in 0..3 {
        let found = scores(&place, "static", seed);
        let of = |name: &str| found[name].as_f64().unwrap();
        assert!(of("memory") > 0.4 && of("r2_delay_1") > 0.3, "{found}");
        assert!((of("memory") - (1..=4).map(|d| of(&format!("r2_delay_{d}"))).sum::<f64>()).abs() < 1e-9);
        // Independent numbers say nothing of those before.
        assert!(of("input_reader") > 0.97, "{found}");
    }
}

#[test]
fn a_task_of_series_that_was_stopped_goes_on_to_the_same_bits() {
    let place = place();
    place.done(&["run", "memory.toml", "--quiet"]);
    let whole = contents(&place.path("runs/memory/seed-0"));
    // As if it had been killed after its first checkpoints.
    place.done(&[
        "run",
        "memory.toml",
        "--set",
        "task.phases.organise.steps=1000",
        "--out",
        "short",
        "--quiet",
    ]);
    let checkpoint = "memory/seed-0/checkpoints/network.safetensors";
    std::fs::copy(place.path(&format!("short/{checkpoint}")), place.path(&format!("runs/{checkpoint}")))
        .unwrap();
    std::fs::remove_file(place.path("runs/memory/seed-0/summary.json")).unwrap();
    place.done(&["resume", "runs/memory", "--quiet"]);
    assert!(contents(&place.path("runs/memory/seed-0")) == whole);
}

#[test]
fn a_run_never_goes_on_with_other_data() {
    let place = place();
    let rows =
        |factor: f64| (0..4000).map(|t| format!("{}\n", (factor * f64::from(t)).sin())).collect::<String>();
    place.write("own.csv", &rows(0.3));
    let own = MEMORY
        .replace("kind = \"memory_capacity\"\ndelays = [1, 2, 3, 4]", "kind = \"file\"\nfile = \"own.csv\"");
    place.write("own.toml", &own.replace("name = \"memory\"", "name = \"own\"").replace("\"memory\", ", ""));
    place.done(&["run", "own.toml", "--seeds", "0..2", "--quiet"]);
    std::fs::remove_file(place.path("runs/own/seed-1/summary.json")).unwrap();
    place.write("own.csv", &rows(0.4));
    let error = place.fails(2, &["resume", "runs/own", "--quiet"]);
    assert!(error.contains("expected own.csv as it was when the run was begun, found other data"), "{error}");
    place.write("own.csv", &rows(0.3));
    place.done(&["resume", "runs/own", "--quiet"]);
    // What is finished needs its data no longer.
    std::fs::remove_file(place.path("own.csv")).unwrap();
    place.done(&["report", "runs/own"]);
}

#[test]
fn wrong_values_are_named() {
    let place = place();
    // What is scored would have been fitted.
    place.write("short.csv", &"0.5\n1.5\n".repeat(1000));
    for (set, words) in [
        ("task.source.delays=[0]", "task.source.delays: expected"),
        ("task.source={kind=\"narma\", order=0}", "task.source.order: expected"),
        ("task.source={kind=\"file\", file=\"gone.csv\"}", "gone.csv"),
        ("task.source.kind=nrma", "nrma"),
        ("task.readout.kind=logistic", "task.readout.kind: expected"),
        ("task.encoder={kind=\"pools\"}", "task.encoder.kind: expected"),
        ("task.encoder={kind=\"thermometer\", cells=5}", "network.input: expected"),
        ("task.phases.score.role=generate", "task.phases[2].role: expected"),
        ("task.phases.fit.role=organise", "task.phases[2].role: expected"),
        ("task.phases.fit.steps=1000000000000000", "task.phases[1].steps: expected"),
        ("task.sourc=1", "sourc"),
        ("task.kind=serie", "task.kind: expected \"series\""),
        ("task.source={kind=\"file\", file=\"short.csv\"}", "at least 2300 rows"),
    ] {
        let error = place.fails(2, &["run", "memory.toml", "--quiet", "--set", set]);
        assert!(error.contains(words), "{set}: {error}");
    }
    assert!(!place.path("runs").exists());
    place.done(&["run", "memory.toml", "--quiet"]);
    let error = place.fails(2, &["plot", "runs/memory", "learning-curve"]);
    assert!(error.contains("expected one of scores, memory-curve, found learning-curve"), "{error}");
    place.done(&["report", "runs/memory"]);
    for dir in ["runs/memory", "runs/memory/seed-0"] {
        for command in [&["eval", dir][..], &["decode", dir], &["export", dir, "--out", "a.safetensors"]] {
            let error = place.fails(2, command);
            assert!(error.contains("found a task without one"), "{command:?}: {error}");
        }
    }
}

#[test]
fn a_population_code_of_pools_is_an_encoder_too() {
    let place = place();
    let code = "task.encoder={kind=\"gaussian_population\", cells=8}";
    let pools = "network.input={pools={size=10}}";
    let table = place.done(&["run", "memory.toml", "--quiet", "--set", code, "--set", pools]);
    assert!(table.contains("memory"), "{table}");
}

#[test]
fn a_sweep_over_a_task_of_series_measures_its_scores() {
    let place = place();
    let sweep = format!("{MEMORY}\n[sweep]\nseeds = \"0..2\"\n[sweep.grid]\nnetwork.ne = [60, 100]\n");
    place.write("swept.toml", &sweep.replace("name = \"memory\"", "name = \"swept\""));
    place.done(&["sweep", "swept.toml", "--quiet"]);
    let table = std::fs::read_to_string(place.path("runs/swept/results.csv")).unwrap();
    assert!(table.lines().next().unwrap().contains("scores.memory"), "{table}");
    assert_eq!(table.lines().count(), 5);
    // An error is the better the smaller.
    let least = sweep
        .replace("name = \"memory\"", "name = \"least\"")
        .replace("\"input_reader\", \"nrmse\"", "\"nrmse\"");
    place.write("least.toml", &least);
    let text = place.done(&["sweep", "least.toml", "--quiet"]);
    assert!(text.contains("the smallest mean is the best"), "{text}");
}

#[test]
fn phases_that_begin_from_one_end_see_the_same_numbers() {
    let place = Place::new();
    let branch = |name: &str, from: &str| {
        format!(
            "\n[[task.phases]]\nname = \"{name}\"\nrole = \"score\"\nsteps = 800\nfreeze = \"all\"\n{from}"
        )
    };
    let branches = branch("again", "from = \"fit\"\n")
        + &branch("noisy", "from = \"fit\"\nset = { noise = \"gaussian\", noise_sd = 0.05 }\n");
    let file = MEMORY
        .replace("report = [\"memory\", \"input_reader\", \"nrmse\"]", "")
        .replace("\n[network]", &(branches + "\n[network]"));
    place.write("memory.toml", &file);
    place.done(&["run", "memory.toml", "--controls", "static", "--quiet"]);
    let found = scores(&place, "experiment", 0);
    for name in ["memory", "nrmse", "r2_delay_3", "input_reader", "rate"] {
        let of = |phase: &str| found[format!("{phase}_{name}")].as_f64().unwrap();
        assert_eq!(of("score"), of("again"), "{name}: {found}");
        // The numbers are the same ones, what the network makes of them is not.
        assert_eq!(of("score") == of("noisy"), name == "input_reader", "{name}: {found}");
    }
    let output = place.output(&["run", "memory.toml", "--set", "task.phases.again.from=\"nowhere\""]);
    let told = stderr(&output);
    assert!(
        told.contains("from: expected an earlier phase (organise, fit, score), found \"nowhere\""),
        "{told}"
    );
}

#[test]
fn numbers_that_are_too_large_for_scores_are_a_problem_and_names_are_their_own() {
    let place = Place::new();
    let rows =
        |value: &dyn Fn(f64) -> String| (0..2600).map(|t| value(f64::from(t)) + "\n").collect::<String>();
    place.write("huge.csv", &rows(&|t| format!("{:e}", 1e160 * (1.0 + 0.1 * (t / 9.0).sin()))));
    place.write(
        "twice.csv",
        &("a,a\n".to_string() + &rows(&|t| format!("{},{}", (t / 9.0).sin(), (t / 5.0).cos()))),
    );
    let file = MEMORY
        .replace("report = [\"memory\", \"input_reader\", \"nrmse\"]", "")
        .replace("kind = \"memory_capacity\"\ndelays = [1, 2, 3, 4]", "kind = \"file\"\nfile = \"huge.csv\"");
    place.write("memory.toml", &file);
    let told = place.done(&["run", "memory.toml", "--quiet"]);
    assert!(told.contains("nrmse: expected a finite number, found"), "{told}");
    // Its summary is read again.
    place.done(&["compare", "runs/memory"]);
    let arguments =
        ["--set", "task.source.file=twice.csv", "--set", "task.source.inputs=[0,1]", "--set", "name=twice"];
    place.done(&[&["run", "memory.toml", "--quiet"][..], &arguments].concat());
    let summary = std::fs::read_to_string(place.path("runs/twice/seed-0/summary.json")).unwrap();
    for name in ["\"nrmse_a\"", "\"nrmse_a_2\""] {
        assert!(summary.contains(name), "{name}: {summary}");
    }
}

#[test]
fn an_override_leaves_one_value_of_an_axis_that_names_an_element_of_a_list() {
    let place = Place::new();
    let vary = "\n[vary]\nkey = \"task.phases.score.set.noise_sd\"\nvalues = [0.1, 0.2]\n";
    place.write("memory.toml", &(MEMORY.to_string() + vary));
    let told = place.done(&["run", "memory.toml", "--quiet", "--set", "task.phases.score.set.noise_sd=0.9"]);
    assert!(told.contains("experiment") && !told.contains("noise_sd-0.1"), "{told}");
}

#[test]
fn words_of_an_experiment_change_without_new_runs() {
    let place = place();
    place.done(&["run", "memory.toml", "--seeds", "0..2", "--quiet"]);
    let before = contents(&place.path("runs/memory/seed-0"));
    let set = ["--set", "report=[\"r2\"]", "--set", "question=Which?"];
    let told = place.done(&[&["run", "memory.toml", "--seeds", "0..3", "--quiet"][..], &set].concat());
    assert!(told.contains("r2") && !told.contains("nrmse") && told.contains("3 seeds"), "{told}");
    let found = contents(&place.path("runs/memory/seed-0"));
    assert!(before == found, "a finished run was done again");
    let other = place.fails(2, &["run", "memory.toml", "--seeds", "0..3", "--set", "network.ne=90"]);
    assert!(other.contains("holds another experiment (network.ne was 100, is now 90)"), "{other}");
}
