//! A step of a trained agent allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::convert::Infallible;
use std::time::Duration;

use sorn_agents::{Agent, AgentConfig};
use sorn_env::fixed_rate::{Clock, FixedRate, OnOverrun, Rate};
use sorn_env::{Env, Info, Options, Space, Step};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|n| n.set(n.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.with(|n| n.set(n.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Allocations in 2,000 steps after 2,000 others.
fn allocations(config: &str) -> u64 {
    let config: AgentConfig = toml::from_str(config).unwrap();
    let space = Space::box_f32(&[-1.0; 4], &[1.0; 4]).unwrap();
    let mut agent = Agent::new(&config, &space, &Space::discrete(2).unwrap(), 1).unwrap();
    let mut before = 0;
    agent.begin(&[0.0_f32; 4]).unwrap();
    for step in 0..4_000_u32 {
        if step == 2_000 {
            before = ALLOCATIONS.with(Cell::get);
        }
        let obs = [(step as f32 * 0.1).sin(), (step as f32 * 0.07).cos(), 0.1, (step % 7) as f32 * 0.1];
        let end = step % 50 == 49;
        agent.observe(1.0, end, false, &obs).unwrap();
        match end {
            true => agent.begin(&obs).unwrap(),
            false => agent.act().unwrap(),
        };
    }
    ALLOCATIONS.with(Cell::get) - before
}

/// A plant that ends no episode, and time that passes as asked for.
struct Plant([f32; 4]);
struct Time(Duration);

impl Env for Plant {
    type Obs = [f32; 4];
    type Act = i64;
    type Error = Infallible;

    fn observation_space(&self) -> Space {
        Space::box_f32(&[-1.0; 4], &[1.0; 4]).unwrap()
    }
    fn action_space(&self) -> Space {
        Space::discrete(2).unwrap()
    }
    fn reset(&mut self, _: Option<u64>, _: Option<&Options>) -> Result<([f32; 4], Info), Infallible> {
        Ok((self.0, Info::new()))
    }
    fn step(&mut self, action: &i64) -> Result<Step<[f32; 4]>, Infallible> {
        self.0.rotate_left(1);
        self.0[0] = *action as f32 - 0.5;
        Ok(Step { obs: self.0, reward: 1.0, terminated: false, truncated: false, info: Info::new() })
    }
}

impl Clock for Time {
    fn now(&mut self) -> Duration {
        self.0 += Duration::from_millis(7);
        self.0
    }
    fn sleep_until(&mut self, time: Duration) {
        self.0 = self.0.max(time);
    }
}

#[test]
fn a_tick_allocates_nothing() {
    let rate = Rate { on_overrun: OnOverrun::Hold, ..Rate::hertz(100.0).unwrap() };
    let mut env = FixedRate::with_clock(Plant([0.1; 4]), rate, Time(Duration::ZERO));
    let config = toml::from_str("plasticity = { mode = \"first_steps\", steps = 500 }").unwrap();
    let mut agent = Agent::new(&config, &env.observation_space(), &env.action_space(), 1).unwrap();
    let mut action = agent.begin(&env.reset(None, None).unwrap().0).unwrap();
    let mut before = 0;
    for tick in 0..2_000 {
        if tick == 1_000 {
            before = ALLOCATIONS.with(Cell::get);
        }
        let step = env.step(&action.as_i64().unwrap()).unwrap();
        agent.observe(step.reward, false, false, &step.obs).unwrap();
        action = agent.act().unwrap();
    }
    assert!(env.report().overruns > 100, "{}", env.report());
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 0);
}

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.with(Cell::get);
    drop(std::hint::black_box(vec![1, 2, 3]));
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 1);
}

#[test]
fn steps_allocate_nothing() {
    let features =
        r#"features = { names = ["activity", "trace", "activity_minus_trace", "recurrent_drive", "bias"] }"#;
    for kind in ["static", "none"] {
        let config = format!("reservoir = {{ kind = \"{kind}\" }}\n{features}");
        assert_eq!(allocations(&config), 0, "{kind}");
    }
    let annealed = r#"learner = { kind = "actor_critic", anneal = { target_return = 50.0 } }
        plasticity = { mode = "first_steps", steps = 1000 }"#;
    assert_eq!(allocations(annealed), 0);
    let inputs = r#"inputs = ["observation", "action", "reward"]
        encoder = { kind = "pools", cells = 5 }
        plasticity = { mode = "first_steps", steps = 1000 }"#;
    assert_eq!(allocations(inputs), 0);
    assert_eq!(allocations(r#"learner = { kind = "random" }"#), 0);
    assert_eq!(allocations(r#"learner = { kind = "rm_sorn" }"#), 0);
    for kind in ["reinforce", "sarsa", "q_lambda", "true_online_sarsa"] {
        assert_eq!(allocations(&format!("learner = {{ kind = \"{kind}\" }}")), 0, "{kind}");
    }
    // Memory for the steps between two updates grows to what was needed most.
    assert!(allocations(r#"learner = { kind = "ppo", n_steps = 100 }"#) <= 4);
    let episodes = 2000 / 50;
    assert!(allocations(r#"learner = { kind = "ars" }"#) <= episodes, "more than once per iteration");
}
