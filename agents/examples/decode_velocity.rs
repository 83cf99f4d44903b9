//! Can the cart-pole's hidden velocities be read from the activity of a reservoir that sees place and angle alone?
//!
//! `cargo run --release -p sorn-agents --example decode_velocity [SEEDS]` prints a table in Markdown, medians and quartiles over
//! 20 seeds by default. Every agent is that of `experiments/cartpole-masked-activity.toml` with 400 neurons, trained until its plastic phase is
//! over with some of its rules frozen, then frozen itself. A noisy controller that knows the whole state, the same for all,
//! then drives the pole, a ridge readout learns from 200 episodes, and is tested on 50 others.

use std::error::Error;
use std::ops::{ControlFlow, Range};

use sorn_agents::{
    Agent, AgentConfig, AgentError, EncoderConfig, EpisodeEvent, Observer, PlasticityConfig,
    RandomProjectionConfig, ReservoirKind, Ridge, StepEvent,
};
use sorn_core::{Rule, Rules};
use sorn_env::Env;
use sorn_env::seeding::Generator;
use sorn_envs::{CartPole, MaskedCartPole};

const EXPERIMENT: &str = include_str!("../../experiments/cartpole-masked-activity.toml");
/// Half of the experiment's, which take a quarter of its time.
const UNITS: usize = 400;
const TRAINED: u64 = 200;
const TESTED: u64 = 50;
const STEPS: u32 = 200;

/// One row of the table.
struct Arm {
    name: &'static str,
    kind: ReservoirKind,
    /// The rules that are not frozen.
    rules: &'static [Rule],
    seen: Seen,
    /// The encoder's.
    gain: f64,
}

/// What the readout sees.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Activity,
    ActivityNowAndBefore,
    ObservationsNowAndBefore,
}

const ARMS: &[Arm] = &[
    Arm {
        name: "place and angle, now and before",
        kind: ReservoirKind::None,
        rules: &[],
        seen: Seen::ObservationsNowAndBefore,
        gain: 3.0,
    },
    Arm { name: "code alone", kind: ReservoirKind::None, rules: &[], seen: Seen::Activity, gain: 3.0 },
    Arm {
        name: "code, now and before",
        kind: ReservoirKind::None,
        rules: &[],
        seen: Seen::ActivityNowAndBefore,
        gain: 3.0,
    },
    Arm {
        name: "static (before plasticity)",
        kind: ReservoirKind::Static,
        rules: &[],
        seen: Seen::Activity,
        gain: 3.0,
    },
    Arm {
        name: "static, half the gain",
        kind: ReservoirKind::Static,
        rules: &[],
        seen: Seen::Activity,
        gain: 1.5,
    },
    Arm { name: "IP", kind: ReservoirKind::Sorn, rules: &[Rule::Ip], seen: Seen::Activity, gain: 3.0 },
    Arm {
        name: "STDP, scaling",
        kind: ReservoirKind::Sorn,
        rules: &[Rule::Stdp, Rule::Ss],
        seen: Seen::Activity,
        gain: 3.0,
    },
    Arm {
        name: "iSTDP, scaling",
        kind: ReservoirKind::Sorn,
        rules: &[Rule::Istdp, Rule::Ss],
        seen: Seen::Activity,
        gain: 3.0,
    },
    Arm {
        name: "all but IP",
        kind: ReservoirKind::Sorn,
        rules: &[Rule::Stdp, Rule::Sp, Rule::Istdp, Rule::Ss],
        seen: Seen::Activity,
        gain: 3.0,
    },
    Arm {
        name: "all rules",
        kind: ReservoirKind::Sorn,
        rules: &[Rule::Stdp, Rule::Ip, Rule::Sp, Rule::Istdp, Rule::Ss],
        seen: Seen::Activity,
        gain: 3.0,
    },
];

/// Ends a run when the agent has seen as many observations.
struct Until(u64);

