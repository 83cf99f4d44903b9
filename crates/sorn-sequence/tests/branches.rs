//! Phases that begin from the end of an earlier one.

use sorn_core::{NoiseLaw, Params};
use sorn_sequence::{
    FeatureKind, Freeze, FreezeEvery, Overrides, Phase, PhaseState, ReadoutConfig, Role, Run, Scores,
    SourceConfig, Target, Task, WordsConfig,
};

fn phase(name: &str, steps: u64, role: Role, from: Option<&str>) -> Phase {
    let freeze = Freeze::Every(if role == Role::Organise { FreezeEvery::None } else { FreezeEvery::All });
    let from = from.map(String::from);
    Phase { name: name.into(), steps, role, freeze, set: Overrides::default(), state: PhaseState::Keep, from }
}

fn task(phases: Vec<Phase>) -> (Task, Params) {
    let words = WordsConfig { words: vec!["A B*n C".into(), "D E*n F".into()], ..WordsConfig::default() };
    let readout = ReadoutConfig {
        features: vec![FeatureKind::Activity, FeatureKind::Traces],
        trace_decays: vec![0.5],
        ..ReadoutConfig::default()
    };
    let task = Task {
        source: SourceConfig::Words(words),
        n: Some(6),
        target: Target::Next,
        lags: vec![],
        readout,
        scores: vec![],
        control: None,
        phases,
    };
    (task, Params { nu: 6, ..Params::preset("counting").unwrap() })
}

fn scores((task, params): &(Task, Params)) -> Scores {
    let mut run = Run::new(task, params, 5).unwrap();
    while !run.is_finished() {
        run.go_on(u64::MAX).unwrap();
    }
    run.scores().clone()
}

fn noisy(mut phase: Phase) -> Phase {
    phase.set = Overrides { noise: Some(NoiseLaw::Gaussian), noise_sd: Some(0.1), ..Overrides::default() };
    phase
}

#[test]
fn branches_see_the_same_network_random_numbers_and_input() {
    let all = scores(&task(vec![
        phase("plastic", 5000, Role::Organise, None),
        phase("fit", 2000, Role::Fit, None),
        phase("one", 1500, Role::Score, None),
        phase("noisy", 1500, Role::Score, Some("fit")),
        phase("other", 1500, Role::Score, Some("fit")),
        phase("later", 1500, Role::Score, None),
    ]));
    let alone = scores(&task(vec![
        phase("plastic", 5000, Role::Organise, None),
        phase("fit", 2000, Role::Fit, None),
        phase("one", 1500, Role::Score, None),
    ]));
    let mut later = false;
    for (name, value) in &alone.0 {
        assert_eq!(all.0[&format!("one_{name}")], *value, "{name}");
        assert_eq!(all.0[&format!("other_{name}")], *value, "{name}");
        later |= all.0[&format!("later_{name}")] != *value;
    }
    assert!(later, "{all:?}");
}

#[test]
fn what_a_branch_sets_is_set_there_alone() {
    let (mut task, params) = task(vec![
        phase("plastic", 5000, Role::Organise, None),
        phase("quiet-fit", 2000, Role::Fit, None),
        phase("quiet", 1500, Role::Score, None),
        noisy(phase("noisy-fit", 2000, Role::Fit, Some("plastic"))),
        noisy(phase("noisy", 1500, Role::Score, None)),
    ]);
    let all = scores(&(task.clone(), params.clone()));
    assert!(all.0["quiet_accuracy"] > all.0["noisy_accuracy"], "{all:?}");
    // The noisy half is that of a task which has it alone.
    task.phases.drain(1..3);
    task.phases[1].from = None;
    assert_eq!(scores(&(task, params)).0["accuracy"], all.0["noisy_accuracy"]);
}

#[test]
fn a_branch_takes_the_readout_of_its_beginning() {
    let (task, params) = task(vec![
        phase("plastic", 5000, Role::Organise, None),
        phase("fit", 2000, Role::Fit, None),
        phase("one", 1500, Role::Score, None),
        noisy(phase("noisy-fit", 2000, Role::Fit, Some("plastic"))),
        phase("other", 1500, Role::Score, Some("fit")),
        noisy(phase("noisy", 1500, Role::Score, Some("noisy-fit"))),
        // Nothing was fitted where this one begins.
        phase("early", 1500, Role::Score, Some("plastic")),
    ]);
    let all = scores(&(task, params));
    assert_eq!(all.0["one_accuracy"], all.0["other_accuracy"]);
    assert_ne!(all.0["one_accuracy"], all.0["noisy_accuracy"]);
    assert!(all.0.contains_key("early_accuracy"));
}

#[test]
fn what_is_generated_in_branches_stands_apart() {
    let (task, params) = task(vec![
        phase("plastic", 5000, Role::Organise, None),
        phase("fit", 2000, Role::Fit, None),
        phase("one", 50, Role::Generate, None),
        phase("other", 70, Role::Generate, Some("fit")),
    ]);
    let mut run = Run::new(&task, &params, 5).unwrap();
    while !run.is_finished() {
        run.go_on(33).unwrap();
    }
    let said = run.generated();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.iter().map(|line| line.len()).collect::<Vec<_>>(), [50, 70]);
    assert!(lines[1].starts_with(lines[0]), "{said}");
    assert!(run.scores().0.contains_key("one_known_triples"), "{:?}", run.scores());
}

#[test]
fn a_run_goes_on_to_the_same_bits_until_a_branch_needs_what_is_not_saved() {
    let (mut task, params) = task(vec![
        phase("young", 2000, Role::Organise, None),
        phase("plastic", 3000, Role::Organise, None),
        phase("again", 3000, Role::Organise, Some("young")),
        phase("fit", 2000, Role::Fit, None),
        phase("score", 1000, Role::Score, None),
    ]);
    for from in ["young", "plastic"] {
        task.phases[2].from = Some(from.into());
        let whole = scores(&(task.clone(), params.clone()));
        let last = if from == "young" { 2000 } else { 5000 };
        for stop in [1, 1999, 2000, last] {
            let mut run = Run::new(&task, &params, 5).unwrap();
            while run.done() < stop {
                run.go_on(stop - run.done()).unwrap();
            }
            let state = run.saved().unwrap().state();
            let mut run = Run::resume(&task, &params, 5, state).unwrap();
            while !run.is_finished() {
                run.go_on(700).unwrap();
            }
            assert_eq!(run.scores(), &whole, "{from} {stop}");
        }
        let mut run = Run::new(&task, &params, 5).unwrap();
        while run.done() <= last {
            run.go_on(700).unwrap();
        }
        assert!(run.saved().is_none());
    }
}

#[test]
fn wrong_branches_are_named() {
    let error = |first: Option<&str>, second: &str, from: &str| {
        let (task, params) = task(vec![
            phase("a", 10, Role::Organise, first),
            phase(second, 10, Role::Organise, Some(from)),
            phase("c", 10, Role::Organise, None),
        ]);
        task.validate(&params).unwrap_err().to_string()
    };
    assert_eq!(error(None, "b", "c"), "task.phases[1].from: expected an earlier phase (a), found \"c\"");
    assert_eq!(error(None, "b", "b"), "task.phases[1].from: expected an earlier phase (a), found \"b\"");
    assert_eq!(
        error(Some("a"), "b", "a"),
        "task.phases[0].from: expected none, no phase is before the first, found \"a\""
    );
    assert_eq!(error(None, "a", "a"), "task.phases[1].name: expected a name of its own, found \"a\" again");
}
