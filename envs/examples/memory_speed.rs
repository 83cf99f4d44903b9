//! How many steps of RepeatPreviousEasy one core takes in a second, with random actions. `tests/peers/bench_memory.py` runs it
//! between its own measurements of POPGym's.
//!
//! Prints one JSON object of steps per second, best and median of many short rounds, actions drawn beforehand: `typed`, the
//! environment itself, and `any`, made by its name, as the command line and Python see it.

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Map, json};
use sorn_env::seeding::Generator;
use sorn_env::{Env, Value};
use sorn_envs::memory::{RepeatPrevious, RepeatPreviousConfig};

const ROUNDS: usize = 100;
const STEPS: usize = 100_000;

/// Rates of the best and of the median of rounds of `STEPS` steps.
fn rates<E: Env<Error: std::fmt::Debug>>(mut env: E, action: impl Fn(i64) -> E::Act) -> serde_json::Value {
    let mut rng = Generator::new(0);
    let actions: Vec<E::Act> = (0..STEPS).map(|_| action(rng.integers(0, 4))).collect();
    env.reset(Some(0), None).expect("no options");
    let mut seconds = [0.0; ROUNDS];
    for seconds in &mut seconds {
        let start = Instant::now();
        for action in &actions {
            let step = env.step(action).expect("0 to 3");
            let done = step.done();
            black_box((step.obs, step.reward));
            if done {
                black_box(env.reset(None, None).expect("no options").0);
            }
        }
        *seconds = start.elapsed().as_secs_f64();
    }
    seconds.sort_by(f64::total_cmp);
    json!({ "best": STEPS as f64 / seconds[0], "median": STEPS as f64 / seconds[ROUNDS / 2] })
}

fn main() {
    let typed = RepeatPrevious::new(RepeatPreviousConfig::default()).expect("the defaults are allowed");
    let (any, _) =
        sorn_envs::make("popgym-RepeatPreviousEasy-v0", &Map::new()).expect("a native environment");
    println!("{}", json!({ "typed": rates(typed, |action| action), "any": rates(any, Value::Int) }));
}
