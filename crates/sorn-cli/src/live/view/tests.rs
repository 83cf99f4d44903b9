//! What the view shows, and that it changes nothing.

use std::fs;
use std::path::Path;

use ratatui::backend::TestBackend;
use sorn_lab::{Experiment, Quiet, RunDir, Sweep, train};

use super::*;

/// Every episode is short, so that a run takes well under a second.
const QUICK: &str = r#"
name = "quick"

[env]
id = "CartPole-v1"

[agent.encoder]
kind = "random_projection"
scale = [1.0, 1.0, 0.1, 1.0]

[agent.reservoir]
kind = "sorn"

[agent.reservoir.params]
ne = 50
lambda_ee = 10.0
lambda_ei = 20.0

[run]
episodes = 40
window = 10

[eval]
episodes = 0
"#;

fn experiment(dir: &Path, changes: &[&str]) -> Experiment {
    let file = dir.join("quick.toml");
    fs::write(&file, QUICK).unwrap();
    Experiment::load(&file, &changes.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
}

fn subject<'a>(experiment: &'a Experiment, seeds: &'a [u64]) -> Subject<'a> {
    Subject { experiment, seeds, stopping: "stopping" }
}

/// What a terminal of this size shows of a scene, line by line.
fn shown(scene: &Scene, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, scene)).unwrap();
    let buffer = terminal.backend().buffer();
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..height).map(line).collect()
}

/// The files of a run, wall times left out.
fn files(dir: &Path) -> (Vec<String>, Vec<(String, Vec<u8>)>) {
    let metrics = fs::read_to_string(dir.join("metrics.jsonl")).unwrap();
    let lines = metrics.lines().map(|line| line.split(",\"wall_secs\"").next().unwrap().to_string());
    let checkpoints = fs::read_dir(dir.join("checkpoints")).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_str().unwrap().to_string(), fs::read(&path).unwrap())
    });
    let mut checkpoints: Vec<_> = checkpoints.collect();
    checkpoints.sort();
    (lines.collect(), checkpoints)
}

/// Trains with a view on a terminal that cannot be seen, whose keys are `keys`; gives the run's directory and how the view ended.
fn watched(dir: &Path, keys: impl FnMut(Duration) -> io::Result<Option<Key>> + Send) -> (View<'static>, End) {
    let experiment = experiment(dir, &[]);
    let run = RunDir::create(&dir.join("watched"), &experiment).unwrap();
    let bar = Box::leak(Box::new(Bar::new(&[0], &experiment.run, true)));
    let view = View::new(bar, &subject(&experiment, &[0]));
    let end = Mutex::new(None);
    with(
        &view,
        |progress| train(&run, progress).unwrap(),
        |view| {
            let mut terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
            *end.lock().unwrap() = Some(view.show(&mut terminal, keys).unwrap());
            view.closed.store(true, Ordering::Relaxed);
        },
    );
    let end = end.into_inner().unwrap().unwrap();
    (view, end)
}

fn unwatched(dir: &Path) {
    train(&RunDir::create(&dir.join("unwatched"), &experiment(dir, &[])).unwrap(), &Quiet).unwrap();
}

#[test]
fn looking_on_changes_no_bit() {
    let dir = tempfile::tempdir().unwrap();
    unwatched(dir.path());
    let (view, end) = watched(dir.path(), |_| Ok(None));
    assert_eq!(end, End::Over);
    let (lines, checkpoints) = files(&dir.path().join("watched"));
    assert_eq!(lines.len(), 40);
    assert!(!checkpoints.is_empty());
    assert!((lines, checkpoints) == files(&dir.path().join("unwatched")));
    let scene = view.scene();
    assert_eq!(scene.curves[0].points.len(), 40);
    assert!(scene.curves[0].finished && scene.env_steps >= 40);
}

#[test]
fn a_run_goes_on_when_it_is_left() {
    let dir = tempfile::tempdir().unwrap();
    unwatched(dir.path());
    let mut pictures = 0;
    let (view, end) = watched(dir.path(), |_| {
        pictures += 1;
        Ok((pictures == 2).then_some(Key::Leave))
    });
    // It may be done before the second picture.
    assert!(end == End::Left || end == End::Over);
    assert!(view.closed.load(Ordering::Relaxed));
    assert!(files(&dir.path().join("watched")) == files(&dir.path().join("unwatched")));
}

#[test]
fn the_wish_to_stop_and_a_broken_terminal_end_the_view() {
    let dir = tempfile::tempdir().unwrap();
    let experiment = experiment(dir.path(), &[]);
    let bar = Bar::new(&[0], &experiment.run, true);
    let view = View::new(&bar, &subject(&experiment, &[0]));
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    assert_eq!(view.show(&mut terminal, |_| Ok(Some(Key::Stop))).unwrap(), End::Stop);
    assert_eq!(view.show(&mut terminal, |_| Ok(Some(Key::Leave))).unwrap(), End::Left);
    let broken = view.show(&mut terminal, |_| Err(io::Error::other("hung up")));
    assert_eq!(broken.unwrap_err().to_string(), "hung up");
}

