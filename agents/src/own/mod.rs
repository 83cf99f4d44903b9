//! Parts of one's own: encoders, learners, policies and plasticity rules from outside this crate, by the names under which they are
//! registered.
//!
//! A part is registered once, with [`EncoderEntry`], [`LearnerEntry`], [`PolicyEntry`] or [`RuleEntry`], and from then on a configuration may name it:
//! in an experiment file as `kind = "NAME"` with its own keys beside, in Rust as an [`OwnConfig`]. The registry is the process's, as
//! Gymnasium's is: configurations are plain data, which files of agents, checkpoints and experiments hold, and each place that
//! reads one would otherwise have to be handed a registry.

mod buffered;
pub mod conformance;
mod encoder;
mod learner;
mod policy;
mod rule;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use sorn_env::keys_of;

#[doc(hidden)]
pub use buffered::Buffered;
pub use encoder::{Encoder, EncoderSetup};
pub(crate) use learner::OwnLearner;
pub use learner::{Learner, LearnerSetup};
pub(crate) use policy::OwnPolicy;
pub use policy::{Policy, PolicySetup};
pub(crate) use rule::add as add_rules;
pub use rule::{RuleConfig, RuleSetup};

/// A part of one's own in a configuration: the kind under which it was registered, and the keys beside it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OwnConfig {
    /// The kind.
    pub kind: String,
    /// Its keys.
    #[serde(flatten)]
    pub keys: Map<String, Value>,
}

impl OwnConfig {
    /// The part of this kind, no key of which is given.
    pub fn new(kind: impl Into<String>) -> OwnConfig {
        OwnConfig { kind: kind.into(), keys: Map::new() }
    }

    /// With this key.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> OwnConfig {
        self.keys.insert(key.into(), value.into());
        self
    }
}

/// Keys of a part that has none.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoKeys {}

/// A sort of part that one may add to: `dyn Encoder`, `dyn Learner`, `dyn Policy` and `dyn PlasticityRule` are, and the sources of tasks in their
/// crates.
pub trait Part: 'static {
    /// What a part is told when it is made.
    type Setup<'a>: Copy;
    /// Where its keys stand: below `agent` for the parts of agents.
    const KEY: &'static str;
    /// Whether the Python package makes such parts of classes.
    const IN_PYTHON: bool = false;
    /// Whether `kind` is there without registration.
    fn is_built_in(kind: &str) -> bool;
    #[doc(hidden)]
    fn registry() -> &'static Registry<Self>;
}

/// A part that cannot be made: its key, and what was expected and found there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct PartError {
    /// Dotted key, at or below [`Part::KEY`].
    pub key: String,
    /// What was expected, what was found.
    pub reason: String,
}

type Make<P> = dyn Fn(Map<String, Value>, <P as Part>::Setup<'_>) -> Result<Box<P>, PartError> + Send + Sync;

/// A part of one's own for the registry: its kind, what it is, and how it is made from its keys.
///
/// [`Encoder`], [`Learner`], [`Policy`] and [`RuleConfig`] have an example each.
pub struct Entry<P: Part + ?Sized> {
    kind: String,
    help: String,
    keys: Option<&'static [&'static str]>,
    make: Arc<Make<P>>,
}

/// An encoder of one's own for the registry.
pub type EncoderEntry = Entry<dyn Encoder>;
/// A learner of one's own for the registry.
pub type LearnerEntry = Entry<dyn Learner>;
/// A policy of one's own for the registry.
pub type PolicyEntry = Entry<dyn Policy>;
/// A plasticity rule of one's own for the registry.
pub type RuleEntry = Entry<dyn sorn_core::PlasticityRule>;

impl<P: Part + ?Sized> Clone for Entry<P> {
    fn clone(&self) -> Self {
        let Entry { kind, help, keys, make } = self;
        Entry { kind: kind.clone(), help: help.clone(), keys: *keys, make: make.clone() }
    }
}

