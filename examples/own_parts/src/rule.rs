//! Every weight decays, so that synapses which are not strengthened die.

use serde::Deserialize;
use sorn_agents::RuleEntry;
use sorn_core::{PlasticityRule, RuleContext};

#[derive(Clone, Debug, Deserialize)]
struct Decay {
    rate: f64,
}

impl PlasticityRule for Decay {
    fn name(&self) -> &str {
        "decay"
    }
    fn apply(&mut self, context: &mut RuleContext<'_>) {
        for post in 0..context.ne() {
            context.for_each_ee(post, &mut |_pre, weight| *weight -= self.rate);
        }
    }
    fn clone_box(&self) -> Box<dyn PlasticityRule> {
        Box::new(self.clone())
    }
}

pub fn entry() -> RuleEntry {
    RuleEntry::new("decay", "Every weight decays.", |rule: Decay, _| match rule.rate {
        0.0..1.0 => Ok(Box::new(rule)),
        other => Err(format!("rate: expected 0 to below 1, found {other}")),
    })
}
