//! The whole command, with a robot, an encoder, a plasticity rule and a learner of one's own.

use serde::Deserialize;
use sorn_agents::{AgentError, AgentState, EncoderEntry, Learner, LearnerEntry, LearnerSetup};
use sorn_agents::{NoKeys, RuleEntry, Transition};
use sorn_core::RuleContext;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step, Value};
use sorn_envs::EnvEntry;

/// A robot that is to stay on a line, which drifts away under it.
#[derive(Deserialize)]
struct LineFollower {
    drift: f64, // metres per step at most: a keyword argument
    #[serde(skip)]
    offset: f64, // metres from the line
    #[serde(skip)]
    rng: Option<Generator>,
}

impl Env for LineFollower {
    type Obs = [f32; 1];
    type Act = i64;
    type Error = std::io::Error; // what reading a sensor can fail with

    fn observation_space(&self) -> Space {
        Space::box_f32(&[-0.2], &[0.2]).expect("-0.2 is below 0.2")
    }
    fn action_space(&self) -> Space {
        Space::discrete(2).expect("2 is positive")
    }
    fn reset(&mut self, seed: Option<u64>, _: Option<&Options>) -> std::io::Result<([f32; 1], Info)> {
        self.offset = reseed(&mut self.rng, seed).uniform(-0.05, 0.05);
        Ok(([self.offset as f32], Info::new()))
    }
    fn step(&mut self, action: &i64) -> std::io::Result<Step<[f32; 1]>> {
        self.offset += reseed(&mut self.rng, None).uniform(-self.drift, self.drift);
        self.offset = (self.offset + if *action == 0 { -0.02 } else { 0.02 }).clamp(-0.2, 0.2);
        let terminated = self.offset.abs() > 0.15;
        Ok(Step { obs: [self.offset as f32], reward: 1.0, terminated, truncated: false, info: Info::new() })
    }
    fn render(&mut self) -> std::io::Result<Option<Frame>> {
        // In a picture of 200 by 20, x in metres.
        let pixel = |k| [255 * u8::from(((k % 200) as f64 / 480.0 - 0.21 - self.offset).abs() > 0.01); 3];
        Ok(Some(Frame { width: 200, height: 20, rgb: (0..4000).flat_map(pixel).collect() }))
    }
}

/// Neurons that stand for places, each with a range of the observation that it answers to.
fn place() -> EncoderEntry {
    EncoderEntry::from_fn("place", "Neurons stand for places.", |_: NoKeys, setup| {
        let Space::Box(space) = setup.space else {
            return Err(format!("expected observations of a Box, found {}", setup.space));
        };
        let (low, high) = (space.low[0], space.high[0]);
        Ok(move |observation: &[f64], input: &mut [f64]| {
            let place = (observation[0] - low) / (high - low) * input.len() as f64;
            input.iter_mut().enumerate().for_each(|(k, u)| *u = 2.0 - 0.2 * (k as f64 - place).abs());
        })
    })
}

/// Every weight decays, so that synapses which are not strengthened die.
#[derive(Deserialize)]
struct Decay {
    rate: f64, // a key
}

fn decay() -> RuleEntry {
    RuleEntry::from_fn("decay", "Every weight decays.", |Decay { rate }, _| match rate {
        0.0..1.0 => Ok(move |context: &mut RuleContext<'_>| {
            (0..context.ne()).for_each(|post| context.for_each_ee(post, &mut |_pre, weight| *weight -= rate));
        }),
        other => Err(format!("rate: expected 0 to below 1, found {other}")),
    })
}

/// Q-learning of one step, on linear action values that begin too high, so that every action is tried.
#[derive(Clone, Debug, Deserialize)]
struct OneStep {
    step: f64, // a key
    #[serde(skip)]
    weights: Vec<Vec<f64>>,
    #[serde(skip)]
    last: (usize, Vec<f64>),
}

impl OneStep {
    /// The best action, and its value.
    fn best(&self, phi: &[f64]) -> (usize, f64) {
        let values = self.weights.iter().map(|w| w.iter().zip(phi).map(|(w, x)| w * x).sum());
        values.enumerate().fold((0, f64::MIN), |best, next| if next.1 > best.1 { next } else { best })
    }
}

impl Learner for OneStep {
    fn act(&mut self, phi: &[f64], greedy: bool) -> Result<Value, String> {
        let (action, _) = self.best(phi);
        if !greedy {
            self.last = (action, phi.to_vec());
        }
        Ok(Value::Int(action as i64))
    }
    fn learn(&mut self, now: &Transition<'_>) -> Result<(), String> {
        let (action, phi) = &self.last;
        let after = if now.terminated { 0.0 } else { 0.9 * self.best(now.next).1 };
        let weights = &mut self.weights[*action];
        let value: f64 = weights.iter().zip(phi).map(|(w, x)| w * x).sum();
        let step = self.step * (now.reward + after - value) / phi.iter().map(|x| x * x).sum::<f64>().max(1.0);
        weights.iter_mut().zip(phi).for_each(|(w, x)| *w += step * x);
        Ok(())
    }
    fn save(&self, state: &mut AgentState) {
        state.note("learnt", &(&self.weights, &self.last));
    }
    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        (self.weights, self.last) = state.entry("learnt")?;
        Ok(())
    }
    fn clone_box(&self) -> Box<dyn Learner> {
        Box::new(self.clone())
    }
}

fn one_step(learner: OneStep, setup: LearnerSetup<'_>) -> Result<Box<dyn Learner>, String> {
    let Space::Discrete { n, start: 0 } = *setup.actions else {
        return Err(format!("expected actions of a Discrete from 0, found {}", setup.actions));
    };
    Ok(Box::new(OneStep { weights: vec![vec![0.2; setup.features]; n as usize], ..learner }))
}

fn main() -> std::process::ExitCode {
    let robot = EnvEntry::new("LineFollower-v0", "Stay on a line.", Ok::<LineFollower, String>);
    let learner = LearnerEntry::new("one_step", "Q-learning of one step.", one_step);
    let robot = robot.max_episode_steps(200).reward_threshold(190.0);
    let registry = sorn_cli::Registry::new().env(robot).encoder(place()).rule(decay()).learner(learner);
    sorn_cli::run_with(registry, std::env::args_os()).into()
}
