//! A normal distribution per number of the Boxes of an action space.
//!
//! Williams 1992, *Simple statistical gradient-following algorithms for connectionist reinforcement learning*
//! (10.1007/BF00992696), section 6: with mean `m` and standard deviation `s` of a number `u`,
//!
//! ```text
//! d log pi / d m     = (u - m) / s^2
//! d log pi / d log s = (u - m)^2 / s^2 - 1
//! ```
//!
//! Where a number has two finite bounds, -1 and 1 stand for them and the mean is the hyperbolic tangent of its score `x`, so
//! `d m / d x = 1 - m^2`. A mean that may leave the bounds can be lost there: every draw is moved to the same bound,
//! nothing tells better actions from worse, and updates by chance drive it on.

use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::widths::Widths;
use super::{Kind, Of, Shape};
use crate::action::Ranges;
use crate::error::check;
use crate::random::normal;
use crate::reservoir::{entry, json};
use crate::{AgentError, AgentState, Schedule};

/// Configuration of [`PolicyConfig::Gaussian`](super::PolicyConfig::Gaussian).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GaussianConfig {
    /// Standard deviation, before it is learnt; positive. By default 1 for an actor-critic with bounded steps, else 0.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd: Option<Schedule>,
    /// Correlation of what is drawn in one step and in the next, in `[0, 1)`: noise that lasts explores further (Eberhard et
    /// al. 2023, *Pink noise is all you need*, openreview.net/forum?id=hQ9V5QN27eS). By default 0.7 for an actor-critic with
    /// bounded steps, else 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<f64>,
    /// Whether and how the standard deviation is learnt.
    #[serde(default)]
    pub spread: Spread,
    /// The deviation of narrow episodes, whose draws have no correlation, as a share of that of the others, in `[0, 1)`. They are
    /// played if the last ten of the others were terminated; of the two widths the one with the higher mean return in its last ten
    /// episodes is then played nine times of ten. 0: no episode is narrow. By default 0.25 for an actor-critic with bounded steps, else 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrow: Option<f64>,
}

impl Kind for GaussianConfig {
    fn validate(&self) -> Result<(), AgentError> {
        let n = self.narrow.unwrap_or(0.0);
        check("policy.narrow", n, (0.0..1.0).contains(&n), "a number in [0, 1)")?;
        let c = self.correlation.unwrap_or(0.0);
        check("policy.correlation", c, (0.0..1.0).contains(&c), "a number in [0, 1)")?;
        self.sd.map_or(Ok(()), |sd| sd.validate("policy.sd", |s| s > 0.0, "a positive number"))
    }

    fn shape(&self, shape: &mut Shape) -> Option<Of> {
        shape.sd = self.sd.unwrap_or(shape.sd);
        shape.correlation = self.correlation.unwrap_or(shape.correlation);
        shape.narrow = self.narrow.unwrap_or(shape.narrow);
        shape.spread = self.spread;
        Some(Of::Numbers)
    }
}

/// How far the standard deviation of a Gaussian policy is from the scheduled one: its logarithm is that of the schedule plus a
/// score, which is kept in `[-3, 1]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// It is that of the schedule.
    #[default]
    Fixed,
    /// The score is one learnt parameter per number.
    StateIndependent,
    /// The score is linear in the features.
    Linear,
}

/// Limits of the learnt part of the logarithm: 1/20 and 2.7 times what was scheduled.
const LOG_SPREAD: (f64, f64) = (-3.0, 1.0);

/// `log sqrt(2 pi e)`: the entropy of a normal distribution of deviation 1.
const HALF_LOG_TWO_PI_E: f64 = 1.418_938_533_204_672_7;

#[derive(Clone, Debug)]
pub(crate) struct Gaussian {
    ranges: Ranges,
    spread: Spread,
    schedule: Schedule,
    sd: f64,
    /// The deviation of narrow episodes as a share of that of the others; 0 if there are none.
    narrow: f64,
    widths: Widths,
    /// Correlation of the noise of one step and the next, and that of the last step.
    correlation: f64,
    noise: Vec<f64>,
    /// Scores at the last action, its means, and its numbers before they were moved into the bounds.
    scores: Vec<f64>,
    means: Vec<f64>,
    numbers: Vec<f64>,
}

