//! What a readout sees of a step.

use serde::{Deserialize, Serialize};
use sorn_core::{Firing, Network};

use crate::ReadoutConfig;

/// A part of the features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FeatureKind {
    /// Active excitatory neurons, 1 each.
    Activity,
    /// Neurons that the recurrent drive alone, without this step's input, would make active.
    Pseudo,
    /// The recurrent drive less the threshold, without this step's input.
    Drive,
    /// Exponential traces of the activity, one per neuron and decay.
    Traces,
    /// This step's input.
    Input,
    /// 1.
    Bias,
}

impl FeatureKind {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            FeatureKind::Activity => "activity",
            FeatureKind::Pseudo => "pseudo",
            FeatureKind::Drive => "drive",
            FeatureKind::Traces => "traces",
            FeatureKind::Input => "input",
            FeatureKind::Bias => "bias",
        }
    }

    /// How many features `kinds` give for these numbers of neurons, decays and inputs.
    pub fn count(kinds: &[FeatureKind], (neurons, decays, inputs): (usize, usize, usize)) -> usize {
        let of = |kind: &FeatureKind| match kind {
            FeatureKind::Activity | FeatureKind::Pseudo | FeatureKind::Drive => neurons,
            FeatureKind::Traces => neurons.saturating_mul(decays),
            FeatureKind::Input => inputs,
            FeatureKind::Bias => 1,
        };
        kinds.iter().map(of).sum()
    }
}

/// Features of one step after another.
#[derive(Clone, Debug)]
pub struct Features {
    kinds: Vec<FeatureKind>,
    decays: Vec<f64>,
    /// One trace per neuron, decay after decay.
    traces: Vec<f64>,
    neurons: usize,
    inputs: usize,
    inclusive: bool,
}

impl Features {
    /// Those of `config` for the neurons of `network`; traces begin at 0.
    pub fn new(config: &ReadoutConfig, network: &Network) -> Features {
        let neurons = network.ne();
        Features {
            kinds: config.features.clone(),
            decays: config.trace_decays.clone(),
            traces: vec![0.0; neurons * config.trace_decays.len()],
            neurons,
            inputs: network.params().input_len(),
            inclusive: network.params().firing == Firing::Inclusive,
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        FeatureKind::count(&self.kinds, (self.neurons, self.decays.len(), self.inputs))
    }

    /// What a ridge penalises each with: `penalty`, and 0 for the bias.
    pub fn penalties(&self, penalty: f64) -> Vec<f64> {
        let sizes = (self.neurons, self.decays.len(), self.inputs);
        let of = |kind: &FeatureKind| {
            let penalty = if *kind == FeatureKind::Bias { 0.0 } else { penalty };
            std::iter::repeat_n(penalty, FeatureKind::count(&[*kind], sizes))
        };
        self.kinds.iter().flat_map(of).collect()
    }

    /// Writes those of the step that `network` did with `input`, as entries that are not 0.
    pub fn read(&mut self, network: &Network, input: &[f64], out: &mut Vec<(u32, f64)>) {
        let activity = network.activity();
        for (traces, decay) in self.traces.chunks_exact_mut(self.neurons).zip(&self.decays) {
            traces.iter_mut().for_each(|trace| *trace *= decay);
            activity.spikes_e.iter().for_each(|unit| traces[*unit as usize] += 1.0 - decay);
        }
        out.clear();
        let mut base = 0;
        let mut take = |length: usize, values: &mut dyn Iterator<Item = (u32, f64)>| {
            out.extend(values.filter(|(_, value)| *value != 0.0).map(|(index, value)| (base + index, value)));
            base += length as u32;
        };
        let fires = |drive: f64| if self.inclusive { drive >= 0.0 } else { drive > 0.0 };
        for kind in &self.kinds {
            match kind {
                FeatureKind::Activity => {
                    take(self.neurons, &mut activity.spikes_e.iter().map(|unit| (*unit, 1.0)));
                }
                FeatureKind::Pseudo => {
                    let drives = (0..).zip(activity.recurrent);
                    take(self.neurons, &mut drives.map(|(unit, d)| (unit, f64::from(u8::from(fires(*d))))));
                }
                FeatureKind::Drive => take(self.neurons, &mut (0..).zip(activity.recurrent.iter().copied())),
                FeatureKind::Traces => take(self.traces.len(), &mut (0..).zip(self.traces.iter().copied())),
                FeatureKind::Input => take(self.inputs, &mut (0..).zip(input.iter().copied())),
                FeatureKind::Bias => take(1, &mut [(0, 1.0)].into_iter()),
            }
        }
    }
}