impl<P: Part + ?Sized> fmt::Debug for Entry<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("kind", &self.kind).field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl<P: Part + ?Sized> Entry<P> {
    /// The part `kind`; `help` is one sentence, and `make` makes it from its keys, read as a `C`: a struct that derives `Deserialize`,
    /// [`NoKeys`], or a map for keys of any name. What it refuses begins with the key, as `"step: expected a positive number, found 0"`.
    pub fn new<C: DeserializeOwned>(
        kind: impl Into<String>,
        help: impl Into<String>,
        make: impl Fn(C, P::Setup<'_>) -> Result<Box<P>, String> + Send + Sync + 'static,
    ) -> Entry<P> {
        let keys = keys_of::<C>();
        let make = move |table: Map<String, Value>, setup: P::Setup<'_>| {
            let config = serde_path_to_error::deserialize(Value::Object(table)).map_err(|e| {
                let path = e.path().to_string();
                let key = if path == "." { P::KEY.into() } else { format!("{}.{path}", P::KEY) };
                PartError { key, reason: e.inner().to_string() }
            })?;
            make(config, setup).map_err(|reason| match reason.split_once(": ") {
                Some((key, reason)) if !key.contains(char::is_whitespace) => {
                    PartError { key: format!("{}.{key}", P::KEY), reason: reason.into() }
                }
                _ => PartError { key: P::KEY.into(), reason },
            })
        };
        Entry { kind: kind.into(), help: help.into(), keys, make: Arc::new(make) }
    }

    /// Its kind.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What it is.
    pub fn help(&self) -> &str {
        &self.help
    }

    /// The keys it takes; `None` if it takes any.
    pub fn keys(&self) -> Option<&'static [&'static str]> {
        self.keys
    }

    /// Puts it into the registry, for the whole process and as long as it runs.
    ///
    /// # Errors
    /// [`RegisterError`]: a kind that is no plain name, or one that is there already.
    pub fn register(self) -> Result<(), RegisterError> {
        let refuse =
            |reason: &str| Err(RegisterError { key: P::KEY, kind: self.kind.clone(), reason: reason.into() });
        let named = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.kind.is_empty() || !self.kind.chars().all(named) {
            return refuse("expected letters, digits, '-', '_' and '.'");
        }
        let mut entries = P::registry().0.write().unwrap_or_else(PoisonError::into_inner);
        if P::is_built_in(&self.kind) || entries.contains_key(&self.kind) {
            return refuse("expected a kind that is not registered yet");
        }
        entries.insert(self.kind.clone(), self);
        Ok(())
    }

    /// All that were registered, by kind.
    pub fn all() -> Vec<Entry<P>> {
        P::registry().0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Finds parts that a kind with a colon names, such as Python's `module:Name`, by `importer`; the first one that is given stays.
    pub fn import_with(importer: fn(&str) -> Result<Entry<P>, String>) {
        P::registry().1.get_or_init(|| importer);
    }

    /// Whether `kind` is no built-in one.
    fn is_own(kind: &str) -> bool {
        kind.contains(':') || Self::find(kind).is_some()
    }

    fn imported(kind: &str) -> Result<Entry<P>, PartError> {
        let refuse = |reason| PartError { key: format!("{}.kind", P::KEY), reason };
        match P::registry().1.get() {
            Some(import) => import(kind).map_err(refuse),
            None if P::IN_PYTHON => Err(refuse(format!(
                "expected a registered kind, found {kind:?}, a class of Python's; the Python package's Agent and its command \
                 make those"
            ))),
            None => Err(refuse(format!("expected a registered kind, found {kind:?}, a class of Python's"))),
        }
    }

    fn find(kind: &str) -> Option<Entry<P>> {
        P::registry().0.read().unwrap_or_else(PoisonError::into_inner).get(kind).cloned()
    }

    /// The part that `config` names.
    ///
    /// # Errors
    /// [`PartError`]: a kind that is not registered, an unknown key, or what the part itself refuses.
    pub fn make(config: &OwnConfig, setup: P::Setup<'_>) -> Result<Box<P>, PartError> {
        let key = |name: &str| format!("{}.{name}", P::KEY);
        if config.kind.contains(':') {
            return (Self::imported(&config.kind)?.make)(config.keys.clone(), setup);
        }
        let Some(entry) = Self::find(&config.kind) else {
            let known: Vec<String> = Self::all().into_iter().map(|entry| entry.kind).collect();
            let reason = format!(
                "expected a registered kind ({}), found {:?}",
                if known.is_empty() { "none is registered".into() } else { known.join(", ") },
                config.kind
            );
            return Err(PartError { key: key("kind"), reason });
        };
        if let Some(allowed) = entry.keys
            && let Some(unknown) = config.keys.keys().find(|name| !allowed.contains(&name.as_str()))
        {
            let known =
                if allowed.is_empty() { "none".into() } else { format!("one of {}", allowed.join(", ")) };
            let reason = format!("unknown key of kind {:?} (expected {known})", config.kind);
            return Err(PartError { key: key(unknown), reason });
        }
        (entry.make)(config.keys.clone(), setup)
    }
}

