//! Encoders: an observation, flattened to numbers, becomes the input of the reservoir.

mod alone;
mod bounds;
mod cells;
mod layout;
mod random_projection;
mod raw;
mod scale;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sorn_core::InputMap;
use sorn_env::Space;

use crate::own::{self, EncoderSetup, OwnConfig, OwnEncoder};
use crate::reservoir::json;
use crate::{AgentError, AgentState, ReservoirConfig};
pub use alone::Encoding;
use cells::{Cells, Tuning};
pub(crate) use layout::{Slot, slots};
use random_projection::RandomProjection;
use raw::Raw;
pub use scale::Scale;

/// Which encoder.
///
/// Every encoder takes observations of every space, lying flat: a Box as its numbers, Discrete and MultiDiscrete one-hot,
/// MultiBinary as 0 and 1, Dict and Tuple one member after the other. `random_projection` fills as many inputs as the
/// reservoir has, `pools` gives it as many as it needs; the others have a length of their own, which must be the reservoir's number of inputs
/// (`reservoir.params.nu`, with `input = "first"` or `input = { pools = { size = 10 } }`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
// The derived functions know the built-in ones alone; they are called by those below.
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields, remote = "Self")]
pub enum EncoderConfig {
    /// Each input receives `gain * (projection . tanh(observation / scale) + bias)`: a random unit-length projection of its
    /// own and a bias uniform in `[-bias, bias)`.
    RandomProjection {
        /// Scale of the flattened observation's entries, positive: one number for all, or one for each; empty means 1 everywhere.
        #[serde(default)]
        scale: Scale,
        /// Factor on the whole.
        #[serde(default = "default_gain")]
        gain: f64,
        /// Half-width of the biases, 0 or more.
        #[serde(default = "default_bias")]
        bias: f64,
    },
    /// `cells` inputs per number of a Box with Gaussian tuning curves, centres evenly from the lower to the upper bound. A
    /// 0 or 1 of the other spaces is one input.
    GaussianPopulation {
        /// Cells per number, 1 or more.
        #[serde(default = "default_cells")]
        cells: usize,
        /// Standard deviation of a tuning curve in distances between two centres, positive.
        #[serde(default = "one")]
        width: f64,
        /// Factor on the whole.
        #[serde(default = "one")]
        gain: f64,
        /// `[low, high]` per number of a Box; empty means the space's bounds, and where those are infinite the smallest
        /// and largest number seen so far while training.
        #[serde(default)]
        bounds: Vec<[f64; 2]>,
    },
    /// `cells` inputs per number of a Box: the further the number lies from the lower towards the upper bound, the more of
    /// them are `gain`, the others 0. A 0 or 1 of the other spaces is one input.
    Thermometer {
        /// Cells per number, 1 or more.
        #[serde(default = "default_cells")]
        cells: usize,
        /// Factor on the whole.
        #[serde(default = "one")]
        gain: f64,
        /// As for `gaussian_population`.
        #[serde(default)]
        bounds: Vec<[f64; 2]>,
    },
    /// A pool of `size` neurons for each symbol, as in the sequence tasks of the SORN papers: for each choice of a Discrete or
    /// MultiDiscrete space and each 1 of a MultiBinary one, and for each of `cells` Gaussian tuning curves of a number of a Box
    /// (as `gaussian_population`). The reservoir's `input` and `nu` follow from it: those of `reservoir.params` do not count.
    Pools {
        /// Neurons per pool, 1 or more.
        #[serde(default = "default_cells")]
        size: usize,
        /// Whether a neuron may be in several pools. If not, `reservoir.params.ne` must hold all of them.
        #[serde(default)]
        overlap: bool,
        /// The input of a symbol's neurons.
        #[serde(default = "one")]
        gain: f64,
        /// Pools per number of a Box, 1 or more.
        #[serde(default = "default_cells")]
        cells: usize,
        /// As for `gaussian_population`.
        #[serde(default = "one")]
        width: f64,
        /// As for `gaussian_population`.
        #[serde(default)]
        bounds: Vec<[f64; 2]>,
    },
    /// One input per choice of a Discrete, MultiDiscrete or MultiBinary space; Boxes are refused.
    OneHot {
        /// The input that stands for a choice.
        #[serde(default = "one")]
        gain: f64,
    },
    /// The flattened observation itself, as `sorn` 0.7.4 feeds it.
    Raw {
        /// Factor on the observation.
        #[serde(default = "one")]
        gain: f64,
    },
    /// One's own, by the kind under which it was registered ([`EncoderEntry`](crate::EncoderEntry)).
    #[serde(skip)]
    Own(OwnConfig),
}

