//! Encoders of one's own.

use std::fmt::{self, Debug};

use serde::de::DeserializeOwned;
use sorn_core::rng;
use sorn_env::Space;
use sorn_env::seeding::Generator;

use super::{EncoderEntry, Entry, OwnConfig, Part, Registry};
use crate::encoder::{Encode, Kind};
use crate::state::nested;
use crate::{AgentError, AgentState, EncoderConfig};
use rand_xoshiro::rand_core::Rng as _;

/// An encoder: an observation, lying flat as numbers, becomes the input of the reservoir.
///
/// ```
/// use serde::Deserialize;
/// use sorn_agents::{Agent, AgentConfig, Encoder, EncoderConfig, EncoderEntry, OwnConfig};
/// use sorn_env::Space;
///
/// /// Each number in turn, over and over, until all inputs have one; every time a little larger.
/// #[derive(Clone, Debug)]
/// struct Repeat {
///     inputs: usize,
///     growth: f64,
/// }
///
/// impl Encoder for Repeat {
///     fn inputs(&self) -> usize {
///         self.inputs
///     }
///
///     fn encode(&mut self, observation: &[f64], input: &mut [f64], _learns: bool) -> Result<(), String> {
///         for (k, u) in input.iter_mut().enumerate() {
///             *u = observation[k % observation.len()] * (1.0 + self.growth * k as f64);
///         }
///         Ok(())
///     }
///
///     fn clone_box(&self) -> Box<dyn Encoder> {
///         Box::new(self.clone())
///     }
/// }
///
/// /// The keys beside `kind = "repeat"`.
/// #[derive(Deserialize)]
/// struct Keys {
///     growth: f64,
/// }
///
/// EncoderEntry::new("repeat", "The observation, over and over.", |keys: Keys, setup| {
///     Ok(Box::new(Repeat { inputs: setup.inputs, growth: keys.growth }))
/// })
/// .register()?;
///
/// let encoder = EncoderConfig::Own(OwnConfig::new("repeat").with("growth", 0.01));
/// let config = AgentConfig { encoder, ..AgentConfig::default() };
/// let mut agent = Agent::new(&config, &Space::box_f32(&[0.0], &[1.0])?, &Space::discrete(2)?, 0)?;
/// agent.begin(&[0.5_f32])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Encoder: Debug + Send + Sync {
    /// How many inputs it writes: as many as the reservoir takes ([`EncoderSetup::inputs`]), or the reservoir is to be told
    /// (`reservoir.params.nu`, with `input = "first"` or pools).
    fn inputs(&self) -> usize;

    /// Writes the `input` for one observation. It may learn, such as the range of a number, if it is to: a frozen agent's does not.
    ///
    /// # Errors
    /// What failed, if it calls something that can fail.
    fn encode(&mut self, observation: &[f64], input: &mut [f64], learns: bool) -> Result<(), String>;

    /// Puts what it has learnt into `state`, under names of its own, each time the same ones.
    fn save(&self, _state: &mut AgentState) {}

    /// Takes back what [`save`](Encoder::save) put there.
    ///
    /// # Errors
    /// [`AgentError::State`] if it is not there or of another size; [`AgentState::read`] and [`AgentState::entry`] say so.
    fn load(&mut self, _state: &AgentState) -> Result<(), AgentError> {
        Ok(())
    }

    /// A copy, with what it has learnt.
    fn clone_box(&self) -> Box<dyn Encoder>;
}

/// What an encoder is told when it is made.
#[derive(Clone, Copy, Debug)]
pub struct EncoderSetup<'a> {
    /// What it encodes: the observation, as it is after normalisation, and what stands beside it (`agent.inputs`).
    pub space: &'a Space,
    /// Inputs that the reservoir takes.
    pub inputs: usize,
    /// The agent's seed.
    pub seed: u64,
}

impl EncoderSetup<'_> {
    /// How many numbers an observation lies flat as.
    pub fn observations(&self) -> usize {
        self.space.flat_dim()
    }

    /// Random numbers of its own, from the agent's seed.
    pub fn generator(&self) -> Generator {
        Generator::new(rng::stream(self.seed, "encoder").next_u64())
    }
}

