//! Agent and simulator in two processes: it learns, messages are lost, and either of the two dies.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use sorn_agents::{Agent, AgentConfig, EpisodeEvent, Observer, RunErrorKind, run};
use sorn_env::conformance::{Config, check};
use sorn_env::fixed_rate::{FixedRate, Rate};
use sorn_env::wrappers::TimeLimit;
use sorn_env::{Env, Space};
use zenoh_robot::message::Refusal;
use zenoh_robot::{Patience, RemoteError, RemoteRover, Rover};

/// For what is expected, on a machine that does much else.
const LONG: Duration = Duration::from_secs(30);

/// A process `simulator`, which ends with this.
struct Simulator {
    child: Child,
    endpoint: String,
    said: Receiver<String>,
}

impl Simulator {
    fn start(arguments: &[&str]) -> Simulator {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Simulator::start_at(format!("tcp/127.0.0.1:{port}"), arguments)
    }

    fn start_at(endpoint: String, arguments: &[&str]) -> Simulator {
        let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
        command.args(["--listen", &endpoint]).args(arguments).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, said) = channel();
        thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(sender.send(line))));
        let simulator = Simulator { child, endpoint, said };
        simulator.says("waiting for an agent");
        simulator
    }

    /// Waits until it says so.
    fn says(&self, what: &str) {
        let deadline = Instant::now() + LONG;
        loop {
            let line = self.said.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            if line.unwrap_or_else(|_| panic!("it never said {what:?}")).contains(what) {
                return;
            }
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    fn rover(&self) -> RemoteRover {
        RemoteRover::connect(&self.endpoint, Patience { connect: LONG, ..Patience::default() }).unwrap()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn agent_program(place: &Path, endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command.current_dir(place).args(arguments).args(["--connect", endpoint]).stdin(Stdio::null());
    command
}

/// A learning agent that looks on itself.
struct Learning(Agent, Lengths);

#[derive(Default)]
struct Lengths(Vec<u64>);

impl Observer for Lengths {
    fn on_episode(&mut self, event: &EpisodeEvent, _: &Agent) -> ControlFlow<()> {
        self.0.push(event.length);
        ControlFlow::Continue(())
    }
}

fn learn<E: Env<Obs = [f32; 2], Act = i64>>(rover: E, episodes: u64) -> Learning {
    let mut rover = TimeLimit::new(rover, 300);
    let spaces: [Space; 2] = [rover.observation_space(), rover.action_space()];
    let mut learning =
        Learning(Agent::new(&AgentConfig::default(), &spaces[0], &spaces[1], 7).unwrap(), Lengths::default());
    run(&mut rover, &mut learning.0, 0..episodes, |episode| episode, &mut learning.1).unwrap();
    learning
}

#[test]
fn with_lost_messages_it_learns_the_same_to_the_bit() {
    let simulator = Simulator::start(&["--watchdog", "30", "--loss", "0.02"]);
    let patience = Patience { connect: LONG, reply: Duration::from_millis(10), tries: 1000 };
    let mut rover = RemoteRover::connect(&simulator.endpoint, patience).unwrap();
    let over_zenoh = learn(&mut rover, 15);
    let beside = learn(Rover::default(), 15);
    assert_eq!(over_zenoh.1.0, beside.1.0);
    let traffic = rover.traffic();
    assert!(traffic.again > 0 && traffic.commands == over_zenoh.1.0.iter().sum::<u64>() + 15, "{traffic}");
    let place = tempfile::tempdir().unwrap();
    let files = [("one", over_zenoh.0), ("other", beside.0)].map(|(name, agent)| {
        let path = place.path().join(name);
        agent.save(&path).unwrap();
        fs::read(path).unwrap()
    });
    assert!(files[0] == files[1]);
}

#[test]
fn it_keeps_the_contract() {
    let simulator = Simulator::start(&["--watchdog", "30"]);
    let report = check(&mut simulator.rover(), &Config::default());
    assert!(report.findings.is_empty() && report.failures == 0, "{report}");
    let report = check(&mut Rover::default(), &Config::default());
    assert!(report.findings.is_empty() && report.failures == 0, "{report}");
}

#[test]
fn the_commands_of_the_readme_run_and_it_learns() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let place = tempfile::tempdir().unwrap();
    let mut simulator = None;
    let mut said = Vec::new();
    for line in readme.lines().filter_map(|line| line.strip_prefix("$ cargo run --release --bin ")) {
        let line = line.split("  #").next().unwrap().trim_end();
        let (program, arguments) = line.split_once(" -- ").unwrap_or((line, ""));
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        if program == "simulator" {
            drop(simulator.take()); // its port is free before the next one starts
            simulator = Some(Simulator::start(&[&arguments[..], &["--watchdog", "30"]].concat()));
            continue;
        }
        let endpoint = &simulator.as_ref().expect("a simulator is started first").endpoint;
        let output = agent_program(place.path(), endpoint, &arguments).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        said.push((line.to_string(), String::from_utf8(output.stdout).unwrap()));
    }
    assert!(said.len() >= 4);
    for (line, text) in said {
        let steps = |what: &str| {
            let (_, rest) = text.split_once(&format!("{what}: ")).unwrap_or_else(|| panic!("{line}: {text}"));
            rest.split(' ').next().unwrap().parse::<u64>().unwrap()
        };
        // Actions that come late, because the machine has much else to do, may cost the rover the road.
        let enough = if line.contains("--hertz") { 80 } else { 200 };
        if line.starts_with("agent -- drive") {
            assert!(steps("by the policy") > enough, "{line}: {text}");
        } else {
            assert!(steps("at random") < 60 && steps("learnt") > enough, "{line}: {text}");
        }
        assert!(
            text.contains(" commands, ") && text.contains("ticks missed") == line.contains("--hertz"),
            "{text}"
        );
    }
}

/// Steps until it fails: with what, and how long after `begun`.
fn failure(rover: &mut RemoteRover, begun: Instant) -> (RemoteError, Duration) {
    for _ in 0..1_000_000 {
        match rover.step(&1) {
            Ok(step) if step.terminated => drop(rover.reset(None, None).map_err(|error| panic!("{error}"))),
            Ok(_) => {}
            Err(error) => return (error, begun.elapsed()),
        }
    }
    panic!("a million steps without a failure");
}

#[test]
fn a_killed_simulator_is_an_error_within_seconds_and_may_come_back() {
    let mut simulator = Simulator::start(&["--watchdog", "30"]);
    let mut rover = simulator.rover();
    rover.reset(Some(0), None).unwrap();
    simulator.kill();
    let (error, took) = failure(&mut rover, Instant::now());
    assert!(matches!(error, RemoteError::Gone), "{error}");
    assert_eq!(error.to_string(), "simulator: expected it to stay, found that it left");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(matches!(rover.step(&1), Err(RemoteError::NotReset)));
    let _again = Simulator::start_at(simulator.endpoint.clone(), &["--watchdog", "30"]);
    let (fresh, _) = Rover::default().reset(Some(5), None).unwrap();
    assert_eq!(rover.reset(Some(5), None).unwrap().0, fresh);
    rover.step(&1).unwrap();
}

#[test]
fn a_simulator_that_stays_away_is_an_error() {
    let mut simulator = Simulator::start(&[]);
    let endpoint = simulator.endpoint.clone();
    let patience = Patience { connect: Duration::from_secs(1), ..Patience::default() };
    let mut rover = RemoteRover::connect(&endpoint, patience).unwrap();
    simulator.kill();
    let begun = Instant::now();
    let missing = [rover.reset(None, None).err(), RemoteRover::connect(&endpoint, patience).err()];
    for error in missing.into_iter().map(Option::unwrap) {
        let gone = matches!(error, RemoteError::Gone); // it was just about to be told
        let expected = format!("simulator: expected one at {endpoint} within 1s, found none");
        assert!(gone || error.to_string() == expected, "{error}");
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[cfg(unix)]
#[test]
fn a_simulator_that_hangs_is_an_error_within_seconds_and_may_go_on() {
    let simulator = Simulator::start(&["--watchdog", "30"]);
    let mut rover = simulator.rover();
    rover.reset(Some(0), None).unwrap();
    simulator.signal("-STOP");
    let (error, took) = failure(&mut rover, Instant::now());
    assert!(matches!(error, RemoteError::Silent { tries: 20, .. }), "{error}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    simulator.signal("-CONT");
    let (fresh, _) = Rover::default().reset(Some(5), None).unwrap();
    assert_eq!(rover.reset(Some(5), None).unwrap().0, fresh);
    rover.step(&1).unwrap();
}

#[test]
fn the_motors_stop_however_the_agent_ends() {
    let simulator = Simulator::start(&["--watchdog", "2"]);
    let place = tempfile::tempdir().unwrap();
    let hours = ["learn", "--episodes", "1000000", "--hertz", "100"];
    let mut command = agent_program(place.path(), &simulator.endpoint, &hours);
    let mut agent = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Another agent is told that somebody drives.
    let mut other = simulator.rover();
    simulator.says("an agent drives");
    let error = other.reset(None, None).unwrap_err();
    assert!(matches!(error, RemoteError::Refused(Refusal::Busy)), "{error}");
    agent.kill().unwrap();
    agent.wait().unwrap();
    simulator.says("motors off: no command for 2s");
    other.reset(None, None).unwrap();
    thread::sleep(Duration::from_millis(2500));
    let error = other.step(&1).unwrap_err();
    assert!(matches!(error, RemoteError::Refused(Refusal::NotReset)), "{error}");
    // The loop at a fixed rate stops them itself.
    let mut rover = FixedRate::new(other, Rate::hertz(100.0).unwrap()).with_stop(RemoteRover::stop);
    rover.reset(None, None).unwrap();
    rover.step(&1).unwrap();
    drop(rover);
    simulator.says("motors off: the agent stopped them");
}

#[test]
fn an_agent_whose_simulator_dies_says_so_and_keeps_what_it_learnt() {
    let mut simulator = Simulator::start(&["--watchdog", "30"]);
    let place = tempfile::tempdir().unwrap();
    let mut command = agent_program(place.path(), &simulator.endpoint, &["learn", "--episodes", "1000000"]);
    let agent = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    thread::sleep(Duration::from_secs(4));
    simulator.kill();
    let begun = Instant::now();
    let Output { status, stdout, stderr } = agent.wait_with_output().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(1), "{stdout}{stderr}");
    assert!(
        stderr.contains("the environment failed: simulator: expected it to stay, found that it left"),
        "{stderr}"
    );
    assert!(stdout.contains("saved agent.safetensors and policy.safetensors"), "{stdout}");
    let simulator = Simulator::start(&["--watchdog", "30"]);
    let on = ["learn", "--episodes", "1", "--from", "agent.safetensors"];
    let output = agent_program(place.path(), &simulator.endpoint, &on).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_run_that_fails_says_where() {
    let mut simulator = Simulator::start(&["--watchdog", "30"]);
    let patience = Patience { connect: Duration::from_secs(2), ..Patience::default() };
    let mut rover = RemoteRover::connect(&simulator.endpoint, patience).unwrap();
    rover.reset(Some(0), None).unwrap();
    let error = rover.step(&3).unwrap_err();
    assert_eq!(error.to_string(), "command: expected to be done, found that the robot has no such action");
    simulator.kill();
    let mut agent =
        Agent::new(&AgentConfig::default(), &rover.observation_space(), &rover.action_space(), 0).unwrap();
    let error = run(&mut rover, &mut agent, 4..5, |episode| episode, &mut Lengths::default()).unwrap_err();
    assert!(matches!(error.source, RunErrorKind::Env(_)), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("episode 4, step 0 (environment seed 4): the environment failed: simulator: ")
    );
}
