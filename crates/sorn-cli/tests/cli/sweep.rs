//! Sweeps: tasks, processes that share them, results, refusals.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::common::{Place, QUICK, assert_same, contents, start, stderr, wait_for};
use crate::sequence::COUNTING;

const SWEEP: &str = "\n[sweep]\nseeds = \"0..2\"\n[sweep.grid]\nagent.learner.kind = [\"actor_critic\", \"sarsa\"]\n\
                     [[sweep.together]]\nrun.episodes = [6, 9]\nrun.window = [3, 4]\n";

/// A folder with `sweep.toml`, a sweep of eight tasks.
fn place() -> Place {
    let place = Place::new();
    place.write("sweep.toml", &format!("{QUICK}{SWEEP}"));
    place
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// All run directories of a sweep, wall times set to 0, without what collecting writes.
fn same_runs(left: &Path, right: &Path) {
    let runs = |dir: &Path| {
        let mut all = contents(dir);
        all.retain(|name, _| name.contains("seed-"));
        all
    };
    let (left, right) = (runs(left), runs(right));
    let names: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let differing: Vec<_> = names.into_iter().filter(|name| left.get(*name) != right.get(*name)).collect();
    assert!(differing.is_empty(), "different: {differing:?}");
}

#[test]
fn a_sweep_runs_every_task_once_and_ranks_the_configurations() {
    let place = place();
    let listed = json(&place.done(&["sweep", "sweep.toml", "--list", "--json"]));
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 8);
    assert_eq!(listed[5]["number"], 5);
    assert_eq!(listed[5]["name"], "episodes=9,window=4,kind=actor_critic/seed-1");
    assert_eq!(listed[5]["directory"], "runs/quick/episodes=9,window=4,kind=actor_critic/seed-1");
    assert_eq!(listed[5]["values"]["run.window"], 4);
    assert!(listed.iter().all(|task| task["state"] == "missing") && !place.path("runs").exists());

    let ranking = json(&place.done(&["sweep", "sweep.toml", "--json"]));
    assert_eq!((&ranking["measure"], &ranking["finished"]), (&"eval.mean".into(), &8.into()));
    let configurations = ranking["configurations"].as_array().unwrap();
    let means: Vec<f64> = configurations.iter().map(|c| c["mean"].as_f64().unwrap()).collect();
    assert!(means.len() == 4 && means.is_sorted_by(|a, b| a >= b), "{means:?}");

    // The mean is that of the summaries, and the table has them all.
    let best = &configurations[0];
    let mean = |name: &str, seed: u64| {
        let summary = place.path(&format!("runs/quick/{name}/seed-{seed}/summary.json"));
        json(&fs::read_to_string(summary).unwrap())["eval"]["mean"].as_f64().unwrap()
    };
    let name = best["name"].as_str().unwrap();
    assert_eq!(means[0], (mean(name, 0) + mean(name, 1)) / 2.0);
    let csv = fs::read_to_string(place.path("runs/quick/results.csv")).unwrap();
    let head: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    assert_eq!(head[..6], ["task", "name", "seed", "run.episodes", "run.window", "agent.learner.kind"]);
    assert!(head.contains(&"eval.mean") && csv.lines().count() == 9, "{csv}");
    let rows = json(&fs::read_to_string(place.path("runs/quick/results.json")).unwrap());
    assert_eq!(rows[7]["agent.learner.kind"], "sarsa");
    assert_eq!(rows[7]["episodes"], 9.0);

    // A run of a sweep is that of `sorn run`.
    let set =
        ["--set", "run.episodes=9", "--set", "run.window=4", "--set", "agent.learner.kind=actor_critic"];
    place.done(&[&["run", "quick.toml", "--seed", "1", "--out", "single"], &set[..]].concat());
    assert_same(
        &place.path("single/quick/seed-1"),
        &place.path("runs/quick/episodes=9,window=4,kind=actor_critic/seed-1"),
    );

    // The second time nothing is run, and what is missing is run alone.
    let summary = place.path("runs/quick/episodes=6,window=3,kind=sarsa/seed-0/summary.json");
    let written = fs::metadata(&summary).unwrap().modified().unwrap();
    let gone = place.path("runs/quick/episodes=9,window=4,kind=sarsa");
    fs::remove_dir_all(&gone).unwrap();
    assert!(place.output(&["sweep", "sweep.toml", "--collect"]).status.code() == Some(1));
    let text = place.done(&["sweep", "runs/quick"]);
    assert!(text.contains("configuration  runs/quick/best.toml") && gone.exists(), "{text}");
    assert_eq!(fs::metadata(&summary).unwrap().modified().unwrap(), written);
    for file in ["over-episodes", "over-kind", "episodes-by-kind", "parallel", "importance"] {
        assert!(place.path(&format!("runs/quick/figures/{file}.svg")).exists(), "{file}");
    }
    // The best configuration is a file to run, and says what chose it.
    let best = fs::read_to_string(place.path("runs/quick/best.toml")).unwrap();
    assert!(best.contains("optimistic") && !best.contains("[sweep]"), "{best}");
    place.done(&["run", "runs/quick/best.toml", "--seeds", "7,8", "--out", "claim"]);
    let refused = place.fails(2, &["sweep", "sweep.toml", "--claim"]);
    assert!(refused.contains("sweep.fresh_seeds: expected seeds"), "{refused}");
}

