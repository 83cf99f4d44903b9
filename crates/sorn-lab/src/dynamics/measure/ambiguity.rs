//! Decisions on mixtures of two cues.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sorn_core::rng::{Xoshiro256PlusPlus, below, stream};
use sorn_core::{InputMap, Network, Params, State};
use sorn_readout::{Readout, Ridge};
use sorn_report::stats::StatsError;
use sorn_sequence::Source;

use super::{Findings, Kind, Measure, Seen, Wrong, share};
use crate::dynamics::DynamicsTask;

/// Penalty of the readouts, as in the authors' code.
const PENALTY: f64 = 1.0;
/// Steps in which spikes are counted for Fano factors.
const WINDOW: usize = 5;

/// Configuration of [`MeasureConfig::Ambiguity`](super::MeasureConfig::Ambiguity).
///
/// The readout is fitted in a phase whose source has two words that differ in their first symbol, the cue. Then copies of the
/// network get trials of the same words, in which a part of the neurons of the first cue and the rest of those of the second are
/// driven, drawn anew for each trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AmbiguityConfig {
    /// Name, with which its scores begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The phase in which the readout is fitted, its input a source of words.
    pub phase: String,
    /// The words, two, as `["AXXX_", "BXXX_"]`: the symbols joined. The decision is read off at the last.
    pub words: Vec<String>,
    /// Steps at the beginning of the phase that are left out.
    #[serde(default)]
    pub skip: u64,
    /// Mixtures, 3 or more, from the second cue alone to the first alone.
    #[serde(default = "eleven")]
    pub mixtures: usize,
    /// Trials of each mixture.
    #[serde(default = "trials")]
    pub trials: usize,
    /// Steps without input before each trial: this number, or up to half as many more.
    #[serde(default = "pause")]
    pub pause: usize,
}

fn eleven() -> usize {
    11
}

fn trials() -> usize {
    250
}

fn pause() -> usize {
    10
}

/// The two words: their indices in the source, and the inputs of the network for their symbols.
type Words = [(usize, Vec<Option<usize>>); 2];

impl AmbiguityConfig {
    fn source<'a>(&self, task: &'a DynamicsTask) -> Option<(&'a String, Source)> {
        let input = task.phases[task.phase(&self.phase)?].input.as_ref()?;
        Some((input, Source::new(task.sources.get(input)?, None, 0).ok()?))
    }

    fn coded(&self, task: &DynamicsTask) -> Option<Words> {
        let (_, source) = self.source(task)?;
        let (_, symbols) = task.open_sources(0).ok()?;
        let words = source.words();
        let code = |label: &String| {
            let index = words.iter().position(|word| word.concat() == *label)?;
            let place = |symbol: &&str| symbols.iter().position(|known| known == symbol);
            Some((index, words[index].iter().map(place).collect::<Vec<_>>()))
        };
        match self.words.as_slice() {
            [first, second] => Some([code(first)?, code(second)?]),
            _ => None,
        }
    }
}

impl Kind for AmbiguityConfig {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn phases(&self) -> Vec<String> {
        vec![self.phase.clone()]
    }

    fn check(&self, task: &DynamicsTask, params: &Params) -> Result<(), Wrong> {
        let Some((_, source)) = self.source(task) else {
            return Err(("phase", "a phase with input".into(), format!("{:?}", self.phase)));
        };
        if !matches!(params.input, InputMap::Pools { .. }) {
            return Err(("phase", "a network whose inputs go to pools".into(), "other inputs".into()));
        }
        let like = |words: &Words| {
            let [(_, a), (_, b)] = words;
            a.len() == b.len() && a.len() > 1 && a[1..] == b[1..] && a[0] != b[0] && a[0].and(b[0]).is_some()
        };
        if !self.coded(task).is_some_and(|words| like(&words)) {
            let known: Vec<String> = source.words().iter().map(|word| word.concat()).collect();
            let expected = format!(
                "two words of the phase ({}) that differ in the first symbol alone, which is no pause",
                known.join(", ")
            );
            return Err(("words", expected, format!("{:?}", self.words)));
        }
        for (key, value, least) in
            [("mixtures", self.mixtures, 3), ("trials", self.trials, 4), ("pause", self.pause, WINDOW + 1)]
        {
            if value < least {
                return Err((key, format!("at least {least}"), value.to_string()));
            }
        }
        Ok(())
    }

