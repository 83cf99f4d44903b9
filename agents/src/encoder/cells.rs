//! Codes of several cells per number: Gaussian tuning curves, or a thermometer.

use super::Encode;
use super::bounds::Bounds;
use super::layout::Slot;
use crate::error::check;
use crate::{AgentError, AgentState};

/// How the cells of one number answer to where it lies between its bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tuning {
    /// Cell `k` of `n` answers `exp(-d^2 / (2 width^2))`, where `d` is the distance to its centre in units of the distance
    /// between two centres; the first centre is the lower bound, the last the upper.
    Gaussian { width: f64 },
    /// Cell `k` of `n` answers 1 from the fraction `(k + 1) / (n + 1)` of the way on, else 0.
    Thermometer,
}

#[derive(Clone, Debug)]
pub(crate) struct Cells {
    slots: Vec<Slot>,
    bounds: Bounds,
    cells: usize,
    tuning: Tuning,
    gain: f64,
}

impl Cells {
    pub(crate) fn new(
        tuning: Tuning,
        cells: usize,
        gain: f64,
        bounds: &[[f64; 2]],
        slots: Vec<Slot>,
    ) -> Result<Cells, AgentError> {
        check("encoder.gain", gain, true, "a finite number")?;
        if cells == 0 {
            return Err(AgentError::config("encoder.cells", cells, "at least 1"));
        }
        if let Tuning::Gaussian { width } = tuning {
            check("encoder.width", width, width > 0.0, "a positive number")?;
        }
        Ok(Cells { bounds: Bounds::new(bounds, &slots)?, slots, cells, tuning, gain })
    }
}

impl Encode for Cells {
    /// `cells` per number of a Box, one per bit.
    fn len(&self) -> usize {
        let len = |slot: &Slot| if *slot == Slot::Bit { 1 } else { self.cells };
        self.slots.iter().map(len).fold(0, usize::saturating_add)
    }

    fn encode(
        &mut self,
        observation: &[f64],
        _weights: Option<&[f64]>,
        input: &mut [f64],
        learn: bool,
    ) -> Result<(), AgentError> {
        let mut number = 0;
        let mut rest = input;
        for (slot, &value) in self.slots.iter().zip(observation) {
            if *slot == Slot::Bit {
                let (bit, after) = rest.split_at_mut(1);
                bit[0] = self.gain * value;
                rest = after;
                continue;
            }
            if learn {
                self.bounds.see(number, value);
            }
            let fraction = self.bounds.fraction(number, value);
            number += 1;
            let (group, after) = rest.split_at_mut(self.cells);
            rest = after;
            let n = self.cells as f64;
            for (k, cell) in group.iter_mut().enumerate() {
                let k = k as f64;
                *cell = self.gain
                    * match self.tuning {
                        Tuning::Gaussian { width } => {
                            // A single cell has its centre in the middle.
                            let distance =
                                if self.cells == 1 { fraction - 0.5 } else { fraction * (n - 1.0) - k };
                            libm::exp(-0.5 * (distance / width) * (distance / width))
                        }
                        Tuning::Thermometer => f64::from(u8::from(fraction >= (k + 1.0) / (n + 1.0))),
                    };
            }
        }
        Ok(())
    }

    fn save(&self, state: &mut AgentState) {
        self.bounds.save(state);
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        self.bounds.load(state)
    }

    fn copy(&self) -> Box<dyn Encode> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(tuning: Tuning, cells: usize, value: f64) -> Vec<f64> {
        let slots = vec![Slot::Number { low: -1.0, high: 1.0 }];
        let mut encoder = Cells::new(tuning, cells, 2.0, &[], slots).unwrap();
        let mut input = vec![f64::NAN; encoder.len()];
        encoder.encode(&[value], None, &mut input, true).unwrap();
        input
    }

    proptest! {
        #[test]
        fn the_nearest_gaussian_cell_answers_most(value in -1.5..1.5_f64, cells in 2..15_usize, width in 0.3..3.0_f64) {
            let input = code(Tuning::Gaussian { width }, cells, value);
            let place = (value.clamp(-1.0, 1.0) + 1.0) / 2.0 * (cells as f64 - 1.0);
            let distance = |k: usize| (place - k as f64).abs();
            for a in 0..cells {
                prop_assert!(input[a] > 0.0 && input[a] <= 2.0 || distance(a) > 8.0 * width);
                for b in 0..cells {
                    prop_assert!(distance(a) > distance(b) || input[a] >= input[b], "{input:?}");
                }
            }
        }

        #[test]
        fn a_thermometer_fills_from_below_and_rises_with_the_value(
            a in -1.5..1.5_f64, b in -1.5..1.5_f64, cells in 1..15_usize,
        ) {
            let (low, high) = (code(Tuning::Thermometer, cells, a.min(b)), code(Tuning::Thermometer, cells, a.max(b)));
            prop_assert!(low.windows(2).all(|w| w[0] >= w[1]), "{low:?}");
            prop_assert!(low.iter().zip(&high).all(|(l, h)| l <= h && [0.0, 2.0].contains(l)));
        }
    }

    #[test]
    fn codes_by_hand() {
        let gaussian = code(Tuning::Gaussian { width: 1.0 }, 3, 0.0);
        let side = 2.0 * libm::exp(-0.5);
        assert_eq!(gaussian, [side, 2.0, side]);
        assert_eq!(code(Tuning::Gaussian { width: 1.0 }, 1, 0.0), [2.0]);
        assert_eq!(code(Tuning::Thermometer, 4, 0.0), [2.0, 2.0, 0.0, 0.0]);
        assert_eq!(code(Tuning::Thermometer, 4, 9.0), [2.0; 4]);
        assert_eq!(code(Tuning::Thermometer, 4, -9.0), [0.0; 4]);
    }

    #[test]
    fn bits_keep_their_place_between_numbers() {
        let slots = vec![Slot::Bit, Slot::Number { low: 0.0, high: 1.0 }, Slot::Bit];
        let mut encoder = Cells::new(Tuning::Thermometer, 2, 1.0, &[], slots).unwrap();
        let mut input = [9.0; 4];
        encoder.encode(&[1.0, 0.5, 0.0], None, &mut input, true).unwrap();
        assert_eq!(input, [1.0, 1.0, 0.0, 0.0]);
    }
}
