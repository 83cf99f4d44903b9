//! Every argument of every command, given wrongly: exit code 2, the argument or its file named, nothing written.

use std::collections::BTreeSet;
use std::fs;

use crate::common::{Place, contents};

/// A command line, and what its error must say.
type Case<'a> = (&'a [&'a str], &'a str);

const RUN: [Case<'static>; 27] = [
    (&["run", "gone.toml"], "gone.toml: cannot be read"),
    (&["run", "folder"], "folder: cannot be read"),
    (&["run", "bytes.bin"], "bytes.bin"),
    (&["run", "quick.toml", "--seed", "-1"], "'-1' for '--seed <N>': expected an integer from 0 to "),
    (&["run", "quick.toml", "--seed=-1"], "'-1' for '--seed <N>'"),
    (&["run", "quick.toml", "--seed", "1.5"], "'1.5' for '--seed <N>'"),
    (&["run", "quick.toml", "--seed", "18446744073709551616"], "--seed <N>"),
    (&["run", "quick.toml", "--seed", "9223372036854775808"], "--seed: run.seed: "),
    (&["run", "quick.toml", "--seed"], "--seed <N>"),
    (
        &["run", "quick.toml", "--seeds", "-1..3"],
        "'-1..3' for '--seeds <SEEDS>': expected a non-negative integer",
    ),
    (&["run", "quick.toml", "--seeds", "3..3"], "--seeds <SEEDS>"),
    (&["run", "quick.toml", "--seeds", "1,1"], "seed 1 is named twice"),
    (&["run", "quick.toml", "--seeds", "0..9223372036854775809"], "--seeds <SEEDS>"),
    (&["run", "quick.toml", "--seeds", "9223372036854775808,1"], "--seeds: run.seed: "),
    (&["run", "quick.toml", "--threads", "-1"], "'-1' for '--threads <N>': -1 is not in 1..=1024"),
    (&["run", "quick.toml", "--threads", "many"], "--threads <N>"),
    (&["run", "quick.toml", "--set", "run.episodes"], "--set run.episodes: "),
    (&["run", "quick.toml", "--set", "=1"], "--set =1: "),
    (&["run", "quick.toml", "--set", "run.episodes="], "--set run.episodes=: "),
    (
        &["run", "quick.toml", "--set", "env.id=:X"],
        "env.id: environment \":X\": expected a name, or module:Name",
    ),
    (
        &["run", "quick.toml", "--set", "env.id=X:"],
        "env.id: environment \"X:\": expected a name, or module:Name",
    ),
    (&["run", "quick.toml", "--set", "env.id="], "env.id: "),
    (&["run", "quick.toml", "--controls", "lstm"], "--controls: "),
    (&["run", "quick.toml", "--out", "quick.toml"], "quick.toml: expected a directory, found a file"),
    (&["run", "quick.toml", "--out", "quick.toml/runs"], "quick.toml: expected a directory, found a file"),
    (&["run", "quick.toml", "--out", ""], "--out"),
    (&["run", "quick.toml", "--fast"], "--fast"),
];

