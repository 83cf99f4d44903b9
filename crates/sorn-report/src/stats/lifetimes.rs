//! How long synapses live.

use sorn_core::Synapses;

use super::StatsError;

/// Follows the synapses of a projection from look to look.
///
/// Call it with the network's synapses at regular steps. A synapse that is pruned and grown again between two looks is
/// taken for the same one: lifetimes are exact where it looks at every step.
#[derive(Clone, Debug)]
pub struct SynapseTracker {
    step: u64,
    /// For each postsynaptic neuron its presynaptic ones, ascending, and when each synapse was first seen: `None` where
    /// it was there from the beginning.
    present: Vec<Vec<(u32, Option<u64>)>>,
    ended: Vec<u64>,
    initial: usize,
}

impl SynapseTracker {
    /// Starts with the synapses there are at `step`.
    #[must_use]
    pub fn new(step: u64, synapses: &Synapses) -> Self {
        let present: Vec<Vec<_>> = (0..synapses.n_post())
            .map(|post| existing(synapses, post).map(|pre| (pre, None)).collect())
            .collect();
        let initial = present.iter().map(Vec::len).sum();
        Self { step, present, ended: Vec::new(), initial }
    }

    /// Looks at the synapses there are at a later `step`.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] where `step` is not later than the last, or there are more or fewer postsynaptic neurons.
    pub fn update(&mut self, step: u64, synapses: &Synapses) -> Result<(), StatsError> {
        if step <= self.step {
            let allowed = "a step after the last look";
            return Err(StatsError::OutOfRange { argument: "step", value: step as f64, allowed });
        }
        if synapses.n_post() != self.present.len() {
            let (value, allowed) = (synapses.n_post() as f64, "as many as at the first look");
            return Err(StatsError::OutOfRange { argument: "postsynaptic neurons", value, allowed });
        }
        for (post, known) in self.present.iter_mut().enumerate() {
            let before = std::mem::take(known);
            let mut before = before.into_iter().peekable();
            let mut gone = |born: Option<u64>| self.ended.extend(born.map(|born| step - born));
            for pre in existing(synapses, post) {
                while let Some((_, born)) = before.next_if(|(other, _)| *other < pre) {
                    gone(born);
                }
                let born = before.next_if(|(other, _)| *other == pre).map_or(Some(step), |(_, born)| born);
                known.push((pre, born));
            }
            before.for_each(|(_, born)| gone(born));
        }
        self.step = step;
        Ok(())
    }

    /// The lifetimes up to the last look.
    #[must_use]
    pub fn lifetimes(&self) -> Lifetimes {
        let present = || self.present.iter().flatten();
        Lifetimes {
            ended: self.ended.clone(),
            alive: present().filter_map(|(_, born)| born.map(|born| self.step - born)).collect(),
            initial: self.initial,
            initial_alive: present().filter(|(_, born)| born.is_none()).count(),
        }
    }
}

fn existing(synapses: &Synapses, post: usize) -> impl Iterator<Item = u32> + '_ {
    synapses.column(post).filter(|(_, weight)| *weight != 0.0).map(|(pre, _)| pre)
}

/// The lifetimes of synapses, in steps. Only of those born under observation are they known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Of synapses that were born and pruned, in the order in which they were pruned. Zheng, Dimitrakakis and Triesch
    /// 2013 (doi 10.1371/journal.pcbi.1002848) found a power law: see [`fit_power_law`](super::fit_power_law).
    pub ended: Vec<u64>,
    /// The ages of synapses that were born and are still there: they will live at least this long.
    pub alive: Vec<u64>,
    /// How many synapses there were from the beginning.
    pub initial: usize,
    /// How many of those are still there.
    pub initial_alive: usize,
}

