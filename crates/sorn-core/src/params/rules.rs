//! Plasticity rules by name: which run, in which order, and which are frozen.

use crate::ParamError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One plasticity rule.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Rule {
    /// Spike-timing-dependent plasticity of existing E-to-E synapses: `w[j,i] += eta_stdp (x_i(t+1) x_j(t) - x_i(t)
    /// x_j(t+1))`, then limited to `[0, 1]`. Lazar, Pipa & Triesch 2009, equation 4.
    Stdp,
    /// Intrinsic plasticity: `Te += eta_ip (x(t+1) - h_ip)`. Lazar, Pipa & Triesch 2009, equation 6.
    Ip,
    /// Structural plasticity: now and then an absent E-to-E pair grows a weak synapse. Zheng, Dimitrakakis & Triesch 2013.
    Sp,
    /// Inhibitory STDP of existing I-to-E synapses: `w[j,i] -= eta_inhib y_j(t) (1 - x_i(t+1) (1 + 1 / mu_ip))`.
    /// Zheng, Dimitrakakis & Triesch 2013, equation 7.
    Istdp,
    /// Synaptic scaling, also called synaptic normalization (`sn`): the incoming weights of each neuron are divided by
    /// their sum. Lazar, Pipa & Triesch 2009, equation 5. [`Params::scaling_both_ways`](crate::Params::scaling_both_ways)
    /// takes the outgoing weights in.
    #[serde(alias = "sn")]
    Ss,
    /// Reward-modulated STDP with eligibility traces, see [`RewardStdp`](crate::RewardStdp).
    Rmstdp,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 6] = [Rule::Stdp, Rule::Ip, Rule::Sp, Rule::Istdp, Rule::Ss, Rule::Rmstdp];

    /// Upstream's rules, in upstream's order.
    pub const UPSTREAM: [Rule; 5] = [Rule::Stdp, Rule::Ip, Rule::Sp, Rule::Istdp, Rule::Ss];

    /// The rule's name: `stdp`, `ip`, `sp`, `istdp`, `ss`, `rmstdp`.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Stdp => "stdp",
            Rule::Ip => "ip",
            Rule::Sp => "sp",
            Rule::Istdp => "istdp",
            Rule::Ss => "ss",
            Rule::Rmstdp => "rmstdp",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Rule {
    type Err = ParamError;

    fn from_str(name: &str) -> Result<Self, ParamError> {
        match name {
            "sn" => Ok(Rule::Ss),
            _ => Rule::ALL.into_iter().find(|rule| rule.name() == name).ok_or_else(|| {
                ParamError::new("rule", format!("{name:?}"), "one of stdp, ip, sp, istdp, ss, sn, rmstdp")
            }),
        }
    }
}

/// A set of plasticity rules; in files, a list of names such as `["stdp", "sp"]`.
///
/// ```
/// use sorn_core::{Rule, Rules};
/// let frozen = Rules::none().with(Rule::Stdp).with(Rule::Sp);
/// assert!(frozen.contains(Rule::Stdp) && !frozen.contains(Rule::Ip));
/// assert_eq!(Rules::from_names(["sp", "stdp"]).unwrap(), frozen);
/// assert!(Rules::from_names(["hebb"]).is_err());
/// ```
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[serde(from = "Vec<Rule>", into = "Vec<Rule>")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "Vec<Rule>"))]
pub struct Rules(u8);

impl Rules {
    /// The empty set: as frozen rules, a fully plastic network.
    pub const fn none() -> Self {
        Rules(0)
    }

    /// Every rule, a user's own included: as frozen rules, a static network (upstream's phase "training").
    pub const fn all() -> Self {
        Rules(u8::MAX)
    }

    /// The set of the named rules; `sn` is another name of `ss`.
    ///
    /// # Errors
    /// A name that is no rule's.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, ParamError> {
        names.into_iter().try_fold(Rules::none(), |set, name| Ok(set.with(name.parse()?)))
    }

    /// This set and `rule`.
    #[must_use]
    pub const fn with(self, rule: Rule) -> Self {
        Rules(self.0 | 1 << rule as u8)
    }

    /// This set without `rule`.
    #[must_use]
    pub const fn without(self, rule: Rule) -> Self {
        Rules(self.0 & !(1 << rule as u8))
    }

    /// Whether `rule` is in the set.
    pub const fn contains(self, rule: Rule) -> bool {
        self.0 >> rule as u8 & 1 == 1
    }

    /// Whether every rule is in the set, a user's own included.
    pub const fn is_all(self) -> bool {
        self.0 == u8::MAX
    }

    /// The rules of the set, in the order of [`Rule::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Rule> {
        Rule::ALL.into_iter().filter(move |&rule| self.contains(rule))
    }
}

impl From<Vec<Rule>> for Rules {
    fn from(rules: Vec<Rule>) -> Self {
        let set = rules.into_iter().fold(Rules::none(), Rules::with);
        // A list of all names means a static network; custom rules have no name here.
        if Rule::ALL.into_iter().all(|rule| set.contains(rule)) { Rules::all() } else { set }
    }
}

impl From<Rules> for Vec<Rule> {
    fn from(rules: Rules) -> Self {
        rules.iter().collect()
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Rule::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for rule in Rule::ALL {
            assert_eq!(rule.name().parse::<Rule>(), Ok(rule));
        }
        assert_eq!("sn".parse::<Rule>(), Ok(Rule::Ss));
    }

    #[test]
    fn serde_uses_names() {
        let set: Rules = serde_json::from_str(r#"["sn", "stdp"]"#).unwrap();
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["stdp","ss"]"#);
        assert!(serde_json::from_str::<Rules>(r#"["hebb"]"#).is_err());
        let all = serde_json::to_string(&Rules::all()).unwrap();
        assert!(serde_json::from_str::<Rules>(&all).unwrap().is_all());
    }
}