const OTHERS: [Case<'static>; 83] = [
    (&["resume", "gone"], "gone: no such directory"),
    (&["resume", "quick.toml"], "quick.toml: expected a directory, found a file"),
    (&["resume", "folder"], "folder: not a run directory"),
    (&["resume", "runs/quick", "--threads", "0"], "--threads <N>"),
    (&["resume", "runs/quick", "--set", "env.id=x"], "env.id: expected run.episodes, run.steps or "),
    (&["plot", "runs/quick", "learning-curve", "--over", "miles"], "--over <"),
    (&["compare", "runs/quick", "--over", "miles"], "--over <"),
    (&["eval", "gone"], "gone: no such directory"),
    (&["eval", "folder"], "folder: not a run directory"),
    (&["eval", "bytes.bin"], "bytes.bin: "),
    (&["eval", "runs/quick/seed-0", "--env", "CartPole-v1"], "--env CartPole-v1: "),
    (&["eval", "runs/quick/seed-0", "--episodes", "0"], "'0' for '--episodes <N>'"),
    (&["eval", "runs/quick/seed-0", "--episodes", "-3"], "'-3' for '--episodes <N>'"),
    (&["eval", "runs/quick/seed-0", "--seed", "-1"], "'-1' for '--seed <N>'"),
    (&["eval", "runs/quick/seed-0", "--gif", "film.png"], "--gif film.png: "),
    (&["eval", "runs/quick/seed-0", "--gif", "gone/film.gif"], "--gif gone/film.gif: "),
    (&["eval", "runs/quick/seed-0", "--gif", "folder.gif"], "--gif folder.gif: "),
    (&["eval", "runs/quick", "--gif", "film.gif"], "--gif "),
    (&["eval", "runs/quick/seed-0", "--spikes"], "--gif <FILE.gif>"),
    (&["export", "gone", "--out", "a.safetensors"], "gone: no such directory"),
    (&["export", "runs/quick", "--out", "a.safetensors"], "runs/quick: holds several runs"),
    (&["export", "runs/quick/seed-0"], "--out <FILE.safetensors>"),
    (&["export", "runs/quick/seed-0", "--out", "folder"], "--out folder: "),
    (&["export", "runs/quick/seed-0", "--out", "gone/a.safetensors"], "--out gone/a.safetensors: "),
    (&["simulate"], "--input FILE.npy or --steps N"),
    (&["simulate", "gone.toml", "--steps", "5"], "gone.toml: cannot be read"),
    (&["simulate", "--steps", "0"], "--steps <N>"),
    (&["simulate", "--steps", "-5"], "'-5' for '--steps <N>'"),
    (&["simulate", "--steps", "5", "--seed", "-1"], "'-1' for '--seed <N>'"),
    (&["simulate", "--steps", "5", "--preset", "lazar"], "--preset"),
    (&["simulate", "--steps", "5", "--preset", ""], "--preset"),
    (&["simulate", "--steps", "5", "--set", "ne"], "--set ne: "),
    (&["simulate", "--steps", "5", "--set", "ne=-4"], "--set ne=-4: ne: "),
    (&["simulate", "--steps", "5", "--set", "nee=4"], "--set nee=4: nee: "),
    (&["simulate", "--steps", "5", "--freeze", "sleep"], "--freeze: "),
    (&["simulate", "--steps", "5", "--freeze", ""], "--freeze"),
    (&["simulate", "--input", "gone.npy"], "gone.npy: cannot be read"),
    (&["simulate", "--input", "bytes.bin"], "bytes.bin: "),
    (&["simulate", "--steps", "5", "--state", "gone.npz"], "gone.npz: cannot be read"),
    (&["simulate", "--steps", "5", "--state", "bytes.bin"], "bytes.bin: "),
    (&["simulate", "--steps", "5", "--state", "folder"], "folder: "),
    (&["simulate", "--steps", "5", "--save-state", "gone/s.npz"], "--save-state gone/s.npz: "),
    (&["simulate", "--steps", "5", "--save-state", "quick.toml"], "--save-state quick.toml: exists already"),
    (&["simulate", "--steps", "5", "--save-state", "folder"], "--save-state folder: "),
    (&["simulate", "--steps", "5", "--probe", "Foo", "--out", "o.npz"], "'Foo' for '--probe <NAME[:N]>'"),
    (&["simulate", "--steps", "5", "--probe", "TE:0", "--out", "o.npz"], "'TE:0' for '--probe <NAME[:N]>'"),
    (&["simulate", "--steps", "5", "--probe", "TE"], "--out <FILE.npz>"),
    (&["simulate", "--steps", "5", "--probe", "TE", "--out", "gone/o.npz"], "--out gone/o.npz: "),
    (&["simulate", "--steps", "5", "--probe", "TE", "--out", "folder"], "--out folder: "),
    (&["compare"], "<DIRS>"),
    (&["compare", "gone"], "gone: "),
    (&["compare", "runs/quick", "--out", "quick.toml"], "quick.toml: expected a directory, found a file"),
    (&["compare", "runs/quick", "--markdown", "--json"], "--markdown"),
    (&["compare", "runs/quick", "--along", "env.id"], "runs/quick: expected the directory of a sweep"),
    (&["compare", "runs/quick", "--measure", "eval.mean"], "--along <KEY>"),
    (&["compare", "runs/quick", "--along", "run.seed", "--reach", "far"], "'far' for '--reach <NUMBER>'"),
    (
        &["compare", "runs/quick", "--along", "run.seed", "--reach", "NaN"],
        "--reach: expected a finite number",
    ),
    (&["decode", "gone"], "gone: no such directory"),
    (&["decode", "folder"], "folder: not a run directory"),
    (&["decode", "runs/quick", "--lags", "-1"], "'-1' for '--lags <N>'"),
    (&["decode", "runs/quick", "--steps", "0"], "'0' for '--steps <N>'"),
    (&["decode", "runs/quick", "--actions", "best"], "'best' for '--actions <WHO>'"),
    (&["decode", "runs/quick", "--threads", "0"], "'0' for '--threads <N>'"),
    (&["plot", "runs/quick/seed-0"], "<KIND>"),
    (&["plot", "runs/quick/seed-0", "pie"], "'pie' for '<KIND>'"),
    (&["plot", "gone", "raster"], "gone: no such directory"),
    (&["report", "gone"], "gone: no such directory"),
    (&["report", "runs/quick", "--out", "folder"], "--out folder: "),
    (&["report", "runs/quick", "--out", "gone/r.html"], "--out gone/r.html: "),
    (&["envs", "CartPole"], "did you mean"),
    (&["envs", "CartPole-v1", "--kwarg", "sutton"], "--kwarg sutton: "),
    (&["envs", "CartPole-v1", "--kwarg", "sutton=1"], "\"sutton\""),
    (&["envs", "CartPole-v1", "--kwarg", "a=1", "--kwarg", "a=2"], "--kwarg a=2: a is given twice"),
    (&["envs", "quick.toml", "--set", "env"], "--set env: "),
    (&["check", "CartPole-v1", "--kwarg", "sutton"], "--kwarg sutton: "),
    (&["check", "quick.toml", "--set", "env"], "--set env: "),
    (
        &["check", "CartPole-v1", "--set", "env.id=Pendulum-v1"],
        "--set overrides values of an experiment file",
    ),
    (&["check", "quick.toml", "--kwarg", "a=1"], "--kwarg is for an id; quick.toml is an experiment file"),
    (&["check", "CartPole-v1", "--seed", "-1"], "'-1' for '--seed <N>'"),
    (&["new", "experiment", ".toml"], "name: "),
    (&["new", "experiment", "a", "--env", "Cart"], "--env: "),
    (&["new", "experiment", "a", "--task", "text"], "'text' for '--task <KIND>'"),
    (&["new", "experiment", "a", "--task", "series", "--env", "CartPole-v1"], "--task <KIND>"),
];

