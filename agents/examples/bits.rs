//! Checksums of what networks, environments and agents become, one a line, to compare machines by:
//! `cargo run --release -p sorn-agents --example bits`. `cargo xtask test --only aarch64` compares those of two processors, `--only musl`
//! those of two C libraries: agents learn in CartPole, which takes sines of the library, and in a drift, which takes none.

use std::error::Error;

use sorn_agents::{Agent, AgentConfig, Checksum};
use sorn_core::{Network, Params, Precision};
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Element, Env, Info, Options, Space, Step};

/// The sum of numbers to the bit.
#[derive(Default)]
struct Bits(Checksum);

impl Bits {
    fn take<'a>(&mut self, numbers: impl IntoIterator<Item = &'a f64>) {
        numbers.into_iter().for_each(|number| self.0.update(&number.to_bits().to_le_bytes()));
    }
}

/// A network of each preset, in both precisions, after 300 steps.
fn network(params: &Params) -> Result<Checksum, Box<dyn Error>> {
    let mut network = Network::new(params, 5)?;
    let mut rng = Generator::new(6);
    for _ in 0..300 {
        let input: Vec<f64> = (0..params.input_len()).map(|_| rng.random()).collect();
        network.step(&input)?;
    }
    let state = network.state();
    let mut bits = Bits::default();
    [&state.wee.weights, &state.wei.weights, &state.wie.weights, &state.te, &state.ti, &state.recurrent]
        .into_iter()
        .for_each(|numbers| bits.take(numbers));
    state.x.iter().chain(&state.y).flatten().for_each(|neuron| bits.0.update(&neuron.to_le_bytes()));
    Ok(bits.0)
}

/// An environment under 1,000 random actions.
fn environment(id: &str) -> Result<Checksum, Box<dyn Error>> {
    let (mut env, _) = sorn_envs::make(id, &Default::default())?;
    let (observations, actions) = (env.observation_space(), env.action_space());
    let mut flat = vec![0.0; observations.flat_dim()];
    let (mut bits, mut rng) = (Bits::default(), Generator::new(7));
    env.reset(Some(8), None)?;
    for _ in 0..1000 {
        let step = env.step(&actions.sample(&mut rng))?;
        step.obs.flatten_into(&observations, &mut flat)?;
        bits.take(&flat);
        bits.take([&step.reward]);
        if step.done() {
            env.reset(None, None)?;
        }
    }
    Ok(bits.0)
}

/// Four numbers that drift, and a push for or against the first of them. No function of the C library is called.
#[derive(Default)]
struct Drift {
    numbers: [f64; 4],
    step: u32,
    rng: Option<Generator>,
}

impl Env for Drift {
    type Obs = [f32; 4];
    type Act = i64;
    type Error = std::convert::Infallible;

    fn observation_space(&self) -> Space {
        Space::box_f32(&[-4.0; 4], &[4.0; 4]).expect("-4 is below 4")
    }
    fn action_space(&self) -> Space {
        Space::discrete(2).expect("2 is positive")
    }
    fn reset(&mut self, seed: Option<u64>, _: Option<&Options>) -> Result<([f32; 4], Info), Self::Error> {
        let rng = reseed(&mut self.rng, seed);
        self.numbers = std::array::from_fn(|_| rng.uniform(-0.5, 0.5));
        self.step = 0;
        Ok((self.numbers.map(|x| x as f32), Info::new()))
    }
    fn step(&mut self, action: &i64) -> Result<Step<[f32; 4]>, Self::Error> {
        let rng = reseed(&mut self.rng, None);
        let before = self.numbers;
        self.numbers = std::array::from_fn(|k| {
            (0.9 * before[k] + 0.2 * before[(k + 1) % 4] + rng.uniform(-0.3, 0.3)).clamp(-4.0, 4.0)
        });
        self.numbers[0] += if *action == 0 { -0.2 } else { 0.2 };
        self.step += 1;
        let obs = self.numbers.map(|x| x as f32);
        let (terminated, truncated) = (self.numbers[0].abs() > 2.0, self.step == 100);
        Ok(Step { obs, reward: 1.0 - self.numbers[0].abs(), terminated, truncated, info: Info::new() })
    }
}

/// An agent after 1,500 steps.
fn agent<E: Env<Obs: Element, Act: Element>>(config: &str, mut env: E) -> Result<Checksum, Box<dyn Error>> {
    let config: AgentConfig = toml::from_str(config)?;
    let (observations, actions) = (env.observation_space(), env.action_space());
    let mut agent = Agent::new(&config, &observations, &actions, 9)?;
    let mut action = agent.begin(&env.reset(Some(10), None)?.0)?;
    for _ in 0..1500 {
        let step = env.step(&E::Act::from_value(&action)?)?;
        agent.observe(step.reward, step.terminated, step.truncated, &step.obs)?;
        action = match step.done() {
            true => agent.begin(&env.reset(None, None)?.0)?,
            false => agent.act()?,
        };
    }
    let state = agent.state();
    let mut bits = Bits(Checksum::of(state.meta.to_string().as_bytes()));
    for (name, array) in &state.arrays {
        bits.0.update(name.as_bytes());
        bits.take(array);
    }
    Ok(bits.0)
}

const AGENTS: [&str; 12] = [
    r#"learner = { kind = "actor_critic" }"#,
    r#"learner = { kind = "actor_critic" }
       normalization = { observation = true, reward = true }"#,
    r#"learner = { kind = "ars", directions = 2, best = 1 }"#,
    r#"learner = { kind = "reinforce" }"#,
    r#"learner = { kind = "sarsa" }
       policy = { kind = "softmax" }"#,
    r#"learner = { kind = "q_lambda" }"#,
    r#"learner = { kind = "true_online_sarsa" }"#,
    r#"learner = { kind = "rm_sorn" }"#,
    r#"learner = { kind = "ppo", n_steps = 100 }"#,
    r#"encoder = { kind = "gaussian_population", cells = 4 }
       reservoir = { params = { input = "first", nu = 16 } }"#,
    r#"encoder = { kind = "thermometer", cells = 4 }
       reservoir = { params = { input = "first", nu = 16 } }"#,
    r#"reservoir = { kind = "none" }"#,
];

fn main() -> Result<(), Box<dyn Error>> {
    for name in Params::PRESETS {
        for precision in [Precision::Exact, Precision::Fast] {
            let params = Params { ne: 300, precision, ..Params::preset(name)? };
            println!("network {name} {precision:?}: {}", network(&params)?);
        }
    }
    for spec in sorn_envs::specs() {
        println!("environment {}: {}", spec.id, environment(&spec.id)?);
    }
    for config in AGENTS {
        let name: Vec<&str> = config.split_whitespace().collect();
        let (cart_pole, _) = sorn_envs::make("CartPole-v1", &Default::default())?;
        println!("agent in CartPole, {}: {}", name.join(" "), agent(config, cart_pole)?);
        println!("agent in a drift, {}: {}", name.join(" "), agent(config, Drift::default())?);
    }
    Ok(())
}