impl<'de> Deserialize<'de> for EncoderConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        own::read::<D, dyn own::Encoder, _>(deserializer, EncoderConfig::deserialize, EncoderConfig::Own)
    }
}

impl Serialize for EncoderConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            EncoderConfig::Own(config) => own::write(config, serializer),
            built_in => EncoderConfig::serialize(built_in, serializer),
        }
    }
}

fn default_gain() -> f64 {
    3.0
}
fn default_bias() -> f64 {
    0.9
}
fn default_cells() -> usize {
    10
}
fn one() -> f64 {
    1.0
}

impl Default for EncoderConfig {
    fn default() -> Self {
        EncoderConfig::RandomProjection {
            scale: Scale::default(),
            gain: default_gain(),
            bias: default_bias(),
        }
    }
}

impl EncoderConfig {
    /// Whether an encoder of this kind is built in.
    pub(crate) fn is_built_in(kind: &str) -> bool {
        own::knows(kind, EncoderConfig::deserialize)
    }

    /// The reservoir that takes observations of `space`: `pools` say what its inputs are.
    pub(crate) fn fit(&self, reservoir: &ReservoirConfig, space: &Space) -> ReservoirConfig {
        let mut fitted = reservoir.clone();
        if let EncoderConfig::Pools { size, overlap, cells, .. } = *self {
            let inputs = |slot: &Slot| if *slot == Slot::Bit { 1 } else { cells };
            fitted.params.nu = slots(space).iter().map(inputs).sum();
            fitted.params.input = InputMap::Pools { size, overlap };
        }
        fitted
    }
}

/// An encoder for the observations of one space.
#[derive(Clone, Debug)]
pub(crate) enum AnyEncoder {
    RandomProjection(RandomProjection),
    Cells(Cells),
    Raw(Raw),
    Own(OwnEncoder),
}

impl AnyEncoder {
    /// An encoder from observations of `space` to `inputs` numbers; random parts come from `seed`.
    pub(crate) fn new(
        config: &EncoderConfig,
        space: &Space,
        inputs: usize,
        seed: u64,
    ) -> Result<AnyEncoder, AgentError> {
        let slots = slots(space);
        let encoder = match config {
            EncoderConfig::RandomProjection { scale, gain, bias } => AnyEncoder::RandomProjection(
                RandomProjection::new(scale, *gain, *bias, slots.len(), inputs, seed)?,
            ),
            EncoderConfig::GaussianPopulation { cells, width, gain, bounds } => AnyEncoder::Cells(
                Cells::new(Tuning::Gaussian { width: *width }, *cells, *gain, bounds, slots)?,
            ),
            EncoderConfig::Pools { size, gain, cells, width, bounds, .. } => {
                if *size == 0 {
                    return Err(AgentError::config("encoder.size", size, "at least 1"));
                }
                AnyEncoder::Cells(Cells::new(
                    Tuning::Gaussian { width: *width },
                    *cells,
                    *gain,
                    bounds,
                    slots,
                )?)
            }
            EncoderConfig::Thermometer { cells, gain, bounds } => {
                AnyEncoder::Cells(Cells::new(Tuning::Thermometer, *cells, *gain, bounds, slots)?)
            }
            EncoderConfig::OneHot { gain } => AnyEncoder::Raw(Raw::one_hot(*gain, &slots)?),
            EncoderConfig::Raw { gain } => AnyEncoder::Raw(Raw::new(*gain, &slots)?),
            EncoderConfig::Own(config) => {
                AnyEncoder::Own(OwnEncoder::new(config, EncoderSetup { space, inputs, seed })?)
            }
        };
        let len = match &encoder {
            AnyEncoder::RandomProjection(_) => inputs,
            AnyEncoder::Cells(encoder) => encoder.len(),
            AnyEncoder::Raw(encoder) => encoder.len(),
            AnyEncoder::Own(encoder) => encoder.inputs(),
        };
        if len != inputs {
            return Err(AgentError::Mismatch(format!(
                "encoder.kind = {} gives {len} inputs for observations of {space}, but the reservoir takes {inputs}: set \
                 reservoir.params.input = \"first\", or {{ pools = {{ size = 10 }} }} for ten neurons per input, and \
                 reservoir.params.nu = {len}",
                json(config)["kind"]
            )));
        }
        Ok(encoder)
    }

