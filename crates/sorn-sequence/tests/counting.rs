//! The counting task from configuration to scores.

use sorn_core::{Params, Rule};
use sorn_sequence::{
    Control, FeatureKind, Freeze, FreezeEvery, Phase, PhaseState, RandomConfig, ReadoutConfig, ReadoutKind,
    Role, Run, Scores, SourceConfig, Target, Task, WordsConfig,
};

fn phase(name: &str, steps: u64, role: Role) -> Phase {
    let freeze = Freeze::Every(if role == Role::Organise { FreezeEvery::None } else { FreezeEvery::All });
    let set = Default::default();
    Phase { name: name.into(), steps, role, freeze, set, state: PhaseState::Keep, from: None }
}

fn counting(n: u32) -> (Task, Params) {
    let task = Task {
        source: SourceConfig::Words(WordsConfig {
            words: vec!["A B*n C".into(), "D E*n F".into()],
            ..WordsConfig::default()
        }),
        n: Some(n),
        target: Target::Next,
        lags: vec![],
        readout: ReadoutConfig::default(),
        scores: vec![],
        control: None,
        phases: vec![
            phase("plastic", 20_000, Role::Organise),
            phase("fit", 3000, Role::Fit),
            phase("score", 3000, Role::Score),
        ],
    };
    (task, Params { nu: 6, ..Params::preset("counting").unwrap() })
}

fn scores(task: &Task, params: &Params, seed: u64) -> Scores {
    let mut run = Run::new(task, params, seed).unwrap();
    while !run.is_finished() {
        run.go_on(u64::MAX).unwrap();
    }
    run.scores().clone()
}

#[test]
fn a_self_organised_network_counts_and_its_controls_do_not() {
    let (task, params) = counting(8);
    let plastic = scores(&task, &params, 1);
    assert!(plastic.0["of_ceiling"] > 0.99 && plastic.0["last_symbol"] > 0.95, "{plastic:?}");
    assert_eq!(plastic.0["ceiling"], 0.95);
    assert!((plastic.0["symbol_reader"] - 0.85).abs() < 0.02, "{plastic:?}");
    assert!((plastic.0["rate"] - 0.1).abs() < 0.02);
    for control in [Control::Static, Control::None, Control::Without(Rule::Stdp), Control::Without(Rule::Ss)]
    {
        let other = scores(&Task { control: Some(control), ..task.clone() }, &params, 1);
        assert!(other.0["last_symbol"] < plastic.0["last_symbol"] - 0.3, "{control}: {other:?}");
    }
    // The input alone cannot tell the last B from the others.
    let none = scores(&Task { control: Some(Control::None), ..task.clone() }, &params, 1);
    assert_eq!(none.0["last_symbol"], 0.0);
    assert!(none.0["accuracy"] <= none.0["symbol_reader"] + 1e-9, "{none:?}");
    assert_eq!(Control::all(&params).len(), 6);
}

#[test]
fn a_run_goes_on_to_the_same_bits_from_any_state_that_is_saved() {
    let (mut task, params) = counting(6);
    task.phases.insert(1, phase("more", 1000, Role::Organise));
    task.phases[1].state = PhaseState::Shuffle;
    task.phases[1].set.input_gain = Some(0.9);
    task.phases[3].state = PhaseState::Reset;
    for control in [None, Some(Control::Rewired), Some(Control::None)] {
        let task = Task { control, ..task.clone() };
        let whole = scores(&task, &params, 3);
        for stop in [1, 7_000, 20_000, 20_500, 21_000] {
            let mut run = Run::new(&task, &params, 3).unwrap();
            while run.done() < stop {
                run.go_on(stop - run.done()).unwrap();
            }
            let state = run.saved().unwrap().state();
            let mut run = Run::resume(&task, &params, 3, state).unwrap();
            assert_eq!(run.done(), stop);
            while !run.is_finished() {
                run.go_on(777).unwrap();
            }
            assert_eq!(run.scores(), &whole, "{control:?} {stop}");
        }
        let mut run = Run::new(&task, &params, 3).unwrap();
        (0..3).for_each(|_| run.go_on(u64::MAX).unwrap());
        assert!(run.saved().is_none());
    }
}

#[test]
fn readouts_and_features_agree_on_an_easy_task() {
    let (task, params) = counting(4);
    for (kind, features, target) in [
        (ReadoutKind::Logistic, FeatureKind::Activity, Target::Next),
        (ReadoutKind::Ridge, FeatureKind::Activity, Target::Next),
        (ReadoutKind::LeastSquares, FeatureKind::Pseudo, Target::Present),
        (ReadoutKind::Logistic, FeatureKind::Activity, Target::Position),
    ] {
        let readout =
            ReadoutConfig { kind, features: vec![features, FeatureKind::Bias], ..ReadoutConfig::default() };
        let scores = scores(&Task { readout, target, ..task.clone() }, &params, 2);
        assert!(scores.0["of_ceiling"] > 0.98, "{kind:?} {features:?} {target:?}: {scores:?}");
    }
}

#[test]
fn recall_is_scored_by_lag() {
    let (mut task, params) = counting(4);
    (task.source, task.n) = (SourceConfig::Random(RandomConfig { symbols: 6 }), None);
    (task.target, task.lags) = (Target::Recall, vec![0, 1, 2, 12]);
    let scores = scores(&task, &params, 2);
    assert!(scores.0["lag_0"] > 0.99 && scores.0["lag_1"] > 0.9 && scores.0["lag_12"] < 0.25, "{scores:?}");
    let expected = scores.0["lag_1"] + scores.0["lag_2"];
    assert!((scores.0["memory"] - expected).abs() < 0.3, "{scores:?}");
}

#[test]
fn wrong_tasks_are_named() {
    let (task, params) = counting(4);
    let error = |change: &dyn Fn(&mut Task)| {
        let mut task = task.clone();
        change(&mut task);
        task.validate(&params).unwrap_err().to_string()
    };
    assert_eq!(error(&|t| t.phases[1].steps = 0), "task.phases[1].steps: expected at least 1, found 0");
    assert!(error(&|t| t.phases.clear()).starts_with("task.phases: expected at least one phase"));
    assert!(
        error(&|t| t.phases.swap(1, 2)).starts_with("task.phases[1].role: expected a phase of role \"fit\"")
    );
    assert!(error(&|t| t.target = Target::Recall).starts_with("task.lags: expected at least one lag"));
    assert!(error(&|t| t.readout.features.clear()).starts_with("task.readout.features"));
    assert!(
        error(&|t| t.readout.penalty = 0.0).starts_with("task.readout.penalty: expected a positive number")
    );
    assert!(error(&|t| t.phases[0].set.input_gain = Some(f64::NAN)).contains("input_gain"));
    let wrong = Params { nu: 7, ..params.clone() };
    assert!(task.validate(&wrong).unwrap_err().to_string().starts_with("network.nu: expected 6"));
}