    fn begin(&self, task: &DynamicsTask, _: &Params, seed: u64) -> Box<dyn Measure> {
        let words = self.coded(task).unwrap_or_else(|| unreachable!("checked"));
        let states = [vec![Vec::new(); words[0].1.len()], vec![Vec::new(); words[1].1.len()]];
        Box::new(Ambiguity { config: self.clone(), words, seed, states })
    }
}

struct Ambiguity {
    config: AmbiguityConfig,
    words: Words,
    seed: u64,
    /// Active neurons, for each word and each place in it.
    states: [Vec<Vec<Vec<u32>>>; 2],
}

/// A trial of a mixture.
struct Trial {
    /// Which mixture.
    mixture: usize,
    /// Whether the readout decides for the first word.
    first: bool,
    /// Active neurons in the step before the cue.
    before: Vec<u32>,
    /// Spikes of each neuron in the steps before the cue, and from the cue on.
    counts: [Vec<u32>; 2],
}

impl Measure for Ambiguity {
    fn step(&mut self, seen: &Seen<'_>) {
        let Some((word, at)) = seen.word.filter(|_| seen.at >= self.config.skip) else { return };
        let which = self.words.iter().position(|(index, _)| *index == word);
        if let Some(states) = which.and_then(|which| self.states[which].get_mut(at)) {
            states.push(seen.network.activity().spikes_e.to_vec());
        }
    }

    fn end(self: Box<Self>, network: &Network, findings: &mut Findings) -> Result<Option<Value>, StatsError> {
        let Some(readout) = self.fit(network.ne()) else {
            findings.try_put("a_share", Err(StatsError::Undefined("a word was not shown")));
            return Ok(None);
        };
        let trials = self.trials(network, &readout);
        let mixtures = self.config.mixtures;
        let part = |mixture: usize| mixture as f64 / (mixtures - 1) as f64;
        let shares: Vec<f64> = (0..mixtures)
            .map(|mixture| {
                let of: Vec<&Trial> = trials.iter().filter(|trial| trial.mixture == mixture).collect();
                share(of.iter().filter(|trial| trial.first).count() as u64, of.len() as u64)
            })
            .collect();
        findings.put("a_share", shares.iter().sum::<f64>() / mixtures as f64);
        let (mut above, mut below) = (0.0, 0.0);
        for (mixture, share) in shares.iter().enumerate() {
            above += (part(mixture) - 0.5) * share;
            below += (part(mixture) - 0.5) * (part(mixture) - 0.5);
        }
        findings.put("a_slope", above / below);
        let crossed = (1..mixtures).find(|&k| shares[k - 1] < 0.5 && shares[k] >= 0.5);
        let crossing = crossed.map(|k| {
            let step = (0.5 - shares[k - 1]) / (shares[k] - shares[k - 1]);
            part(k - 1) + step * (part(k) - part(k - 1))
        });
        findings.try_put("crossing", crossing.ok_or(StatsError::Undefined("no mixture is undecided")));
        self.foretell(&trials, network.ne(), findings);
        let mut outside = vec![true; network.ne()];
        network.pools().iter().flatten().for_each(|neuron| outside[*neuron as usize] = false);
        let whole: Vec<&Trial> = trials.iter().filter(|trial| trial.mixture == mixtures - 1).collect();
        for (when, name) in ["fano_before", "fano_after"].into_iter().enumerate() {
            findings.try_put(name, fano(&whole, when, &outside));
        }
        Ok(Some(json!({ "parts": (0..mixtures).map(part).collect::<Vec<_>>(), "shares": shares })))
    }
}

