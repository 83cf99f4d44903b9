//! Sequence tasks: run, resume, compare, refusals.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::common::{Place, assert_same, contents, start, stderr};

pub(crate) const COUNTING: &str = r#"
name = "counting"
report = ["of_ceiling", "last_symbol"]
controls = ["static", "without:stdp"]
[vary]
key = "task.n"
values = [4, 6]
[task]
kind = "sequence"
n = 4
[task.source]
kind = "words"
words = ["A B*n C", "D E*n F"]
[[task.phases]]
name = "plastic"
steps = 20000
[[task.phases]]
name = "fit"
role = "fit"
steps = 2000
freeze = "all"
[[task.phases]]
name = "score"
role = "score"
steps = 2000
freeze = "all"
[network]
preset = "counting"
[run]
checkpoint_every = 3000
"#;

fn place() -> Place {
    let place = Place::new();
    place.write("counting.toml", COUNTING);
    place
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key}: {value}"))
}

#[test]
fn one_command_runs_all_arms_and_seeds_and_tests_the_controls() {
    let place = place();
    let arguments = ["run", "counting.toml", "--seeds", "0..4", "--controls", "all", "--json"];
    let table: Value = serde_json::from_str(&place.done(&arguments)).unwrap();
    let arms = table["arms"].as_array().unwrap();
    let labels: Vec<&str> = arms.iter().map(|arm| arm["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["n-4", "n-4-static", "n-4-without-stdp", "n-6", "n-6-static", "n-6-without-stdp"]);
    let median = |arm: usize, score: &str| number(&arms[arm]["spreads"][score], "median");
    for (experiment, without) in [(0, 2), (3, 5)] {
        assert!(median(experiment, "of_ceiling") > 0.99 && median(experiment, "last_symbol") > 0.95);
        assert!(median(without, "last_symbol") < median(experiment, "last_symbol") - 0.1);
        assert!(number(&arms[without]["p"], "last_symbol") < 0.05);
    }
    // Four seeds each, in directories of their own, with a summary that names its scores.
    let summary = fs::read_to_string(place.path("runs/counting/n-6-static/seed-3/summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!((summary["control"].as_str(), summary["seed"].as_u64()), (Some("static"), Some(3)));
    let scores = &summary["scores"];
    assert!(
        ["accuracy", "of_ceiling", "last_symbol", "symbol_reader"].iter().all(|k| scores[*k].is_number())
    );
    // Resuming a finished task and comparing give the same table, and another run of the same name is refused.
    let compared: Value = serde_json::from_str(&place.done(&["compare", "runs/counting", "--json"])).unwrap();
    assert_eq!(compared, Value::Array(vec![table.clone()]));
    let resumed: Value = serde_json::from_str(&place.done(&["resume", "runs/counting", "--json"])).unwrap();
    assert_eq!(resumed, table);
    let markdown = place.done(&["compare", "--markdown", "runs/counting"]);
    assert!(
        markdown.starts_with("| arm | of_ceiling | last_symbol | p of last_symbol |\n|---|"),
        "{markdown}"
    );
    assert_eq!(markdown.lines().count(), 8);
    assert!(place.fails(2, &["run", "counting.toml"]).contains("sorn resume"));
}

#[test]
fn killed_at_any_moment_a_sequence_task_resumes_to_the_same_bits_on_any_number_of_threads() {
    let place = place();
    let arguments = ["run", "counting.toml", "--seeds", "5,7", "--controls", "rewired", "--out"];
    place.done(&[&arguments[..], &["whole", "--threads", "2"]].concat());
    let mut kills = 0;
    for trial in 1..=4_u64 {
        let out = format!("killed-{trial}");
        let dir = format!("{out}/counting");
        for round in 1.. {
            let begun = place.path(&dir).join("seeds.json").exists();
            let begin = [&arguments[..], &[out.as_str(), "--threads", "1"]].concat();
            let go_on = ["resume", dir.as_str()];
            let mut child = start(&place, if begun { &go_on } else { &begin });
            if round < 20 {
                sleep(Duration::from_millis(37 * (trial + round) * (trial + 2 * round) % 400));
                child.kill().unwrap();
            }
            let output = child.wait_with_output().unwrap();
            if output.status.success() {
                break;
            }
            assert_eq!(output.status.code(), None, "{}", stderr(&output));
            kills += 1;
        }
        assert_same(&place.path("whole/counting"), &place.path(&dir));
    }
    assert!(kills >= 1, "every process ended before it was killed");
}

/// The shape of the array `name` in an NPZ file whose arrays are not compressed.
fn shape(npz: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(npz);
    let at = text.find(&format!("{name}.npy")).unwrap_or_else(|| panic!("no {name}"));
    text[at..].split("'shape': (").nth(1).unwrap().split(')').next().unwrap().to_string()
}

#[test]
fn probes_of_a_task_are_whole_after_kills_and_change_nothing() {
    let place = place();
    let record = "[record]\nprobes = [\"TE:100\", \"ExcitatoryActivation\", \"TI:7\"]\nphases = [\"plastic\", \"score\"]\n";
    place
        .write("recorded.toml", &(COUNTING.replace("\"counting\"\nreport", "\"recorded\"\nreport") + record));
    let arguments = ["run", "recorded.toml", "--set", "task.n=6", "--out"];
    place.done(&[&arguments[..], &["whole"]].concat());
    let whole = contents(&place.path("whole/recorded/seed-0"));
    assert!(!whole.keys().any(|name| name.starts_with("probes/")), "{:?}", whole.keys());
    let probes = &whole["probes.npz"];
    assert_eq!(shape(probes, "TE"), "220, 200");
    assert_eq!(shape(probes, "TE_steps"), "220,");
    // 22,000 to 24,000 has 286 multiples of 7.
    assert_eq!(shape(probes, "TI"), "3143, 40");
    assert_eq!(shape(probes, "ExcitatoryActivation"), "22000, 200");
    // Figures of the network, of what was recorded and of the organised weights.
    let run = "whole/recorded/seed-0";
    for kind in [
        "raster",
        "activity",
        "firing-rates",
        "intervals",
        "thresholds",
        "rates",
        "weights",
        "weights-before",
    ] {
        let told = place.done(&["plot", run, kind]);
        assert!(told.ends_with(&format!("{kind}.svg\n")), "{told}");
        assert!(place.path(&format!("{run}/figures/{kind}.png")).exists(), "{kind}");
    }
    let told = place.fails(2, &["plot", run, "connections"]);
    assert!(told.contains("EEConnectionCounts was not recorded; put record.probes"), "{told}");
    let told = place.fails(2, &["plot", run, "learning-curve"]);
    assert!(told.contains("expected the directory of an agent's run, found a run of a task"), "{told}");
    let told = place.fails(2, &["plot", run, "scores"]);
    assert!(told.contains("expected the directory of a task, of all its arms and seeds"), "{told}");
    let told = place.fails(2, &["plot", "whole/recorded", "raster"]);
    assert!(told.contains("figures of a network want a run"), "{told}");
    fs::remove_dir_all(place.path(&format!("{run}/figures"))).unwrap();
    place.done(&["run", "counting.toml", "--set", "task.n=6", "--out", "bare"]);
    let scores = |dir: &str| {
        let summary: Value =
            serde_json::from_slice(&fs::read(place.path(&format!("{dir}/seed-0/summary.json"))).unwrap())
                .unwrap();
        summary["scores"].clone()
    };
    assert_eq!(scores("whole/recorded"), scores("bare/counting"));
    let mut kills = 0;
    for round in 1.. {
        let begun = place.path("killed/recorded/seed-0/config.toml").exists();
        let begin = [&arguments[..], &["killed"]].concat();
        let mut child = start(&place, if begun { &["resume", "killed/recorded"] } else { &begin });
        if round < 12 {
            sleep(Duration::from_millis(40 * round));
            child.kill().unwrap();
        }
        if child.wait_with_output().unwrap().status.success() {
            break;
        }
        kills += 1;
    }
    assert!(kills >= 1, "every process ended before it was killed");
    assert_same(&place.path("whole/recorded"), &place.path("killed/recorded"));
}

#[test]
fn what_cannot_be_recorded_of_a_task_is_named() {
    let place = place();
    for (set, expected) in [
        (
            "record.phases=[\"plastik\"]",
            "record.phases: expected phases (plastic, fit, score), found \"plastik\"",
        ),
        ("record.phases=[\"fit\"]", "record.phases: expected none without record.probes"),
        ("record.probes=[\"TE\",\"TE:5\"]", "record.probes: TE is named twice"),
        ("record.probes=[\"TT\"]", "record.probes"),
        ("record.parquet=true", "unknown"),
    ] {
        let told = place.fails(2, &["run", "counting.toml", "--set", set]);
        assert!(told.contains(expected), "{set}: {told}");
    }
}

#[test]
fn an_override_of_the_axis_leaves_one_arm_with_its_seeds_in_it() {
    let place = place();
    let text = place.done(&["run", "counting.toml", "--set", "task.n=5"]);
    assert!(text.starts_with("arm                   of_ceiling"), "{text}");
    let summary = fs::read_to_string(place.path("runs/counting/seed-0/summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert!((number(&summary["scores"], "ceiling") - (1.0 - 0.5 / 7.0)).abs() < 1e-12);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let place = place();
    for (from, to, expected) in [
        ("B*n C", "B*x C", "wrong.toml:13: task.source.words[0]: expected symbols"),
        ("steps = 20000", "steps = 0", "task.phases[0].steps: expected at least 1, found 0"),
        ("role = \"fit\"", "role = \"fti\"", "task.phases[1].role: "),
        ("preset = \"counting\"", "preset = \"countin\"", "network.preset: "),
        ("preset = \"counting\"", "nee = 3", "network.nee: unknown key; did you mean `ne`?"),
        ("preset = \"counting\"", "nu = 9", "network.nu: expected 6 (the source's), found 9"),
        ("kind = \"sequence\"", "kind = \"sequence\"\nlag = 3", "task.lag: unknown key"),
        ("\"static\",", "\"statik\",", "expected static, none, rewired or without:RULE"),
        ("values = [4, 6]", "values = [4, 0]", "task.source.words[0]: expected symbols"),
    ] {
        assert!(COUNTING.contains(from));
        place.write("wrong.toml", &COUNTING.replace(from, to));
        let text = place.fails(2, &["run", "wrong.toml"]);
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let text = place.fails(2, &["run", "counting.toml", "--controls", "statik"]);
    assert!(text.contains("--controls: ") && text.contains("without:RULE"), "{text}");
    let text = place.fails(2, &["run", "quick.toml", "--controls", "without:stdp"]);
    assert!(text.contains("--controls: expected all, or some of static, none"), "{text}");
}

#[test]
fn what_a_network_generates_is_kept() {
    let place = place();
    let generate = "[[task.phases]]\nname = \"speak\"\nrole = \"generate\"\nsteps = 60\n[network]";
    place.write("speaking.toml", &COUNTING.replacen("[network]", generate, 1));
    place.done(&["run", "speaking.toml", "--set", "task.n=2", "--seed", "1"]);
    let said = fs::read_to_string(place.path("runs/counting/seed-1/generated.txt")).unwrap();
    assert_eq!(said.trim_end().len(), 60, "{said}");
    // Words, as they were heard.
    assert!(said.contains("ABBC") || said.contains("DEEF"), "{said}");
}

#[test]
fn scores_are_drawn_over_the_key_that_varies_and_over_lags() {
    let place = place();
    place.done(&["run", "counting.toml", "--seeds", "0..2", "--controls", "static", "--quiet"]);
    place.done(&["plot", "runs/counting", "scores"]);
    let svg = fs::read_to_string(place.path("runs/counting/figures/scores.svg")).unwrap();
    assert!(svg.contains("median and quartiles of last_symbol") && svg.contains("static"), "{svg}");
    place.done(&["report", "runs/counting"]);
    let page = fs::read_to_string(place.path("runs/counting/report.html")).unwrap();
    assert!(page.contains("median and quartiles of last_symbol"));
    assert!(
        place
            .fails(2, &["plot", "runs/counting", "memory-curve"])
            .contains("expected scores by lag, such as lag_1, found none")
    );
    assert!(
        place
            .fails(2, &["plot", "runs/counting", "raster"])
            .contains("expected one of scores, memory-curve, found raster")
    );
    let recall = ["--set", "task.target=recall", "--set", "task.lags=[0,1,2]", "--set", "task.n=4", "--set"];
    let arguments = [&["run", "counting.toml"][..], &recall, &["report=[]", "--out", "recall", "--quiet"]];
    place.done(&arguments.concat());
    place.done(&["plot", "recall/counting", "memory-curve"]);
    assert!(
        place
            .fails(2, &["plot", "recall/counting", "scores"])
            .contains("expected a key that varies ([vary]), found none")
    );
}

#[test]
fn arms_of_any_values_stay_in_the_directory_of_the_task() {
    let place = place();
    let file = |key: &str, values: &str| {
        let text = COUNTING.replace("key = \"task.n\"", &format!("key = \"{key}\""));
        let short = text.replace("steps = 20000", "steps = 50").replace("steps = 2000", "steps = 60");
        place.write("vary.toml", &short.replace("values = [4, 6]", &format!("values = {values}")));
    };
    fs::create_dir_all(place.path("in/side")).unwrap();
    for (name, text) in [("story.txt", "abab abba "), ("in/side/a.txt", "aab baa ")] {
        fs::write(place.path(name), text).unwrap();
    }
    file(
        "task.source",
        "[{ kind = \"text\", file = \"in/../story.txt\" }, { kind = \"text\", file = \"in/side/a.txt\" }]",
    );
    let text = fs::read_to_string(place.path("vary.toml")).unwrap();
    let source = "[task.source]\nkind = \"words\"\nwords = [\"A B*n C\", \"D E*n F\"]";
    place.write(
        "vary.toml",
        &text.replace(source, "[task.source]\nkind = \"text\"\nfile = \"story.txt\"").replace("n = 4\n", ""),
    );
    place.done(&["run", "vary.toml", "--quiet"]);
    let arms = fs::read_dir(place.path("runs/counting")).unwrap();
    let names: Vec<String> = arms.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("source-")).count(), 2, "{names:?}");
    assert!(!place.path("story.txt-static").exists());
    for (key, values, expected) in [
        (
            "run.seed",
            "[1, 2]",
            "vary.key: expected a key of the task or the network, found \"run.seed\"; seeds are --seeds",
        ),
        ("name", "[\"a\", \"b\"]", "vary.key: expected a key of the task or the network"),
        ("network.eta_ip", "[0.001, 0.0010]", "vary.values: expected each value once, found 0.001 twice"),
    ] {
        file(key, values);
        assert!(place.fails(2, &["run", "vary.toml", "--out", "wrong"]).contains(expected), "{key}");
    }
    assert!(!place.path("wrong").exists());
}

#[test]
fn scores_that_no_run_has_are_told_of_reports_and_claims() {
    let place = place();
    let claim = "[[claim]]\ntext = \"it helps\"\nscore = \"memry\"\narm = \"n-4\"\nrelation = \"greater\"\nthan = 0.5\n[vary]";
    let text = COUNTING.replacen("[vary]", claim, 1).replace("steps = 20000", "steps = 50");
    place.write("claims.toml", &text);
    let told = place.done(&["run", "claims.toml", "--quiet"]);
    assert!(told.contains("claim[0].score: expected some of") && told.contains("found \"memry\""), "{told}");
    place.write("claims.toml", &text.replace("role = \"score\"", "role = \"organise\""));
    let told = place.done(&["run", "claims.toml", "--quiet", "--out", "silent"]);
    assert!(
        told.contains("report: expected phases that give scores, found none for \"of_ceiling\""),
        "{told}"
    );
}

#[test]
fn seeds_and_controls_are_added_to_what_is_there() {
    let place = place();
    let short = ["--set", "task.phases.plastic.steps=300", "--quiet"];
    fn run<'a>(more: &[&'a str]) -> Vec<&'a str> {
        [&["run", "counting.toml", "--set", "task.phases.plastic.steps=300", "--quiet"][..], more].concat()
    }
    place.done(&run(&["--seeds", "0..2", "--controls", "static"]));
    let before = contents(&place.path("runs/counting/n-4/seed-1"));
    let table: Value =
        serde_json::from_str(&place.done(&run(&["--seeds", "1..4", "--controls", "all", "--json"]))).unwrap();
    assert_eq!(table["seeds"], serde_json::json!([0, 1, 2, 3]));
    assert_eq!(table["arms"][2]["scores"]["accuracy"].as_array().unwrap().len(), 4);
    assert_eq!(before, contents(&place.path("runs/counting/n-4/seed-1")));
    // The same as if all had been run at once.
    place.done(&run(&["--seeds", "0..4", "--controls", "all", "--out", "once"]));
    for name in ["n-4/seed-3", "n-6-without-stdp/seed-0"] {
        let scores = |out: &str| -> Value {
            let text =
                fs::read_to_string(place.path(&format!("{out}/counting/{name}/summary.json"))).unwrap();
            serde_json::from_str::<Value>(&text).unwrap()["scores"].clone()
        };
        assert_eq!(scores("runs"), scores("once"), "{name}");
    }
    let other = ["run", "counting.toml", "--seeds", "0..5", "--set", "network.ne=100"];
    let text = place.fails(2, &other);
    assert!(text.contains("holds another experiment (") && text.contains("is now"), "{text}");
    let one = ["run", "counting.toml", "--set", "task.n=4", "--quiet", "--out", "one"];
    place.done(&[&one[..], &short[..2], &["--seeds", "0..2"]].concat());
    let text =
        place.fails(2, &[&one[..], &short[..2], &["--seeds", "0..3", "--controls", "static"]].concat());
    assert!(text.contains("holds one arm, to which no controls can be added"), "{text}");
}

#[test]
fn what_many_runs_warn_of_alike_is_written_once() {
    let place = place();
    let dead = [
        "run",
        "counting.toml",
        "--seeds",
        "0..3",
        "--set",
        "network.te_min=2.0",
        "--set",
        "network.te_max=2.0",
    ];
    let silent = ["--set", "network.eta_ip=0.0", "--set", "network.input_gain=0.0", "--quiet"];
    let told = stderr(&place.output(&[&dead[..], &silent].concat()));
    assert_eq!(told.matches("no excitatory neuron has fired").count(), 1, "{told}");
}
