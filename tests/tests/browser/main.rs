//! `sorn report`'s page in a real browser, without a network: it loads without errors, shows every figure, and its zoom and
//! toggles work.

mod chromium;

use std::fs;
use std::path::{Path, PathBuf};

use chromium::Browser;
use serde_json::{Value, json};
use sorn_lab::{Experiment, Quiet, Report, Sweep};
use tempfile::TempDir;

/// 5 MB.
const MOST_BYTES: usize = 5_000_000;

/// Runs a shipped experiment, made short, over so many seeds in `dir`.
fn run(dir: &Path, name: &str, changes: &[&str], seeds: u64) -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../experiments/{name}.toml"));
    let short = ["run.episodes=120", "run.window=20", "eval.episodes=1"];
    let set: Vec<String> = short.iter().chain(changes).map(ToString::to_string).collect();
    let experiment = Experiment::load(&file, &set).unwrap();
    let sweep = Sweep::create(dir, &experiment, &(0..seeds).collect::<Vec<_>>()).unwrap();
    let outcome = sweep.run(0, &Quiet).unwrap();
    assert!(outcome.failed.is_empty() && outcome.stopped.is_empty());
    dir.join(name)
}

/// The page of a report, and its size.
fn page(dir: &Path, arms: &[PathBuf]) -> (PathBuf, usize) {
    let report = Report::of(arms, &Quiet).unwrap().unwrap();
    assert_eq!(report.problems(), [""; 0]);
    let path = dir.join("report.html");
    report.write(&path).unwrap();
    (path, report.html().len())
}

/// Where an element is, seen from the window after it was scrolled into it: left, top, width, height.
fn place(browser: &mut Browser, element: &str) -> [f64; 4] {
    let found = browser.evaluate(&format!(
        "(() => {{ const e = {element}; e.scrollIntoView({{ block: 'center', behavior: 'instant' }}); \
         const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; }})()"
    ));
    serde_json::from_value(found).unwrap()
}

/// The picture on a canvas, as a text.
fn picture(browser: &mut Browser, canvas: &str) -> Value {
    browser.evaluate(&format!("{canvas}.toDataURL()"))
}

/// How many pixels of a canvas have a colour.
fn pixels(browser: &mut Browser, canvas: &str, [red, green, blue]: [u8; 3]) -> u64 {
    // Read from a copy, which is made for that: Chromium warns of many readings of one that is not.
    let counted = browser.evaluate(&format!(
        "(() => {{ const c = {canvas}, k = Object.assign(document.createElement('canvas'), {{ width: c.width, height: c.height }}); \
         const g = k.getContext('2d', {{ willReadFrequently: true }}); g.drawImage(c, 0, 0); \
         const d = g.getImageData(0, 0, c.width, c.height).data; let n = 0; \
         for (let i = 0; i < d.length; i += 4) n += d[i] === {red} && d[i + 1] === {green} && d[i + 2] === {blue} \
         && d[i + 3] === 255; return n; }})()"
    ));
    counted.as_u64().unwrap()
}

/// Okabe and Ito's colours of the first four arms.
const COLOURS: [[u8; 3]; 4] = [[0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167]];
const CURVES: &str = "document.getElementById('curves')";

fn raster(arm: usize) -> String {
    format!("document.querySelectorAll('canvas.episode')[{arm}]")
}

fn view(browser: &mut Browser, chart: usize) -> [f64; 2] {
    serde_json::from_value(browser.evaluate(&format!("window.sornCharts[{chart}].view"))).unwrap()
}

