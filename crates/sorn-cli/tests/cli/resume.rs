//! `sorn resume`: after a kill at any moment, or a signal, a run goes on to the same bits.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

#[cfg(unix)]
use crate::common::send;
use crate::common::{Place, QUICK, assert_same, start, stderr, wait_for};

/// The reference: the quick experiment, uninterrupted. Gives the time it took, by which to interrupt others.
fn uninterrupted(place: &Place) -> Duration {
    let begun = Instant::now();
    place.done(&["run", "quick.toml", "--out", "whole"]);
    begun.elapsed()
}

/// Pseudo-random fractions of `most`, the same in every run of the tests.
fn delays(seed: u64, most: Duration) -> impl Iterator<Item = Duration> {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::from_fn(move || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        Some(most.mul_f64((x % 1000) as f64 / 1000.0))
    })
}

#[test]
fn killed_at_any_moment_a_run_resumes_to_the_same_bits() {
    let place = Place::recording();
    let whole = uninterrupted(&place);
    let mut kills = 0;
    for trial in 1..=6 {
        let out = format!("killed-{trial}");
        let dir = format!("{out}/quick/seed-0");
        let mut delays = delays(trial, whole.mul_f64(0.6));
        // Begins until there is a run to resume, then resumes until it is finished; killed in between.
        loop {
            let begun = place.path(&dir).join("config.toml").exists();
            let arguments: &[&str] =
                if begun { &["resume", &dir] } else { &["run", "quick.toml", "--out", &out] };
            let mut child = start(&place, arguments);
            sleep(delays.next().unwrap());
            // SIGKILL; a process that ended before is not killed any more.
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            if output.status.success() {
                break;
            }
            assert_eq!(output.status.code(), None, "{}", stderr(&output));
            kills += 1;
            if kills > 30 * trial {
                place.done(&["resume", &dir]);
                break;
            }
        }
        assert_same(&place.path("whole/quick"), &place.path(&format!("{out}/quick")));
    }
    assert!(kills >= 1, "every process ended before it was killed");
}

#[test]
fn killed_after_any_episode_a_run_resumes_to_the_same_bits() {
    let place = Place::recording();
    uninterrupted(&place);
    let mut kills = 0;
    for episodes in [1, 2, 4, 5, 11, 12, 13, 23, 28] {
        let out = format!("killed-{episodes}");
        let dir = format!("{out}/quick/seed-0");
        let metrics = place.path(&format!("{dir}/metrics.jsonl"));
        let mut child = start(&place, &["run", "quick.toml", "--out", &out]);
        wait_for("episodes", || fs::read(&metrics).is_ok_and(|m| lines(&m) >= episodes));
        child.kill().unwrap();
        kills += usize::from(!child.wait_with_output().unwrap().status.success());
        place.done(&["resume", &dir]);
        assert_same(&place.path("whole/quick"), &place.path(&format!("{out}/quick")));
    }
    assert!(kills >= 5, "only {kills} of 9 processes were killed before they ended");
}

fn lines(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte == b'\n').count()
}

#[test]
fn killed_between_any_two_files_a_run_resumes_to_the_same_bits() {
    let place = Place::new();
    uninterrupted(&place);
    let whole = place.path("whole/quick/seed-0");
    let half = place.path("half/quick/seed-0");
    let case = |undo: &dyn Fn()| {
        let _ = fs::remove_dir_all(&half);
        copy(&whole, &half);
        undo();
        place.done(&["resume", "half/quick/seed-0"]);
        assert_same(&whole, &half);
    };
    let remove = |name: &str| fs::remove_file(half.join(name)).unwrap();
    let summary = || remove("summary.json");
    // The last figure was not drawn yet, the last checkpoint not written, or its temporary file half written.
    case(&summary);
    case(&|| {
        summary();
        fs::remove_dir_all(half.join("figures")).unwrap();
    });
    case(&|| {
        summary();
        remove("checkpoints/episode-000030.safetensors");
        fs::write(half.join("checkpoints/episode-000030.safetensors.tmp"), "half").unwrap();
        fs::write(half.join("summary.json.tmp"), "{").unwrap();
    });
    // The metrics know more than the checkpoint, and their last line is half written.
    case(&|| {
        summary();
        for episode in [28, 30] {
            remove(&format!("checkpoints/episode-{episode:06}.safetensors"));
        }
        let text = fs::read_to_string(half.join("metrics.jsonl")).unwrap();
        fs::write(half.join("metrics.jsonl"), &text[..text.len() - 15]).unwrap();
    });
    // Killed before the first checkpoint, with and without metrics.
    case(&|| {
        summary();
        fs::remove_dir_all(half.join("checkpoints")).unwrap();
    });
    case(&|| {
        summary();
        fs::remove_dir_all(half.join("checkpoints")).unwrap();
        remove("metrics.jsonl");
    });
    // A checkpoint too many: killed between the last one's writing and the first one's removal.
    case(&|| {
        summary();
        fs::copy(
            half.join("checkpoints/episode-000024.safetensors"),
            half.join("checkpoints/episode-000020.safetensors"),
        )
        .unwrap();
    });
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(drop).unwrap() }
    }
}