fn place() -> Place {
    let place = Place::new();
    place.done(&["run", "quick.toml", "--seeds", "0..2", "--set", "run.episodes=2"]);
    for folder in ["folder", "folder.gif"] {
        fs::create_dir(place.path(folder)).unwrap();
    }
    place.write("folder/thesis.tex", "");
    fs::write(place.path("bytes.bin"), [0xff, 0xfe, 0, 1, 2]).unwrap();
    place
}

#[test]
fn a_wrong_argument_is_named() {
    let place = place();
    let before = contents(&place.path(""));
    for (arguments, part) in RUN.iter().chain(&OTHERS) {
        let text = place.fails(2, arguments);
        assert!(text.contains(part), "{arguments:?}: {part:?} is missing in {text}");
        assert_eq!(before, contents(&place.path("")), "{arguments:?} wrote something");
    }
}

#[test]
fn a_name_that_no_file_can_have_is_wrong() {
    let place = place();
    let name = "x".repeat(300);
    for arguments in [
        &["run", "quick.toml", "--out", &name][..],
        &["export", "runs/quick/seed-0", "--out", &name],
        &["simulate", "--steps", "5", "--save-state", &name],
        &["report", "runs/quick", "--out", &name],
    ] {
        assert!(place.fails(2, arguments).contains(&name), "{arguments:?}");
    }
}