/// Zooms into a chart, drags it and shows all of it again, and looks at what that does.
fn zoom_drag_and_reset(browser: &mut Browser, canvas: &str, chart: usize) {
    let [left, top, width, height] = place(browser, canvas);
    let (centre, aside) =
        ((left + width / 2.0, top + height - 80.0), (left + width / 4.0, top + height - 80.0));
    let (all, before) = (view(browser, chart), picture(browser, canvas));
    for _ in 0..3 {
        browser.mouse("mouseWheel", centre, json!({ "deltaX": 0, "deltaY": -120 }));
    }
    browser.wait_until(&format!(
        "Math.abs((([a, b]) => b - a)(window.sornCharts[{chart}].view) - {}) < 1e-6",
        (all[1] - all[0]) * 0.8_f64.powi(3)
    ));
    let near = view(browser, chart);
    assert!(all[0] < near[0] && near[1] < all[1], "{all:?} {near:?}");
    let zoomed = picture(browser, canvas);
    assert_ne!(zoomed, before, "{canvas}");

    browser.mouse("mousePressed", centre, json!({ "button": "left", "clickCount": 1 }));
    browser.mouse("mouseMoved", aside, json!({ "button": "left", "buttons": 1 }));
    browser.mouse("mouseReleased", aside, json!({ "button": "left", "clickCount": 1 }));
    let moved = view(browser, chart);
    // To the left went what the pointer held: later steps come into view.
    assert!(moved[0] > near[0], "{near:?} {moved:?}");
    assert!(((moved[1] - moved[0]) - (near[1] - near[0])).abs() < 1e-6);
    assert_ne!(picture(browser, canvas), zoomed, "{canvas}");

    browser.click(centre, 2);
    assert_eq!(view(browser, chart), all);
    assert_eq!(picture(browser, canvas), before, "{canvas}");
    browser.mouse("mouseMoved", centre, json!({}));
    let tip = browser.evaluate(&format!("(({canvas}).parentElement.querySelector('.tip').textContent)"));
    assert!(tip.as_str().unwrap().contains(if chart == 0 { "episode" } else { "step" }), "{tip}");
    browser.mouse("mouseMoved", (1.0, 1.0), json!({}));
}

/// Clicks a checkbox off and on.
fn toggle(browser: &mut Browser, label: &str, shown: impl Fn(&mut Browser) -> bool) {
    let before = picture(browser, CURVES);
    for wanted in [false, true] {
        let [left, top, width, height] = place(browser, label);
        browser.click((left + width / 2.0, top + height / 2.0), 1);
        browser.wait_until(&format!("({label}).querySelector('input').checked === {wanted}"));
        assert_eq!(shown(browser), wanted, "{label}");
    }
    assert_eq!(picture(browser, CURVES), before, "{label}");
}