#[test]
fn a_finished_run_is_left_as_it_is() {
    let place = Place::recording();
    uninterrupted(&place);
    let before = crate::common::contents(&place.path("whole"));
    let output = place.output(&["resume", "whole/quick/seed-0"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.lines().last().unwrap().contains("next: "), "{text}");
    let text = stderr(&output);
    assert!(text.contains("whole/quick/seed-0: finished before, nothing to do"), "{text}");
    assert_eq!(before, crate::common::contents(&place.path("whole")));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_saves_says_how_to_go_on_and_resumes_to_the_same_bits() {
    let place = Place::recording();
    // Long enough to be running when the signal comes.
    let long = ["--set", "run.episodes=4000", "--set", "run.stop_when_solved=false"];
    for signal in ["INT", "TERM"] {
        let out = format!("stopped-{signal}");
        let child = start(&place, &[&["run", "quick.toml", "--out", &out], &long[..]].concat());
        let metrics = place.path(&format!("{out}/quick/seed-0/metrics.jsonl"));
        wait_for("metrics", || fs::metadata(&metrics).is_ok_and(|m| m.len() > 500));
        send(signal, child.id());
        let output = child.wait_with_output().unwrap();
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(130), "{text}");
        assert!(text.contains("stopping at the end of the episode"), "{text}");
        assert!(
            text.contains("all saved; resume it with: ")
                && text.contains(&format!("resume {out}/quick/seed-0"))
        );
        // What is saved is all that was done.
        let dir = place.path(&format!("{out}/quick/seed-0"));
        let lines = fs::read_to_string(&metrics).unwrap().lines().count();
        let said = text.split("stopped after ").nth(1).unwrap();
        assert_eq!(said.split(' ').next().unwrap().parse::<usize>().unwrap(), lines);
        assert!(!dir.join("summary.json").exists());
        // Shortened to what it has done and a little more, it ends as a run that was never interrupted.
        assert_eq!(
            place.output(&["eval", &format!("{out}/quick/seed-0"), "--episodes", "1"]).status.code(),
            Some(0)
        );
    }
}

#[cfg(unix)]
#[test]
fn interrupted_many_times_a_sweep_ends_with_the_same_bits() {
    let place = Place::recording();
    let sweep = ["run", "quick.toml", "--seeds", "0..4", "--threads", "2", "--out"];
    let begun = Instant::now();
    place.done(&[&sweep[..], &["whole"]].concat());
    let whole = begun.elapsed();
    let plan = place.path("stopped/quick/seeds.json");
    let first = place.path("stopped/quick/seed-0/metrics.jsonl");
    let mut interruptions = 0;
    for attempt in 0.. {
        let arguments = match plan.exists() {
            true => vec!["resume", "stopped/quick", "--threads", "2"],
            false => [&sweep[..], &["stopped"]].concat(),
        };
        let mut child = start(&place, &arguments);
        // However slow the machine, the first is interrupted in the middle.
        match attempt {
            0 => wait_for("an episode", || fs::read(&first).is_ok_and(|m| lines(&m) >= 1)),
            _ => sleep(whole.mul_f64(0.25 + 0.1 * f64::from(attempt))),
        }
        match attempt % 3 {
            0 => send("INT", child.id()),
            1 => send("TERM", child.id()),
            _ => child.kill().unwrap(),
        }
        let status = child.wait().unwrap();
        if status.success() {
            break;
        }
        assert!(matches!(status.code(), Some(130) | None), "{status}");
        interruptions += 1;
    }
    assert!(interruptions >= 1);
    assert_same(&place.path("whole"), &place.path("stopped"));
}

#[cfg(unix)]
#[test]
fn an_endless_episode_can_be_stopped() {
    let place = Place::recording();
    let endless = QUICK
        .replace("id = \"CartPole-v1\"", "id = \"MountainCar-v0\"\nkwargs = { max_episode_steps = -1 }")
        .replace("scale = [1.0, 1.0, 0.1, 1.0]", "")
        // The flag is never reached fast enough, so that the first episode has no end.
        .replace("[agent.plasticity]", "[agent.learner]\nkind = \"random\"\n\n[agent.plasticity]");
    place.write("endless.toml", &endless);
    let child = start(&place, &["run", "endless.toml", "--set", "env.kwargs.goal_velocity=10.0"]);
    let metrics = place.path("runs/quick/seed-0/metrics.jsonl");
    wait_for("metrics.jsonl", || metrics.exists());
    sleep(Duration::from_millis(300));
    send("INT", child.id());
    let output = child.wait_with_output().unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.contains("stopped after 0 episodes"), "{text}");
    assert_eq!(fs::read(&metrics).unwrap(), b"");
}

