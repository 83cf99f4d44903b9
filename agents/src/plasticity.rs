//! When the reservoir is plastic.

use serde::{Deserialize, Serialize};
use sorn_core::Rules;

use crate::{AgentError, ReservoirKind};

/// The plasticity schedule of a self-organising reservoir. Evaluation is never plastic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum PlasticityConfig {
    /// All the time.
    Always {
        /// Rules that stay frozen.
        #[serde(default)]
        freeze: Rules,
    },
    /// For the first observations, then never again.
    FirstSteps {
        /// Number of observations.
        steps: u64,
        /// Rules that stay frozen.
        #[serde(default)]
        freeze: Rules,
    },
    /// Plastic for `on` observations, frozen for `off`, and so on.
    Alternating {
        /// Observations with plasticity.
        on: u64,
        /// Observations without.
        off: u64,
        /// Rules that stay frozen.
        #[serde(default)]
        freeze: Rules,
    },
}

impl Default for PlasticityConfig {
    fn default() -> Self {
        PlasticityConfig::FirstSteps { steps: 5000, freeze: Rules::none() }
    }
}

impl PlasticityConfig {
    /// Refuses a reservoir that waits for an end of plasticity if there is none.
    pub(crate) fn check(&self, kind: ReservoirKind) -> Result<(), AgentError> {
        match kind == ReservoirKind::Rewired && !self.is_over(u64::MAX) {
            false => Ok(()),
            true => Err(AgentError::Mismatch(format!(
                "reservoir.kind = \"rewired\": expected plasticity that ends, plasticity.mode = \"first_steps\", found {self:?}"
            ))),
        }
    }

    /// Whether nothing is plastic at observation number `step`, nor ever after.
    pub fn is_over(&self, step: u64) -> bool {
        match self {
            PlasticityConfig::Always { freeze } => freeze.is_all(),
            PlasticityConfig::FirstSteps { steps, freeze } => step >= *steps || freeze.is_all(),
            PlasticityConfig::Alternating { on, freeze, .. } => *on == 0 || freeze.is_all(),
        }
    }

    /// The rules that are frozen at observation number `step`, from 0.
    pub(crate) fn frozen(&self, step: u64) -> Rules {
        let (plastic, freeze) = match self {
            PlasticityConfig::Always { freeze } => (true, freeze),
            PlasticityConfig::FirstSteps { steps, freeze } => (step < *steps, freeze),
            PlasticityConfig::Alternating { on, off, freeze } => {
                (step % on.saturating_add(*off).max(1) < *on, freeze)
            }
        };
        if plastic { *freeze } else { Rules::all() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules() {
        let plastic = |config: &PlasticityConfig, step| config.frozen(step) == Rules::none();
        let first = PlasticityConfig::FirstSteps { steps: 2, freeze: Rules::none() };
        assert_eq!((0..4).map(|s| plastic(&first, s)).collect::<Vec<_>>(), [true, true, false, false]);
        let turns = PlasticityConfig::Alternating { on: 1, off: 2, freeze: Rules::none() };
        assert_eq!((0..4).map(|s| plastic(&turns, s)).collect::<Vec<_>>(), [true, false, false, true]);
        let none = PlasticityConfig::Alternating { on: 0, off: 0, freeze: Rules::none() };
        assert!(!plastic(&none, 0));
        assert!((0..3).map(|s| first.is_over(s)).eq([false, false, true]));
        assert!(!turns.is_over(9) && none.is_over(0));
        assert!(!PlasticityConfig::Always { freeze: Rules::none() }.is_over(9));
    }
}
