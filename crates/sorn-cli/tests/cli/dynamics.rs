//! Tasks of dynamics: run, resume, compare, draw, refusals; every file of experiments/papers, made small.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::common::{Place, assert_same, start, stderr};

const SMALL: &str = r#"
name = "small"
report = ["size_exponent", "mean_activity"]
[task]
kind = "dynamics"
[[task.phases]]
name = "transient"
steps = 6000
[[task.phases]]
name = "measure"
steps = 12000
[[task.measures]]
kind = "activity"
phases = ["measure"]
keep = true
[[task.measures]]
kind = "avalanches"
phases = ["measure"]
thresholds = ["half_mean", "p25"]
sizes = [5, 300]
durations = [2, 40]
[[task.measures]]
kind = "branching"
phases = ["measure"]
lags = 20
[network]
preset = "delpapa2017"
ne = 100
[run]
checkpoint_every = 2000
[[arms]]
name = "frozen"
set = { "task.phases.measure.freeze" = "all" }
[[arms]]
name = "random"
set = { "task.phases.transient.freeze" = "all", "task.phases.measure.freeze" = "all" }
[[reference]]
score = "mean_activity"
value = 10.0
within = 0.5
source = "target rate"
[[claim]]
text = "A network that never learnt is quieter"
score = "mean_activity"
arm = "random"
relation = "less"
than = "experiment"
"#;

