//! [`check`]: tests whether an environment keeps the contract.
//!
//! Authors run it in the tests of their own environment. It takes random actions for [`Config::episodes`] episodes, twice or more
//! with the same seed. Run it on a physical machine only if random actions can do no harm.
//!
//! ```
//! # use std::convert::Infallible;
//! # use sorn_env::{Env, Info, Options, Space, Step};
//! # /// Three steps, whatever is done.
//! # #[derive(Default)]
//! # struct Walk(u32);
//! # impl Env for Walk {
//! #     type Obs = [f32; 1];
//! #     type Act = i64;
//! #     type Error = Infallible;
//! #     fn observation_space(&self) -> Space { Space::box_f32(&[0.0], &[3.0]).expect("0 is below 3") }
//! #     fn action_space(&self) -> Space { Space::discrete(2).expect("2 is positive") }
//! #     fn reset(&mut self, _: Option<u64>, _: Option<&Options>) -> Result<([f32; 1], Info), Infallible> {
//! #         self.0 = 0;
//! #         Ok(([0.0], Info::new()))
//! #     }
//! #     fn step(&mut self, _: &i64) -> Result<Step<[f32; 1]>, Infallible> {
//! #         self.0 = (self.0 + 1).min(3);
//! #         let terminated = self.0 == 3;
//! #         Ok(Step { obs: [self.0 as f32], reward: 1.0, terminated, truncated: false, info: Info::new() })
//! #     }
//! # }
//! let report = sorn_env::conformance::check(&mut Walk::default(), &Default::default());
//! assert!(report.passed(), "{report}");
//! ```

use std::fmt;

use crate::seeding::Generator;
use crate::{Element, Env, Space, Step, Value};

/// The seed and the length of a check.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Seed of the episodes and of the actions.
    pub seed: u64,
    /// Maximum number of steps per episode.
    pub steps: u64,
    /// Number of episodes.
    pub episodes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config { seed: 0, steps: 200, episodes: 3 }
    }
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The environment breaks the contract.
    Error,
    /// The contract allows it, but it is rarely intended.
    Warning,
}

/// One result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its severity.
    pub level: Level,
    /// Which check: `spaces`, `reset`, `step`, `determinism`, `seeding`, `render`, `close`.
    pub check: &'static str,
    /// What was expected, what was found, where.
    pub message: String,
}

/// The result of [`check`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Findings, each kind once.
    pub findings: Vec<Finding>,
    /// Steps taken.
    pub steps: u64,
    /// Episodes begun.
    pub episodes: u64,
    /// Steps that returned the environment's own error. The first one gives a warning, and a reset follows each.
    pub failures: u64,
    /// Episodes that ended by themselves, terminated or truncated, within [`Config::steps`].
    pub ended: u64,
}

impl Report {
    /// Whether there is no error. Warnings and the environment's own failures do not count as errors, unless every episode ended
    /// with such a failure.
    pub fn passed(&self) -> bool {
        let failed = self.episodes > 0 && self.failures >= self.episodes;
        !failed && self.findings.iter().all(|finding| finding.level != Level::Error)
    }

    fn add(&mut self, level: Level, check: &'static str, message: impl Into<String>) {
        let message = message.into();
        // The same mistake at every step is one finding, even if the numbers in its text differ.
        fn kind(message: &str) -> &str {
            let kind = message.split(", found ").next().unwrap_or(message);
            kind.split(" at seed").next().unwrap_or(kind)
        }
        let alike = |f: &Finding| f.check == check && kind(&f.message) == kind(&message);
        if !self.findings.iter().any(alike) {
            self.findings.push(Finding { level, check, message });
        }
    }

    fn error(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(Level::Error, check, message);
    }

    fn warn(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(Level::Warning, check, message);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { findings, steps, episodes, failures, .. } = self;
        write!(f, "{episodes} episodes, {steps} steps, {failures} failures: ")?;
        match findings.len() {
            0 => write!(f, "nothing found"),
            1 => write!(f, "1 finding"),
            n => write!(f, "{n} findings"),
        }?;
        for Finding { level, check, message } in findings {
            let level = if *level == Level::Error { "error" } else { "warning" };
            write!(f, "\n{level}: {check}: {message}")?;
        }
        Ok(())
    }
}