/// A file must never be put in place of a pipe or a device such as /dev/null.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_replaced() {
    let place = place();
    let pipe = place.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for arguments in [
        &["export", "runs/quick/seed-0", "--out", "pipe"][..],
        &["simulate", "--steps", "5", "--save-state", "pipe"],
        &["simulate", "--steps", "5", "--probe", "TE", "--out", "pipe"],
        &["report", "runs/quick", "--out", "pipe"],
    ] {
        assert!(place.fails(2, arguments).contains("pipe: "), "{arguments:?}");
        assert!(!pipe.is_file(), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_are_named() {
    let place = place();
    std::os::unix::fs::symlink("nowhere", place.path("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", place.path("link.toml")).unwrap();
    for (arguments, part) in [
        (
            &["run", "quick.toml", "--out", "link"][..],
            "link: expected a directory, found a link to nowhere, which does not exist",
        ),
        (&["run", "quick.toml", "--seeds", "0..2", "--out", "link/a"], "link: expected a directory"),
        (&["compare", "runs/quick", "--out", "link"], "link: expected a directory"),
        (&["run", "link.toml"], "link.toml: cannot be read"),
        (&["resume", "link"], "link: "),
    ] {
        let text = place.fails(2, arguments);
        assert!(text.contains(part), "{arguments:?}: {part:?} is missing in {text}");
    }
    assert!(!place.path("nowhere").exists());
}

/// An option that takes a value and is missing above is one that nobody has tried wrongly.
#[test]
fn no_option_is_forgotten() {
    let place = Place::new();
    let commands = [
        "run",
        "resume",
        "eval",
        "export",
        "simulate",
        "compare",
        "decode",
        "plot",
        "report",
        "envs",
        "check",
        "new experiment",
    ];
    let mut tried = BTreeSet::new();
    for (arguments, _) in RUN.iter().chain(&OTHERS) {
        let command = if arguments[0] == "new" { "new experiment" } else { arguments[0] };
        tried.extend(arguments.iter().map(|argument| (command, argument.split('=').next().unwrap())));
    }
    for command in commands {
        let help = place.done(&[&command.split(' ').collect::<Vec<_>>()[..], &["--help"]].concat());
        let options = help.lines().filter_map(|line| {
            let option = line.trim_start().split_once("--")?.1;
            let (name, value) = option.split_once(' ')?;
            value.starts_with('<').then(|| format!("--{name}"))
        });
        for option in options {
            assert!(tried.contains(&(command, option.as_str())), "{command} {option} is not tried");
        }
    }
}

#[test]
fn an_experiment_may_be_named_by_its_file() {
    let place = Place::new();
    assert!(place.done(&["new", "experiment", "x.toml"]).starts_with("x.toml written; next: "));
    assert!(fs::read_to_string(place.path("x.toml")).unwrap().contains("name = \"x\""));
    assert!(!place.path("x.toml.toml").exists());
    assert!(place.fails(2, &["new", "experiment", "x"]).contains("x.toml: exists already"));
}

#[test]
fn several_seeds_are_refused_before_the_first_if_one_is_under_way() {
    let place = Place::new();
    let long = ["--set", "run.episodes=1000000", "--set", "run.stop_when_solved=false"];
    let arguments = |seeds: [&'static str; 2]| [&["run", "quick.toml"][..], &seeds, &long].concat();
    let mut child = crate::common::start(&place, &arguments(["--seed", "2"]));
    crate::common::wait_for("config.toml", || place.path("runs/quick/seed-2/config.toml").exists());
    let text = place.fails(2, &arguments(["--seeds", "0..4"]));
    assert!(text.contains("runs/quick/seed-2: another process is running in this directory"), "{text}");
    assert!(!place.path("runs/quick/seed-0").exists() && !place.path("runs/quick/seeds.json").exists());
    child.kill().unwrap();
    child.wait().unwrap();
}