#[test]
fn twenty_seeds_of_four_arms() {
    let dir = tempfile::tempdir().unwrap();
    let question = "question=Which <arm> is \"best\" & fastest?";
    let arms = ["cartpole", "cartpole-static", "cartpole-no-reservoir", "cartpole-random"];
    let arms = arms.map(|name| run(dir.path(), name, &[question], 20));
    let (path, bytes) = page(dir.path(), &arms);
    assert!(bytes < MOST_BYTES, "{bytes} bytes");
    let mut browser = Browser::start();
    browser.resize(1280, 900);
    let (loaded, painted) = browser.open(&path);
    println!("{bytes} bytes, loaded after {loaded:.0} ms, painted after {painted:.0} ms");
    let title = browser.evaluate("document.querySelector('.question').textContent");
    assert_eq!(title, "Which <arm> is \"best\" & fastest?");
    assert_eq!(browser.evaluate("document.querySelectorAll('tbody')[0].rows.length"), 4);
    assert_eq!(browser.evaluate("document.querySelectorAll('canvas').length"), 5);
    // Pictures of the weights before and after, of the two arms that have any.
    assert_eq!(browser.evaluate("document.images.length"), 4);
    let shown = browser.evaluate(
        "[...document.images].every((i) => i.complete && i.naturalWidth > 100 && i.clientWidth > 100 && i.clientHeight > 100)",
    );
    assert_eq!(shown, true);
    for canvas in std::iter::once(CURVES.to_string()).chain((0..4).map(raster)) {
        let [_, _, width, height] = place(&mut browser, &canvas);
        assert!(width > 600.0 && height > 300.0, "{canvas}: {width} x {height}");
    }
    for colour in COLOURS {
        let n = pixels(&mut browser, CURVES, colour);
        assert!(n > 100, "{colour:?}: {n}");
    }
    // Excitatory and inhibitory spikes; without a reservoir there are the lines of the panels, in the same colours.
    for arm in 0..4 {
        for colour in &COLOURS[..2] {
            assert!(pixels(&mut browser, &raster(arm), *colour) > 100, "{arm} {colour:?}");
        }
    }

    zoom_drag_and_reset(&mut browser, CURVES, 0);
    for arm in 0..4 {
        zoom_drag_and_reset(&mut browser, &raster(arm), arm + 1);
    }
    for (arm, colour) in COLOURS.into_iter().enumerate() {
        let label = format!("document.querySelectorAll('#arms label')[{arm}]");
        toggle(&mut browser, &label, |browser| pixels(browser, CURVES, colour) > 100);
    }
    // Over steps the curves are others; over episodes they are as before.
    let over = |browser: &mut Browser, index: usize| {
        let label = format!("document.querySelectorAll('#over label')[{index}]");
        let [left, top, width, height] = place(browser, &label);
        browser.click((left + width / 2.0, top + height / 2.0), 1);
        browser.wait_until(&format!("({label}).querySelector('input').checked"));
    };
    let by_episode = (view(&mut browser, 0), picture(&mut browser, CURVES));
    over(&mut browser, 1);
    assert!(view(&mut browser, 0)[1] > by_episode.0[1]);
    assert_ne!(picture(&mut browser, CURVES), by_episode.1);
    over(&mut browser, 2);
    assert_eq!(view(&mut browser, 0)[0], 0.0);
    over(&mut browser, 0);
    assert_eq!((view(&mut browser, 0), picture(&mut browser, CURVES)), by_episode);
    // The first of these labels shows every run by itself, the others hide a seed each.
    let all = picture(&mut browser, CURVES);
    assert_eq!(browser.evaluate("document.querySelectorAll('#seeds label').length"), 21);
    toggle(&mut browser, "document.querySelectorAll('#seeds label')[5]", |browser| {
        picture(browser, CURVES) == all
    });
    let single = "document.querySelectorAll('#seeds label')[0]";
    let [left, top, _, height] = place(&mut browser, single);
    browser.click((left + 20.0, top + height / 2.0), 1);
    browser.wait_until(&format!("{single}.querySelector('input').checked"));
    assert_ne!(picture(&mut browser, CURVES), all);

    // On a telephone nothing sticks out.
    browser.resize(400, 800);
    browser.wait_until("window.sornCharts.every((c) => c.canvas.clientWidth < 400 && c.canvas.width === c.canvas.clientWidth)");
    assert_eq!(browser.evaluate("document.documentElement.scrollWidth <= 400"), true);
    for colour in COLOURS {
        assert!(pixels(&mut browser, CURVES, colour) > 10, "{colour:?}");
    }
    assert_eq!(browser.complaints(), [""; 0]);
}

/// A report of the first `lines` episodes of one run that was stopped, with or without its checkpoints.
fn stopped_run(lines: usize, checkpoints: bool) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let arm = run(dir.path(), "cartpole", &["run.episodes=3"], 1).join("seed-0");
    let metrics = arm.join("metrics.jsonl");
    let kept: String = fs::read_to_string(&metrics).unwrap().split_inclusive('\n').take(lines).collect();
    fs::write(&metrics, kept).unwrap();
    fs::remove_file(arm.join("summary.json")).unwrap();
    if !checkpoints {
        fs::remove_dir_all(arm.join("checkpoints")).unwrap();
    }
    let path = page(dir.path(), &[arm]).0;
    (dir, path)
}

#[test]
fn a_run_that_has_hardly_begun() {
    let mut browser = Browser::start();
    browser.resize(1280, 900);
    let (_dir, path) = stopped_run(0, false);
    browser.open(&path);
    assert_eq!(browser.evaluate("document.body.textContent.includes('No episode was recorded')"), true);
    assert_eq!(browser.complaints(), [""; 0]);
    let (_dir, path) = stopped_run(1, true);
    browser.open(&path);
    assert_eq!(browser.evaluate("document.querySelectorAll('canvas').length"), 2);
    assert!(pixels(&mut browser, &raster(0), COLOURS[0]) > 20);
    assert_eq!(browser.complaints(), [""; 0]);
}