/// Parts by kind. Only ever added to: what a kind means does not change while a process runs.
pub struct Registry<P: Part + ?Sized>(RwLock<BTreeMap<String, Entry<P>>>, OnceLock<Importer<P>>);

type Importer<P> = fn(&str) -> Result<Entry<P>, String>;

impl<P: Part + ?Sized> Registry<P> {
    #[doc(hidden)]
    pub const fn new() -> Self {
        Registry(RwLock::new(BTreeMap::new()), OnceLock::new())
    }
}

impl<P: Part + ?Sized> fmt::Debug for Registry<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(Entry::<P>::all()).finish()
    }
}

/// A part that cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}.kind {kind:?} cannot be registered: {reason}")]
pub struct RegisterError {
    /// Where it would stand in a configuration.
    pub key: &'static str,
    /// The kind.
    pub kind: String,
    /// What is wrong.
    pub reason: String,
}

/// Reads a table with the key `kind`: of a registered part of one's own, or else by `built_in`.
#[doc(hidden)]
pub fn read<'de, D: Deserializer<'de>, P: Part + ?Sized, T>(
    deserializer: D,
    built_in: impl FnOnce(Buffered) -> Result<T, serde::de::value::Error>,
    own: impl FnOnce(OwnConfig) -> T,
) -> Result<T, D::Error> {
    let table = Buffered::deserialize(deserializer)?;
    if let Some(kind) = table.kind().filter(|kind| Entry::<P>::is_own(kind)) {
        let kind = kind.to_string();
        return Ok(own(OwnConfig { kind, keys: table.into_keys().map_err(D::Error::custom)? }));
    }
    built_in(table).map_err(|error| {
        let mut message = error.to_string();
        if message.starts_with(UNKNOWN) {
            Entry::<P>::all().iter().for_each(|entry| message.push_str(&format!(", `{}`", entry.kind)));
        }
        D::Error::custom(message)
    })
}

/// Whether `built_in`, which reads a table with the key `kind`, knows this one.
#[doc(hidden)]
pub fn knows<T>(kind: &str, built_in: fn(Buffered) -> Result<T, serde::de::value::Error>) -> bool {
    match built_in(Buffered::of_kind(kind)) {
        Ok(_) => true,
        // It may well lack keys.
        Err(error) => !error.to_string().starts_with(UNKNOWN),
    }
}

/// How serde begins to say that there is no such kind.
const UNKNOWN: &str = "unknown variant";

/// Writes a part of one's own as [`read`] reads it.
#[doc(hidden)]
pub fn write<S: Serializer>(config: &OwnConfig, serializer: S) -> Result<S::Ok, S::Error> {
    config.serialize(serializer)
}

/// Lets `$config`, an enum of built-in kinds and `Own(OwnConfig)`, whose derived functions of serde are inherent ones
/// (`remote = "Self"`), name registered kinds as well.
#[doc(hidden)]
#[macro_export]
macro_rules! with_own {
    ($config:ident, $part:ty) => {
        impl<'de> ::serde::Deserialize<'de> for $config {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::own::read::<D, $part, _>(deserializer, $config::deserialize, $config::Own)
            }
        }

        impl ::serde::Serialize for $config {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $config::Own(config) => $crate::own::write(config, serializer),
                    built_in => $config::serialize(built_in, serializer),
                }
            }
        }

        impl $config {
            /// Whether this kind is built in.
            pub(crate) fn is_built_in(kind: &str) -> bool {
                $crate::own::knows(kind, $config::deserialize)
            }
        }
    };
}
