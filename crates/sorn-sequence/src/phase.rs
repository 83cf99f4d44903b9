//! [`Phase`]: steps under the same conditions.

use serde::{Deserialize, Serialize};
use sorn_core::rng::{Xoshiro256PlusPlus, below};
use sorn_core::{NoiseLaw, Params, Rule, Rules, State};

use crate::{Stage, TaskError};

/// A stretch of steps under the same conditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Name, for errors and progress.
    pub name: String,
    /// Steps, 1 or more.
    pub steps: u64,
    /// What the steps are for.
    #[serde(default)]
    pub role: Role,
    /// Frozen rules: `"all"`, or a list of names.
    #[serde(default)]
    pub freeze: Freeze,
    /// Parameters of the network for this phase.
    #[serde(default, skip_serializing_if = "Overrides::is_default")]
    pub set: Overrides,
    /// What becomes of the activity at the beginning.
    #[serde(default)]
    pub state: PhaseState,
    /// The earlier phase from whose end this one begins, a branch: with the same network, random numbers and input to come. The end of the
    /// phase before if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

impl Phase {
    /// Checks what does not depend on the kind of task.
    ///
    /// # Errors
    /// [`TaskError`] naming the key, what was found and what is allowed.
    pub fn check(phases: &[Phase], params: &Params) -> Result<(), TaskError> {
        if phases.is_empty() {
            return Err(TaskError::config("task.phases", "at least one phase", "none"));
        }
        let named: Vec<(&str, Option<&str>)> =
            phases.iter().map(|phase| (phase.name.as_str(), phase.from.as_deref())).collect();
        check_branches(&named)?;
        let mut fitted = false;
        for (index, phase) in phases.iter().enumerate() {
            let key = |name: &str| format!("task.phases[{index}].{name}");
            if phase.steps == 0 {
                return Err(TaskError::config(key("steps"), "at least 1", 0));
            }
            if matches!(phase.role, Role::Score | Role::Generate) && !fitted {
                let found = if phase.role == Role::Score { "\"score\"" } else { "\"generate\"" };
                return Err(TaskError::config(key("role"), "a phase of role \"fit\" before", found));
            }
            fitted |= phase.role == Role::Fit;
            phase.set.over(params).validate().map_err(sorn_core::Error::from)?;
        }
        Ok(())
    }

    /// What the names of scores of phase `index` begin with: its name where several phases have its role.
    pub fn prefix(phases: &[Phase], index: usize) -> String {
        let of = phases.iter().filter(|phase| phase.role == phases[index].role).count();
        if of > 1 { format!("{}_", phases[index].name) } else { String::new() }
    }

    /// What `phases` do with the network, and the first whose steps are kept.
    pub fn plan(phases: &[Phase]) -> (Vec<Stage>, usize) {
        let stage = |phase: &Phase| Stage {
            steps: phase.steps,
            freeze: phase.freeze.rules(),
            set: phase.set.clone(),
            state: phase.state,
            from: phase.from.as_ref().and_then(|name| phases.iter().position(|phase| phase.name == *name)),
            rewires: phase.role == Role::Fit,
        };
        let kept = phases.iter().position(|phase| phase.role != Role::Organise);
        (phases.iter().map(stage).collect(), kept.unwrap_or(phases.len()))
    }
}

/// Checks phases by their names and what they begin from: names are their own, and a phase begins from an earlier one.
///
/// # Errors
/// [`TaskError`] naming the key, what was found and what is allowed.
pub fn check_branches(phases: &[(&str, Option<&str>)]) -> Result<(), TaskError> {
    for (index, (name, from)) in phases.iter().enumerate() {
        let key = |key: &str| format!("task.phases[{index}].{key}");
        let earlier: Vec<&str> = phases[..index].iter().map(|(name, _)| *name).collect();
        if earlier.contains(name) {
            return Err(TaskError::config(key("name"), "a name of its own", format!("{name:?} again")));
        }
        if let Some(from) = from.filter(|from| !earlier.contains(from)) {
            let expected = match earlier.is_empty() {
                true => "none, no phase is before the first".to_string(),
                false => format!("an earlier phase ({})", earlier.join(", ")),
            };
            return Err(TaskError::config(key("from"), expected, format!("{from:?}")));
        }
    }
    Ok(())
}

/// What the steps of a phase are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// The network alone.
    #[default]
    Organise,
    /// The readout is fitted to these steps.
    Fit,
    /// The readout is scored on these steps.
    Score,
    /// What the readout expects next is fed back as input.
    Generate,
}

/// Frozen rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "expected \"all\", \"none\" or a list of rules (stdp, ip, sp, istdp, ss, rmstdp)"
)]
pub enum Freeze {
    /// `"all"` or `"none"`.
    Every(FreezeEvery),
    /// These rules.
    These(Vec<Rule>),
}

/// All rules, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FreezeEvery {
    /// A static network.
    All,
    /// Every rule acts.
    None,
}

impl Default for Freeze {
    fn default() -> Self {
        Freeze::Every(FreezeEvery::None)
    }
}

impl Freeze {
    /// The set of frozen rules.
    pub fn rules(&self) -> Rules {
        match self {
            Freeze::Every(FreezeEvery::All) => Rules::all(),
            Freeze::Every(FreezeEvery::None) => Rules::none(),
            Freeze::These(rules) => rules.clone().into(),
        }
    }
}

/// Parameters of the network that a phase may set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Overrides {
    /// Law of the noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseLaw>,
    /// Size of the noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_sd: Option<f64>,
    /// Factor on every input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_gain: Option<f64>,
    /// Step size of STDP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_stdp: Option<f64>,
    /// Step size of intrinsic plasticity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_ip: Option<f64>,
}

impl Overrides {
    /// Whether nothing is set.
    pub fn is_default(&self) -> bool {
        *self == Overrides::default()
    }

    /// `params` with these put in.
    #[must_use]
    pub fn over(&self, params: &Params) -> Params {
        let mut params = params.clone();
        if let Some(noise) = self.noise {
            params.noise = noise;
        }
        for (value, to) in [
            (self.noise_sd, &mut params.noise_sd),
            (self.input_gain, &mut params.input_gain),
            (self.eta_stdp, &mut params.eta_stdp),
            (self.eta_ip, &mut params.eta_ip),
        ] {
            if let Some(value) = value {
                *to = value;
            }
        }
        params
    }
}

/// What becomes of a network's activity at the beginning of a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PhaseState {
    /// It goes on.
    #[default]
    Keep,
    /// No neuron is active.
    Reset,
    /// As many neurons are active as before, but others, drawn at random.
    Shuffle,
}

impl PhaseState {
    /// Changes the activity of a network at the beginning of a phase; `sizes` are the numbers of excitatory and inhibitory neurons.
    pub fn apply(self, state: &mut State, sizes: (usize, usize), rng: &mut Xoshiro256PlusPlus) {
        for (lists, n) in [(&mut state.x, sizes.0), (&mut state.y, sizes.1)] {
            for list in lists {
                match self {
                    PhaseState::Keep => {}
                    PhaseState::Reset => list.clear(),
                    PhaseState::Shuffle => {
                        let mut all: Vec<u32> = (0..n as u32).collect();
                        for at in 0..list.len() {
                            let drawn = at + below(rng, (n - at) as u64) as usize;
                            all.swap(at, drawn);
                        }
                        all.truncate(list.len());
                        all.sort_unstable();
                        *list = all;
                    }
                }
            }
        }
    }
}
