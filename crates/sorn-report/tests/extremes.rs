//! Every figure draws numbers of any size: no loop, no panic, few ticks, no label that is not a number.

use proptest::prelude::*;
use proptest::sample::select;
use sorn_report::figure::{
    Arm, CurveOptions, Figure, FigureError, Fit, GraphOptions, HistogramOptions, MatrixOptions, Outcomes,
    Panel, RasterGroup, RasterOptions, SolveOptions, SpikeMark, TailOptions, TimelineOptions, Trace,
    TraceOptions, episodes_to_solve, graph, histogram, learning_curve, matrix, raster, tail, timeline,
    traces,
};
use sorn_report::stats::fit_power_law;

/// The most grid lines of one pair of axes, and the tick labels that go with them.
const MOST_LINES: usize = 12 + 10;

/// Where numbers lie that have gone wrong, or well might.
const PLACES: [f64; 14] = [
    0.0,
    1.0,
    -1.0,
    1e308,
    -1e308,
    9e307,
    -9e307,
    f64::MAX,
    -f64::MAX,
    5e-324,
    -5e-324,
    f64::MIN_POSITIVE,
    1e-300,
    9_007_199_254_740_992.0,
];

/// A place itself, one of its neighbours, or any finite number.
fn number() -> impl Strategy<Value = f64> {
    use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    let near = (select(&PLACES[..]), -3i32..=3).prop_map(|(place, steps)| {
        let next = if steps < 0 { f64::next_down } else { f64::next_up };
        (0..steps.abs()).fold(place, |at, _| Some(next(at)).filter(|v| v.is_finite()).unwrap_or(at))
    });
    prop_oneof![3 => near, 1 => NORMAL | SUBNORMAL | ZERO | POSITIVE | NEGATIVE]
}

/// Numbers of many sizes, or all from around one place.
fn numbers(most: usize) -> impl Strategy<Value = Vec<f64>> {
    let around = (select(&PLACES[..]), prop::collection::vec(0u64..4, 1..most)).prop_map(|(place, steps)| {
        let shifted = |by: &u64| f64::from_bits(place.to_bits() + by);
        steps.iter().map(shifted).map(|v| if v.is_finite() { v } else { place }).collect()
    });
    prop_oneof![prop::collection::vec(number(), 1..most), around]
}

/// Positive numbers, sorted as they come.
fn whole() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), select(vec![0, 1, 2, u64::MAX, u64::MAX - 1, 1 << 53, 1 << 63])]
}

