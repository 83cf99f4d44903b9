//! The scale of an axis: where a number lies on it, and which numbers are marked.
//!
//! Plotters' own scale for `f64` loops for ever if a range overflows or its numbers are so close that a tick does not advance.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// The numbers from the first to the second, laid out evenly. Any finite numbers will do.
#[derive(Clone, Copy)]
pub(super) struct Scale(pub(super) (f64, f64));

impl ValueFormatter<f64> for Scale {
    fn format(value: &f64) -> String {
        super::style::number(*value)
    }
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        let (low, high) = self.0;
        if low == high {
            return (end - start) / 2;
        }
        let length = f64::from(end - start);
        // What lies outside ends within a few lengths of the axis, so that no coordinate overflows. NaN becomes 0.
        let pixels = length * part(*value, (low, high)).clamp(-9.0, 10.0);
        // A thousandth of a unit makes up for rounding.
        let pixels = if length > 0.0 { (pixels + 1e-3).floor() } else { (pixels - 1e-3).ceil() };
        start + pixels as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        ticks(self.0, hint.max_num_points())
    }

    fn range(&self) -> Range<f64> {
        self.0.0..self.0.1
    }
}

/// How far `value` lies between `low` (0) and `high` (1).
pub(super) fn part(value: f64, (low, high): (f64, f64)) -> f64 {
    let span = high - low;
    if span.is_finite() && (value - low).is_finite() {
        return (value - low) / span;
    }
    // Halves do not overflow.
    (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)
}

/// The number that lies `part` (0 to 1) of the way from `low` to `high`.
pub(super) fn between((low, high): (f64, f64), part: f64) -> f64 {
    let span = high - low;
    if span.is_finite() { low + span * part } else { low * (1.0 - part) + high * part }
}

/// At most `most` multiples of 1, 2 or 5 times a power of ten from `low` to `high`, as many as there are of the finest such
/// step. None if numbers of this size are too close for such a step.
pub(super) fn ticks((low, high): (f64, f64), most: usize) -> Vec<f64> {
    if most == 0 || !low.is_finite() || !high.is_finite() {
        return Vec::new();
    }
    if low >= high {
        return vec![low];
    }
    let magnitude = (high / 2.0 - low / 2.0).log10() + 2f64.log10();
    // Half of the smallest number is 0.
    let coarsest = if magnitude.is_finite() { magnitude.floor() as i32 + 1 } else { -323 };
    let mut found = Vec::new();
    let steps = (-324..=coarsest).rev().flat_map(|power| [5, 2, 1].map(|digit| (digit, power)));
    for (digit, power) in steps.skip_while(|(digit, power)| !tens(f64::from(*digit), *power).is_finite()) {
        match multiples((low, high), (f64::from(digit), power), most) {
            Some(finer) => found = finer,
            None => break,
        }
    }
    found
}

/// The multiples of `digit * 10^power` from `low` to `high`; `None` if there are more than `most`, or numbers of this size
/// cannot be told apart at that step.
fn multiples((low, high): (f64, f64), (digit, power): (f64, i32), most: usize) -> Option<Vec<f64>> {
    /// Ends that miss a multiple by rounding alone count as that multiple.
    const SLACK: f64 = 1e-9;
    /// The largest number up to which all whole numbers are an `f64`.
    const WHOLE: f64 = 9e15;
    let step = tens(digit, power);
    let (first, last) = ((low / step - SLACK).ceil(), (high / step + SLACK).floor());
    if step == 0.0 || !(first.abs() < WHOLE && last.abs() < WHOLE) || last - first + 1.0 > most as f64 {
        return None;
    }
    let count = (last - first + 1.0).max(0.0) as usize;
    // Whole numbers are scaled, rather than steps added, so that ticks are as exact as their labels. `+ 0.0` takes the sign off 0.
    let mut found: Vec<f64> =
        (0..count).map(|i| tens((first + i as f64) * digit, power).clamp(low, high) + 0.0).collect();
    found.dedup();
    Some(found)
}

/// `number * 10^power`, correctly rounded; `number` is whole.
fn tens(number: f64, power: i32) -> f64 {
    format!("{number:.0}e{power}").parse().unwrap_or(f64::NAN)
}