#[test]
fn a_second_process_is_kept_out() {
    let place = Place::recording();
    let long = ["run", "quick.toml", "--set", "run.episodes=100000", "--set", "run.stop_when_solved=false"];
    let mut child = start(&place, &long);
    let config = place.path("runs/quick/seed-0/config.toml");
    wait_for("config.toml", || config.exists());
    let text = place.fails(2, &["resume", "runs/quick/seed-0"]);
    assert!(text.contains("runs/quick/seed-0: another process is running"), "{text}");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Actions are drawn on request, from where the generator was when the run ended.
#[test]
fn a_run_is_evaluated_with_drawn_actions_too() {
    let place = Place::new();
    // All actions stay as likely as one another.
    place.done(&["run", "quick.toml", "--set", "agent.learner={kind=\"actor_critic\",actor_step=0.0}"]);
    let evaluate = |more: &[&str]| {
        let json = place.done(&[&["eval", "runs/quick/seed-0", "--json"], more].concat());
        serde_json::from_str::<serde_json::Value>(&json).unwrap()
    };
    let (greedy, drawn) = (evaluate(&[]), evaluate(&["--stochastic"]));
    assert_ne!(greedy, drawn);
    assert_eq!(drawn, evaluate(&["--stochastic"]));
    assert_eq!(drawn["episodes"], greedy["episodes"]);
    let said = |more: &[&str]| place.done(&[&["eval", "runs/quick/seed-0"], more].concat());
    assert!(said(&[]).contains("greedy policy") && said(&["--stochastic"]).contains("drawn actions"));
}

/// The statistics of a normalising wrapper outlive episodes: they are part of what is saved.
#[test]
fn a_run_that_normalises_its_observations_goes_on_with_its_statistics() {
    let place = Place::new();
    let wrappers =
        "env.wrappers=[{ kind = \"normalize_observation\" }, { kind = \"frame_skip\", steps = 2 }]";
    let run = |out: &str| place.done(&["run", "quick.toml", "--out", out, "--set", wrappers]);
    run("whole");
    run("cut");
    place.cut("cut/quick/seed-0", 24);
    place.done(&["resume", "cut/quick/seed-0"]);
    assert_same(&place.path("whole/quick"), &place.path("cut/quick"));
    // Evaluated with the statistics of the training, which stay as they are.
    let evaluate = || place.done(&["eval", "whole/quick/seed-0", "--json"]);
    let eval: serde_json::Value = serde_json::from_str(&evaluate()).unwrap();
    let summary = fs::read_to_string(place.path("whole/quick/seed-0/summary.json")).unwrap();
    assert_eq!(eval, serde_json::from_str::<serde_json::Value>(&summary).unwrap()["eval"]);
    assert_eq!(evaluate(), evaluate());
}
