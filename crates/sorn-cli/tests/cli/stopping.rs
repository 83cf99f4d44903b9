//! Signals, and terminals that are closed: work that can be saved is saved, everything else ends at once.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::{Place, send, wait_for};

const LONG: [&str; 4] = ["--set", "run.episodes=1000000", "--set", "run.stop_when_solved=false"];

/// A program that hears signals, even if the tests run in the background.
fn hearing(program: &str) -> Command {
    if cfg!(target_os = "linux") {
        let mut command = Command::new("env");
        command.args(["--default-signal=HUP,INT,TERM", program]);
        command
    } else {
        Command::new(program)
    }
}

fn start(place: &Place, arguments: &[&str]) -> Child {
    let mut command = hearing(env!("CARGO_BIN_EXE_sorn"));
    command.args(arguments).current_dir(place.path("")).env_remove("SORN_LOG");
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for a process that must end; one that does not is killed.
fn ended(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the process did not end");
        }
        sleep(Duration::from_millis(5));
    }
}

/// Nothing of the run is lost, it is not finished, and nobody holds its lock.
fn saved_and_free(place: &Place, dir: &str) {
    let path = place.path(dir);
    assert!(!path.join("summary.json").exists());
    let metrics = fs::read_to_string(path.join("metrics.jsonl")).unwrap();
    let last = format!("episode-{:06}.safetensors", metrics.lines().count());
    let checkpoints = ["interrupted.safetensors", &last].map(|name| path.join("checkpoints").join(name));
    assert!(checkpoints.iter().any(|file| file.exists()), "neither of {checkpoints:?}");
    File::open(path.join(".lock")).unwrap().try_lock().unwrap();
}

#[test]
fn what_has_nothing_to_save_ends_at_the_first_signal() {
    let place = Place::new();
    place.done(&["run", "quick.toml", "--seeds", "0..2", "--set", "run.episodes=4"]);
    // Reading what nobody writes takes for ever.
    let metrics = place.path("runs/quick/seed-0/metrics.jsonl");
    fs::remove_file(&metrics).unwrap();
    assert!(Command::new("mkfifo").arg(&metrics).status().unwrap().success());
    for (signal, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        for arguments in [
            &["plot", "runs/quick/seed-0", "learning-curve"][..],
            &["report", "runs/quick/seed-0"],
            &["report", "runs/quick"],
            &["compare", "runs/quick"],
        ] {
            let mut child = start(&place, arguments);
            // Opens as soon as the command reads it.
            let held = OpenOptions::new().write(true).open(&metrics).unwrap();
            send(signal, child.id());
            let status = ended(&mut child);
            assert_eq!(status.signal(), Some(number), "{arguments:?}, SIG{signal}: {status}");
            drop(held);
        }
        let mut child = start(&place, &["eval", "runs/quick/seed-1", "--episodes", "100000000"]);
        sleep(Duration::from_millis(200));
        send(signal, child.id());
        assert_eq!(ended(&mut child).signal(), Some(number), "eval, SIG{signal}");
        let mut child = start(&place, &["simulate", "--set", "ne=50", "--steps", "1000000000"]);
        sleep(Duration::from_millis(200));
        send(signal, child.id());
        assert_eq!(ended(&mut child).signal(), Some(number), "simulate, SIG{signal}");
    }
}

#[test]
fn a_hangup_saves_as_other_signals_do_unless_it_is_ignored() {
    let place = Place::new();
    let run = |out: &str, ignored: bool| {
        let before = if ignored { "trap '' HUP; " } else { "" };
        let script = format!("{before}exec \"$0\" \"$@\"");
        let mut shell = hearing("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_sorn"), "run", "quick.toml", "--out", out]);
        shell.args(LONG).current_dir(place.path("")).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = shell.spawn().unwrap();
        let metrics = place.path(&format!("{out}/quick/seed-0/metrics.jsonl"));
        wait_for("metrics", || fs::metadata(&metrics).is_ok_and(|m| m.len() > 500));
        (child, metrics)
    };
    let (mut child, _) = run("hung-up", false);
    send("HUP", child.id());
    assert_eq!(ended(&mut child).code(), Some(130));
    saved_and_free(&place, "hung-up/quick/seed-0");

    let (mut child, metrics) = run("nohup", true);
    send("HUP", child.id());
    let length = || fs::metadata(&metrics).unwrap().len();
    let before = length();
    wait_for("the run to go on", || length() > before + 5000);
    send("TERM", child.id());
    assert_eq!(ended(&mut child).code(), Some(130));
    saved_and_free(&place, "nohup/quick/seed-0");
}

/// A terminal, its other side held by the test.
#[cfg(target_os = "linux")]
fn terminal() -> (File, File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{Winsize, tcsetwinsize};

    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    tcsetwinsize(&ours, Winsize { ws_row: 30, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    (File::from(ours), theirs)
}

/// `setsid` of util-linux makes the terminal that of the process, which then hears of its end.
#[cfg(target_os = "linux")]
#[test]
fn a_run_whose_terminal_is_closed_is_saved() {
    let place = Place::new();
    let live: &[&str] = if cfg!(feature = "live") { &["--live"] } else { &[] };
    for (out, how) in [("bar", &[][..]), ("live", live)] {
        let (mut ours, theirs) = terminal();
        let mut child = hearing("setsid")
            .args(["--ctty", env!("CARGO_BIN_EXE_sorn"), "run", "quick.toml", "--out", out])
            .args(LONG)
            .args(how)
            .current_dir(place.path(""))
            .env_remove("SORN_LOG")
            .stdin(theirs.try_clone().unwrap())
            .stdout(theirs.try_clone().unwrap())
            .stderr(theirs)
            .spawn()
            .unwrap();
        let metrics = place.path(&format!("{out}/quick/seed-0/metrics.jsonl"));
        let (mut seen, mut buffer) = (0, [0; 4096]);
        // The view is there, or the bar, and the run is under way.
        while seen < 2000 || !fs::metadata(&metrics).is_ok_and(|m| m.len() > 500) {
            seen += ours.read(&mut buffer).unwrap();
        }
        drop(ours);
        assert_eq!(ended(&mut child).code(), Some(130), "{out}");
        saved_and_free(&place, &format!("{out}/quick/seed-0"));
    }
}