/// Refuses a drawing with more than `charts` pairs of axes can have, or with numbers that are none.
fn sound(figure: Result<Figure, FigureError>, charts: usize) -> Result<(), TestCaseError> {
    let figure = figure.map_err(|e| TestCaseError::fail(format!("not drawn: {e}")))?;
    let svg = figure.svg();
    let lines = svg.matches("#E4E4E4").count();
    prop_assert!(lines <= charts * MOST_LINES, "{lines} grid lines");
    for text in svg.lines().map(str::trim) {
        let odd = ["inf", "−inf", "-inf", "NaN", "∞"].contains(&text) || text.contains("NaN");
        prop_assert!(!odd, "a label says {text}");
    }
    prop_assert!(svg.len() < 4_000_000, "{} bytes", svg.len());
    figure.png(0.25).map_err(|e| TestCaseError::fail(e.to_string()))?;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn learning_curves(runs in prop::collection::vec(numbers(30), 1..4), window in 1usize..12, threshold in prop::option::of(number())) {
        let arm = Arm { name: "SORN".to_owned(), runs, ..Arm::default() };
        let options = CurveOptions { window, threshold, width: 400, height: 300, ..Default::default() };
        sound(learning_curve(&[arm], &options), 1)?;
    }

    #[test]
    fn histograms(values in numbers(40), bins in prop::option::of(1usize..50), log: bool, fit in 0..4) {
        let fit = [None, Some(Fit::Normal), Some(Fit::Exponential), Some(Fit::LogNormal)][fit as usize];
        let positive = log || fit.is_some_and(|fit| fit != Fit::Normal);
        let values: Vec<f64> = match positive {
            true => values.iter().map(|v| v.abs().max(5e-324)).collect(),
            false => values,
        };
        let options = HistogramOptions { bins, log, fit, width: 400, height: 300, ..Default::default() };
        sound(histogram(&values, &options), 1)?;
    }

    #[test]
    fn lines_over_time(times in numbers(30), values in numbers(30)) {
        let mut times = times;
        times.sort_by(f64::total_cmp);
        let points: Vec<(f64, f64)> = times.iter().copied().zip(values.iter().copied()).collect();
        let trace = Trace { name: "weights".to_owned(), points };
        let options = TraceOptions { width: 400, height: 300, ..Default::default() };
        sound(traces(&[trace], &options), 1)?;
    }

    #[test]
    fn matrices(values in numbers(40), range in prop::option::of((number(), number()))) {
        let range = range.map(|(a, b)| (a.min(b), a.max(b))).filter(|(low, high)| low < high);
        let options = MatrixOptions { range, width: 400, height: 300, ..Default::default() };
        sound(matrix(&values, 1, &options), 1)?;
        sound(matrix(&values, values.len(), &options), 1)?;
    }

    #[test]
    fn graphs(values in prop::collection::vec(number(), 25), threshold in number()) {
        let options = GraphOptions { threshold: threshold.abs(), width: 400, height: 420, ..Default::default() };
        sound(graph(&values, 5, &options), 1)?;
    }

    #[test]
    fn tails(values in prop::collection::vec(whole(), 1..40), min in 1u64..5, max in prop::option::of(5u64..)) {
        let options = TailOptions { width: 400, height: 300, ..Default::default() };
        if values.iter().any(|v| *v > 0) {
            let fit = fit_power_law(&values, min, max).ok();
            sound(tail(&values, fit.as_ref(), &options), 1)?;
        }
    }

    #[test]
    fn outcomes(episodes in prop::collection::vec(prop::option::of(whole()), 1..30)) {
        let arm = Outcomes { name: "SORN".to_owned(), episodes };
        let options = SolveOptions { width: 400, height: 300, ..Default::default() };
        sound(episodes_to_solve(&[arm], &options), 1)?;
    }

    #[test]
    fn rasters(first in whole(), more in whole(), neuron in 0u32..9, dots: bool) {
        let steps = first..first.saturating_add(more.max(1));
        prop_assume!(!steps.is_empty());
        let group = RasterGroup { name: "E".to_owned(), neurons: 9, spikes: vec![(first, neuron), (steps.end - 1, 0)] };
        let mark = if dots { SpikeMark::Dot } else { SpikeMark::Line };
        let options = RasterOptions { steps, mark, width: 400, height: 300, ..Default::default() };
        sound(raster(&[group], &options), 1)?;
    }

    #[test]
    fn timelines(values in numbers(20)) {
        let points: Vec<(f64, f64)> = values.iter().enumerate().map(|(i, v)| (i as f64, *v)).collect();
        let panel = Panel { y_label: "reward".to_owned(), traces: vec![Trace { name: String::new(), points }] };
        let steps = 0..values.len() as u64;
        let options = TimelineOptions { steps, width: 400, height: 300, ..Default::default() };
        sound(timeline(&[panel.clone(), panel], &[], &options), 2)?;
    }
}

#[test]
fn two_neighbours_of_huge_size_are_a_curve() {
    for returns in
        [vec![1e308, 1e308f64.next_up()], vec![9e307, -9e307], vec![f64::MAX; 3], vec![0.0, 5e-324]]
    {
        let arm = Arm { name: "SORN".to_owned(), runs: vec![returns], ..Arm::default() };
        let options = CurveOptions { window: 2, ..Default::default() };
        sound(learning_curve(&[arm], &options), 1).unwrap();
    }
}

#[test]
fn axes_of_huge_numbers_say_their_ends() {
    let arm = Arm { name: "SORN".to_owned(), runs: vec![vec![1e308, -1e308]], ..Arm::default() };
    let figure = learning_curve(&[arm], &CurveOptions { window: 1, ..Default::default() }).unwrap();
    for label in ["1e308", "0", "−1e308"] {
        assert!(figure.svg().lines().any(|line| line.trim() == label), "{label}");
    }
}