#[test]
fn selection_and_claim_have_seeds_of_their_own() {
    let place = place();
    let text =
        format!("{QUICK}{SWEEP}").replace("seeds = \"0..2\"", "seeds = \"0..2\"\nfresh_seeds = [20, 21, 22]");
    place.write("sweep.toml", &text);
    let refused = place.fails(2, &["sweep", "sweep.toml", "--claim"]);
    assert!(refused.contains("runs/quick: expected best.toml"), "{refused}");
    let text = place.done(&["sweep", "sweep.toml"]);
    assert!(text.contains("optimistic") && text.contains("sweep runs/quick --claim"), "{text}");
    let output = place.output(&["sweep", "sweep.toml", "--claim", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("3 fresh seeds that did not choose it"));
    let aggregate = json(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(aggregate["seeds"], serde_json::json!([20, 21, 22]));
    // Done once more it is what is there.
    assert_eq!(json(&place.done(&["sweep", "runs/quick", "--claim", "--json"]))["seeds"], aggregate["seeds"]);
    place.done(&["report", "runs/quick"]);
    let page = fs::read_to_string(place.path("runs/quick/report.html")).unwrap();
    for part in ["Configurations", "with fresh seeds", "3 finished runs", "share of the variance", "<svg"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("Missing or damaged"));
    // Of another best configuration there is no claim.
    let best = fs::read_to_string(place.path("runs/quick/best.toml")).unwrap();
    let other = if best.contains("episodes = 9") {
        ("episodes = 9", "episodes = 8")
    } else {
        ("episodes = 6", "episodes = 7")
    };
    place.write("runs/quick/best.toml", &best.replace(other.0, other.1));
    let refused = place.fails(2, &["sweep", "sweep.toml", "--claim"]);
    assert!(refused.contains("the best before"), "{refused}");
}

#[test]
fn of_very_many_runs_the_summaries_alone_may_stay() {
    let place = place();
    let keep = ["--set", "sweep.keep=summary", "--out", "lean"];
    let lean = json(&place.done(&[&["sweep", "sweep.toml", "--json"], &keep[..]].concat()));
    assert_eq!(lean, json(&place.done(&["sweep", "sweep.toml", "--json"])));
    let names = |dir: &str| -> Vec<String> {
        let all = contents(&place.path(dir)).into_keys();
        all.collect()
    };
    assert_eq!(
        names("lean/quick/episodes=6,window=3,kind=sarsa/seed-0"),
        [".lock", "config.toml", "summary.json"]
    );
    assert!(names("runs/quick/episodes=6,window=3,kind=sarsa/seed-0").len() > 6);
    // Nothing is run again, and what stays may change for the tasks that are left.
    place.done(&["sweep", "sweep.toml", "--out", "lean"]);
    assert_eq!(names("lean/quick/episodes=6,window=3,kind=sarsa/seed-0").len(), 3);
}

#[test]
fn sequence_tasks_are_swept_alike() {
    let place = Place::new();
    let sweep = "[sweep]\nseeds = [3, 4]\n[sweep.grid]\ntask.n = [4, 6]\n[sweep.random]\ncount = 2\n[sweep.random.keys]\n\
                 network.eta_stdp = { log_uniform = [1e-4, 1e-2] }\n";
    let vary = "[vary]\nkey = \"task.n\"\nvalues = [4, 6]\n";
    assert!(COUNTING.contains(vary));
    place.write("both.toml", &format!("{COUNTING}{sweep}"));
    assert!(place.fails(2, &["sweep", "both.toml"]).contains("vary: expected none beside [sweep]"));
    place.write("counting.toml", &format!("{}{sweep}", COUNTING.replace(vary, "")));
    let ranking = json(&place.done(&["sweep", "counting.toml", "--json"]));
    assert_eq!(ranking["measure"], "scores.last_symbol");
    assert_eq!(ranking["configurations"].as_array().unwrap().len(), 4);
    assert!(place.path("runs/counting/n=6,draw=1/seed-4/summary.json").exists());
    let text = place.done(&["sweep", "runs/counting", "--list"]);
    assert_eq!(text.lines().filter(|line| line.contains("  done ")).count(), 8, "{text}");
}

#[test]
fn processes_share_a_directory_and_one_may_be_killed_at_any_moment() {
    let place = place();
    // Fifty seeds and five values.
    let text = QUICK.replace("episodes = 30", "episodes = 4").replace("steps = 400", "steps = 40");
    let sweep =
        "\n[sweep]\nseeds = \"0..50\"\n[sweep.grid]\nagent.encoder.gain = [1.0, 2.0, 3.0, 4.0, 5.0]\n";
    place.write("many.toml", &format!("{text}{sweep}").replace("name = \"quick\"", "name = \"many\""));
    place.done(&["sweep", "many.toml", "--out", "whole", "--jobs", "1"]);
    let shared = ["sweep", "many.toml", "--out", "shared", "--jobs", "1", "--quiet"];
    let mut steady = start(&place, &shared);
    let mut kills = 0;
    for round in 1..=12_u64 {
        let mut other = start(&place, &shared);
        sleep(Duration::from_millis(60 * round * 7 % 500 + 40));
        kills += u64::from(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
    }
    let status = steady.wait().unwrap();
    assert!(status.success(), "{status}");
    assert!(kills >= 3, "the sweep ended too early");
    place.done(&shared);
    same_runs(&place.path("whole/many"), &place.path("shared/many"));
    let ranking = |out: &str| fs::read_to_string(place.path(&format!("{out}/many/ranking.json"))).unwrap();
    assert_eq!(ranking("whole"), ranking("shared"));
}

#[test]
fn array_jobs_run_a_task_or_a_part_each() {
    let place = place();
    place.done(&["sweep", "sweep.toml", "--out", "whole", "--jobs", "2"]);
    let array = |name: &str, value: &str, more: &[&str]| {
        let mut command = place.sorn(&["sweep", "sweep.toml", "--quiet"]);
        command.args(more).env(name, value).output().unwrap()
    };
    // Three parts of eight tasks, one scheduler each.
    let states = || {
        let text = place.done(&["sweep", "sweep.toml", "--list", "--json"]);
        let tasks: Vec<Value> = json(&text).as_array().unwrap().clone();
        tasks.iter().map(|task| task["state"] == "done").collect::<Vec<bool>>()
    };
    let output = array("SLURM_ARRAY_TASK_ID", "1", &["--of", "3"]);
    assert!(output.status.success() && stderr(&output).contains("part 1 (SLURM_ARRAY_TASK_ID)"));
    assert_eq!(states(), [false, true, false, false, true, false, false, true]);
    assert!(array("PBS_ARRAY_INDEX", "0", &["--of", "3"]).status.success());
    assert!(array("JOB_COMPLETION_INDEX", "2", &[]).status.success());
    assert_eq!(states(), [true, true, true, true, true, false, true, true]);
    place.done(&["sweep", "sweep.toml", "--task", "5"]);
    let text = place.done(&["sweep", "sweep.toml", "--collect"]);
    assert!(text.contains("runs/quick/best.toml"), "{text}");
    same_runs(&place.path("whole/quick"), &place.path("runs/quick"));
    for (name, value, more, expected) in [
        ("SLURM_ARRAY_TASK_ID", "8", &[][..], "SLURM_ARRAY_TASK_ID: expected a task from 0 to 7, found 8"),
        ("SLURM_ARRAY_TASK_ID", "3", &["--of", "3"], "expected a part from 0 to 2, found 3"),
        ("PBS_ARRAYID", "many", &[], "PBS_ARRAYID: expected the number of a task, found \"many\""),
        ("NOTHING", "", &["--of", "3"], "--of: expected --task, or one of SLURM_ARRAY_TASK_ID"),
    ] {
        let output = array(name, value, more);
        assert!(output.status.code() == Some(2) && stderr(&output).contains(expected), "{}", stderr(&output));
    }
    assert!(
        place
            .fails(2, &["sweep", "sweep.toml", "--task", "8"])
            .contains("--task: expected a task from 0 to 7")
    );
}

#[test]
fn a_sweep_may_grow_and_two_are_not_mixed() {
    let place = place();
    place.done(&["sweep", "sweep.toml", "--task", "0,7"]);
    // More seeds, values and rows keep the directories of what is done.
    let larger = format!("{QUICK}{SWEEP}")
        .replace("\"0..2\"", "\"0..3\"")
        .replace("[6, 9]", "[5, 6, 9]")
        .replace("[3, 4]", "[2, 3, 4]");
    place.write("larger.toml", &larger);
    let text = place.done(&["sweep", "larger.toml", "--list"]);
    assert_eq!((text.lines().count(), text.matches(" done ").count()), (18, 2), "{text}");
    place.done(&["sweep", "larger.toml", "--task", "0"]);
    for (from, to, expected) in [
        ("[6, 9]", "[6, 8]", "run.episodes = 9, run.window = 4 is not in the file"),
        ("\"0..2\"", "[1]", "seed 0 is not in sweep.seeds of the file"),
        ("ne = 50", "ne = 60", "agent.reservoir.params.ne was 50, is now 60"),
        ("\"sarsa\"", "\"q\"", "agent.learner.kind = \"sarsa\" is not in the file"),
        (
            "agent.learner.kind = [\"actor_critic\", \"sarsa\"]",
            "agent.encoder.gain = [1.0, 2.0]",
            "it varies run.episodes, run.window, agent.learner.kind",
        ),
    ] {
        place.write(
            "other.toml",
            &larger
                .replace("\"0..3\"", "\"0..2\"")
                .replace("[5, 6, 9]", "[6, 9]")
                .replace("[2, 3, 4]", "[3, 4]")
                .replace(from, to),
        );
        // Of what was there before it grew.
        let text = place.fails(2, &["sweep", "other.toml", "--list"]);
        assert!(text.contains("runs/quick: holds another sweep ("), "{text}");
        let fresh = Place::new();
        fresh.write("sweep.toml", &format!("{QUICK}{SWEEP}"));
        fresh.done(&["sweep", "sweep.toml", "--task", "0"]);
        fresh.write("other.toml", &format!("{QUICK}{SWEEP}").replace(from, to));
        let text = fresh.fails(2, &["sweep", "other.toml"]);
        assert!(text.contains(expected), "{expected}: {text}");
    }
    // Runs of `sorn run` and a sweep do not share a directory either way.
    place.done(&["run", "quick.toml", "--seeds", "0..2", "--set", "run.episodes=4", "--out", "seeds"]);
    assert!(place.fails(2, &["sweep", "sweep.toml", "--out", "seeds"]).contains("holds runs of `sorn run`"));
    assert!(place.fails(2, &["run", "quick.toml", "--seeds", "0..2"]).contains("holds a sweep"));
    for arguments in [&["resume", "runs/quick"][..], &["compare", "runs/quick"]] {
        assert!(place.fails(2, arguments).contains("sorn sweep runs/quick"));
    }
    assert!(place.fails(2, &["run", "sweep.toml"]).contains("sweep: expected a file without [sweep]"));
}

#[test]
fn a_task_that_fails_is_told_with_its_directory_and_the_others_go_on() {
    let place = place();
    // A file stands where one of the directories is to be.
    fs::create_dir_all(place.path("runs/quick")).unwrap();
    place.write("runs/quick/episodes=6,window=3,kind=sarsa", "");
    let output = place.output(&["sweep", "sweep.toml", "--quiet"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("task 2 failed: runs/quick/episodes=6,window=3,kind=sarsa/seed-0: "), "{text}");
    assert!(text.contains("6 of 8 tasks done, 2 failed"), "{text}");
    // A run of another configuration is in the way of one task, which says so in its directory.
    fs::remove_file(place.path("runs/quick/episodes=6,window=3,kind=sarsa")).unwrap();
    let dir = place.path("runs/quick/episodes=6,window=3,kind=sarsa/seed-1");
    place.done(&["run", "quick.toml", "--set", "run.episodes=4", "--out", "elsewhere", "--seed", "1"]);
    fs::create_dir_all(dir.parent().unwrap()).unwrap();
    fs::rename(place.path("elsewhere/quick/seed-1"), &dir).unwrap();
    fs::remove_file(dir.join("summary.json")).unwrap();
    let output = place.output(&["sweep", "sweep.toml", "--quiet"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("holds a run of another configuration"), "{}", stderr(&output));
    assert!(fs::read_to_string(dir.join("error.txt")).unwrap().contains("another configuration"));
    let text = place.done(&["sweep", "sweep.toml", "--list", "--task", "2,3"]);
    assert!(text.contains("2  done ") && text.contains("3  failed "), "{text}");
    // Without it the task is run, and nothing of its failure is left.
    fs::remove_dir_all(&dir).unwrap();
    place.done(&["sweep", "sweep.toml"]);
    assert!(!dir.join("error.txt").exists() && dir.join("summary.json").exists());
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_one_error_and_loses_nothing() {
    let place = place();
    place.done(&["sweep", "sweep.toml", "--task", "0..3"]);
    let before = contents(&place.path("runs"));
    let output = place.on_a_full_disk(&["sweep", "sweep.toml", "--quiet"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("cannot be written") && text.lines().count() <= 2, "{text}");
    let after = contents(&place.path("runs"));
    assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)));
    place.done(&["sweep", "sweep.toml"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_what_was_done() {
    let place = place();
    let long = format!("{QUICK}{SWEEP}")
        .replace("[6, 9]", "[6, 1000000]")
        .replace("episodes = 30", "stop_when_solved = false");
    place.write("long.toml", &long);
    let mut child = start(&place, &["sweep", "long.toml", "--jobs", "1", "--quiet"]);
    let begun = place.path("runs/quick/episodes=1000000,window=4,kind=actor_critic/seed-0/metrics.jsonl");
    wait_for("a long task", || fs::metadata(&begun).is_ok_and(|m| m.len() > 500));
    crate::common::send("INT", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("4 of 8 tasks done, 4 not finished, what was done is saved"), "{said}");
    assert!(begun.parent().unwrap().join("checkpoints").is_dir());
}

#[test]
fn scripts_for_schedulers_are_whole() {
    let place = place();
    let text = place.done(&["new", "sweep", "sweep.toml", "--for", "slurm", "--parts", "3", "--jobs", "2"]);
    assert!(
        text.contains("quick.slurm.sh written, 8 tasks in 3 parts; next: sbatch quick.slurm.sh"),
        "{text}"
    );
    place.done(&["new", "sweep", "sweep.toml", "--for", "pbs", "--out", "/scratch/it's here"]);
    let script = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    let (slurm, pbs) = (script("quick.slurm.sh"), script("quick.pbs.sh"));
    for line in [
        "#SBATCH --array=0-2",
        "#SBATCH --cpus-per-task=2",
        "exec sorn sweep sweep.toml --out runs --of 3 --jobs 2 --quiet",
    ] {
        assert!(slurm.lines().any(|found| found == line), "{line}: {slurm}");
    }
    assert!(pbs.contains("#PBS -J 0-7\n") && pbs.contains("--out '/scratch/it'\\''s here' --of 8"), "{pbs}");
    // What a shell would complain of, it says without running anything.
    for name in ["quick.slurm.sh", "quick.pbs.sh"] {
        let output = Command::new("bash").arg("-n").arg(place.path(name)).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    }
    place.done(&["new", "sweep", "sweep.toml", "--for", "kubernetes", "--parts", "4"]);
    let job = script("quick.kubernetes.yaml");
    for line in ["kind: Job", "  completionMode: Indexed", "  completions: 4", "  name: \"quick\""] {
        assert!(job.lines().any(|found| found == line), "{line}: {job}");
    }
    assert!(job.contains("command: [\"sorn\", \"sweep\", \"sweep.toml\", \"--out\", \"runs\", \"--of\", \"4\", \"--jobs\", \"1\""));
    assert!(place.fails(2, &["new", "sweep", "sweep.toml", "--for", "slurm"]).contains("exists already"));
    assert!(
        place
            .fails(2, &["new", "sweep", "quick.toml", "--for", "slurm"])
            .contains("expected the table [sweep]")
    );
    assert!(place.fails(2, &["new", "sweep", "sweep.toml", "--for", "condor"]).contains("kubernetes"));

    // The script runs as the scheduler would run it.
    fs::create_dir(place.path("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_sorn"), place.path("bin/sorn")).unwrap();
    let path = format!("{}:{}", place.path("bin").display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash");
    shell.arg("quick.slurm.sh").current_dir(place.path("")).env("PATH", path).env("SLURM_ARRAY_TASK_ID", "2");
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let text = place.done(&["sweep", "sweep.toml", "--list"]);
    assert_eq!(text.matches(" done ").count(), 2, "{text}");
}

#[test]
fn what_is_wrong_in_a_sweep_is_named() {
    let place = place();
    let hundred: Vec<String> = (1..=1000).map(|i| i.to_string()).collect();
    let million = format!(
        "run.window = [{0}]\nrun.checkpoint_every = [{0}]\neval.episodes = [{0}]",
        hundred.join(", ")
    );
    for (from, to, expected) in [
        ("agent.learner.kind = [", "agent.lerner.kind = [", "unknown key; did you mean `learner`?"),
        ("\"sarsa\"]", "\"sarza\"]", "did you mean \"sarsa\"?"),
        ("[\"actor_critic\", \"sarsa\"]", "[]", "sweep.grid.agent.learner.kind: expected at least one value"),
        ("run.window = [3, 4]", "run.window = [3]", "sweep.together[0].run.window: expected 2 values"),
        (
            "[[sweep.together]]\nrun.episodes = [6, 9]\nrun.window = [3, 4]",
            &million,
            "expected at most 10000000 tasks, found 4000000000",
        ),
        ("seeds = \"0..2\"", "seeds = \"2..2\"", "wrong.toml:34: sweep.seeds: 2..2 names no seed"),
    ] {
        let file = format!("{QUICK}{SWEEP}");
        assert!(file.contains(from), "{from}");
        place.write("wrong.toml", &file.replace(from, to));
        let text = place.fails(2, &["sweep", "wrong.toml"]);
        assert!(text.contains(expected), "{expected}: {text}");
        assert!(
            !place.path("runs").join("quick/sweep.toml").exists() || expected.contains("did you mean"),
            "{text}"
        );
    }
    // A measure that no summary has is told after the first task, which stays.
    let measure = ["--set", "sweep.measure=evel.mean", "--out", "unknown"];
    let text = place.fails(2, &[&["sweep", "sweep.toml", "--jobs", "1", "--quiet"], &measure[..]].concat());
    assert!(text.contains("sweep.measure: expected one of ") && text.contains("eval.mean"), "{text}");
    let listed = place.done(&["sweep", "sweep.toml", "--out", "unknown", "--list"]);
    assert_eq!(listed.matches("  done ").count(), 1, "{listed}");
    place.done(&["sweep", "sweep.toml", "--out", "unknown"]);
    // What Ray needs is named by the plain program.
    assert!(
        place.fails(2, &["sweep", "sweep.toml", "--engine", "ray"]).contains("pip install 'sorn-rs[ray]'")
    );
    assert!(place.fails(2, &["sweep", "sweep.toml", "--bring-back"]).contains("expected --engine ray"));
    assert!(place.fails(2, &["track", "runs", "--to", "mlflow"]).contains("pip install 'sorn-rs[mlflow]'"));
    fs::create_dir(place.path("empty")).unwrap();
    assert!(place.fails(2, &["sweep", "nowhere.toml"]).contains("nowhere.toml: cannot be read"));
    assert!(place.fails(2, &["sweep", "empty"]).contains("expected the directory of a sweep"));
    assert!(place.fails(2, &["sweep", "quick.toml"]).contains("expected the table [sweep]"));
    assert!(place.fails(2, &["sweep", "sweep.toml", "--collect", "--out", "none"]).contains("none/quick"));
}