/// The values that one episode returned.
struct Trace {
    first: Value,
    steps: Vec<Step<Value>>,
    failed_at: Option<usize>,
}

/// Runs `env` with random actions and checks the contract: spaces are valid and constant, observations lie in their space,
/// rewards are finite, every action of the space is accepted, the same seed repeats an episode and another seed gives a different
/// one, a reset works at any time, frames have the declared size, and closing succeeds.
///
/// An environment may fail, as robots do: the check counts the errors of steps, and the reset after an error must succeed.
pub fn check<E: Env>(env: &mut E, config: &Config) -> Report
where
    E::Obs: Element,
    E::Act: Element,
{
    let mut report = Report::default();
    let spaces = (env.observation_space(), env.action_space());
    for (name, space) in [("observation", &spaces.0), ("action", &spaces.1)] {
        if let Err(e) = space.validate() {
            report.error("spaces", format!("{name} space: {e}"));
        }
    }
    if !report.passed() {
        return report;
    }

    let mut traces = vec![];
    for episode in 0..config.episodes {
        let seed = config.seed.wrapping_add(episode);
        let first = play(env, &spaces, Some(seed), seed, config.steps, &mut report);
        let second = play(env, &spaces, Some(seed), seed, config.steps, &mut report);
        if let (Some(first), Some(second)) = (&first, &second) {
            compare(first, second, seed, &mut report);
        }
        traces.extend(first);
    }
    check_seeds(env, config, &traces, &mut report);
    check_going_on(env, &spaces, config, &mut report);

    // Some environments can only be rendered after the first reset.
    let begun = env.reset(Some(config.seed), None).map(drop);
    match begun.and_then(|()| env.render()) {
        Ok(Some(frame)) if frame.rgb.len() != frame.width * frame.height * 3 => report.error(
            "render",
            format!("expected {}x{}x3 bytes, found {}", frame.height, frame.width, frame.rgb.len()),
        ),
        Ok(_) => {}
        Err(e) => report.warn("render", format!("it failed: {e}")),
    }
    if (env.observation_space(), env.action_space()) != spaces {
        report.error("spaces", "they changed while playing");
    }
    if let Err(e) = env.close() {
        report.error("close", format!("it failed: {e}"));
    }
    report
}

/// Maximum number of resets to find a different start. With two equally likely starts, all are the same once in 10^9 checks.
const RESETS: u64 = 30;

/// Warns if every seed gives the same start.
fn check_seeds<E: Env>(env: &mut E, config: &Config, traces: &[Trace], report: &mut Report)
where
    E::Obs: Element,
{
    let [first, others @ ..] = traces else { return };
    let mut differs = others.iter().any(|trace| !same(&trace.first, &first.first));
    for k in 0..RESETS {
        if differs || others.is_empty() {
            return;
        }
        let seed = config.seed.wrapping_add(config.episodes + k);
        match env.reset(Some(seed), None) {
            Ok((obs, _)) => differs = !same(&obs.to_value(), &first.first),
            Err(e) => return report.error("reset", format!("it failed: {e} at seed {seed}")),
        }
    }
    if !differs {
        report.warn(
            "seeding",
            "all seeds give the same first observation: is the start meant to be always the same?",
        );
    }
}