/// `low` to `high` with a little room on both sides; never empty, always finite.
pub(super) fn padded(low: f64, high: f64) -> (f64, f64) {
    let size = low.abs().max(high.abs());
    // Numbers that differ in their last digits alone are drawn as equal ones: no tick could tell them apart.
    let apart = high - low > size * 1e-14;
    let room = match apart {
        true if (high - low).is_finite() => (high - low) * 0.05,
        true => high * 0.05 - low * 0.05,
        false => (size * 0.1).max(1.0),
    };
    // A range below the smallest normal number has no room in it.
    let room = room.max(f64::MIN_POSITIVE);
    ((low - room).max(-f64::MAX), (high + room).min(f64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finite() -> impl Strategy<Value = f64> {
        use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
        const EXTREME: [f64; 9] =
            [f64::MAX, -f64::MAX, 1e308, -9e307, 5e-324, -5e-324, f64::MIN_POSITIVE, 0.0, 1.0];
        prop_oneof![NORMAL | SUBNORMAL | ZERO | POSITIVE | NEGATIVE, prop::sample::select(&EXTREME[..])]
    }

    #[test]
    fn ordinary_ranges_have_round_ticks() {
        assert_eq!(ticks((0.0, 1.0), 6), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        assert_eq!(ticks((0.1 + 0.2, 0.7), 5), [0.1 + 0.2, 0.4, 0.5, 0.6, 0.7]);
        assert_eq!(ticks((-10.0, 511.0), 8), [0.0, 100.0, 200.0, 300.0, 400.0, 500.0]);
        assert_eq!(ticks((-0.3, 0.3), 3), [-0.2, 0.0, 0.2]);
        assert_eq!((ticks((3.0, 3.0), 5), ticks((3.0, 4.0), 0)), (vec![3.0], vec![]));
    }

    #[test]
    fn extreme_ranges_have_ticks() {
        assert_eq!(ticks((-f64::MAX, f64::MAX), 5), [-1e308, 0.0, 1e308]);
        assert_eq!(ticks((0.0, 1e-320), 3), [0.0, 5e-321, 1e-320]);
        assert_eq!(ticks((0.0, 5e-324), 3), [0.0, 5e-324]);
        // Neighbours at this size: a step between them does not exist.
        assert!(ticks((1e308, 1e308f64.next_up()), 8).len() <= 2);
        assert_eq!(padded(-f64::MAX, f64::MAX), (-f64::MAX, f64::MAX));
        assert_eq!(padded(2.0, 4.0), (1.9, 4.1));
        assert_eq!(padded(5.0, 5.0), (4.0, 6.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn every_range_has_few_ticks_within_it(a in finite(), b in finite(), ulps in 0u64..40, most in 0usize..30) {
            let near = f64::from_bits(a.to_bits().saturating_add(ulps));
            let near = if near.is_finite() { near } else { a };
            for (a, b) in [(a, b), (a, near)] {
                let (low, high) = (a.min(b), a.max(b));
                for range in [(low, high), padded(low, high)] {
                    let found = ticks(range, most);
                    prop_assert!(found.len() <= most, "{range:?}: {found:?}");
                    prop_assert!(found.iter().all(|t| *t >= range.0 && *t <= range.1), "{range:?}: {found:?}");
                    prop_assert!(found.is_sorted_by(|a, b| a < b), "{range:?}: {found:?}");
                }
                let wide = padded(low, high);
                prop_assert!(wide.0 < wide.1 && wide.0 <= low && wide.1 >= high && wide.0.is_finite());
                prop_assert!(most < 4 || !ticks(wide, most).is_empty(), "{wide:?}");
            }
        }

        #[test]
        fn every_number_lies_near_the_axis(low in finite(), high in finite(), value in finite()) {
            for limit in [(0, 32_000), (32_000, 0), (7, 7)] {
                let at = Scale((low, high)).map(&value, limit);
                prop_assert!(at.abs() <= 400_000);
            }
            if low < high && value >= low && value <= high {
                let at = Scale((low, high)).map(&value, (0, 1000));
                prop_assert!((0..=1000).contains(&at), "{at}");
            }
            let middle = between((low, high), 0.5);
            prop_assert!(middle.is_finite());
        }
    }
}
