//! Encoders: an observation, flattened to numbers, becomes the input of the reservoir. One encoder per file.

mod alone;
mod bounds;
mod cells;
mod gaussian_population;
mod layout;
mod one_hot;
mod pools;
mod random_projection;
mod raw;
mod scale;
mod thermometer;

use std::fmt::Debug;

use serde::{Deserialize, Serialize};
use sorn_env::Space;

use crate::error::listed;
use crate::own::{Encoder, EncoderSetup, OwnConfig};
use crate::reservoir::json;
use crate::{AgentError, AgentState, ReservoirConfig, with_own};
pub use alone::Encoding;
pub use gaussian_population::GaussianPopulationConfig;
pub(crate) use layout::{Slot, slots};
pub use one_hot::OneHotConfig;
pub use pools::PoolsConfig;
pub use random_projection::RandomProjectionConfig;
pub use raw::RawConfig;
pub use scale::Scale;
pub use thermometer::ThermometerConfig;

/// Makes of a line per encoder everything that is known of it: its sentence, its kind in files, and its configuration.
macro_rules! encoders {
    ($($(#[$about:meta])* $kind:literal $name:ident($config:ty),)*) => {
        /// Which encoder.
        ///
        /// Every encoder takes observations of every space, lying flat: a Box as its numbers, Discrete and MultiDiscrete one-hot,
        /// MultiBinary as 0 and 1, Dict and Tuple one member after the other. `random_projection` fills as many inputs as the
        /// reservoir has, `pools` gives it as many as it needs; the others have a length of their own, which must be the reservoir's number of inputs
        /// (`reservoir.params.nu`, with `input = "first"` or `input = { pools = { size = 10 } }`).
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        // The derived functions know the built-in ones alone; they are called by those of `with_own`.
        #[serde(tag = "kind", deny_unknown_fields, remote = "Self")]
        pub enum EncoderConfig {
            $($(#[$about])* #[serde(rename = $kind)] $name($config),)*
            /// One's own, by the kind under which it was registered ([`EncoderEntry`](crate::EncoderEntry)).
            #[serde(skip)]
            Own(OwnConfig),
        }

        impl EncoderConfig {
            /// The keys of its kind.
            fn keys(&self) -> &dyn Kind {
                match self {
                    $(EncoderConfig::$name(config) => config,)*
                    EncoderConfig::Own(config) => config,
                }
            }

            /// The built-in kinds that take numbers, as a sentence has them.
            pub fn kinds_for_numbers() -> String {
                let all = [$(($kind, <$config>::default().is_for_symbols())),*];
                let named: Vec<&str> = all.iter().filter(|(_, symbols)| !symbols).map(|(kind, _)| *kind).collect();
                listed(&named, "or")
            }
        }
    };
}

encoders! {
    /// Each input receives `gain * (projection . tanh(observation / scale) + bias)`: a random unit-length projection of its
    /// own and a bias uniform in `[-bias, bias)`.
    "random_projection" RandomProjection(RandomProjectionConfig),
    /// `cells` inputs per number of a Box with Gaussian tuning curves, centres evenly from the lower to the upper bound. A
    /// 0 or 1 of the other spaces is one input.
    "gaussian_population" GaussianPopulation(GaussianPopulationConfig),
    /// `cells` inputs per number of a Box: the further the number lies from the lower towards the upper bound, the more of
    /// them are `gain`, the others 0. A 0 or 1 of the other spaces is one input.
    "thermometer" Thermometer(ThermometerConfig),
    /// A pool of `size` neurons for each symbol, as in the sequence tasks of the SORN papers: for each choice of a Discrete or
    /// MultiDiscrete space and each 1 of a MultiBinary one, and for each of `cells` Gaussian tuning curves of a number of a Box
    /// (as `gaussian_population`). The reservoir's `input` and `nu` follow from it: those of `reservoir.params` do not count.
    "pools" Pools(PoolsConfig),
    /// One input per choice of a Discrete, MultiDiscrete or MultiBinary space; Boxes are refused.
    "one_hot" OneHot(OneHotConfig),
    /// The flattened observation itself, as `sorn` 0.7.4 feeds it.
    "raw" Raw(RawConfig),
}

with_own!(EncoderConfig, dyn Encoder);

/// The keys of an encoder.
pub(crate) trait Kind {
    /// The encoder.
    fn make(&self, setup: EncoderSetup<'_>) -> Result<Box<dyn Encode>, AgentError>;

    /// How many inputs it gives for so many numbers of a Box; none if it fills as many as there are, or is one's own.
    fn inputs(&self, numbers: usize) -> Option<usize>;

    /// Changes the reservoir so that it takes what the encoder gives for observations of these parts.
    fn fit(&self, _reservoir: &mut ReservoirConfig, _slots: &[Slot]) {}

    /// Numbers that it keeps for each one of an observation, where the reservoir takes so many inputs, beside a few.
    fn kept(&self, _inputs: u128) -> u128 {
        0
    }

    /// Whether it is for symbols, so that a series of numbers is not for it.
    fn is_for_symbols(&self) -> bool {
        false
    }
}

impl Default for EncoderConfig {
    fn default() -> Self {
        EncoderConfig::RandomProjection(RandomProjectionConfig::default())
    }
}

impl EncoderConfig {
    /// How many inputs it gives for so many numbers of a Box; none if it fills as many as there are, or is one's own.
    pub fn inputs(&self, numbers: usize) -> Option<usize> {
        self.keys().inputs(numbers)
    }

    /// Whether it is for symbols, so that a series of numbers is not for it.
    pub fn is_for_symbols(&self) -> bool {
        self.keys().is_for_symbols()
    }

    /// Numbers that it keeps for each one of an observation, where the reservoir takes so many inputs, beside a few.
    pub(crate) fn kept(&self, inputs: u128) -> u128 {
        self.keys().kept(inputs)
    }

    /// The reservoir that takes observations of `space`: `pools` say what its inputs are.
    pub(crate) fn fit(&self, reservoir: &ReservoirConfig, space: &Space) -> ReservoirConfig {
        let mut fitted = reservoir.clone();
        self.keys().fit(&mut fitted, &slots(space));
        fitted
    }
}

/// An encoder at work.
pub(crate) trait Encode: Debug + Send + Sync {
    /// How many inputs it writes.
    fn len(&self) -> usize;

    /// Writes the input for one observation; learns bounds if it is to `learn`. Of the built-in ones the random projection weighs the first
    /// numbers by `weights`.
    fn encode(
        &mut self,
        observation: &[f64],
        weights: Option<&[f64]>,
        input: &mut [f64],
        learn: bool,
    ) -> Result<(), AgentError>;

    fn save(&self, _state: &mut AgentState) {}

    fn load(&mut self, _state: &AgentState) -> Result<(), AgentError> {
        Ok(())
    }

    fn copy(&self) -> Box<dyn Encode>;
}

/// An encoder for the observations of one space.
#[derive(Debug)]
pub(crate) struct AnyEncoder(Box<dyn Encode>);

impl Clone for AnyEncoder {
    fn clone(&self) -> Self {
        AnyEncoder(self.0.copy())
    }
}

impl AnyEncoder {
    /// An encoder from observations of `space` to `inputs` numbers; random parts come from `seed`.
    pub(crate) fn new(
        config: &EncoderConfig,
        space: &Space,
        inputs: usize,
        seed: u64,
    ) -> Result<AnyEncoder, AgentError> {
        let encoder = config.keys().make(EncoderSetup { space, inputs, seed })?;
        let len = encoder.len();
        if len != inputs {
            return Err(AgentError::Mismatch(format!(
                "encoder.kind = {} gives {len} inputs for observations of {space}, but the reservoir takes {inputs}: set \
                 reservoir.params.input = \"first\", or {{ pools = {{ size = 10 }} }} for ten neurons per input, and \
                 reservoir.params.nu = {len}",
                json(config)["kind"]
            )));
        }
        Ok(AnyEncoder(encoder))
    }

    /// Writes the input for one observation; learns bounds if it is to `learn`.
    pub(crate) fn encode(
        &mut self,
        observation: &[f64],
        weights: Option<&[f64]>,
        input: &mut [f64],
        learn: bool,
    ) -> Result<(), AgentError> {
        self.0.encode(observation, weights, input, learn)
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        self.0.save(state);
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        self.0.load(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sorn_core::InputMap;
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
            EncoderConfig::GaussianPopulation(GaussianPopulationConfig { cells: 4, ..Default::default() }),
            EncoderConfig::Thermometer(ThermometerConfig { cells: 3, ..Default::default() }),
            EncoderConfig::Raw(RawConfig::default()),
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
            let mut encoder = AnyEncoder::new(&EncoderConfig::OneHot(OneHotConfig { gain: 2.0 }), &space, len, 0).unwrap();
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
        let none = EncoderConfig::Pools(PoolsConfig { size: 0, cells: 1, ..PoolsConfig::default() });
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