/// Warns if resets without a seed repeat the seeded episode before them.
fn check_going_on<E: Env>(env: &mut E, spaces: &(Space, Space), config: &Config, report: &mut Report)
where
    E::Obs: Element,
    E::Act: Element,
{
    let before = play(env, spaces, Some(config.seed), 0, config.steps, report);
    let after = play(env, spaces, None, 0, config.steps, report);
    let (Some(before), Some(after)) = (before, after) else { return };
    if !same(&before.first, &after.first) || !same(&before.steps, &after.steps) {
        return;
    }
    // The episode can repeat by chance if there are few starts, because every reset reseeds, or because there is only one start.
    let unseeded = (0..RESETS).map(|_| None);
    let seeded = (1..=RESETS).map(|k| Some(config.seed.wrapping_add(k)));
    let mut seeded_differs = false;
    for seed in unseeded.chain(seeded) {
        match env.reset(seed, None) {
            Ok((obs, _)) if same(&obs.to_value(), &before.first) => {}
            Ok(_) if seed.is_none() => return,
            Ok(_) => seeded_differs = true,
            Err(e) => return report.error("reset", format!("it failed: {e} (one of several in a row)")),
        }
    }
    if seeded_differs {
        report.warn(
            "seeding",
            "a reset without a seed starts as the seeded one before: the generator should go on",
        );
    }
}

fn play<E: Env>(
    env: &mut E,
    (observations, actions): &(Space, Space),
    seed: Option<u64>,
    action_seed: u64,
    steps: u64,
    report: &mut Report,
) -> Option<Trace>
where
    E::Obs: Element,
    E::Act: Element,
{
    let begin = match seed {
        Some(seed) => format!("at seed {seed}"),
        None => "at seed none (a reset without one)".into(),
    };
    let first = match env.reset(seed, None) {
        Ok((obs, _)) => check_obs(&obs, observations, "reset", &begin, report),
        Err(e) => {
            report.error("reset", format!("it failed: {e} {begin}"));
            return None;
        }
    };
    report.episodes += 1;
    let mut trace = Trace { first, steps: vec![], failed_at: None };
    let mut rng = Generator::new(action_seed);
    for step in 0..steps {
        let place = || format!("{begin}, step {step}");
        let value = actions.sample(&mut rng);
        let action = match E::Act::from_value(&value) {
            Ok(action) => action,
            Err(e) => {
                report.error(
                    "spaces",
                    format!("the action type does not hold the action space's elements: {e}"),
                );
                return None;
            }
        };
        let result = match env.step(&action) {
            Ok(result) => result,
            Err(e) => {
                report.warn("step", format!("the environment failed {}: {e}", place()));
                report.failures += 1;
                trace.failed_at = Some(trace.steps.len());
                break;
            }
        };
        report.steps += 1;
        let done = result.done();
        if !result.reward.is_finite() {
            report.error("step", format!("expected a finite reward, found {} {}", result.reward, place()));
        }
        trace.steps.push(result.map(|obs| check_obs(&obs, observations, "step", &place(), report)));
        if done {
            report.ended += 1;
            break;
        }
    }
    Some(trace)
}

fn check_obs<O: Element>(
    obs: &O,
    space: &Space,
    check: &'static str,
    place: &str,
    report: &mut Report,
) -> Value {
    let value = obs.to_value();
    if let Err(e) = space.check(&value) {
        report.error(check, format!("observation: {e} {place}"));
    } else if let Err(e) = obs.flatten_into(space, &mut vec![0.0; space.flat_dim()]) {
        report.error(check, format!("observation as numbers: {e} {place}"));
    }
    value
}

/// Whether two values are equal, with NaN equal to NaN. Another check reports NaN.
fn same<T: PartialEq + fmt::Debug>(a: &T, b: &T) -> bool {
    a == b || format!("{a:?}") == format!("{b:?}")
}

fn compare(first: &Trace, second: &Trace, seed: u64, report: &mut Report) {
    if !same(&first.first, &second.first) {
        report.error("determinism", format!("the same seed gave another first observation at seed {seed}"));
        return;
    }
    // A failure does not depend on the seed, so only the values before it are compared.
    let other = first.steps.iter().zip(&second.steps).position(|(a, b)| !same(a, b));
    let shorter = (first.failed_at == second.failed_at && first.steps.len() != second.steps.len())
        .then(|| first.steps.len().min(second.steps.len()));
    if let Some(step) = other.or(shorter) {
        report.error(
            "determinism",
            format!("the same seed and actions gave another step at seed {seed}, step {step}"),
        );
    }
}
