//! What the figures show, and that the same data gives the same bytes.
//!
//! The snapshots guard the drawing itself. After a wanted change look at the pictures of
//! `cargo run -p sorn-report --example gallery -- target/gallery`, then run the tests with
//! `INSTA_UPDATE=always`.

use sorn_report::figure::{
    Arm, CurveOptions, Figure, FigureError, Outcomes, Over, RasterGroup, RasterOptions, Scores,
    ScoresOptions, SolveOptions, SpikeMark, episodes_to_solve, learning_curve, raster, scores,
};

fn arm(name: &str, runs: &[&[f64]]) -> Arm {
    Arm { name: name.to_owned(), runs: runs.iter().map(|r| r.to_vec()).collect(), ..Arm::default() }
}

fn curve(arms: &[Arm]) -> Result<Figure, FigureError> {
    let options =
        CurveOptions { window: 2, threshold: Some(4.0), width: 400, height: 280, ..Default::default() };
    learning_curve(arms, &options)
}

fn texts(figure: &Figure) -> Vec<String> {
    let after_tag = |part: &str| part.split_once('>').map(|(_, rest)| rest.trim().to_owned());
    figure
        .svg()
        .split("</text>")
        .filter_map(|p| p.rsplit_once("<text").and_then(|(_, t)| after_tag(t)))
        .collect()
}

fn says(figure: &Figure, words: &str) -> bool {
    texts(figure).iter().any(|t| t == words)
}

#[test]
fn a_single_run_tells_when_it_solved() {
    let figure = curve(&[arm("SORN", &[&[1.0, 2.0, 5.0, 3.0, 6.0]])]).unwrap();
    assert!(says(&figure, "SORN: solved in episode 4"), "{:?}", texts(&figure));
    assert!(says(&figure, "episode") && says(&figure, "return (mean of 2)") && says(&figure, "solved at 4"));
    let figure = curve(&[arm("SORN", &[&[1.0, 2.0]])]).unwrap();
    assert!(says(&figure, "SORN: not solved"));
}

#[test]
fn several_runs_are_counted_and_their_median_told() {
    let solved_3: &[f64] = &[1.0, 3.0, 5.0];
    let solved_4: &[f64] = &[1.0, 1.0, 4.0, 4.0];
    let unsolved: &[f64] = &[1.0; 6];
    let figure =
        curve(&[arm("a", &[solved_3, solved_4, unsolved]), arm("b", &[solved_3, unsolved, unsolved])]);
    let figure = figure.unwrap();
    assert!(says(&figure, "a: 2 of 3 solved, median episode 4"), "{:?}", texts(&figure));
    assert!(says(&figure, "b: 1 of 3 solved"));
}

#[test]
fn wrong_curves_are_named() {
    let told = |arms: &[Arm]| curve(arms).unwrap_err().to_string();
    assert!(told(&[]).contains("no arm"));
    assert!(told(&[arm("SORN", &[])]).contains("\"SORN\""));
    assert!(told(&[arm("SORN", &[&[]])]).contains("no episode"));
    assert!(
        told(&[arm("SORN", &[&[1.0], &[0.0, f64::NAN]])]).contains("arm \"SORN\", run 1: values[1] is NaN")
    );
    let options = CurveOptions { window: 0, ..Default::default() };
    assert!(
        learning_curve(&[arm("a", &[&[1.0]])], &options)
            .unwrap_err()
            .to_string()
            .contains("window: expected 1 or more, found 0")
    );
}