impl Lifetimes {
    /// The fraction of new synapses that live longer than a time, at each time at which one was pruned (Kaplan and Meier
    /// 1958). Those still alive count for as long as they were seen, so that long lives are not missed.
    #[must_use]
    pub fn survival(&self) -> Vec<(u64, f64)> {
        let mut ended = self.ended.clone();
        let mut alive = self.alive.clone();
        ended.sort_unstable();
        alive.sort_unstable();
        let (mut surviving, mut gone) = (1.0, 0);
        let total = ended.len() + alive.len();
        let step = |deaths: &[u64]| {
            let time = deaths[0];
            // Those that died before, and those that were last seen before.
            let at_risk = total - gone - alive.partition_point(|age| *age < time);
            gone += deaths.len();
            surviving *= 1.0 - deaths.len() as f64 / at_risk as f64;
            (time, surviving)
        };
        ended.chunk_by(|a, b| a == b).map(step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sorn_core::{Network, Params};

    fn synapses(columns: &[&[u32]]) -> Synapses {
        let mut synapses = Synapses::new(9);
        for column in columns {
            synapses.push_column(column.iter().map(|pre| (*pre, 0.5)));
        }
        synapses
    }

    #[test]
    fn births_and_deaths_are_seen() {
        let mut tracker = SynapseTracker::new(10, &synapses(&[&[1, 4], &[2]]));
        tracker.update(20, &synapses(&[&[1, 3, 5], &[2, 8]])).unwrap();
        tracker.update(25, &synapses(&[&[0, 1, 5], &[]])).unwrap();
        tracker.update(40, &synapses(&[&[0], &[7]])).unwrap();
        let found = tracker.lifetimes();
        // 3 and 8 lived from 20 to 25, 5 from 20 to 40, 0 lives since 25, 7 since 40.
        let wanted = Lifetimes { ended: vec![5, 5, 20], alive: vec![15, 0], initial: 3, initial_alive: 0 };
        assert_eq!(found, wanted);
        // The age of 0 is no risk at 5, the other age is one until 15.
        assert_eq!(found.survival(), [(5, 0.5), (20, 0.0)]);
    }

    #[test]
    fn a_look_that_does_not_fit_is_named() {
        let one = synapses(&[&[1]]);
        let mut tracker = SynapseTracker::new(3, &one);
        assert!(tracker.update(3, &one).unwrap_err().to_string().ends_with(", found 3"));
        let error = tracker.update(4, &synapses(&[&[1], &[2]])).unwrap_err().to_string();
        assert!(
            error.starts_with("postsynaptic neurons: expected ") && error.ends_with(", found 2"),
            "{error}"
        );
        assert_eq!(tracker.lifetimes().survival(), []);
    }

    #[test]
    fn a_network_s_own_counters_agree() {
        let params = Params { ne: 60, nu: 3, eta_stdp: 0.02, ..Params::default() };
        let mut network = Network::new(&params, 4).unwrap();
        let mut tracker = SynapseTracker::new(0, &network.wee());
        for step in 1..=2000 {
            network.step(&[0.5, 0.0, 1.0]).unwrap();
            tracker.update(step, &network.wee()).unwrap();
        }
        let found = tracker.lifetimes();
        let born = found.ended.len() + found.alive.len();
        let gone = found.ended.len() + found.initial - found.initial_alive;
        assert!(found.ended.len() > 20, "{}", found.ended.len());
        // A synapse grown after plasticity lives at least until the next step's.
        assert_eq!((born as u64, gone as u64), (network.births(), network.deaths()));
        assert_eq!(network.ee_connections(), found.alive.len() + found.initial_alive);
    }

    proptest! {
        #[test]
        fn survival_without_the_living_is_the_fraction_left(
            ended in prop::collection::vec(1..20u64, 1..40),
            ages in prop::collection::vec(0..20u64, 0..10),
        ) {
            let n = ended.len() as f64;
            let of = |alive| Lifetimes { ended: ended.clone(), alive, initial: 0, initial_alive: 0 }.survival();
            for (time, fraction) in of(vec![]) {
                let left = ended.iter().filter(|life| **life > time).count() as f64 / n;
                prop_assert!((fraction - left).abs() < 1e-12);
            }
            let with_ages = of(ages);
            prop_assert!(with_ages.windows(2).all(|w| w[0].1 >= w[1].1 && w[0].0 < w[1].0));
            prop_assert!(with_ages.iter().all(|(_, fraction)| (0.0..=1.0).contains(fraction)));
        }
    }
}