impl Ambiguity {
    /// Two readouts, for the last symbol of either word, from as many states of each place.
    fn fit(&self, ne: usize) -> Option<Readout> {
        let each = self.states.iter().flatten().map(Vec::len).min().filter(|each| *each > 0)?;
        let mut ridge = Ridge::new(ne, 2).ok()?;
        for (word, places) in self.states.iter().enumerate() {
            for (at, states) in places.iter().enumerate() {
                let mut target = [0.0; 2];
                target[word] = f64::from(u8::from(at + 1 == places.len()));
                for state in &states[states.len() - each..] {
                    ridge.learn(&dense(state, ne), &target).ok()?;
                }
            }
        }
        ridge.solve(PENALTY).ok()
    }

    fn trials(&self, network: &Network, readout: &Readout) -> Vec<Trial> {
        let rng = &mut stream(self.seed, "mixtures of cues");
        let pools = network.pools();
        let [a, b] =
            [&self.words[0].1, &self.words[1].1].map(|word| word[0].map_or(&[][..], |k| &pools[k][..]));
        // Neurons are driven one by one. The activity is that of a silent network, as in the authors' code.
        let params = Params { input: InputMap::Direct, ..network.params().clone() };
        let silent = || [Vec::new(), Vec::new()];
        let state = State { pools: Vec::new(), x: silent(), y: silent(), ..network.state() };
        let Ok(mut copy) = Network::from_state(&params, state) else { return Vec::new() };
        let mut order: Vec<usize> = (0..self.config.mixtures)
            .flat_map(|mixture| std::iter::repeat_n(mixture, self.config.trials))
            .collect();
        shuffle(&mut order, rng);
        let mut trials = Vec::with_capacity(order.len());
        let mut spikes: Vec<Vec<u32>> = Vec::new();
        for mixture in order {
            spikes.clear();
            let mut go = |neurons: &[u32]| {
                let mut input = vec![0.0; copy.ne()];
                neurons.iter().for_each(|neuron| input[*neuron as usize] = 1.0);
                if let Ok(activity) = copy.step(&input) {
                    spikes.push(activity.spikes_e.to_vec());
                }
            };
            let pause = self.config.pause + below(rng, self.config.pause as u64 / 2) as usize;
            (0..pause).for_each(|_| go(&[]));
            go(&mixed(a, b, mixture as f64 / (self.config.mixtures - 1) as f64, rng));
            for symbol in &self.words[0].1[1..] {
                go(symbol.map_or(&[][..], |k| &pools[k][..]));
            }
            // A pause, so that spikes can be counted in as many steps after the cue.
            for _ in self.words[0].1.len()..WINDOW {
                go(&[]);
            }
            let last = pause + self.words[0].1.len() - 1;
            let mut scores = [0.0; 2];
            let decided = readout.predict(&dense(&spikes[last], copy.ne()), &mut scores);
            let counts = [pause - WINDOW, pause].map(|from| {
                let mut counts = vec![0; copy.ne()];
                spikes[from..from + WINDOW].iter().flatten().for_each(|neuron| counts[*neuron as usize] += 1);
                counts
            });
            let first = decided.is_ok() && scores[0] > scores[1];
            trials.push(Trial { mixture, first, before: spikes[pause - 1].clone(), counts });
        }
        trials
    }

