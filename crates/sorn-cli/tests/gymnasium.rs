//! Python's environments from the command line. `cargo xtask test --only bridge` sets the interpreter.

#[path = "cli/common.rs"]
mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{Place, QUICK, assert_same, stderr};

/// The interpreter that has the peers installed.
fn python() -> PathBuf {
    std::env::var_os("SORN_TEST_PYTHON").expect("SORN_TEST_PYTHON").into()
}

/// The quick experiment in another environment: `env` replaces what the file says of it.
fn place(env: &str) -> Place {
    let place = Place::new();
    place.write("quick.toml", &QUICK.replace("id = \"CartPole-v1\"", env));
    place
}

fn sorn(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.sorn(arguments);
    // `peers.odd_envs` is found below it.
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    command.env("SORN_PYTHON", python()).env("PYTHONPATH", peers).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn output(place: &Place, arguments: &[&str], code: i32) -> Output {
    let output = sorn(place, arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
    output
}

fn stdout(place: &Place, arguments: &[&str]) -> String {
    String::from_utf8(output(place, arguments, 0).stdout).unwrap()
}

/// From an experiment file: observations and actions of every kind, every encoder, learner and plasticity that takes them.
#[test]
fn spaces_of_every_kind_are_learnt() {
    let place = Place::new();
    place.write(
        "told.toml",
        "name = \"told\"\n[env]\nid = \"peers.odd_envs:Told-v0\"\n[agent.reservoir.params]\nne = 100\n[agent.learner]\n\
         kind = \"actor_critic\"\nactor_step = 0.1\ngamma = 0.0\n[run]\nepisodes = 200\nwindow = 20\nthreshold = 29.0\n\
         [eval]\nepisodes = 10\n",
    );
    let pools = "agent.reservoir.params.input={pools={size=5}}";
    let discrete = "env.kwargs.actions=discrete";
    for (number, sets) in [
        vec!["env.kwargs.observations=dict"],
        vec!["env.kwargs.observations=tuple"],
        vec!["env.kwargs.observations=multi_discrete", "env.kwargs.actions=multi_binary"],
        vec!["env.kwargs.observations=discrete", "env.kwargs.actions=box", "run.episodes=400"],
        vec!["agent.encoder={kind=\"thermometer\",cells=4}", "agent.reservoir.params.nu=17", pools],
        vec!["agent.encoder={kind=\"gaussian_population\",cells=4}", "agent.reservoir.params.nu=17", pools],
        vec!["agent.encoder={kind=\"raw\",gain=2.0}", "agent.reservoir.params.nu=11", pools],
        vec![
            "env.kwargs.observations=multi_discrete",
            "agent.encoder={kind=\"one_hot\",gain=2.0}",
            "agent.reservoir.params.nu=5",
            pools,
        ],
        vec!["agent.plasticity={mode=\"alternating\",on=200,off=400}"],
        vec![
            "agent.plasticity={mode=\"always\",freeze=[\"stdp\"]}",
            "agent.reservoir.steps_per_observation=3",
        ],
        vec!["agent.learner={kind=\"reinforce\",gamma=0.0}"],
        vec![discrete, "agent.learner={kind=\"sarsa\",gamma=0.0}"],
        vec![discrete, "agent.learner={kind=\"q_lambda\",gamma=0.0}"],
        vec![discrete, "agent.learner={kind=\"true_online_sarsa\",gamma=0.0}"],
        vec![discrete, "agent.learner={kind=\"rm_sorn\"}"],
        vec!["agent.learner={kind=\"ars\"}", "run.episodes=400"],
        vec![
            "agent.normalization={observation=true,reward=true,gamma=0.0}",
            "run.num_envs=4",
            "agent.reservoir.kind=static",
        ],
    ]
    .into_iter()
    .enumerate()
    {
        let out = number.to_string();
        let mut arguments = vec!["run", "told.toml", "--out", &out];
        sets.iter().for_each(|set| arguments.extend(["--set", set]));
        stdout(&place, &arguments);
        let dir = format!("{out}/told/seed-0");
        let summary = std::fs::read_to_string(place.path(&format!("{dir}/summary.json"))).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        assert_eq!(summary["solved"], true, "{sets:?}: {summary}");
        // The loaded agent is judged as the one that was trained.
        let eval: serde_json::Value =
            serde_json::from_str(&stdout(&place, &["eval", &dir, "--json"])).unwrap();
        assert_eq!(eval, summary["eval"], "{sets:?}");
        assert!(summary["eval"]["mean"].as_f64().unwrap() > 27.0, "{sets:?}: {summary}");
    }
}

/// Several environments of Python's in one interpreter train what several of ours do, and go on from a checkpoint.
#[test]
fn a_run_in_several_of_pythons_cartpoles_is_one_in_several_of_ours() {
    let theirs = place("id = \"gymnasium:CartPole-v1\"");
    let ours = place("id = \"CartPole-v1\"");
    let sets = ["--set", "run.num_envs=3", "--set", "agent.plasticity.steps=100"];
    let lines = |place: &Place, dir: &str| {
        let text = std::fs::read_to_string(place.path(&format!("{dir}/metrics.jsonl"))).unwrap();
        let read = |line: &str| -> Vec<serde_json::Value> {
            let json: serde_json::Value = serde_json::from_str(line).unwrap();
            ["episode", "env_steps", "return", "length", "env", "begun"].map(|key| json[key].clone()).into()
        };
        text.lines().map(read).collect::<Vec<_>>()
    };
    let dir = "runs/quick/seed-0";
    for place in [&theirs, &ours] {
        stdout(place, &[&["run", "quick.toml"], &sets[..]].concat());
    }
    assert_eq!(lines(&theirs, dir).len(), 30);
    assert_eq!(lines(&theirs, dir), lines(&ours, dir));

    stdout(&theirs, &[&["run", "quick.toml", "--out", "cut"], &sets[..]].concat());
    let names = std::fs::read_dir(theirs.path("cut/quick/seed-0/checkpoints")).unwrap();
    let number = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().into_string().unwrap()[8..14].parse::<u64>().unwrap()
    };
    theirs.cut("cut/quick/seed-0", names.map(number).min().unwrap());
    stdout(&theirs, &["resume", "cut/quick/seed-0"]);
    assert_same(&theirs.path("runs/quick"), &theirs.path("cut/quick"));

    let statistics = "env.wrappers=[{kind=\"gymnasium.wrappers:NormalizeObservation\"}]";
    let refused =
        output(&theirs, &[&["run", "quick.toml", "--out", "no", "--set", statistics], &sets[..]].concat(), 2);
    assert!(stderr(&refused).contains("run.num_envs = 3: an environment that keeps statistics"));
}

/// What is trained in Python's CartPole is what is trained in ours, name and wall time apart.
#[test]
fn a_run_in_pythons_cartpole_is_one_in_ours() {
    let theirs = place("id = \"gymnasium:CartPole-v1\"");
    let ours = place("id = \"CartPole-v1\"");
    let last = stdout(&theirs, &["run", "quick.toml", "--seed", "3"]);
    assert!(last.contains("gymnasium:CartPole-v1 "), "{last}");
    stdout(&ours, &["run", "quick.toml", "--seed", "3"]);
    let lines = |place: &Place| {
        let text = std::fs::read_to_string(place.path("runs/quick/seed-3/metrics.jsonl")).unwrap();
        let read = |line: &str| -> Vec<serde_json::Value> {
            let json: serde_json::Value = serde_json::from_str(line).unwrap();
            ["episode", "env_steps", "return", "length"].map(|key| json[key].clone()).into()
        };
        text.lines().map(read).collect::<Vec<_>>()
    };
    assert_eq!(lines(&theirs).len(), 30);
    assert_eq!(lines(&theirs), lines(&ours));
    let evaluation = |place: &Place| stdout(place, &["eval", "runs/quick/seed-3", "--json"]);
    assert_eq!(evaluation(&theirs), evaluation(&ours));
}

/// With statistics that outlive episodes, Python's and ours.
#[test]
fn a_stopped_run_goes_on_to_the_same_bits() {
    let place = place(
        "id = \"gymnasium:CartPole-v1\"\n\
         wrappers = [{ kind = \"gymnasium.wrappers:NormalizeObservation\" }, \
         { kind = \"gymnasium.wrappers:NormalizeReward\", kwargs = { gamma = 0.9 } }, { kind = \"normalize_observation\" }]",
    );
    for out in ["whole", "cut"] {
        stdout(&place, &["run", "quick.toml", "--out", out]);
    }
    place.cut("cut/quick/seed-0", 24);
    stdout(&place, &["resume", "cut/quick/seed-0"]);
    assert_same(&place.path("whole/quick"), &place.path("cut/quick"));
    let eval: serde_json::Value =
        serde_json::from_str(&stdout(&place, &["eval", "whole/quick/seed-0", "--json"])).unwrap();
    let summary = std::fs::read_to_string(place.path("whole/quick/seed-0/summary.json")).unwrap();
    assert_eq!(eval, serde_json::from_str::<serde_json::Value>(&summary).unwrap()["eval"]);
}

/// The quick experiment in an environment that fails after ten sound episodes.
fn faulty_place(fault: &str, more: &str) -> Place {
    let place = place(&format!(
        "id = \"peers.odd_envs:Faulty-v0\"\nkwargs = {{ fault = \"{fault}\", sound_episodes = 10{more} }}"
    ));
    let file = std::fs::read_to_string(place.path("quick.toml")).unwrap();
    place.write("quick.toml", &file.replace("scale = [1.0, 1.0, 0.1, 1.0]", "scale = [1.0, 1.0]"));
    place
}

/// Told with environment, episode, step and seed; what was done before stays.
#[test]
fn a_fault_in_python_ends_the_run_and_leaves_what_was_saved() {
    for (fault, step, reason) in [
        ("raise", 2, "step raised RuntimeError: sensor 7 failed\nTraceback"),
        ("shape", 2, "expected an array of shape (2,) and type float32, found ndarray of shape (3,)"),
        ("text", 2, "type float32, found ndarray of shape (2,) and type <U1"),
        ("kind", 2, "type float32, found dict {'x': 1.0}"),
        ("nan", 2, "NaN"),
        ("reward", 2, "expected a number as reward, found str 'much'"),
        ("refuse", 2, "AssertionError: action"),
        ("reset", 0, "reset raised OSError: the cable is loose"),
    ] {
        let place = faulty_place(fault, "");
        let text = stderr(&output(&place, &["run", "quick.toml"], 1));
        let begin =
            format!("error: seed 0: peers.odd_envs:Faulty-v0: episode 10, step {step} (environment seed ");
        let told = text.find(&begin).unwrap_or_else(|| panic!("{fault}: {text}"));
        assert!(text[told..].contains(reason), "{fault}: {text}");
        assert!(text.contains("what was saved stays; resume it with: "), "{text}");
        let dir = place.path("runs/quick/seed-0");
        let metrics = std::fs::read_to_string(dir.join("metrics.jsonl")).unwrap();
        assert_eq!(metrics.lines().count(), 10, "{fault}");
        assert!(dir.join("checkpoints/episode-000008.safetensors").exists(), "{fault}");
        assert!(!dir.join("summary.json").exists());
        let eval = stdout(&place, &["eval", "runs/quick/seed-0", "--episodes", "1", "--json"]);
        assert!(eval.contains("\"episodes\": 1"), "{eval}");
    }
}

/// Neither Python's way out nor C's is taken for success, and what was saved stays.
#[test]
#[cfg(unix)]
fn an_environment_that_ends_the_process_is_named() {
    for (fault, how) in [("exit", "os._exit(0)"), ("c_exit", "exit()")] {
        let place = faulty_place(fault, "");
        let text = stderr(&output(&place, &["run", "quick.toml"], 1));
        let told = format!("error: peers.odd_envs:Faulty-v0: step ended the process: {how}\n");
        assert!(text.contains(&told), "{fault}: {text}");
        let dir = place.path("runs/quick/seed-0");
        assert_eq!(std::fs::read_to_string(dir.join("metrics.jsonl")).unwrap().lines().count(), 10);
        assert!(
            dir.join("checkpoints/episode-000008.safetensors").exists() && !dir.join("summary.json").exists()
        );
        output(&place, &["check", "peers.odd_envs:Faulty-v0", "--kwarg", &format!("fault={fault}")], 1);
    }
}

/// A child that an environment forks holds the parent's files, its lock too.
#[test]
#[cfg(unix)]
fn a_child_that_returns_from_a_step_writes_nothing() {
    let forked = faulty_place("fork", "");
    let text = stderr(&output(&forked, &["run", "quick.toml", "--set", "run.episodes=12"], 0));
    let told = "warning: peers.odd_envs:Faulty-v0: step forked this process and returned in the child too, which ends here\n";
    assert!(text.contains(told), "{text}");
    let sound = faulty_place("", "");
    stdout(&sound, &["run", "quick.toml", "--set", "run.episodes=12"]);
    let metrics = |place: &Place| {
        let text = std::fs::read_to_string(place.path("runs/quick/seed-0/metrics.jsonl")).unwrap();
        text.lines().map(|line| line.split("\"wall_secs\"").next().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(metrics(&forked), metrics(&sound));
    assert_eq!(metrics(&forked).len(), 12);
}

#[test]
fn a_run_directory_that_vanishes_is_named() {
    let place = faulty_place("rmtree", "");
    let text = stderr(&output(&place, &["run", "quick.toml"], 1));
    let told = "runs/quick/seed-0: gone; something removed it while the run was writing it";
    assert!(text.contains(told) && !text.contains("what was saved stays"), "{text}");
    assert!(!place.path("runs/quick/seed-0").exists());
}

/// Numbers that JSON has not, through the run's own file, its checkpoints and its agent's file.
#[test]
fn infinite_arguments_survive_a_run() {
    let place = place(
        "id = \"peers.odd_envs:Keyed-v0\"\nkwargs = { range = [0.7, inf], nan = nan }\n\
         wrappers = [{ kind = \"gymnasium.wrappers:ClipReward\", kwargs = { min_reward = -inf, max_reward = 1.0 } }, \
         { kind = \"clip_reward\", min = -inf, max = 2.0 }]",
    );
    let file = std::fs::read_to_string(place.path("quick.toml")).unwrap();
    place.write("quick.toml", &file.replace("scale = [1.0, 1.0, 0.1, 1.0]", "scale = 10"));
    for out in ["whole", "cut"] {
        stdout(&place, &["run", "quick.toml", "--out", out]);
    }
    let config = std::fs::read_to_string(place.path("whole/quick/seed-0/config.toml")).unwrap();
    for part in ["range = [0.7, inf]", "nan = nan", "min_reward = -inf", "min = -inf"] {
        assert!(config.contains(part), "{part}: {config}");
    }
    place.cut("cut/quick/seed-0", 24);
    stdout(&place, &["resume", "cut/quick/seed-0"]);
    assert_same(&place.path("whole/quick"), &place.path("cut/quick"));
    stdout(&place, &["run", "whole/quick/seed-0/config.toml", "--out", "again"]);
    assert_same(&place.path("whole/quick"), &place.path("again/quick"));
    stdout(&place, &["export", "whole/quick/seed-0", "--out", "agent.safetensors"]);
    stdout(&place, &["eval", "agent.safetensors", "--episodes", "2"]);
}

#[test]
fn members_of_observations_are_chosen_in_a_file() {
    let place = Place::new();
    let text = |observe: &str| {
        format!(
            "name = \"mission\"\n[env]\nid = \"peers.odd_envs:Mission-v0\"\n{observe}\n[agent.encoder]\n\
             kind = \"random_projection\"\nscale = 10.0\n[agent.reservoir.params]\nne = 60\n[run]\nepisodes = 4\n[eval]\n\
             episodes = 2\n"
        )
    };
    place.write("bare.toml", &text(""));
    let refused = stderr(&output(&place, &["run", "bare.toml"], 2));
    assert!(refused.contains("leave it out by observe = [\"direction\", \"image\"]"), "{refused}");
    place.write("some.toml", &text("observe = [\"image\", \"direction\"]"));
    stdout(&place, &["run", "some.toml"]);
    let shown = stdout(&place, &["envs", "some.toml"]);
    assert!(shown.contains("Dict('direction': Discrete(4), 'image': Box(0, 255, (2, 2), uint8))"), "{shown}");
    place.write("wrong.toml", &text("observe = [\"picture\"]"));
    let refused = stderr(&output(&place, &["run", "wrong.toml"], 2));
    assert!(
        refused.contains("observe: expected names among [\"direction\", \"image\", \"mission\"]"),
        "{refused}"
    );
}

/// Some environments look at the mode for pictures only while they are made, others have no pictures though they say so.
#[test]
fn films_are_of_environments_made_for_them() {
    for (id, films) in [("Drawn", true), ("Undrawn", false)] {
        let place = place(&format!("id = \"peers.odd_envs:{id}-v0\""));
        let file = std::fs::read_to_string(place.path("quick.toml")).unwrap();
        place.write("quick.toml", &file.replace("scale = [1.0, 1.0, 0.1, 1.0]", "scale = 1.0"));
        stdout(&place, &["run", "quick.toml", "--set", "run.episodes=2"]);
        let film = ["eval", "runs/quick/seed-0", "--episodes", "1", "--gif", "a.gif"];
        if films {
            stdout(&place, &film);
            assert!(place.path("a.gif").exists());
        } else {
            let text = stderr(&output(&place, &film, 2));
            assert!(
                text.ends_with(
                    "error: a.gif: cannot be filmed: peers.odd_envs:Undrawn-v0 draws no pictures\n"
                ),
                "{text}"
            );
        }
    }
}

/// The run that a loose cable ended is, once it is plugged in again, the run that never failed.
#[test]
fn a_run_goes_on_when_the_fault_is_gone() {
    for fault in ["raise", "nan", "reset"] {
        let place = faulty_place(fault, ", while_exists = \"loose\"");
        stdout(&place, &["run", "quick.toml", "--out", "sound"]);
        place.write("loose", "");
        stderr(&output(&place, &["run", "quick.toml", "--out", "mended"], 1));
        // Another interpreter, another ten sound episodes after the checkpoint of the eighth.
        let again = stderr(&output(&place, &["resume", "mended/quick/seed-0"], 1));
        assert!(again.contains("peers.odd_envs:Faulty-v0: episode 18, "), "{again}");
        std::fs::remove_file(place.path("loose")).unwrap();
        stdout(&place, &["resume", "mended/quick/seed-0"]);
        assert_same(&place.path("sound/quick"), &place.path("mended/quick"));
    }
}

#[test]
fn the_doctor_tells_which_python() {
    let text = stdout(&Place::new(), &["doctor"]);
    let row = |name: &str| {
        let line =
            text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {text}"));
        line[name.len()..].trim().to_string()
    };
    let ask = |code: &str| {
        let output = Command::new(python()).args(["-c", code]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_string()
    };
    assert_eq!(row("prefix"), ask("import sys; print(sys.prefix)"));
    assert_eq!(row("interpreter"), ask("import sys; print(sys.executable)"));
    assert_eq!(row("python"), ask("import platform; print(platform.python_version())"));
    assert_eq!(row("gymnasium"), ask("import gymnasium; print(gymnasium.__version__)"));
    assert_eq!(row("numpy"), ask("import numpy; print(numpy.__version__)"));
}

#[test]
fn an_experiment_on_an_environment_of_pythons_is_begun() {
    let place = Place::new();
    stdout(&place, &["new", "experiment", "swing", "--env", "gymnasium:Acrobot-v1"]);
    let text = std::fs::read_to_string(place.path("swing.toml")).unwrap();
    assert!(
        text.contains("id = \"gymnasium:Acrobot-v1\"")
            && text.contains("# `sorn envs gymnasium:Acrobot-v1` shows it\n")
            && text.contains("the environment's own, -100.0"),
        "{text}"
    );
    let run = ["run", "swing.toml", "--set", "run.episodes=1", "--set", "eval.episodes=1"];
    assert!(stdout(&place, &run).contains("gymnasium:Acrobot-v1 not solved in 1 episode;"));
}

#[test]
fn an_environment_of_pythons_is_checked() {
    let text = stdout(&Place::new(), &["check", "gymnasium:Pendulum-v1", "--kwarg", "g=9.81"]);
    assert!(text.contains("gymnasium:Pendulum-v1 keeps the contract"), "{text}");
    for fault in ["reward", "rewards", "terminated_none"] {
        let fault = format!("fault={fault}");
        let failed = output(&Place::new(), &["check", "peers.odd_envs:Faulty-v0", "--kwarg", &fault], 1);
        let text = String::from_utf8(failed.stdout).unwrap();
        assert!(text.contains("warning: step: the environment failed at seed 0, step 2: "), "{text}");
        assert!(
            text.contains("peers.odd_envs:Faulty-v0 fails, so whether it keeps the contract is not known "),
            "{text}"
        );
        assert!(text.contains("(16 steps in 8 episodes, of which 8 ended with a failure)"), "{text}");
    }
    let wrong = stderr(&output(&Place::new(), &["check", "gymnasium:NoSuchThing-v0"], 2));
    assert!(wrong.contains("NameNotFound") && wrong.contains("NoSuchThing"), "{wrong}");
}

/// As one of ours is: by its place in the file.
#[test]
fn a_wrong_wrapper_of_pythons_is_told_with_its_place() {
    let place = place("id = \"gymnasium:CartPole-v1\"");
    let wrappers = "env.wrappers=[{ kind = \"gymnasium.wrappers:RecordEpisodeStatistics\" }, \
                    { kind = \"gymnasium.wrappers:TransformReward\", kwargs = { function = 1 } }]";
    let text = stderr(&output(&place, &["run", "quick.toml", "--set", wrappers], 2));
    let told = "env.wrappers[1]: gymnasium.wrappers:TransformReward: kwargs: ";
    assert!(text.starts_with(&format!("error: --set {wrappers}: {told}")), "{text}");
    assert!(text.trim_end().ends_with("(expected one of func)"), "{text}");
}

#[test]
fn what_draws_nothing_is_not_filmed() {
    let place = place("id = \"peers.odd_envs:Talkative-v0\"\nkwargs = { max_episode_steps = 20 }");
    stdout(&place, &["run", "quick.toml", "--set", "run.episodes=2"]);
    // So many episodes would never end: it is told before the first.
    let film = ["eval", "runs/quick/seed-0", "--gif", "a.gif", "--episodes", "1000000000000"];
    let text = stderr(&output(&place, &film, 2));
    let told = "error: a.gif: cannot be filmed: peers.odd_envs:Talkative-v0 draws no pictures\n";
    assert!(text.ends_with(told), "{text}");
    assert!(!place.path("a.gif").exists() && !place.path("a.gif.tmp").exists());
}

/// What an environment prints goes to the standard error.
#[test]
fn results_stay_json_where_an_environment_prints() {
    let place = place("id = \"peers.odd_envs:Talkative-v0\"\nkwargs = { max_episode_steps = 20 }");
    let parsed = |arguments: &[&str]| -> serde_json::Value {
        let output = output(&place, arguments, 0);
        assert!(stderr(&output).contains("a word to the standard output\n"), "{}", stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let episodes = ["--set", "run.episodes=3"];
    assert_eq!(parsed(&[&["run", "quick.toml", "--json"], &episodes[..]].concat())["episodes"], 3);
    assert_eq!(parsed(&["eval", "runs/quick/seed-0", "--json"])["episodes"], 3);
    let seeds = ["run", "quick.toml", "--seeds", "1..3", "--json"];
    assert_eq!(parsed(&[&seeds, &episodes[..]].concat())["seeds"], serde_json::json!([1, 2]));
}

/// Once a run, of one environment or of several.
#[test]
fn an_observation_outside_of_its_space_is_told_once() {
    for sets in [&[][..], &["--set", "run.num_envs=2"]] {
        let place = faulty_place("outside", "");
        let text = stderr(&output(&place, &[&["run", "quick.toml"], sets].concat(), 0));
        let told: Vec<&str> = text.lines().filter(|line| line.contains("outside of its space")).collect();
        let [told] = told[..] else { panic!("{text}") };
        assert!(told.contains("peers.odd_envs:Faulty-v0: step 3 (environment seed "), "{told}");
        assert!(told.contains("expected Box(-1, 1, (2,), float32), found 1.5 at position 1"), "{told}");
    }
}

#[test]
fn an_environment_of_pythons_is_shown_inside_its_wrappers() {
    let place = place("id = \"gymnasium:CartPole-v1\"");
    let text = stdout(&place, &["envs", "gymnasium:Acrobot-v1"]);
    assert!(text.contains("action space       Discrete(3)\ntime limit         500 steps\n"), "{text}");
    let wrappers = "env.wrappers=[{ kind = \"gymnasium.wrappers:FlattenObservation\" }, \
                    { kind = \"mask_observation\", keep = [2] }]";
    let text = stdout(&place, &["envs", "quick.toml", "--set", wrappers]);
    assert!(text.contains("gymnasium.wrappers:FlattenObservation, mask_observation"), "{text}");
    assert!(text.contains("observation space  Box(-0.41887903, 0.41887903, (1,), float32)"), "{text}");
}
