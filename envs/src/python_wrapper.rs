//! [`PythonWrapper`]: a wrapper of Python's, named in a file.

use serde::{Deserialize, Serialize};

use crate::Kwargs;

/// A wrapper class of Python's around an environment of Python's, as an experiment file names it:
/// `{ kind = "gymnasium.wrappers:NormalizeObservation", kwargs = { epsilon = 1e-6 } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PythonWrapper {
    /// Module and class, with a colon between them. The class is called with the environment and `kwargs`.
    pub kind: String,
    /// Keyword arguments.
    #[serde(default, skip_serializing_if = "Kwargs::is_empty", with = "crate::kwargs")]
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, serde_json::Value>"))]
    pub kwargs: Kwargs,
}
