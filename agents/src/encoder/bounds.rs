//! Between which bounds a number lies: given, the space's, or the smallest and largest seen.

use super::layout::Slot;
use crate::{AgentError, AgentState};

/// Bounds of the numbers of an observation; a bound that nobody knows is the extreme of what was seen so far.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// Per number: lower and upper bound. Before anything was seen a learnt one is infinite.
    low: Vec<f64>,
    high: Vec<f64>,
    learns: Vec<[bool; 2]>,
}

impl Bounds {
    /// `given` has a pair per number of the Boxes, or is empty: then the space's bounds count.
    pub(crate) fn new(given: &[[f64; 2]], slots: &[Slot]) -> Result<Bounds, AgentError> {
        let numbers: Vec<[f64; 2]> = slots
            .iter()
            .filter_map(|slot| match *slot {
                Slot::Number { low, high } => Some([low, high]),
                Slot::Bit => None,
            })
            .collect();
        if !given.is_empty() && given.len() != numbers.len() {
            let allowed = format!("{} pairs (one per number of a Box) or none", numbers.len());
            return Err(AgentError::config("encoder.bounds", format!("{} pairs", given.len()), &allowed));
        }
        for (index, [low, high]) in given.iter().enumerate() {
            if !(low.is_finite() && high.is_finite() && low < high) {
                let found = format!("[{low}, {high}]");
                return Err(AgentError::config(
                    &format!("encoder.bounds[{index}]"),
                    found,
                    "[low, high], finite, low < high",
                ));
            }
        }
        let pairs = if given.is_empty() { &numbers[..] } else { given };
        let learns = pairs.iter().map(|[low, high]| [!low.is_finite(), !high.is_finite()]).collect();
        // What is to be learnt begins beyond everything on the other side.
        let low = pairs.iter().map(|[low, _]| if low.is_finite() { *low } else { f64::INFINITY });
        let high = pairs.iter().map(|[_, high]| if high.is_finite() { *high } else { f64::NEG_INFINITY });
        Ok(Bounds { low: low.collect(), high: high.collect(), learns })
    }

    /// Takes in that the number `index` was seen to be `value`.
    pub(crate) fn see(&mut self, index: usize, value: f64) {
        let [low, high] = self.learns[index];
        if low {
            self.low[index] = self.low[index].min(value);
        }
        if high {
            self.high[index] = self.high[index].max(value);
        }
    }

    /// Where `value` lies between its bounds: 0 at the lower and below, 1 at the upper and above, 0.5 while they are one.
    pub(crate) fn fraction(&self, index: usize, value: f64) -> f64 {
        let (low, high) = (self.low[index], self.high[index]);
        if low >= high {
            return 0.5;
        }
        // Halved, because the difference of two large bounds is no number.
        ((value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)).clamp(0.0, 1.0)
    }

    fn learning(&self) -> bool {
        self.learns.iter().any(|[low, high]| *low || *high)
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        if self.learning() {
            state.put("encoder/low", &[self.low.len()], &self.low);
            state.put("encoder/high", &[self.high.len()], &self.high);
        }
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        if self.learning() {
            state.read("encoder/low", &mut self.low)?;
            state.read("encoder/high", &mut self.high)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FREE: Slot = Slot::Number { low: f64::NEG_INFINITY, high: f64::INFINITY };

    proptest! {
        #[test]
        fn everything_seen_lies_within_learnt_bounds(values in prop::collection::vec(-1e300..1e300_f64, 2..20)) {
            let mut bounds = Bounds::new(&[], &[Slot::Bit, FREE]).unwrap();
            values.iter().for_each(|&v| bounds.see(0, v));
            let fractions: Vec<f64> = values.iter().map(|&v| bounds.fraction(0, v)).collect();
            prop_assert!(fractions.iter().all(|f| (0.0..=1.0).contains(f)), "{fractions:?}");
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if least < most {
                prop_assert_eq!((bounds.fraction(0, least), bounds.fraction(0, most)), (0.0, 1.0));
            }
        }

        #[test]
        fn fractions_rise_with_the_value(a in -9.0..9.0_f64, b in -9.0..9.0_f64) {
            let bounds = Bounds::new(&[[-2.0, 3.0]], &[FREE]).unwrap();
            prop_assert!(bounds.fraction(0, a.min(b)) <= bounds.fraction(0, a.max(b)));
        }
    }

    #[test]
    fn only_what_the_space_leaves_open_is_learnt() {
        let mut bounds = Bounds::new(&[], &[Slot::Number { low: 0.0, high: f64::INFINITY }]).unwrap();
        assert_eq!(bounds.fraction(0, 7.0), 0.5);
        bounds.see(0, 4.0);
        assert_eq!((bounds.fraction(0, 1.0), bounds.fraction(0, 8.0)), (0.25, 1.0));
        let mut given = Bounds::new(&[[0.0, 2.0]], &[FREE]).unwrap();
        given.see(0, 100.0);
        assert_eq!(given.fraction(0, 1.0), 0.5);
    }

    #[test]
    fn wrong_bounds_are_named() {
        let error = |given: &[[f64; 2]]| Bounds::new(given, &[FREE, Slot::Bit]).unwrap_err().to_string();
        assert_eq!(
            error(&[[0.0, 1.0], [0.0, 1.0]]),
            "encoder.bounds: expected 1 pairs (one per number of a Box) or none, found 2 pairs"
        );
        assert_eq!(
            error(&[[1.0, 1.0]]),
            "encoder.bounds[0]: expected [low, high], finite, low < high, found [1, 1]"
        );
        assert!(error(&[[f64::NAN, 1.0]]).starts_with("encoder.bounds[0]"));
    }
}