impl Gaussian {
    pub(crate) fn new(
        ranges: Ranges,
        schedule: Schedule,
        correlation: f64,
        spread: Spread,
        narrow: f64,
    ) -> Gaussian {
        let n = ranges.len();
        let scores = if spread == Spread::Fixed { n } else { 2 * n };
        Gaussian {
            ranges,
            spread,
            sd: schedule.at(0),
            schedule,
            narrow,
            widths: Widths::default(),
            correlation,
            noise: vec![0.0; n],
            scores: vec![0.0; scores],
            means: vec![0.0; n],
            numbers: vec![0.0; n],
        }
    }

    /// Means, then logarithms of the spreads.
    pub(crate) fn scores(&self) -> usize {
        self.scores.len()
    }

    pub(crate) fn sees(&self, score: usize) -> bool {
        score < self.numbers.len() || self.spread == Spread::Linear
    }

    pub(crate) fn begin(&mut self, episode: u64) {
        self.sd = self.schedule.at(episode);
        if self.narrow > 0.0 {
            self.widths.begin();
            if self.widths.is_narrow() {
                self.sd *= self.narrow;
            }
        }
    }

    /// The episode ended with this return, and was terminated, or truncated.
    pub(crate) fn end(&mut self, ret: f64, terminated: bool) {
        if self.narrow > 0.0 {
            self.widths.end(ret, terminated);
        }
    }

    fn sd(&self, number: usize) -> f64 {
        let (low, high) = LOG_SPREAD;
        let learnt = self.scores.get(self.numbers.len() + number);
        learnt.map_or(self.sd, |s| self.sd * libm::exp(s.clamp(low, high)))
    }

    /// Draws numbers, before they are moved into the bounds.
    pub(crate) fn act(&mut self, scores: &[f64], rng: &mut Xoshiro256PlusPlus) -> &[f64] {
        self.scores.copy_from_slice(scores);
        self.find_means();
        for number in 0..self.numbers.len() {
            // Of variance 1, whatever the correlation.
            let c = if self.widths.is_narrow() { 0.0 } else { self.correlation };
            self.noise[number] = match c > 0.0 {
                true => c * self.noise[number] + (1.0 - c * c).sqrt() * normal(rng),
                false => normal(rng),
            };
            self.numbers[number] = self.means[number] + self.sd(number) * self.noise[number];
        }
        &self.numbers
    }

    fn find_means(&mut self) {
        for (number, (mean, &score)) in self.means.iter_mut().zip(&self.scores).enumerate() {
            *mean = self.ranges.squash(number, score);
        }
    }

    /// That of what is drawn in one step, whatever was drawn before it.
    pub(crate) fn entropy(&self) -> f64 {
        (0..self.numbers.len()).map(|number| libm::log(self.sd(number)) + HALF_LOG_TWO_PI_E).sum()
    }