    /// Whether the state before the cue foretells decisions on equal mixtures: fitted to the first half of the trials, tested on
    /// the others, beside the same with states of other trials.
    fn foretell(&self, trials: &[Trial], ne: usize, findings: &mut Findings) {
        let middle: Vec<&Trial> =
            trials.iter().filter(|trial| trial.mixture == self.config.mixtures / 2).collect();
        let half = middle.len() / 2;
        let both = |part: &[&Trial]| part.iter().any(|t| t.first) && part.iter().any(|t| !t.first);
        if !both(&middle[..half]) {
            let error = StatsError::Undefined("equal mixtures are always decided alike");
            findings.try_put("foretold", Err(error));
            return;
        }
        let order: Vec<usize> = (0..middle.len()).collect();
        let mut shuffled = order.clone();
        shuffle(&mut shuffled, &mut stream(self.seed, "shuffled states"));
        for (name, order) in [("foretold", order), ("foretold_shuffled", shuffled)] {
            let state = |k: usize| {
                let mut state = dense(&middle[order[k]].before, ne);
                state.push(1.0);
                state
            };
            let sign = |k: usize| if middle[k].first { 1.0 } else { -1.0 };
            let fitted = Ridge::new(ne + 1, 1).and_then(|mut ridge| {
                (0..half).try_for_each(|k| ridge.learn(&state(k), &[sign(k)]))?;
                ridge.solve(PENALTY)
            });
            let Ok(readout) = fitted else { continue };
            let right = (half..middle.len()).filter(|&k| {
                let mut score = [0.0];
                readout.predict(&state(k), &mut score).is_ok() && score[0] * sign(k) > 0.0
            });
            findings.put(name, share(right.count() as u64, (middle.len() - half) as u64));
        }
    }
}

/// `part` of the neurons of `a`, and of `b` as many as are left out of `a`.
fn mixed(a: &[u32], b: &[u32], part: f64, rng: &mut Xoshiro256PlusPlus) -> Vec<u32> {
    let (mut a, mut b) = (a.to_vec(), b.to_vec());
    shuffle(&mut a, rng);
    shuffle(&mut b, rng);
    let of_a = (a.len() as f64 * part).round() as usize;
    let of_b = b.len().saturating_sub(of_a);
    a.truncate(of_a);
    a.extend(&b[..of_b]);
    a
}

fn shuffle<T>(items: &mut [T], rng: &mut Xoshiro256PlusPlus) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last as u64 + 1) as usize);
    }
}

fn dense(active: &[u32], ne: usize) -> Vec<f64> {
    let mut dense = vec![0.0; ne];
    active.iter().for_each(|neuron| dense[*neuron as usize] = 1.0);
    dense
}

/// The mean over neurons of the variance over trials of their spike counts, over the mean count.
fn fano(trials: &[&Trial], when: usize, wanted: &[bool]) -> Result<f64, StatsError> {
    let n = trials.len() as f64;
    let (mut sum, mut neurons) = (0.0, 0u32);
    for neuron in (0..wanted.len()).filter(|neuron| wanted[*neuron]) {
        let counts = trials.iter().map(|trial| f64::from(trial.counts[when][neuron]));
        let mean = counts.clone().sum::<f64>() / n;
        if mean > 0.0 {
            let variance = counts.map(|count| (count - mean) * (count - mean)).sum::<f64>() / (n - 1.0);
            sum += variance / mean;
            neurons += 1;
        }
    }
    match neurons {
        0 => Err(StatsError::Undefined("no neuron outside the pools is active")),
        _ => Ok(sum / f64::from(neurons)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixture_has_as_many_neurons_as_a_cue() {
        let rng = &mut stream(1, "test");
        let (a, b): (Vec<u32>, Vec<u32>) = ((0..10).collect(), (10..20).collect());
        for k in 0..=10u32 {
            let mut both = mixed(&a, &b, f64::from(k) / 10.0, rng);
            both.sort_unstable();
            both.dedup();
            assert_eq!(both.len(), 10);
            assert_eq!(both.iter().filter(|neuron| **neuron < 10).count(), k as usize);
        }
    }

    #[test]
    fn the_fano_factor_is_the_variance_over_the_mean() {
        let trial = |count| Trial {
            mixture: 0,
            first: true,
            before: Vec::new(),
            counts: [vec![count, 0, 7], vec![2, 0, 7]],
        };
        let trials = [trial(1), trial(2), trial(6)];
        let trials: Vec<&Trial> = trials.iter().collect();
        let wanted = [true, true, false];
        // Mean 3, variance 7; the neuron that is never active does not count.
        assert!((fano(&trials, 0, &wanted).unwrap() - 7.0 / 3.0).abs() < 1e-12);
        assert_eq!(fano(&trials, 1, &wanted), Ok(0.0));
        assert!(fano(&trials, 0, &[false, true, false]).is_err());
    }
}