#[test]
fn a_curve_runs_over_steps_or_seconds_as_well() {
    let over = |over, arms: &[Arm]| {
        let options = CurveOptions { window: 2, threshold: Some(4.0), over, ..Default::default() };
        learning_curve(arms, &options)
    };
    let one = Arm { ends: vec![vec![10.0, 30.0, 60.0]], ..arm("a", &[&[1.0, 2.0, 7.0]]) };
    let figure = over(Over::Steps, std::slice::from_ref(&one)).unwrap();
    assert!(
        says(&figure, "a: solved at step 60") && says(&figure, "environment step"),
        "{:?}",
        texts(&figure)
    );
    let seconds = Arm { ends: vec![vec![0.25, 0.5, 0.75]], ..one.clone() };
    let figure = over(Over::Seconds, &[seconds]).unwrap();
    assert!(
        says(&figure, "a: solved after 0.75 s") && says(&figure, "seconds of training"),
        "{:?}",
        texts(&figure)
    );

    let runs: [&[f64]; 3] = [&[1.0, 2.0, 7.0], &[4.0, 4.0], &[0.0]];
    let three = Arm { ends: vec![vec![10.0, 30.0, 60.0], vec![5.0, 500.0], vec![9.0]], ..arm("a", &runs) };
    let figure = over(Over::Steps, &[three]).unwrap();
    assert!(says(&figure, "a: 2 of 3 solved, median step 500"), "{:?}", texts(&figure));

    let told =
        |ends: Vec<Vec<f64>>| over(Over::Steps, &[Arm { ends, ..one.clone() }]).unwrap_err().to_string();
    assert!(
        told(Vec::new())
            .contains("run 0: the number of episodes' ends: expected 3, one for each return, found 0")
    );
    assert!(told(vec![vec![10.0, 30.0]]).contains("expected 3, one for each return, found 2"));
    assert!(told(vec![vec![10.0, 60.0, 30.0]]).contains("before that of the episode before it"));
    assert!(told(vec![vec![10.0, f64::NAN, 30.0]]).contains("ends[1] is NaN"));
}

#[test]
fn evaluations_are_drawn_where_they_were_made() {
    let evaluated =
        Arm { evaluations: vec![vec![(2.0, 3.0), (4.0, 5.0)]], ..arm("a", &[&[1.0, 2.0, 5.0, 3.0]]) };
    let figure = curve(std::slice::from_ref(&evaluated)).unwrap();
    assert!(says(&figure, "evaluation while training"), "{:?}", texts(&figure));
    let plain = curve(&[Arm { evaluations: Vec::new(), ..evaluated.clone() }]).unwrap();
    let circles = |figure: &Figure| figure.svg().matches("<circle").count();
    // Two for each evaluation, and one in the legend.
    assert_eq!(circles(&figure) - circles(&plain), 5);
    let several = Arm {
        runs: vec![vec![1.0; 4]; 2],
        evaluations: vec![vec![(2.0, 3.0), (4.0, 5.0)], vec![(4.0, 9.0)]],
        ..evaluated
    };
    let without = curve(&[Arm { evaluations: Vec::new(), ..several.clone() }]).unwrap();
    assert_eq!(circles(&curve(&[several]).unwrap()) - circles(&without), 5);
}

#[test]
fn scores_stand_in_rows() {
    let arm = |name: &str, values: &[f64]| Scores {
        name: name.to_owned(),
        values: values.to_vec(),
        middle: 20.0,
        interval: (12.0, 24.0),
    };
    let options = ScoresOptions { width: 400, height: 280, ..Default::default() };
    let figure = scores(&[arm("SORN", &[10.0, 20.0, 20.0, 30.0]), arm("static", &[11.0])], &options).unwrap();
    assert!(says(&figure, "SORN (4)") && says(&figure, "static (1)") && says(&figure, "mean return"));
    insta::assert_snapshot!("scores", figure.svg());
    assert!(matches!(scores(&[], &options), Err(FigureError::Empty(_))));
    assert!(scores(&[arm("a", &[])], &options).unwrap_err().to_string().contains("\"a\" has no run"));
    let nan = scores(&[arm("a", &[1.0, f64::NAN])], &options).unwrap_err().to_string();
    assert!(nan.contains("arm \"a\": values[1] is NaN"), "{nan}");
}