/// The scene of a finished run.
fn scene_of(changes: &[&str], seeds: &[u64]) -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let experiment = experiment(dir.path(), changes);
    let bar = Bar::new(seeds, &experiment.run, true);
    let view = View::new(&bar, &subject(&experiment, seeds));
    let sweep = Sweep::create(dir.path(), &experiment, seeds).unwrap();
    assert!(sweep.run(1, &view).unwrap().failed.is_empty());
    view.scene.into_inner().unwrap()
}

#[test]
fn curve_cart_and_spikes_are_there() {
    let scene = scene_of(&[], &[0]);
    assert!(shown(&scene, 120, 12).join("\n").contains("1 neuron in 2, the last"));
    let lines = shown(&scene, 120, 40);
    let all = lines.join("\n");
    for words in [
        "quick   CartPole-v1",
        "q: leave   Ctrl-C: stop and save",
        "episode 40 of at most 40   mean return",
        "mean return of 10 episodes",
        "seed 0, episode",
        "action",
        "reward 1.000",
        "50 excitatory, 10 inhibitory",
        "the last 10",
    ] {
        assert!(all.contains(words), "{words}: {all}");
    }
    let dots = |from: usize, to: usize, columns: std::ops::Range<usize>| {
        let cells =
            lines[from..to].iter().flat_map(|line| line.chars().skip(columns.start).take(columns.len()));
        cells.filter(|c| ('\u{2801}'..='\u{28ff}').contains(c)).count()
    };
    // The curve above, the cart and its pole below, the raster beside them.
    assert!(dots(3, 20, 1..65) > 10 && dots(21, 39, 1..65) > 10 && dots(3, 39, 68..119) > 100, "{all}");
}

#[test]
fn other_environments_are_bars() {
    let changes = ["env.id=Pendulum-v1", "agent.encoder.scale=[1.0, 1.0, 8.0]", "run.episodes=2"];
    let all = shown(&scene_of(&changes, &[0]), 100, 30).join("\n");
    assert!(all.contains("   0 ") && all.contains("   2 ") && all.contains('█'), "{all}");
    // A cart whose velocities are hidden is still a cart; one that is wrapped is not what it was.
    let masked = ["env.id=MaskedCartPole-v1", "agent.encoder.scale=[1.0, 0.1]", "run.episodes=2"];
    assert!(!shown(&scene_of(&masked, &[0]), 100, 30).join("\n").contains('█'));
    let wrapped = ["env.wrappers=[{ kind = \"frame_skip\", steps = 2 }]", "run.episodes=2"];
    assert!(shown(&scene_of(&wrapped, &[0]), 100, 30).join("\n").contains("·"));
}

#[test]
fn many_seeds_are_counted() {
    let all = shown(&scene_of(&["run.episodes=5"], &[3, 4, 5]), 100, 30).join("\n");
    assert!(all.contains("3 of 3 runs are finished") && all.contains("seed 5, episode"), "{all}");
}

#[test]
fn diagnostics_have_a_line() {
    let scene = scene_of(&["run.episodes=3", "record.diagnostics=true"], &[0]);
    let lines = shown(&scene, 200, 30);
    let entropy = scene.diagnostics.unwrap().entropy.unwrap();
    assert!(
        lines[2].contains(&format!("entropy {entropy:.3}")) && lines[2].contains("silent "),
        "{}",
        lines[2]
    );
}

#[test]
fn a_budget_of_steps_is_shown_with_the_steps() {
    let scene = scene_of(&["run.steps=300", "eval.every_steps=100", "eval.each=1"], &[0]);
    assert_eq!(scene.steps, Some(300));
    let all = shown(&scene, 100, 30).join("\n");
    assert!(all.contains(&format!("step {} of at most 300", scene.run_steps)), "{all}");
    assert!(all.contains(&format!("evaluation {:.1}", scene.evaluation.unwrap())), "{all}");
}

#[test]
fn no_size_and_no_scene_is_too_small() {
    let dir = tempfile::tempdir().unwrap();
    let experiment = experiment(dir.path(), &[]);
    let begun = Scene::new(&experiment, 1);
    let done = scene_of(&["run.episodes=3"], &[0]);
    let none = scene_of(&["run.episodes=3", "agent.reservoir.kind=none"], &[0]);
    for (width, height) in [(1, 1), (2, 3), (10, 4), (40, 12), (79, 24), (80, 2), (80, 24), (300, 100)] {
        for scene in [&begun, &done, &none] {
            assert_eq!(shown(scene, width, height).len(), usize::from(height));
        }
    }
    assert!(shown(&begun, 100, 30).join("\n").contains("no episode has ended yet"));
    assert!(shown(&none, 100, 30).join("\n").contains("50 of the input code"));
}