    pub(crate) fn log_gradient(&self, out: &mut [f64]) {
        let n = self.numbers.len();
        for number in 0..n {
            let (sd, mean) = (self.sd(number), self.means[number]);
            let from_mean = self.numbers[number] - mean;
            out[number] = from_mean / (sd * sd) * self.ranges.slope(number, mean);
            if let Some(&score) = self.scores.get(n + number) {
                // Beyond the limits the spread does not depend on the score.
                let within = (LOG_SPREAD.0..=LOG_SPREAD.1).contains(&score);
                out[n + number] = if within { from_mean * from_mean / (sd * sd) - 1.0 } else { 0.0 };
            }
        }
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        state.put("policy/scores", &[self.scores.len()], &self.scores);
        state.put("policy/numbers", &[self.numbers.len()], &self.numbers);
        if self.correlation > 0.0 {
            state.put("policy/noise", &[self.noise.len()], &self.noise);
        }
        state.meta["sd"] = json(&self.sd);
        if self.narrow > 0.0 {
            state.meta["widths"] = json(&self.widths);
        }
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        state.read("policy/scores", &mut self.scores)?;
        state.read("policy/numbers", &mut self.numbers)?;
        if self.correlation > 0.0 {
            state.read("policy/noise", &mut self.noise)?;
        }
        self.sd = entry(state, "sd")?;
        // Agents of earlier versions have one width.
        if state.meta.get("widths").is_some() {
            self.widths = entry(state, "widths")?;
            self.widths.check()?;
        }
        self.find_means();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Actions;
    use proptest::prelude::*;
    use rand_xoshiro::rand_core::SeedableRng;
    use sorn_env::Space;

    fn gaussian(spread: Spread, sd: f64) -> (Actions, Gaussian) {
        let space = Space::box_f32(&[-2.0, f32::NEG_INFINITY], &[2.0, f32::INFINITY]).unwrap();
        let actions = Actions::new(&space, "x").unwrap();
        let ranges = actions.ranges().clone();
        (actions, Gaussian::new(ranges, sd.into(), 0.0, spread, 0.0))
    }

    proptest! {
        #[test]
        fn the_gradient_is_that_of_log_p(
            scores in prop::collection::vec(-0.9..0.9_f64, 4),
            far in -3.0..3.0_f64,
            sd in 0.2..2.0_f64,
            seed: u64,
            spread in 0..3_usize,
        ) {
            let spread = [Spread::Fixed, Spread::StateIndependent, Spread::Linear][spread];
            let (_, mut policy) = gaussian(spread, sd);
            let scores = [&[far], &scores[1..policy.scores()]].concat();
            policy.act(&scores, &mut Xoshiro256PlusPlus::seed_from_u64(seed));
            let log_p = |scores: &[f64]| -> f64 {
                (0..2).map(|i| {
                    let s = sd * scores.get(2 + i).map_or(1.0, |l| l.exp());
                    let mean = if i == 0 { scores[0].tanh() } else { scores[1] };
                    -((policy.numbers[i] - mean) / s).powi(2) / 2.0 - s.ln()
                }).sum()
            };
            let mut gradient = vec![0.0; scores.len()];
            policy.log_gradient(&mut gradient);
            for i in 0..scores.len() {
                let (mut up, mut down) = (scores.to_vec(), scores.to_vec());
                up[i] += 1e-5;
                down[i] -= 1e-5;
                let difference = (log_p(&up) - log_p(&down)) / 2e-5;
                let tolerance = 1e-5 * (1.0 + difference.abs());
                prop_assert!((gradient[i] - difference).abs() < tolerance, "{} {difference}", gradient[i]);
            }
        }
    }

    #[test]
    fn the_spread_is_what_was_said() {
        let (actions, mut policy) = gaussian(Spread::Fixed, 0.3);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
        let draws: Vec<f64> = (0..20_000)
            .map(|_| {
                policy.act(&[0.0, 5.0], &mut rng);
                policy.numbers[1]
            })
            .collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let sd = (draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / draws.len() as f64).sqrt();
        assert!((mean - 5.0).abs() < 0.01 && (sd - 0.3).abs() < 0.01, "{mean} {sd}");
        let best = actions.best(&[0.5, 7.0]);
        let expected = [f64::from((2.0 * libm::tanh(0.5)) as f32), 7.0];
        assert_eq!(best.as_array().unwrap().iter().collect::<Vec<_>>(), expected);
    }

    /// Some draws stay inside the bounds however large the score is, and the gradient leads back to those that are better.
    #[test]
    fn a_mean_is_not_lost_beyond_the_bounds() {
        let (actions, mut policy) = gaussian(Spread::Fixed, 0.2);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        let (mut score, mut gradient) = (4.0, [0.0; 2]);
        for _ in 0..20_000 {
            let numbers = policy.act(&[score, 0.0], &mut rng);
            // The best number is 0.
            let number = actions.ranges().clipped(numbers.iter().copied()).next().unwrap();
            policy.log_gradient(&mut gradient);
            score += 0.05 * (1.9 - number.abs()) * gradient[0];
        }
        assert!(score.abs() < 0.5, "{score}");
    }

    /// An autoregression of first order, from 0: the variance is that of independent draws once it has begun.
    #[test]
    fn noise_lasts_and_keeps_its_deviation() {
        let (_, mut policy) = gaussian(Spread::Fixed, 0.5);
        policy.correlation = 0.7;
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(6);
        let draws: Vec<f64> = (0..40_000)
            .map(|_| {
                policy.act(&[0.0, 0.0], &mut rng);
                policy.numbers[1]
            })
            .collect();
        let n = draws.len() as f64;
        let variance = draws.iter().map(|d| d * d).sum::<f64>() / n;
        let next = draws.windows(2).map(|d| d[0] * d[1]).sum::<f64>() / n / variance;
        assert!((variance.sqrt() - 0.5).abs() < 0.02 && (next - 0.7).abs() < 0.02, "{variance} {next}");
    }
}
