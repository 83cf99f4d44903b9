//! Figures of what a network is and does: histograms, traces, matrices, tails.

use sorn_report::figure::{
    Figure, FigureError, Fit, GraphOptions, HistogramOptions, MatrixOptions, Panel, RasterGroup, TailOptions,
    TimelineOptions, Trace, TraceOptions, graph, histogram, matrix, tail, timeline, traces,
};
use sorn_report::stats::fit_power_law;

fn says(figure: &Figure, words: &str) -> bool {
    figure.svg().lines().any(|line| line.trim() == words)
}

fn told<T: std::fmt::Debug>(result: Result<T, FigureError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn histograms_tell_size_and_fit() {
    let values: Vec<f64> = (1..=100).map(f64::from).collect();
    let of = |fit, log| histogram(&values, &HistogramOptions { fit, log, ..Default::default() }).unwrap();
    assert!(says(&of(None, false), "100 values"));
    assert!(says(&of(Some(Fit::Normal), false), "normal, mean 50.5, sd 28.9"));
    assert!(says(&of(Some(Fit::Exponential), false), "exponential, mean 50.5"));
    assert!(says(&of(Some(Fit::LogNormal), true), "log-normal, μ 3.64, σ 0.923"));
    of(Some(Fit::LogNormal), true).png(1.0).unwrap();
    for (name, fit, log) in [
        ("histogram_normal", Fit::Normal, false),
        ("histogram_exponential", Fit::Exponential, false),
        ("histogram_log_normal", Fit::LogNormal, true),
    ] {
        insta::assert_snapshot!(name, of(Some(fit), log).svg());
    }
}

#[test]
fn every_value_is_in_a_bar() {
    // One bar of three and one of two: the higher fills the axis, which ends a twentieth above it.
    let options = HistogramOptions { bins: Some(2), ..Default::default() };
    let figure = histogram(&[0.0, 0.1, 0.2, 0.9, 1.0], &options).unwrap();
    assert!(says(&figure, "3") && !says(&figure, "4"));
    insta::assert_snapshot!("histogram", figure.svg());
    histogram(&[7.0; 3], &HistogramOptions { fit: Some(Fit::Normal), ..Default::default() }).unwrap();
    histogram(&[0.0; 3], &HistogramOptions { fit: Some(Fit::Exponential), ..Default::default() }).unwrap();
}

#[test]
fn wrong_histograms_are_named() {
    let of = |values: &[f64], fit, log, bins| {
        histogram(values, &HistogramOptions { fit, log, bins, ..Default::default() })
    };
    assert!(told(of(&[], None, false, None)).contains("no value"));
    assert!(told(of(&[1.0, f64::NAN], None, false, None)).contains("values[1] is NaN"));
    assert!(told(of(&[1.0, 0.0], None, true, None)).contains("values[1] is 0"));
    assert!(told(of(&[0.0], Some(Fit::LogNormal), false, None)).contains("values[0] is 0"));
    assert!(told(of(&[-1.0], Some(Fit::Exponential), false, None)).contains("values[0] is -1"));
    assert!(told(of(&[1.0], None, false, Some(0))).contains("bins: expected 1 to 10,000, found 0"));
}

#[test]
fn traces_are_named_and_checked() {
    let trace = |name: &str, points: &[(f64, f64)]| Trace { name: name.to_owned(), points: points.to_vec() };
    let options = TraceOptions { y_label: "synapses".to_owned(), ..Default::default() };
    let two = [trace("EE", &[(0.0, 5.0), (10.0, 4.0)]), trace("IE", &[(0.0, 1.0), (5.0, 1.0)])];
    let figure = traces(&two, &options).unwrap();
    assert!(says(&figure, "EE") && says(&figure, "IE") && says(&figure, "synapses"));
    insta::assert_snapshot!("traces", figure.svg());
    traces(&[trace("", &[(3.0, 3.0)])], &options).unwrap();
    assert!(told(traces(&[trace("EE", &[])], &options)).contains("no trace has a point"));
    assert!(
        told(traces(&[trace("EE", &[(0.0, f64::NAN)])], &options)).contains("trace \"EE\": points[0] is NaN")
    );
    let back = traces(&[trace("EE", &[(2.0, 0.0), (1.0, 0.0)])], &options);
    assert!(told(back).contains("expected 2 or more, found 1"));
}

#[test]
fn a_matrix_shows_sign_and_gaps() {
    let options = MatrixOptions { width: 300, height: 300, ..Default::default() };
    let figure = matrix(&[1.0, -0.5, f64::NAN, 0.0, 0.0, 0.0], 3, &options).unwrap();
    // The deepest blue, a half vermillion, the grey of "not defined"; zeros are not drawn.
    assert!(figure.svg().contains("fill=\"#0072B2\"") && figure.svg().contains("fill=\"#BBBBBB\""));
    assert_eq!(figure.svg().matches("<path").count(), 3);
    assert!(says(&figure, "not defined") && says(&figure, "−1"));
    insta::assert_snapshot!("matrix", figure.svg());
    for constant in [0.0, 2.0, -2.0, f64::NAN] {
        matrix(&[constant; 4], 2, &options).unwrap().png(1.0).unwrap();
    }
}

#[test]
fn a_large_matrix_keeps_single_synapses() {
    let options = MatrixOptions { width: 300, height: 300, ..Default::default() };
    let mut values = vec![0.0; 1000 * 1000];
    values[345_678] = 1.0;
    let figure = matrix(&values, 1000, &options).unwrap();
    assert_eq!(figure.svg().matches("<path").count(), 1);
    assert!(figure.svg().len() < 20_000);
}

#[test]
fn wrong_matrices_are_named() {
    let options = MatrixOptions::default();
    assert!(told(matrix(&[], 0, &options)).contains("no cell"));
    assert!(
        told(matrix(&[1.0; 5], 2, &options))
            .contains("expected a multiple of 2, the number of columns, found 5")
    );
    assert!(
        told(matrix(&[0.0, 0.0, f64::INFINITY, 0.0], 2, &options))
            .contains("row 1, column 0: expected a finite number or NaN, found inf")
    );
    let options = MatrixOptions { range: Some((1.0, 1.0)), ..Default::default() };
    assert!(
        told(matrix(&[1.0], 1, &options))
            .contains("range: expected finite numbers, the first lower, found (1.0, 1.0)")
    );
}

#[test]
fn a_tail_tells_its_exponent_and_bounds() {
    let sizes: Vec<u64> = (1..=2000).map(|i| 2000 / i).collect();
    let fit = fit_power_law(&sizes, 2, Some(100)).unwrap();
    let figure = tail(&sizes, Some(&fit), &TailOptions::default()).unwrap();
    let words = format!("exponent {:.3} ± {:.3}, 2 to 100", fit.exponent, fit.standard_error);
    assert!(says(&figure, &words) && says(&figure, "2000 values"));
    insta::assert_snapshot!("tail", figure.svg());
    tail(&[1], None, &TailOptions::default()).unwrap().png(1.0).unwrap();
    tail(&[u64::MAX, 1], None, &TailOptions::default()).unwrap();
    assert!(told(tail(&[0, 0], None, &TailOptions::default())).contains("no value is 1 or more"));
}

#[test]
fn a_graph_joins_what_exceeds_the_threshold() {
    let options = GraphOptions { threshold: 0.2, width: 300, height: 320, ..Default::default() };
    // 0-1 by the larger of both directions, 1-2 negative, 0-2 too weak, the diagonal and NaN never.
    let values = [9.0, 0.1, 0.2, 0.5, 9.0, f64::NAN, 0.0, -0.3, f64::NAN];
    let figure = graph(&values, 3, &options).unwrap();
    assert!(says(&figure, "correlation above 0.2: 1 pair") && says(&figure, "below −0.2: 1 pair"));
    assert_eq!(figure.svg().matches("<path").count(), 2);
    assert_eq!(figure.svg().matches("<circle").count(), 3);
    insta::assert_snapshot!("graph", figure.svg());
    let all = graph(&vec![1.0; 100 * 100], 100, &options).unwrap();
    assert!(says(&all, "correlation above 0.2: 4950 pairs") && says(&all, "the strongest 3000 are drawn"));
    graph(&[0.0], 1, &options).unwrap().png(1.0).unwrap();
    assert!(told(graph(&[], 0, &options)).contains("no neuron"));
    assert!(told(graph(&[0.0; 3], 2, &options)).contains("expected 4, the square of 2 neurons, found 3"));
    assert!(
        told(graph(&[0.0, f64::INFINITY, 0.0, 0.0], 2, &options))
            .contains("row 0, column 1: expected a finite number or NaN, found inf")
    );
    let options = GraphOptions { threshold: -1.0, ..options };
    assert!(told(graph(&[0.0], 1, &options)).starts_with("threshold: expected "));
}

#[test]
fn a_timeline_stacks_panels_over_the_same_steps() {
    let trace = |name: &str, points: &[(f64, f64)]| Trace { name: name.to_owned(), points: points.to_vec() };
    let panel = |label: &str, traces: Vec<Trace>| Panel { y_label: label.to_owned(), traces };
    let spikes =
        [RasterGroup { name: "excitatory".to_owned(), neurons: 5, spikes: vec![(0, 1), (3, 4), (7, 0)] }];
    let panels = [
        panel("observation", vec![trace("x", &[(0.0, 0.0), (4.0, 1.0)]), trace("v", &[(0.0, 1e6)])]),
        panel("action", vec![trace("", &[(0.0, 1.0), (5.0, 0.0)])]),
    ];
    let options = TimelineOptions { steps: 0..5, width: 400, height: 400, ..Default::default() };
    let figure = timeline(&panels, &spikes, &options).unwrap();
    for words in ["observation", "action", "neuron", "x", "v"] {
        assert!(says(&figure, words), "{words}");
    }
    assert_eq!(figure.svg().matches("time (steps)").count(), 1);
    insta::assert_snapshot!("timeline", figure.svg());
    timeline(&panels, &[], &options).unwrap().png(1.0).unwrap();
    timeline(&[], &spikes, &options).unwrap();
    assert!(told(timeline(&[], &[], &options)).contains("no panel"));
    assert!(told(timeline(&[panel("a", vec![])], &[], &options)).contains("no trace has a point"));
    let late = TimelineOptions { steps: 90..99, ..options.clone() };
    assert!(told(timeline(&panels, &spikes, &late)).contains("no trace has a point"));
    let low = TimelineOptions { height: 300, ..options.clone() };
    assert!(told(timeline(&panels, &spikes, &low)).contains("height: expected 390"));
    let none = TimelineOptions { steps: 5..5, ..options };
    assert!(told(timeline(&panels, &spikes, &none)).contains("steps 5..5 are none"));
}
