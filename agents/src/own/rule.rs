//! Plasticity rules of one's own in an agent's reservoir.

use std::fmt;

use rand_xoshiro::rand_core::Rng as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sorn_core::{Network, Params, PlasticityRule, Rule, RuleContext, rng};
use sorn_env::seeding::Generator;

use super::{Entry, OwnConfig, Part, PartError, Registry, RuleEntry};
use crate::AgentError;

/// A plasticity rule of one's own in a configuration, an element of `reservoir.rules`: its kind, its keys, and its place among the
/// other rules.
///
/// ```
/// use serde::Deserialize;
/// use sorn_agents::{Agent, AgentConfig, OwnConfig, RuleConfig, RuleEntry};
/// use sorn_core::{PlasticityRule, Rule, RuleContext};
/// use sorn_env::Space;
///
/// /// Every weight decays a little.
/// #[derive(Clone, Debug)]
/// struct Decay(f64);
///
/// impl PlasticityRule for Decay {
///     fn name(&self) -> &str {
///         "decay"
///     }
///
///     fn apply(&mut self, context: &mut RuleContext<'_>) {
///         for post in 0..context.ne() {
///             context.for_each_ee(post, &mut |_pre, weight| *weight *= 1.0 - self.0);
///         }
///     }
///
///     fn clone_box(&self) -> Box<dyn PlasticityRule> {
///         Box::new(self.clone())
///     }
/// }
///
/// /// The keys beside `kind = "decay"`.
/// #[derive(Deserialize)]
/// struct Keys {
///     rate: f64,
/// }
///
/// RuleEntry::new("decay", "Every weight decays.", |keys: Keys, _setup| {
///     if !(0.0..1.0).contains(&keys.rate) {
///         return Err(format!("rate: expected 0 to below 1, found {}", keys.rate));
///     }
///     Ok(Box::new(Decay(keys.rate)))
/// })
/// .register()?;
///
/// let mut config = AgentConfig::default();
/// let decay = OwnConfig::new("decay").with("rate", 0.001);
/// config.reservoir.rules = vec![RuleConfig { own: decay, before: Some(Rule::Ss) }];
/// let mut agent = Agent::new(&config, &Space::box_f32(&[0.0], &[1.0])?, &Space::discrete(2)?, 0)?;
/// agent.begin(&[0.5_f32])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RuleConfig {
    /// Which, with its keys.
    pub own: OwnConfig,
    /// The rule of `params.rules` before which it runs, in a file the key `before`; the last if there is none.
    pub before: Option<Rule>,
}

impl RuleConfig {
    /// The rule as the last of all.
    pub fn new(own: OwnConfig) -> RuleConfig {
        RuleConfig { own, before: None }
    }
}

impl<'de> Deserialize<'de> for RuleConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let unknown = |_| {
            let known: Vec<String> =
                RuleEntry::all().iter().map(|entry| format!("`{}`", entry.kind())).collect();
            Err(serde::de::Error::custom(match known.is_empty() {
                true => "expected a registered rule of your own, and none is registered; the built-in ones are named in \
                         reservoir.params.rules"
                    .to_string(),
                false => format!("expected a registered rule of your own as kind (one of {})", known.join(", ")),
            }))
        };
        let mut own: OwnConfig = super::read::<D, dyn PlasticityRule, Result<OwnConfig, _>>(
            deserializer,
            |table| Ok(unknown(table)),
            Ok,
        )??;
        let before = own.keys.remove("before").map(serde_json::from_value).transpose();
        let before = before.map_err(|e| D::Error::custom(format!("before: {e}")))?;
        Ok(RuleConfig { own, before })
    }
}

impl Serialize for RuleConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = self.own.clone();
        if let Some(rule) = self.before {
            all.keys.insert("before".into(), rule.name().into());
        }
        super::write(&all, serializer)
    }
}

