//! Series of numbers of one's own.

use std::fmt::Debug;
use std::path::Path;

use rand_xoshiro::rand_core::Rng as _;
use sorn_agents::own::{Entry, Part, Registry};
use sorn_core::rng;
use sorn_env::seeding::Generator;

use super::SeriesConfig;

/// A series of numbers: inputs of a network, and targets that a readout is to give.
///
/// Built-in series are of this trait, and one's own are registered under a kind, which `task.source.kind` of an experiment file then
/// names. A series is not saved: a resumed run makes it anew from its keys and seed, and takes as many steps as were taken before. All
/// its random numbers come from [`SeriesSetup::generator`].
///
/// ```
/// use serde::Deserialize;
/// use sorn_lab::{Numbers, Series, SeriesConfig, SeriesEntry, sorn_agents::OwnConfig};
///
/// /// A sine, whose quadrature is the target.
/// #[derive(Debug)]
/// struct Sine {
///     step: f64,
///     phase: f64,
/// }
///
/// impl Numbers for Sine {
///     fn inputs(&self) -> usize {
///         1
///     }
///
///     fn targets(&self) -> Vec<String> {
///         vec!["cosine".into()]
///     }
///
///     fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) -> Result<(), String> {
///         (inputs[0], targets[0]) = (self.phase.sin(), self.phase.cos());
///         self.phase = (self.phase + self.step) % std::f64::consts::TAU;
///         Ok(())
///     }
/// }
///
/// /// The keys beside `kind = "sine"`.
/// #[derive(Deserialize)]
/// struct Keys {
///     step: f64,
/// }
///
/// SeriesEntry::new("sine", "A sine, of which the cosine is asked.", |Keys { step }, setup| {
///     Ok(Box::new(Sine { step, phase: setup.generator().random() }))
/// })
/// .register()?;
///
/// let config = SeriesConfig::Own(OwnConfig::new("sine").with("step", 0.1));
/// let series = Series::new(&config, 7)?;
/// let (sine, cosine) = (series.inputs()[0], series.targets()[0]);
/// assert!((sine * sine + cosine * cosine - 1.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Numbers: Debug + Send {
    /// How many inputs there are, at least 1.
    fn inputs(&self) -> usize;

    /// Names of the targets, at least one.
    fn targets(&self) -> Vec<String>;

    /// Writes inputs and targets of the next step, finite numbers.
    ///
    /// # Errors
    /// What failed, if it calls something that can fail.
    fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) -> Result<(), String>;

    /// How many steps have targets of their own before it repeats itself; none if it never does. The phases that fit and score are not
    /// longer.
    fn length(&self) -> Option<u64> {
        None
    }

    /// The file that it reads: a run does not go on with other data than it was begun with.
    fn data(&self) -> Option<&Path> {
        None
    }

    /// Scores of its own: names and numbers. They stand beside `nrmse` and `r2`.
    fn judge(&self, _answers: &Answers<'_>) -> Vec<(String, f64)> {
        Vec::new()
    }
}

/// What a readout gave in a phase of role `score`.
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a> {
    /// What it gave at each step, target after target.
    pub outputs: &'a [f64],
    /// What was asked for, likewise.
    pub targets: &'a [f64],
    /// The squared correlation of both, for each target.
    pub r2: &'a [f64],
}

/// A series of one's own for the registry.
pub type SeriesEntry = Entry<dyn Numbers>;

/// What a series is made with, beside its keys.
#[derive(Clone, Copy, Debug)]
pub struct SeriesSetup {
    /// The run's seed.
    pub seed: u64,
}

impl SeriesSetup {
    /// Random numbers of its own, from the run's seed.
    pub fn generator(&self) -> Generator {
        Generator::new(self.stream().next_u64())
    }

    /// The stream of the built-in series.
    pub(super) fn stream(&self) -> rng::Xoshiro256PlusPlus {
        rng::stream(self.seed, "series")
    }
}

impl Part for dyn Numbers {
    type Setup<'a> = SeriesSetup;
    const KEY: &'static str = "task.source";

    fn is_built_in(kind: &str) -> bool {
        SeriesConfig::is_built_in(kind)
    }

    fn registry() -> &'static Registry<Self> {
        static REGISTRY: Registry<dyn Numbers> = Registry::new();
        &REGISTRY
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use sorn_agents::{NoKeys, OwnConfig};

    use super::super::{Series, check_series};
    use super::*;

    /// A ramp, whose targets are the next value.
    #[derive(Debug, Deserialize)]
    struct Ramp {
        #[serde(default)]
        wrong: String,
        #[serde(skip)]
        at: f64,
    }

    impl Numbers for Ramp {
        fn inputs(&self) -> usize {
            usize::from(self.wrong != "nothing")
        }

        fn targets(&self) -> Vec<String> {
            vec!["next".into()]
        }

        fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) -> Result<(), String> {
            self.at += if self.wrong == "infinite" { f64::MAX } else { 1.0 };
            if self.wrong == "fails" && self.at > 100.0 {
                return Err("the sensor is gone".into());
            }
            inputs.fill(self.at);
            targets[0] = self.at + 1.0;
            Ok(())
        }

        fn length(&self) -> Option<u64> {
            Some(50)
        }
    }

    fn ramp(wrong: &str) -> SeriesConfig {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            let make = |ramp: Ramp, setup: SeriesSetup| -> Result<Box<dyn Numbers>, String> {
                let start = if ramp.wrong == "seedless" { sorn_env::seeding::entropy() as f64 } else { 0.0 };
                Ok(Box::new(Ramp { at: start + setup.generator().random(), ..ramp }))
            };
            SeriesEntry::new("ramp", "A ramp.", make).register().unwrap();
        });
        SeriesConfig::Own(OwnConfig::new("ramp").with("wrong", wrong))
    }

    #[test]
    fn files_name_it_and_what_breaks_the_contract_is_found() {
        let config = ramp("");
        assert_eq!(toml::from_str::<SeriesConfig>(&toml::to_string(&config).unwrap()).unwrap(), config);
        let error = toml::from_str::<SeriesConfig>("kind = \"rmap\"").unwrap_err().to_string();
        assert!(error.contains("`narma`") && error.contains("`ramp`"), "{error}");
        let taken = SeriesEntry::new("narma", "Narma.", |_: NoKeys, _| Err(String::new())).register();
        assert!(
            taken.unwrap_err().to_string().starts_with("task.source.kind \"narma\" cannot be registered")
        );
        assert_eq!(Series::new(&config, 0).unwrap().length(), Some(50));
        assert!(check_series(&config, 1).passed());
        for (wrong, expected) in [
            ("nothing", "task.source: expected at least one input and one target, found 0 and 1"),
            ("infinite", "task.source: expected finite numbers, found inf"),
            ("fails", "task.source: the sensor is gone"),
            ("seedless", "seed: expected the same bits from the same seed, found others"),
        ] {
            assert_eq!(check_series(&ramp(wrong), 1).to_string(), expected, "{wrong}");
        }
    }
}