impl Observer for Until {
    fn on_step(&mut self, _: &StepEvent<'_>, agent: &Agent) -> ControlFlow<()> {
        if agent.steps() < self.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
    fn on_episode(&mut self, _: &EpisodeEvent, _: &Agent) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

fn agent(arm: &Arm, seed: u64) -> Result<Agent, Box<dyn Error>> {
    let mut config: AgentConfig = toml::from_str::<toml::Table>(EXPERIMENT)?["agent"].clone().try_into()?;
    config.reservoir.kind = arm.kind;
    config.reservoir.params.ne = UNITS;
    let EncoderConfig::RandomProjection(RandomProjectionConfig { gain, .. }) = &mut config.encoder else {
        return Err("encoder.kind: expected \"random_projection\"".into());
    };
    *gain = arm.gain;
    let PlasticityConfig::FirstSteps { steps, freeze } = &mut config.plasticity else {
        return Err("plasticity.mode: expected \"first_steps\"".into());
    };
    let steps = *steps;
    *freeze = arm.rules.iter().fold(Rules::all(), |frozen, &rule| frozen.without(rule));
    let mut env = MaskedCartPole::default();
    let mut agent = Agent::new(&config, &env.observation_space(), &env.action_space(), seed)?;
    let episode_seed = |episode| seed * 1_000_000 + episode;
    sorn_agents::run(&mut env, &mut agent, 0..u64::MAX, episode_seed, &mut Until(steps))?;
    Ok(agent.frozen())
}

/// What takes the features of a step and its targets: velocity (m/s) and angular velocity (rad/s) at the last observation and at
/// the one before. The latter are the differences of two observations, the former also depend on the push between them.
type Each<'a> = dyn FnMut(&[f64], &[f64; 4]) -> Result<(), AgentError> + 'a;

/// Gives every step but the first of episodes under the noisy controller to `each`; returns the mean deviation of a unit's
/// recurrent drive.
fn drive(
    agent: &mut Agent,
    seen: Seen,
    seeds: Range<u64>,
    each: &mut Each<'_>,
) -> Result<f64, Box<dyn Error>> {
    let units = agent.config().reservoir.params.ne;
    let (mut n, mut moments) = (0.0, vec![[0.0; 2]; units]);
    for seed in seeds {
        let mut noise = Generator::new(seed);
        let mut cart = CartPole::default();
        let (mut obs, _) = cart.reset(Some(seed), None)?;
        agent.begin(&[obs[0], obs[2]])?;
        for _ in 0..STEPS {
            let mut phi = features(agent, seen, obs);
            let lean = obs[2] + 0.5 * obs[3] + 0.05 * obs[0] + 0.1 * obs[1];
            let push = if noise.random() < 0.3 { noise.integers(0, 2) } else { i64::from(lean > 0.0) };
            let before = obs;
            let step = cart.step(&push)?;
            obs = step.obs;
            agent.observe(step.reward, step.terminated, step.truncated, &[obs[0], obs[2]])?;
            if seen == Seen::Activity {
                phi.clear();
            }
            phi.extend(features(agent, seen, obs));
            phi.push(1.0);
            each(&phi, &[obs[1], obs[3], before[1], before[3]].map(f64::from))?;
            n += 1.0;
            if let Some(network) = agent.network() {
                let drives = moments.iter_mut().zip(network.activity().recurrent);
                drives.for_each(|(sums, drive)| *sums = [sums[0] + drive, sums[1] + drive * drive]);
            }
            if step.terminated {
                break;
            }
            agent.act()?; // what it would do is not done
        }
    }
    let deviation = |[sum, squares]: &[f64; 2]| (squares / n - (sum / n).powi(2)).max(0.0).sqrt();
    Ok(moments.iter().map(deviation).sum::<f64>() / units as f64)
}

/// What is seen at one step.
fn features(agent: &Agent, seen: Seen, obs: [f32; 4]) -> Vec<f64> {
    if seen == Seen::ObservationsNowAndBefore {
        return vec![f64::from(obs[0]), f64::from(obs[2])];
    }
    let mut x = vec![0.0; agent.config().reservoir.params.ne];
    agent.spikes().iter().for_each(|&unit| x[unit as usize] = 1.0);
    x
}

/// The part of each velocity's variance that the readout explains in episodes it was not trained on, the deviation of a unit's
/// recurrent drive, and the number of synapses that carry it: `(sum w)^2 / sum w^2` of a neuron, averaged.
fn measure(arm: &Arm, seed: u64) -> Result<[f64; 6], Box<dyn Error>> {
    let mut agent = agent(arm, seed)?;
    // No episode of training or testing is one that an agent was trained in.
    let first = 500_000_000 + seed * 1_000;
    let (units, penalty) = match arm.seen {
        Seen::Activity => (agent.config().reservoir.params.ne, 10.0),
        Seen::ActivityNowAndBefore => (2 * agent.config().reservoir.params.ne, 10.0),
        Seen::ObservationsNowAndBefore => (4, 1e-6),
    };
    let mut ridge = Ridge::new(units + 1, 4)?;
    drive(&mut agent, arm.seen, first..first + TRAINED, &mut |phi, y| Ok(ridge.learn(phi, y)?))?;
    let readout = ridge.solve(penalty)?;
    // Per velocity: number, sum, sum of squares, sum of squared errors.
    let mut sums = [[0.0; 4]; 4];
    let tested = first + TRAINED..first + TRAINED + TESTED;
    let deviation = drive(&mut agent, arm.seen, tested, &mut |phi, y| {
        let mut predicted = [0.0; 4];
        readout.predict(phi, &mut predicted)?;
        for (sums, (y, predicted)) in sums.iter_mut().zip(y.iter().zip(predicted)) {
            let terms = [1.0, *y, y * y, (y - predicted).powi(2)];
            sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        }
        Ok(())
    })?;
    let r2 = |[n, sum, squares, errors]: [f64; 4]| 1.0 - errors / (squares - sum * sum / n);
    let [v, w, v_before, w_before] = sums.map(r2);
    let mut result = [v, w, v_before, w_before, deviation, 0.0];
    if let Some(network) = agent.network() {
        let wee = network.wee();
        let columns: Vec<&[f64]> = wee.indptr.windows(2).map(|w| &wee.weights[w[0]..w[1]]).collect();
        let carrying = |w: &&[f64]| w.iter().sum::<f64>().powi(2) / w.iter().map(|w| w * w).sum::<f64>();
        let connected = columns.iter().filter(|w| !w.is_empty());
        result[5] = connected.clone().map(carrying).sum::<f64>() / connected.count() as f64;
    }
    Ok(result)
}

/// "median (lower quartile, upper quartile)", interpolated.
fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let quantile = |q: f64| {
        let place = q * (values.len() - 1) as f64;
        let (low, high) = (values[place.floor() as usize], values[place.ceil() as usize]);
        low + (high - low) * place.fract()
    };
    format!("{:.2} ({:.2}, {:.2})", quantile(0.5), quantile(0.25), quantile(0.75))
}

fn main() -> Result<(), Box<dyn Error>> {
    let seeds = match std::env::args().nth(1) {
        None => 20,
        Some(text) => text
            .parse()
            .ok()
            .filter(|&n| n > 0)
            .ok_or(format!("SEEDS: expected a positive number, found {text}"))?,
    };
    println!(
        "| The readout sees | velocity | angular velocity | velocity before | angular velocity before | sd of drive | synapses |"
    );
    println!("|---|---|---|---|---|---|---|");
    for arm in ARMS {
        let rows = (0..seeds).map(|seed| measure(arm, seed)).collect::<Result<Vec<_>, _>>()?;
        let columns: Vec<String> = (0..6).map(|k| spread(rows.iter().map(|row| row[k]).collect())).collect();
        println!("| {} | {} |", arm.name, columns.join(" | "));
    }
    Ok(())
}