fn place() -> Place {
    let place = Place::new();
    place.write("small.toml", SMALL);
    place
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn read(path: &Path) -> Value {
    json(&fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

#[test]
fn one_command_runs_arms_and_seeds_pools_them_and_compares_with_what_is_published() {
    let place = place();
    let table = json(&place.done(&["run", "small.toml", "--seeds", "0..4", "--json"]));
    let arms = table["arms"].as_array().unwrap();
    let labels: Vec<&str> = arms.iter().map(|arm| arm["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["experiment", "frozen", "random"]);
    assert_eq!(arms[1]["against"], "experiment");
    assert!(arms[1]["p"]["size_exponent"].is_number());
    // All runs together lie within what single runs give.
    let scores = &arms[0]["scores"]["size_exponent"];
    let single: Vec<f64> = scores.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let pooled = &arms[0]["pooled"]["size_exponent"];
    let value = pooled["value"].as_f64().unwrap();
    assert_eq!(single.len(), 4);
    assert!(single.iter().any(|s| *s <= value) && single.iter().any(|s| *s >= value), "{value} {single:?}");
    assert!(pooled["low"].as_f64().unwrap() <= value && value <= pooled["high"].as_f64().unwrap());
    assert!(arms[0]["pooled"]["size_exponent_p25"].is_object());
    let reference = &table["references"][0];
    assert_eq!(
        (reference["agrees"].as_bool(), reference["source"].as_str()),
        (Some(true), Some("target rate"))
    );
    let claim = &table["claims"][0];
    assert_eq!(claim["holds"].as_bool(), Some(true), "{claim}");
    assert!(claim["p"].as_f64().unwrap() < 0.05);
    // Beside the table: a summary with scores, the record, a byte a step.
    assert_eq!(read(&place.path("runs/small/aggregate.json")), table);
    let run = place.path("runs/small/frozen/seed-2");
    let summary = read(&run.join("summary.json"));
    assert_eq!((summary["task"].as_str(), summary["seed"].as_u64()), (Some("dynamics"), Some(2)));
    for score in ["size_exponent", "duration_exponent", "branching_ratio", "events_per_step"] {
        assert!(summary["scores"][score].is_number(), "{score}: {summary}");
    }
    let kept = fs::read(run.join("activity.npy")).unwrap();
    assert_eq!(kept.len(), 128 + 12_000);
    let mean = kept[128..].iter().map(|n| f64::from(*n)).sum::<f64>() / 12_000.0;
    assert!((mean - summary["scores"]["mean_activity"].as_f64().unwrap()).abs() < 1e-9);
    // Arms of one seed go the same way up to the value that differs.
    let first =
        |arm: &str| fs::read(place.path(&format!("runs/small/{arm}/seed-2/activity.npy"))).unwrap()[128];
    assert_eq!(first("experiment"), first("frozen"));
    let text = place.done(&["compare", "runs/small"]);
    for part in ["published", "10 +- 0.5", "claim", "A network that never learnt is quieter", "yes"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        place.done(&["compare", "--markdown", "runs/small"]).contains("| claim | here | than | p | holds |")
    );
    // Each figure is one command; what was not measured is named.
    for kind in [
        "avalanche-sizes",
        "avalanche-durations",
        "avalanche-mean-sizes",
        "activity",
        "activity-distribution",
    ] {
        place.done(&["plot", "runs/small", kind]);
        let svg = fs::read_to_string(place.path(&format!("runs/small/figures/{kind}.svg"))).unwrap();
        assert!(svg.contains("frozen") || kind == "activity", "{kind}");
    }
    place.done(&["report", "runs/small"]);
    let page = fs::read_to_string(place.path("runs/small/report.html")).unwrap();
    for part in
        ["Published values", "A network that never learnt is quieter", "<svg", "avalanche sizes", "sorn run"]
    {
        assert!(page.contains(part), "{part}");
    }
    let text = place.fails(2, &["plot", "runs/small", "lifetimes"]);
    assert!(text.contains("expected a measure of kind \"lifetimes\""), "{text}");
    assert!(place.fails(2, &["plot", "runs/small", "weights"]).contains("expected one of activity"));
}

#[test]
fn killed_at_any_moment_a_task_of_dynamics_resumes_to_the_same_bits() {
    let place = place();
    let arguments =
        ["run", "small.toml", "--seeds", "5,7", "--set", "task.phases.transient.steps=40000", "--out"];
    place.done(&[&arguments[..], &["whole", "--threads", "2"]].concat());
    let mut kills = 0;
    for trial in 1..=3_u64 {
        let out = format!("killed-{trial}");
        let dir = format!("{out}/small");
        for round in 1.. {
            let begun = place.path(&dir).join("seeds.json").exists();
            let begin = [&arguments[..], &[out.as_str(), "--threads", "1"]].concat();
            let go_on = ["resume", dir.as_str()];
            let mut child = start(&place, if begun { &go_on } else { &begin });
            if round < 12 {
                sleep(Duration::from_millis(41 * (trial + round) * (trial + 2 * round) % 500));
                child.kill().unwrap();
            }
            let output = child.wait_with_output().unwrap();
            if output.status.success() {
                break;
            }
            assert_eq!(output.status.code(), None, "{}", stderr(&output));
            kills += 1;
        }
        assert_same(&place.path("whole/small"), &place.path(&dir));
    }
    assert!(kills >= 1, "every process ended before it was killed");
}

#[test]
fn copies_that_get_input_leave_the_network_alone_and_others_do_what_it_does() {
    let place = place();
    let onsets = r#"
[[task.measures]]
kind = "onsets"
name = "onset"
phases = ["measure"]
input = "letters"
every = 50
sizes = [5, 300]
durations = [2, 40]

[[task.measures]]
kind = "onsets"
name = "same"
phases = ["measure"]
every = 50
steps = 51
first_steps = 50
sizes = [5, 300]
durations = [2, 40]

[network]
nu = 4
input = { pools = { size = 5, overlap = true } }
input_gain = 1e8
"#;
    let letters =
        "[task.sources.letters]\nkind = \"random\"\nsymbols = 4\n[[task.phases]]\nname = \"transient\"";
    let plain = SMALL.replacen("[[task.phases]]\nname = \"transient\"", letters, 1);
    let network = &onsets[onsets.find("[network]").unwrap()..];
    place.write("plain.toml", &plain.replacen("[network]\n", network, 1));
    place.write("onsets.toml", &plain.replacen("[network]\n", onsets, 1));
    for file in ["plain", "onsets"] {
        let name = format!("{file}.toml");
        let arguments =
            ["run", &name, "--out", file, "--seeds", "0..1", "--set", "arms=[]", "--set", "claim=[]"];
        place.done(&arguments);
    }
    let activity = |file: &str| fs::read(place.path(&format!("{file}/small/seed-0/activity.npy"))).unwrap();
    assert_eq!(activity("plain"), activity("onsets"));
    let scores = &read(&place.path("onsets/small/seed-0/summary.json"))["scores"];
    let of = |name: &str| scores[name].as_f64().unwrap_or_else(|| panic!("{name}: {scores}"));
    assert_eq!(of("same_threshold"), of("threshold"));
    // Followed for as long as there are steps between two onsets, copies without input see nearly every avalanche that the network has.
    let ratio = of("same_events_per_step") / of("events_per_step");
    assert!((0.7..1.01).contains(&ratio), "{ratio}");
    assert!(of("onset_events_per_step") > 0.0);
}

#[test]
fn a_question_of_the_usual_kind_takes_one_line() {
    let place = place();
    let arguments =
        ["run", "small.toml", "--set", "network.h_ip=0.05", "--set", "network.ne=160", "--seeds", "0..2"];
    let table =
        json(&place.done(&[&arguments[..], &["--set", "arms=[]", "--set", "claim=[]", "--json"]].concat()));
    let mean = table["arms"][0]["spreads"]["mean_activity"]["median"].as_f64().unwrap();
    assert!((mean - 8.0).abs() < 0.5, "{mean}");
    // Densities are shares of the neurons.
    let config = fs::read_to_string(place.path("runs/small/seed-0/config.toml")).unwrap();
    assert!(config.contains("fraction = 0.1") && config.contains("ne = 160"), "{config}");
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let place = place();
    for (from, to, expected) in [
        ("steps = 6000", "steps = 0", "task.phases[0].steps: expected at least 1, found 0"),
        ("name = \"transient\"", "name = \"measure\"", "task.phases[1].name: expected a name of its own"),
        ("kind = \"activity\"", "kind = \"activty\"", "task.measures[0]"),
        ("lags = 20", "lags = 1", "task.measures[2].lags: expected 2 to 10000, found 1"),
        ("lags = 20", "lag = 20", "task.measures[2].lag: unknown key"),
        (
            "[\"half_mean\", \"p25\"]",
            "[\"half\"]",
            "task.measures[1].thresholds: expected half_mean, half_mean_floor",
        ),
        ("[5, 300]", "[5, 3]", "task.measures[1].sizes: expected [min, max] with 1 <= min < max"),
        ("[5, 300]", "\"serch\"", "task.measures[1].sizes: "),
        (
            "phases = [\"measure\"]\nkeep",
            "phases = [\"mesure\"]\nkeep",
            "task.measures[0].phases: expected phases (transient, measure), found \"mesure\"",
        ),
        (
            "arm = \"random\"",
            "arm = \"rnd\"",
            "claim[0].arm: expected one of experiment, frozen, random, or of controls such as static, found \"rnd\"",
        ),
        ("within = 0.5", "within = 0.0", "reference[0].within: expected a positive number, found 0"),
        (
            "\"task.phases.measure.freeze\" = \"all\" }\n[[arms]]\nname = \"random\"",
            "\"task.phases.mesure.freeze\" = \"all\" }\n[[arms]]\nname = \"random\"",
            "arms[0].set: task.phases: expected an element of the list (transient, measure, 0 to 1)",
        ),
        (
            "set = { \"task.phases.measure.freeze\" = \"all\" }",
            "set = { \"network.nee\" = 3 }",
            "network.nee: unknown key",
        ),
        (
            "set = { \"task.phases.measure.freeze\" = \"all\" }",
            "set = { \"network.preset\" = \"upstream\" }",
            "arms[0].set: expected a key other than network.preset",
        ),
        (
            "name = \"frozen\"",
            "name = \"random\"",
            "arms[1].name: expected a name of its own, found \"random\" again",
        ),
        (
            "name = \"transient\"\n",
            "name = \"transient\"\ninput = \"words\"\n",
            "task.phases[0].input: expected a source of task.sources",
        ),
    ] {
        assert!(SMALL.contains(from), "{from}");
        place.write("wrong.toml", &SMALL.replacen(from, to, 1));
        let text = place.fails(2, &["run", "wrong.toml"]);
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let text = place.fails(2, &["run", "small.toml", "--set", "task.phases.measure.steps=0"]);
    assert!(
        text.contains("--set task.phases.measure.steps=0: task.phases[1].steps: expected at least 1"),
        "{text}"
    );
    let text = place.fails(2, &["run", "small.toml", "--controls", "rewired"]);
    assert!(text.contains("--controls: ") && text.contains("rewired"), "{text}");
    place.done(&["run", "small.toml"]);
    assert!(place.fails(2, &["run", "small.toml"]).contains("sorn resume"));
    assert!(place.fails(2, &["resume", "runs/small", "--set", "run.steps=9"]).contains("whose phases say"));
}

/// Every file of experiments/papers runs, made small, from its command to its tables, with nothing left unanswered that more steps
/// do not answer.
#[test]
fn every_experiment_of_a_paper_runs_to_its_tables() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/papers");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_string())
        .collect();
    names.sort();
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        let place = Place::new();
        let file = folder.join(format!("{name}.toml"));
        let text = fs::read_to_string(&file).unwrap();
        let table: toml::Table = text.parse().unwrap();
        let mut arguments = vec![
            "run".to_string(),
            file.display().to_string(),
            "--seeds".into(),
            "0..4".into(),
            "--json".into(),
        ];
        for phase in table["task"]["phases"].as_array().unwrap() {
            let steps = phase["steps"].as_integer().unwrap().min(8_000);
            arguments.push("--set".into());
            arguments.push(format!("task.phases.{}.steps={steps}", phase["name"].as_str().unwrap()));
        }
        // What takes long, or what a short record cannot have.
        let small: &[&str] = match name.as_str() {
            "size" => &["arms.ne-800.set={ \"network.ne\" = 300 }"],
            "ablations" => &["task.n=4"],
            "evoked" => &["task.measures.patterns.skip=500"],
            "onset" => &["task.measures.onset.every=40", "task.measures.same.every=40"],
            "ambiguity" => &["task.measures.ambiguity.skip=500", "task.measures.ambiguity.trials=20"],
            _ => &[],
        };
        arguments.extend(small.iter().flat_map(|set| ["--set".to_string(), (*set).to_string()]));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let found = json(&place.done(&arguments));
        let arms = found["arms"].as_array().unwrap();
        for score in found["report"].as_array().unwrap() {
            let score = score.as_str().unwrap();
            let has = |arm: &Value| arm["scores"][score].as_array().is_some_and(|runs| !runs.is_empty());
            assert!(arms.iter().any(has), "{name}: no {score}: {arms:?}");
        }
        let references = table.get("reference").and_then(|list| list.as_array()).map_or(0, Vec::len);
        let claims = table.get("claim").and_then(|list| list.as_array()).map_or(0, Vec::len);
        assert!(references + claims > 0, "{name}");
        for reference in found["references"].as_array().into_iter().flatten() {
            assert!(reference["here"].is_object(), "{name}: {reference}");
        }
        let answered = found["claims"].as_array().into_iter().flatten().filter(|c| c["holds"].is_boolean());
        assert!(answered.count() * 2 >= claims, "{name}: {}", found["claims"]);
        assert!(text.contains(&format!("sorn run experiments/papers/{name}.toml --seeds ")), "{name}");
        assert_eq!(table["name"].as_str(), Some(name.as_str()));
    }
}

#[test]
fn branches_of_one_state_have_the_same_random_numbers_and_input() {
    let place = Place::new();
    let phases = ["first", "again", "later", "frozen"];
    let phase = |name: &str, more: &str| {
        format!("[[task.phases]]\nname = \"{name}\"\nsteps = 2000\ninput = \"letters\"\n{more}\n")
    };
    let mut file = String::from("name = \"branches\"\n[task]\nkind = \"dynamics\"\n");
    file += "[task.sources.letters]\nkind = \"random\"\nsymbols = 4\n";
    file += &phase("transient", "");
    file += &phase("first", "");
    file += &phase("again", "from = \"transient\"");
    file += &phase("later", "");
    file += &phase("frozen", "from = \"transient\"\nfreeze = \"all\"");
    for name in phases {
        file += "[[task.measures]]\nkind = \"activity\"\nkeep = true\n";
        file += &format!("name = \"{name}\"\nphases = [\"{name}\"]\n");
    }
    file += "[network]\npreset = \"delpapa2017\"\nne = 100\ninput = { pools = { size = 10 } }\n";
    place.write("branches.toml", &file);
    place.done(&["run", "branches.toml", "--quiet"]);
    let run = place.path("runs/branches/seed-0");
    let kept = |name: &str| {
        let file = fs::read_dir(&run).unwrap().map(|entry| entry.unwrap().path()).find(|path| {
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            file.ends_with(".npy") && file.contains(name)
        });
        fs::read(file.unwrap_or_else(|| panic!("no record of {name}"))).unwrap()
    };
    assert_eq!(kept("first"), kept("again"));
    for other in ["later", "frozen"] {
        assert_ne!(kept("first"), kept(other), "{other}");
    }
    // They begin with the same step: weights change after it.
    assert_eq!(kept("first")[128..130], kept("frozen")[128..130]);
}