impl Part for dyn Encoder {
    type Setup<'a> = EncoderSetup<'a>;
    const KEY: &'static str = "encoder";
    const IN_PYTHON: bool = true;

    fn is_built_in(kind: &str) -> bool {
        EncoderConfig::is_built_in(kind)
    }

    fn registry() -> &'static Registry<Self> {
        static REGISTRY: Registry<dyn Encoder> = Registry::new();
        &REGISTRY
    }
}

impl EncoderEntry {
    /// The encoder `kind` that learns nothing, as a function: `make` gives from the keys, read as a `C`, what writes the reservoir's input
    /// for an observation.
    ///
    /// ```
    /// use sorn_agents::{EncoderEntry, NoKeys};
    ///
    /// EncoderEntry::from_fn("again", "The observation, over and over.", |_: NoKeys, _| {
    ///     Ok(|observation: &[f64], input: &mut [f64]| {
    ///         input.iter_mut().zip(observation.iter().cycle()).for_each(|(u, o)| *u = *o);
    ///     })
    /// })
    /// .register()?;
    /// # Ok::<(), sorn_agents::RegisterError>(())
    /// ```
    pub fn from_fn<C, F>(
        kind: impl Into<String>,
        help: impl Into<String>,
        make: impl Fn(C, EncoderSetup<'_>) -> Result<F, String> + Send + Sync + 'static,
    ) -> EncoderEntry
    where
        C: DeserializeOwned,
        F: Fn(&[f64], &mut [f64]) + Clone + Send + Sync + 'static,
    {
        EncoderEntry::new(kind, help, move |keys: C, setup| {
            Ok(Box::new(Function { inputs: setup.inputs, encode: make(keys, setup)? }))
        })
    }
}

/// An encoder that is a function.
#[derive(Clone)]
struct Function<F> {
    inputs: usize,
    encode: F,
}

impl<F> Debug for Function<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

impl<F: Fn(&[f64], &mut [f64]) + Clone + Send + Sync + 'static> Encoder for Function<F> {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn encode(&mut self, observation: &[f64], input: &mut [f64], _learns: bool) -> Result<(), String> {
        (self.encode)(observation, input);
        Ok(())
    }

    fn clone_box(&self) -> Box<dyn Encoder> {
        Box::new(self.clone())
    }
}

/// An encoder of one's own at work.
#[derive(Debug)]
struct OwnEncoder(Box<dyn Encoder>);

impl Clone for OwnEncoder {
    fn clone(&self) -> Self {
        OwnEncoder(self.0.clone_box())
    }
}

impl Kind for OwnConfig {
    fn make(&self, setup: EncoderSetup<'_>) -> Result<Box<dyn Encode>, AgentError> {
        Ok(Box::new(OwnEncoder(Entry::make(self, setup)?)))
    }

    fn inputs(&self, _numbers: usize) -> Option<usize> {
        None
    }
}

impl Encode for OwnEncoder {
    fn len(&self) -> usize {
        self.0.inputs()
    }

    fn encode(
        &mut self,
        observation: &[f64],
        _weights: Option<&[f64]>,
        input: &mut [f64],
        learn: bool,
    ) -> Result<(), AgentError> {
        let refuse = |reason: String| AgentError::Own { key: "encoder".into(), reason };
        self.0.encode(observation, input, learn).map_err(refuse)?;
        match input.iter().position(|u| !u.is_finite()) {
            None => Ok(()),
            Some(k) => {
                Err(refuse(format!("expected a finite number, found {} (input number {k})", input[k])))
            }
        }
    }

    fn save(&self, state: &mut AgentState) {
        nested::save("encoder", state, |own| self.0.save(own));
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        nested::load("encoder", state, |own| self.0.load(own))
    }

    fn copy(&self) -> Box<dyn Encode> {
        Box::new(self.clone())
    }
}
