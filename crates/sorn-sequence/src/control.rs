//! [`Control`]: one thing that is different, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sorn_core::{Params, Rule, Rules, State, Synapses};

use crate::TaskError;

/// What a control changes; in files and on the command line by its name.
///
/// ```
/// use sorn_sequence::Control;
/// assert_eq!("without:stdp".parse::<Control>().unwrap().to_string(), "without:stdp");
/// assert!("without:hebb".parse::<Control>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Control {
    /// `static`: every rule is frozen in every phase.
    Static,
    /// `none`: the code of the input alone: the same thresholds and inputs, no synapses, every rule frozen.
    None,
    /// `rewired`: before the readout is fitted, every learnt weight onto a neuron gets a presynaptic neuron drawn at random;
    /// thresholds stay.
    Rewired,
    /// `without:RULE`: one rule never acts.
    Without(Rule),
}

impl Control {
    /// What is compared where nothing else is said.
    ///
    /// Without the rules that `params` do not have, there is nothing to compare.
    pub fn all(params: &Params) -> Vec<Control> {
        let mut all = vec![Control::Static, Control::None, Control::Rewired];
        let acting = Rule::ALL.into_iter().filter(|rule| params.rules.contains(rule));
        all.extend(acting.map(Control::Without));
        all
    }

    /// The name as a part of a directory's.
    pub fn suffix(self) -> String {
        self.to_string().replace(':', "-")
    }

    /// What is frozen where `frozen` is.
    #[must_use]
    pub fn freezes(self, frozen: Rules) -> Rules {
        match self {
            Control::Static | Control::None => Rules::all(),
            Control::Without(rule) => frozen.with(rule),
            Control::Rewired => frozen,
        }
    }

    /// Changes a network that is new.
    pub(crate) fn at_birth(self, state: &mut State) {
        if self == Control::None {
            for synapses in [&mut state.wee, &mut state.wei] {
                let (posts, pres) = (synapses.n_post(), synapses.n_pre);
                *synapses = Synapses::new(pres);
                (0..posts).for_each(|_| synapses.push_column([]));
            }
        }
    }
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Control::Static => f.write_str("static"),
            Control::None => f.write_str("none"),
            Control::Rewired => f.write_str("rewired"),
            Control::Without(rule) => write!(f, "without:{rule}"),
        }
    }
}

impl FromStr for Control {
    type Err = TaskError;

    fn from_str(name: &str) -> Result<Control, TaskError> {
        let expected = "static, none, rewired or without:RULE (stdp, ip, sp, istdp, ss, rmstdp)";
        let refused = || TaskError::config("control", expected, format!("{name:?}"));
        match name {
            "static" => Ok(Control::Static),
            "none" => Ok(Control::None),
            "rewired" => Ok(Control::Rewired),
            _ => {
                let rule = name.strip_prefix("without:").ok_or_else(refused)?;
                rule.parse().map(Control::Without).map_err(|_| refused())
            }
        }
    }
}

impl TryFrom<String> for Control {
    type Error = TaskError;

    fn try_from(name: String) -> Result<Control, TaskError> {
        name.parse()
    }
}

impl From<Control> for String {
    fn from(control: Control) -> String {
        control.to_string()
    }
}
