//! [`Wrapper`]: one wrapper of an experiment file.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use sorn_env::wrappers::WrapperConfig;
use sorn_envs::PythonWrapper;

/// A wrapper around an environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Wrapper {
    /// A class of Python's, where `kind` has a colon: `{ kind = "gymnasium.wrappers:ClipReward", kwargs = { min_reward = 0 } }`.
    Python(PythonWrapper),
    /// One of ours by name: `{ kind = "frame_skip", steps = 2 }`.
    Native(WrapperConfig),
}

impl fmt::Display for Wrapper {
    /// Its kind, as the file names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrapper::Python(wrapper) => f.write_str(&wrapper.kind),
            Wrapper::Native(config) => {
                let table = toml::Table::try_from(config).map_err(|_| fmt::Error)?;
                f.write_str(table.get("kind").and_then(toml::Value::as_str).unwrap_or_default())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Wrapper {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = toml::Table::deserialize(deserializer)?;
        let pythons = table.get("kind").and_then(toml::Value::as_str).is_some_and(|kind| kind.contains(':'));
        let read = match pythons {
            true => PythonWrapper::deserialize(table).map(Wrapper::Python),
            false => WrapperConfig::deserialize(table).map(Wrapper::Native),
        };
        read.map_err(|e| D::Error::custom(e.message()))
    }
}

/// The wrappers of Python's, and after them ours.
///
/// # Errors
/// The position of one of Python's that comes after one of ours, which it cannot enclose.
pub(crate) fn split(wrappers: &[Wrapper]) -> Result<(Vec<PythonWrapper>, Vec<&WrapperConfig>), usize> {
    let (mut pythons, mut ours) = (Vec::new(), Vec::new());
    for (index, wrapper) in wrappers.iter().enumerate() {
        match wrapper {
            Wrapper::Python(_) if !ours.is_empty() => return Err(index),
            Wrapper::Python(wrapper) => pythons.push(wrapper.clone()),
            Wrapper::Native(wrapper) => ours.push(wrapper),
        }
    }
    Ok((pythons, ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct File {
        wrappers: Vec<Wrapper>,
    }

    fn read(wrappers: &str) -> Result<Vec<Wrapper>, String> {
        let file: Result<File, _> = toml::from_str(&format!("wrappers = [{wrappers}]"));
        file.map(|file| file.wrappers).map_err(|e| e.message().to_string())
    }

    #[test]
    fn a_colon_makes_it_pythons() {
        let text = "{ kind = \"gymnasium.wrappers:ClipReward\", kwargs = { min_reward = 0.5 } }, \
                    { kind = \"frame_skip\", steps = 2 }";
        let wrappers = read(text).unwrap();
        let (pythons, ours) = split(&wrappers).unwrap();
        assert_eq!(pythons[0].kind, "gymnasium.wrappers:ClipReward");
        assert_eq!(pythons[0].kwargs["min_reward"], 0.5);
        assert_eq!(ours, [&WrapperConfig::FrameSkip { steps: 2 }]);
        let kinds = wrappers.iter().map(Wrapper::to_string).collect::<Vec<_>>();
        assert_eq!(kinds, ["gymnasium.wrappers:ClipReward", "frame_skip"]);
        let file = File { wrappers };
        assert_eq!(toml::from_str::<File>(&toml::to_string(&file).unwrap()).unwrap(), file);

        let turned = [file.wrappers[1].clone(), file.wrappers[0].clone()];
        assert_eq!(split(&turned), Err(1));
    }

    #[test]
    fn wrong_ones_are_told() {
        assert!(read("{ kind = \"frame_skap\" }").unwrap_err().starts_with("unknown variant `frame_skap`"));
        assert!(read("{ kind = \"a:B\", steps = 2 }").unwrap_err().starts_with("unknown field `steps`"));
        assert!(read("{ steps = 2 }").unwrap_err().contains("kind"));
    }
}