#[test]
fn names_are_escaped() {
    let figure = curve(&[arm("<a & \"b\">", &[&[1.0, 2.0]])]).unwrap();
    assert!(figure.svg().contains("&lt;a &amp;") && !figure.svg().contains("<a &"));
    figure.png(1.0).unwrap();
}

#[test]
fn long_runs_stay_small_pictures() {
    let returns: Vec<f64> = (0..200_000).map(|i| f64::from(i * 7919 % 500)).collect();
    let figure = curve(&[Arm { name: "long".to_owned(), runs: vec![returns], ..Arm::default() }]).unwrap();
    assert!(figure.svg().len() < 60_000, "{} bytes", figure.svg().len());
}

#[test]
fn the_comparison_counts_solved_runs() {
    let outcomes = |name: &str, episodes: &[Option<u64>]| Outcomes {
        name: name.to_owned(),
        episodes: episodes.to_vec(),
    };
    let arms = [outcomes("SORN", &[Some(110), Some(120), Some(120)]), outcomes("static", &[Some(150), None])];
    let options = SolveOptions { width: 400, height: 280, ..Default::default() };
    let figure = episodes_to_solve(&arms, &options).unwrap();
    assert!(says(&figure, "SORN (3/3)") && says(&figure, "static (1/2)") && says(&figure, "not solved"));
    insta::assert_snapshot!("solve", figure.svg());

    let none = episodes_to_solve(&[outcomes("none", &[None, None])], &options).unwrap();
    assert!(says(&none, "none (0/2)"));
    assert!(matches!(episodes_to_solve(&[], &options), Err(FigureError::Empty(_))));
    assert!(matches!(episodes_to_solve(&[outcomes("a", &[])], &options), Err(FigureError::Empty(_))));
}

#[test]
fn the_raster_has_a_mark_per_spike() {
    let group = |name: &str, neurons, spikes: &[(u64, u32)]| RasterGroup {
        name: name.to_owned(),
        neurons,
        spikes: spikes.to_vec(),
    };
    let groups = [
        group("excitatory", 4, &[(0, 0), (0, 3), (5, 1), (9, 3), (99, 0)]),
        group("inhibitory", 2, &[(3, 1)]),
    ];
    let options = RasterOptions { steps: 0..10, width: 400, height: 280, ..Default::default() };
    let figure = raster(&groups, &options).unwrap();
    let marks: Vec<usize> = figure
        .svg()
        .split("<path d=\"")
        .skip(1)
        .map(|p| p.split('"').next().unwrap().matches('M').count())
        .collect();
    assert_eq!(marks, [4, 1], "the spike at step 99 lies outside the steps shown");
    insta::assert_snapshot!("raster", figure.svg());

    let dots = RasterOptions { mark: SpikeMark::Dot, ..options.clone() };
    let figure = raster(&groups, &dots).unwrap();
    assert!(figure.svg().contains("v0\" fill=\"none\"") && figure.svg().contains("stroke-linecap=\"round\""));
    insta::assert_snapshot!("scatter", figure.svg());

    let error = raster(&[group("excitatory", 4, &[(2, 4)])], &options).unwrap_err().to_string();
    assert!(error.contains("\"excitatory\" at step 2") && error.contains("0 to 3"), "{error}");
    assert!(matches!(raster(&[], &options), Err(FigureError::Empty(_))));
    let none = RasterOptions { steps: 5..5, ..options };
    assert!(matches!(raster(&groups, &none), Err(FigureError::Empty(_))));
}

#[test]
fn the_same_data_gives_the_same_bytes() {
    let arms = [arm("a", &[&[1.0, 2.0, 3.0], &[2.0, 5.0, 6.0]]), arm("b", &[&[0.0, 1.0, 8.0, 4.0]])];
    let (one, two) = (curve(&arms).unwrap(), curve(&arms).unwrap());
    assert_eq!(one, two);
    assert_eq!(one.png(1.0).unwrap(), two.png(1.0).unwrap());
    insta::assert_snapshot!("curve", one.svg());
}