    /// Writes the input for one observation; learns bounds if it is to `learn`.
    pub(crate) fn encode(
        &mut self,
        observation: &[f64],
        weights: Option<&[f64]>,
        input: &mut [f64],
        learn: bool,
    ) -> Result<(), AgentError> {
        match self {
            AnyEncoder::RandomProjection(encoder) => encoder.encode(observation, weights, input),
            AnyEncoder::Cells(encoder) => encoder.encode(observation, input, learn),
            AnyEncoder::Raw(encoder) => encoder.encode(observation, input),
            AnyEncoder::Own(encoder) => return encoder.encode(observation, input, learn),
        }
        Ok(())
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        match self {
            AnyEncoder::Cells(encoder) => encoder.save(state),
            AnyEncoder::Own(encoder) => encoder.save(state),
            AnyEncoder::RandomProjection(_) | AnyEncoder::Raw(_) => {}
        }
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        match self {
            AnyEncoder::Cells(encoder) => encoder.load(state),
            AnyEncoder::Own(encoder) => encoder.load(state),
            AnyEncoder::RandomProjection(_) | AnyEncoder::Raw(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sorn_env::seeding::Generator;
    use sorn_env::{BoxSpace, Dtype};

    fn spaces() -> impl Strategy<Value = Space> {
        let bound = || prop_oneof![Just(None), (-5.0..5.0_f64).prop_map(Some)];
        let number = (bound(), bound()).prop_map(|(a, b)| {
            let low = a.unwrap_or(f64::NEG_INFINITY);
            (low, b.map_or(f64::INFINITY, |b| if low.is_finite() { low + b.abs() } else { b }))
        });
        let boxes = prop::collection::vec(number, 1..4).prop_map(|bounds| {
            let (low, high): (Vec<f64>, Vec<f64>) = bounds.into_iter().unzip();
            let shape = vec![low.len()];
            Space::Box(BoxSpace { low, high, shape, dtype: Dtype::F64 })
        });
        let leaf = prop_oneof![
            boxes,
            (1..5_i64, -3..3_i64).prop_map(|(n, start)| Space::Discrete { n, start }),
            prop::collection::vec(1..4_i64, 1..3).prop_map(|nvec| Space::MultiDiscrete { nvec }),
            (1..4_usize).prop_map(|n| Space::MultiBinary { shape: vec![n] }),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(Space::Tuple),
                prop::collection::vec(inner, 1..4).prop_map(|members| {
                    Space::Dict(members.into_iter().enumerate().map(|(i, s)| (format!("m{i}"), s)).collect())
                }),
            ]
        })
    }

    fn of_every_kind() -> [EncoderConfig; 4] {
        [
            EncoderConfig::default(),
            EncoderConfig::GaussianPopulation { cells: 4, width: 1.0, gain: 1.0, bounds: vec![] },
            EncoderConfig::Thermometer { cells: 3, gain: 1.0, bounds: vec![] },
            EncoderConfig::Raw { gain: 1.0 },
        ]
    }

    /// The number of inputs that an encoder asks for, read from its refusal of none.
    fn inputs(config: &EncoderConfig, space: &Space) -> usize {
        match AnyEncoder::new(config, space, usize::MAX, 0) {
            Ok(_) => unreachable!("no code is so long"),
            Err(error) => {
                let text = error.to_string();
                text.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{text}"))
            }
        }
    }

    proptest! {
        #[test]
        fn every_encoder_takes_every_space(space in spaces(), seed: u64) {
            let mut flat = vec![0.0; space.flat_dim()];
            let mut samples = Generator::new(seed);
            for config in of_every_kind() {
                let len = if config == EncoderConfig::default() { 7 } else { inputs(&config, &space) };
                let mut encoder = AnyEncoder::new(&config, &space, len, seed).unwrap();
                let mut input = vec![f64::NAN; len];
                for _ in 0..3 {
                    space.flatten_into(&space.sample(&mut samples), &mut flat).unwrap();
                    encoder.encode(&flat, None, &mut input, true).unwrap();
                    prop_assert!(input.iter().all(|u| u.is_finite()), "{config:?} {input:?}");
                }
                // What was learnt survives, and evaluation learns nothing.
                let mut state = AgentState { arrays: Default::default(), meta: serde_json::json!({}) };
                encoder.save(&mut state);
                let mut copy = AnyEncoder::new(&config, &space, len, seed).unwrap();
                copy.load(&state).unwrap();
                let mut again = input.clone();
                copy.encode(&flat, None, &mut again, false).unwrap();
                prop_assert_eq!(&again, &input);
                flat.iter_mut().for_each(|v| *v *= 3.0);
                copy.encode(&flat, None, &mut again, false).unwrap();
                let mut after = AgentState { arrays: Default::default(), meta: serde_json::json!({}) };
                copy.save(&mut after);
                prop_assert_eq!(after, state);
            }
        }

        #[test]
        fn one_hot_codes_have_a_one_per_choice(n in 1..6_i64, start in -3..3_i64, nvec in prop::collection::vec(1..4_i64, 1..3), seed: u64) {
            let choices = 1 + nvec.len();
            let space = Space::Tuple(vec![Space::Discrete { n, start }, Space::MultiDiscrete { nvec }]);
            let len = space.flat_dim();
            let mut encoder = AnyEncoder::new(&EncoderConfig::OneHot { gain: 2.0 }, &space, len, 0).unwrap();
            let (mut flat, mut input) = (vec![0.0; len], vec![f64::NAN; len]);
            space.flatten_into(&space.sample(&mut Generator::new(seed)), &mut flat).unwrap();
            encoder.encode(&flat, None, &mut input, true).unwrap();
            prop_assert_eq!(input.iter().filter(|u| **u == 2.0).count(), choices);
            prop_assert_eq!(input.iter().filter(|u| **u == 0.0).count(), len - choices);
        }
    }

    #[test]
    fn pools_say_what_the_reservoirs_inputs_are() {
        let config: EncoderConfig =
            toml::from_str("kind = \"pools\"\nsize = 7\ncells = 3\noverlap = true").unwrap();
        let space = Space::Tuple(vec![
            Space::Discrete { n: 4, start: 0 },
            Space::box_f32(&[0.0, 0.0], &[1.0, 1.0]).unwrap(),
        ]);
        let fitted = config.fit(&ReservoirConfig::default(), &space);
        assert_eq!(fitted.params.input, InputMap::Pools { size: 7, overlap: true });
        assert_eq!(fitted.params.input_len(), 4 + 2 * 3);
        let mut encoder = AnyEncoder::new(&config, &space, 10, 0).unwrap();
        let mut input = [9.0; 10];
        encoder.encode(&[0.0, 0.0, 1.0, 0.0, 0.5, 1.0], None, &mut input, true).unwrap();
        assert_eq!((&input[..4], input[5], input[9]), (&[0.0, 0.0, 1.0, 0.0][..], 1.0, 1.0));
        // Every other encoder leaves the reservoir as it is.
        let default = ReservoirConfig::default();
        assert_eq!(EncoderConfig::default().fit(&default, &space), default);
        let none =
            EncoderConfig::Pools { size: 0, overlap: false, gain: 1.0, cells: 1, width: 1.0, bounds: vec![] };
        let error =
            AnyEncoder::new(&none, &Space::Discrete { n: 1, start: 0 }, 1, 0).unwrap_err().to_string();
        assert_eq!(error, "encoder.size: expected at least 1, found 0");
    }

    #[test]
    fn refusals_say_what_to_do() {
        let space = Space::box_f32(&[0.0, 0.0], &[1.0, 1.0]).unwrap();
        let error = |text: &str| {
            let config: EncoderConfig = toml::from_str(text).unwrap();
            AnyEncoder::new(&config, &space, 5, 0).unwrap_err().to_string()
        };
        assert!(error("kind = \"one_hot\"").contains("found a Box (number 0"));
        assert!(error("kind = \"raw\"").ends_with("reservoir.params.nu = 2"));
        assert!(error("kind = \"thermometer\"\ncells = 3").contains("gives 6 inputs"));
        assert!(error("kind = \"thermometer\"\ncells = 0").starts_with("encoder.cells: expected at least 1"));
        assert!(error("kind = \"gaussian_population\"\nwidth = 0.0").starts_with("encoder.width"));
    }
}