/// What a rule is told when it is made.
#[derive(Clone, Copy, Debug)]
pub struct RuleSetup<'a> {
    /// The network's parameters, among them how many neurons there are.
    pub params: &'a Params,
    /// The agent's seed.
    pub seed: u64,
    /// Its place among the rules of one's own, from 0.
    pub index: usize,
}

impl RuleSetup<'_> {
    /// Random numbers of its own, from the agent's seed.
    pub fn generator(&self) -> Generator {
        Generator::new(rng::stream(self.seed, &format!("rule {}", self.index)).next_u64())
    }
}

impl Part for dyn PlasticityRule {
    type Setup<'a> = RuleSetup<'a>;
    const KEY: &'static str = "reservoir.rules";
    const IN_PYTHON: bool = true;

    fn is_built_in(kind: &str) -> bool {
        kind.parse::<Rule>().is_ok()
    }

    fn registry() -> &'static Registry<Self> {
        static REGISTRY: Registry<dyn PlasticityRule> = Registry::new();
        &REGISTRY
    }
}

impl RuleEntry {
    /// The rule `kind` that remembers nothing from step to step, as a function: `make` gives from the keys, read as a `C`, what changes
    /// the network after a step.
    ///
    /// ```
    /// use sorn_agents::{NoKeys, RuleEntry};
    /// use sorn_core::RuleContext;
    ///
    /// RuleEntry::from_fn("bounded", "No threshold is above 1.", |_: NoKeys, _| {
    ///     Ok(|context: &mut RuleContext<'_>| context.te().iter_mut().for_each(|te| *te = te.min(1.0)))
    /// })
    /// .register()?;
    /// # Ok::<(), sorn_agents::RegisterError>(())
    /// ```
    pub fn from_fn<C, F>(
        kind: impl Into<String>,
        help: impl Into<String>,
        make: impl Fn(C, RuleSetup<'_>) -> Result<F, String> + Send + Sync + 'static,
    ) -> RuleEntry
    where
        C: DeserializeOwned,
        F: Fn(&mut RuleContext<'_>) + Clone + Send + Sync + 'static,
    {
        let kind = kind.into();
        let name = kind.clone();
        RuleEntry::new(kind, help, move |keys: C, setup| {
            Ok(Box::new(Function { name: name.clone(), apply: make(keys, setup)? }))
        })
    }
}

/// A rule that is a function.
#[derive(Clone)]
struct Function<F> {
    name: String,
    apply: F,
}

impl<F> fmt::Debug for Function<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<F: Fn(&mut RuleContext<'_>) + Clone + Send + Sync + 'static> PlasticityRule for Function<F> {
    fn name(&self) -> &str {
        &self.name
    }

    fn apply(&mut self, context: &mut RuleContext<'_>) {
        (self.apply)(context);
    }

    fn clone_box(&self) -> Box<dyn PlasticityRule> {
        Box::new(self.clone())
    }
}

/// Adds `rules` to a network that has none of them.
pub(crate) fn add(network: &mut Network, rules: &[RuleConfig], seed: u64) -> Result<(), AgentError> {
    for (index, RuleConfig { own, before }) in rules.iter().enumerate() {
        let params = network.params().clone();
        let here = |PartError { key, reason }: PartError| {
            let inner = key.strip_prefix(<dyn PlasticityRule>::KEY).unwrap_or(&key);
            AgentError::Own { key: format!("reservoir.rules[{index}]{inner}"), reason }
        };
        let rule = Entry::make(own, RuleSetup { params: &params, seed, index }).map_err(here)?;
        let place = match before {
            None => usize::MAX,
            Some(rule) => network.place_of(*rule).ok_or_else(|| AgentError::Own {
                key: format!("reservoir.rules[{index}].before"),
                reason: format!("expected a rule of reservoir.params.rules, found {:?}", rule.name()),
            })?,
        };
        network.add_rule(place, rule);
    }
    Ok(())
}
