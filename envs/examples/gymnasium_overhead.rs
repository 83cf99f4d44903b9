//! Steps an environment of Python's as often as it is told, and says how long it took. `tests/peers/bench_bridge.py` runs it
//! beside the same loop in Python.
//!
//! Each line of the standard input is a number of steps, after `ready` (their actions are there before the clock starts) or `drawn`
//! (each is drawn from the action space before its step). Each is answered by a line of JSON: seconds, and resident memory in KiB.
//! The steps are taken on a thread of their own, as `sorn run` takes them.

use std::borrow::Cow;
use std::error::Error;
use std::io::{BufRead, stdin};
use std::time::Instant;

use sorn_env::seeding::Generator;
use sorn_env::{AnyEnv, Array, Data, Env, Space, Value};

/// The same spread-out actions as the script's.
fn action(space: &Space, i: u64) -> Value {
    match space {
        Space::Discrete { n, start } => Value::Int(start + ((i * 1_103_515_245 + 12_345) >> 16) as i64 % n),
        Space::Box(space) => {
            let numbers = space.low.iter().zip(&space.high).enumerate().map(|(j, (low, high))| {
                let part = ((i + 1) as f64 * 0.618_034 + j as f64 * 0.414_214).fract();
                low + (high - low) * part
            });
            let data = Data::cast(numbers, space.dtype);
            Value::Array(Array::new(space.shape.clone(), data).expect("one number per bound"))
        }
        other => panic!("no actions for {other}"),
    }
}

/// Resident memory, where the system has `/proc`.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn main() -> Result<(), Box<dyn Error>> {
    let steps = std::thread::spawn(|| answer().map_err(|error| error.to_string()));
    Ok(steps.join().expect("the thread has not panicked")?)
}

fn answer() -> Result<(), Box<dyn Error>> {
    let id = std::env::args().nth(1).ok_or("expected an environment's id, e.g. gymnasium:CartPole-v1")?;
    let (mut env, _) = sorn_envs::make(&id, &sorn_envs::Kwargs::new())?;
    let space = env.action_space();
    let mut rng = Generator::new(0);
    env.reset(Some(0), None)?;
    for line in stdin().lock().lines() {
        let line = line?;
        let (mode, steps) = line.trim().split_once(' ').ok_or("expected `ready` or `drawn` and a number")?;
        let steps: u64 = steps.parse()?;
        let seconds = match mode {
            "ready" => {
                let actions: Vec<Value> = (0..steps).map(|i| action(&space, i)).collect();
                play(&mut env, actions.iter().map(Cow::Borrowed))?
            }
            "drawn" => play(&mut env, (0..steps).map(|_| Cow::Owned(space.sample(&mut rng))))?,
            other => return Err(format!("expected `ready` or `drawn`, found `{other}`").into()),
        };
        println!("{}", serde_json::json!({ "seconds": seconds, "resident_kib": resident_kib() }));
    }
    Ok(())
}

/// Seconds of one step for each of `actions`.
fn play<'a>(env: &mut AnyEnv, actions: impl Iterator<Item = Cow<'a, Value>>) -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    for action in actions {
        if env.step(&action)?.done() {
            env.reset(None, None)?;
        }
    }
    Ok(start.elapsed().as_secs_f64())
}
