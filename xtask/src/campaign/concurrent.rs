//! Several writers in one folder, or of one file.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, bail};

use super::Campaign;
use super::build::sorn;
use super::pool::{Group, groups};
use super::process::{self, Done, End};
use super::rng::Rng;
use super::same::{Tree, difference, tree};
use super::setting::{NAME, Setting};
use super::work::{HANG, is_leftover};

const KIND: &str = "concurrent";
/// Rounds with one experiment.
const SIZE: u64 = 5;

const WHOLE: &str = "files are whole, and those of one writer, whoever else writes";
const CODES: &str = "each of several writers ends with 0, or is refused with 2";
const BESIDE: &str = "who looks on or draws beside a run does not disturb it";

/// What several processes do at once.
const ROUNDS: [(&str, Round); 5] = [
    ("two simulations into one file", simulations),
    ("three figures at once", figures),
    ("reports into one file", reports),
    ("figures and reports beside a run", beside),
    ("two runs in one directory", runs),
];

type Round = fn(&Place<'_>, &mut Rng) -> Result<Vec<(&'static str, Result<(), String>)>>;

pub(crate) fn run(campaign: &Campaign) -> Result<()> {
    groups(campaign, KIND, SIZE, campaign.jobs.div_ceil(2), group)
}

fn group(group: &Group<'_>) -> Result<()> {
    let campaign = group.campaign;
    let mut rng = Rng::new(campaign.seed, KIND, group.number * SIZE);
    let place = Place::new(campaign, &group.dir, Setting::random(&mut rng))?;
    for case in group.cases() {
        let (name, round) = ROUNDS[(case % SIZE) as usize];
        let mut rng = Rng::new(campaign.seed, KIND, case);
        rng.next();
        let outcomes = round(&place, &mut rng)?;
        for (promise, outcome) in outcomes {
            let outcome = outcome.map_err(|said| format!("{name}: {said}"));
            campaign.table.tried(KIND, promise, || campaign.repeat(KIND, case), outcome);
        }
    }
    Ok(())
}

/// A folder with an experiment that was run once.
struct Place<'a> {
    campaign: &'a Campaign,
    dir: &'a Path,
    run: String,
    toml: String,
    whole: Tree,
    took: Duration,
}

impl<'a> Place<'a> {
    fn new(campaign: &'a Campaign, dir: &'a Path, setting: Setting) -> Result<Place<'a>> {
        fs::write(dir.join("tried.toml"), &setting.toml)?;
        let run = format!("{NAME}/seed-{}", setting.seed);
        let mut place =
            Place { campaign, dir, run, toml: setting.toml, whole: Tree::new(), took: Duration::ZERO };
        let done = place.together(&[&["run", "tried.toml", "--quiet", "--out", "whole"]], &[0.0])?;
        if let Err(said) = codes(&done, &[0]) {
            bail!("undisturbed: {said}\n{}", place.toml);
        }
        place.took = done[0].took;
        place.whole = tree(&dir.join("whole"))?;
        Ok(place)
    }

    /// Starts a process after each delay (a fraction of the time of the first run, or of 30 ms), and waits for all.
    fn together(&self, all: &[&[&str]], delays: &[f64]) -> Result<Vec<Done>> {
        let mut running = Vec::new();
        for (number, (args, delay)) in all.iter().zip(delays).enumerate() {
            sleep(self.took.max(Duration::from_millis(30)).mul_f64(*delay));
            let args: Vec<String> = args.iter().map(ToString::to_string).collect();
            let stderr = self.dir.join(format!("{number}.err"));
            running.push(process::start(&mut sorn(self.campaign, self.dir, &args), &stderr)?);
        }
        running.into_iter().map(|one| one.finish(2 * HANG)).collect()
    }
}

/// Every process ended with one of `codes`.
fn codes(all: &[Done], codes: &[i32]) -> Result<(), String> {
    match all.iter().find(|done| !codes.iter().any(|code| done.end == End::Code(*code))) {
        Some(done) => Err(format!("{:?}: {}", done.end, done.tail())),
        None => Ok(()),
    }
}

fn simulations(place: &Place<'_>, rng: &mut Rng) -> Result<Vec<(&'static str, Result<(), String>)>> {
    let file = *rng.pick(&["x.npz", "y.npz"]);
    let state = *rng.pick(&["x.safetensors", "z.npz"]);
    let steps = rng.within(50, 1500).to_string();
    let of = |seed: &'static str, out: &'static str, state: &'static str| {
        let steps = steps.clone();
        move || -> Vec<String> {
            ["simulate", "--quiet", "--set", "ne=40", "--seed", seed, "--steps", &steps]
                .into_iter()
                .chain([
                    "--probe",
                    "ExcitatoryActivation",
                    "--probe",
                    "TE",
                    "--out",
                    out,
                    "--save-state",
                    state,
                ])
                .map(String::from)
                .collect()
        }
    };
    let both = [of("1", file, state)(), of("2", file, state)()];
    let alone = [of("1", "first.npz", "first")(), of("2", "second.npz", "second")()];
    let stem = Path::new(state).extension().and_then(|end| end.to_str()).unwrap_or_default();
    let mut expected = Vec::new();
    for (args, name) in alone.iter().zip(["first", "second"]) {
        let mut args = args.clone();
        if let Some(last) = args.last_mut() {
            *last = format!("{name}-state.{stem}");
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let done = place.together(&[&args], &[0.0])?;
        if let Err(said) = codes(&done, &[0]) {
            bail!("alone: {said}");
        }
        let read = |name: String| fs::read(place.dir.join(name));
        expected.push((read(format!("{name}.npz"))?, read(format!("{name}-state.{stem}"))?));
    }
    let args: Vec<Vec<&str>> = both.iter().map(|args| args.iter().map(String::as_str).collect()).collect();
    let done = place.together(&[&args[0], &args[1]], &[0.0, rng.fraction()])?;
    let found = |name: &str| fs::read(place.dir.join(name)).unwrap_or_default();
    let (probes, saved) = (found(file), found(state));
    let whole = match () {
        () if !expected.iter().any(|(npz, _)| *npz == probes) => Err(format!("{file} is neither writer's")),
        () if !expected.iter().any(|(_, state)| *state == saved) => {
            Err(format!("{state} is neither writer's"))
        }
        () => Ok(()),
    };
    // The later one may find the file of the earlier.
    let codes = codes(&done, &[0, 2]).and_then(|()| match done.iter().any(|one| one.end == End::Code(0)) {
        true => Ok(()),
        false => Err(format!("nobody succeeded: {} | {}", done[0].tail(), done[1].tail())),
    });
    clean(place.dir)?;
    Ok(vec![(WHOLE, whole), (CODES, codes)])
}

fn clean(dir: &Path) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        if matches!(end, "npz" | "safetensors" | "html" | "tmp") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn figures(place: &Place<'_>, rng: &mut Rng) -> Result<Vec<(&'static str, Result<(), String>)>> {
    let run = format!("whole/{}", place.run);
    let plot = ["plot", run.as_str(), "learning-curve"];
    let delays = [0.0, 0.3 * rng.fraction(), 0.3 * rng.fraction()];
    let done = place.together(&[&plot, &plot, &plot], &delays)?;
    let mut found = tree(&place.dir.join("whole"))?;
    found.retain(|name, _| !is_leftover(name));
    Ok(vec![(WHOLE, difference(&place.whole, &found)), (CODES, codes(&done, &[0]))])
}

fn reports(place: &Place<'_>, rng: &mut Rng) -> Result<Vec<(&'static str, Result<(), String>)>> {
    let run = format!("whole/{}", place.run);
    let report = ["report", run.as_str(), "--out", "r.html"];
    let alone = ["report", run.as_str(), "--out", "alone.html"];
    if let Err(said) = codes(&place.together(&[&alone], &[0.0])?, &[0]) {
        bail!("alone: {said}");
    }
    let delays = [0.0, 0.3 * rng.fraction(), 0.3 * rng.fraction()];
    let done = place.together(&[&report, &report, &report], &delays)?;
    let same =
        fs::read(place.dir.join("alone.html"))? == fs::read(place.dir.join("r.html")).unwrap_or_default();
    let whole = if same { Ok(()) } else { Err("r.html differs from the report made alone".into()) };
    clean(place.dir)?;
    Ok(vec![(WHOLE, whole), (CODES, codes(&done, &[0]))])
}

/// The run as it would be alone, while others draw and report again and again.
fn beside(place: &Place<'_>, rng: &mut Rng) -> Result<Vec<(&'static str, Result<(), String>)>> {
    let out = place.dir.join("beside");
    let run = format!("beside/{}", place.run);
    let one = |args: &[&str], name: &str| {
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        process::start(&mut sorn(place.campaign, place.dir, &args), &place.dir.join(name))
    };
    let mut training = one(&["run", "tried.toml", "--quiet", "--out", "beside"], "run.err")?;
    let mut looks = Vec::new();
    let pause = Duration::from_millis(rng.below(10));
    while !training.has_ended()? && looks.len() < 200 {
        let plot = one(&["plot", &run, "learning-curve"], "plot.err")?;
        let report = one(&["report", &run, "--out", "r.html"], "report.err")?;
        looks.push(plot.finish(HANG)?);
        looks.push(report.finish(HANG)?);
        sleep(pause);
    }
    let done = training.finish(2 * HANG)?;
    let mut found = tree(&out)?;
    found.retain(|name, _| !is_leftover(name));
    // A figure may be that of an earlier moment, if it was begun before the run's own and finished after it.
    let broken: Vec<&String> =
        found.iter().filter(|(name, bytes)| !is_whole_figure(name, bytes)).map(|(name, _)| name).collect();
    let broken = if broken.is_empty() { Ok(()) } else { Err(format!("by half: {broken:?}")) };
    found.retain(|name, _| !name.contains("figures/"));
    let mut whole = place.whole.clone();
    whole.retain(|name, _| !name.contains("figures/"));
    let outcome = match done.end {
        End::Code(0) => difference(&whole, &found),
        end => Err(format!("the run: {end:?}: {}", done.tail())),
    };
    // Before there is anything to draw, that is said.
    let others = codes(&looks, &[0, 2]);
    fs::remove_dir_all(&out)?;
    clean(place.dir)?;
    Ok(vec![(BESIDE, outcome), (WHOLE, broken), (CODES, others)])
}

/// Whether a figure has its end; true of other files.
fn is_whole_figure(name: &str, bytes: &[u8]) -> bool {
    match name.rsplit_once('.') {
        Some((_, "svg")) => bytes.trim_ascii_end().ends_with(b"</svg>"),
        Some((_, "png")) => bytes.ends_with(b"IEND\xae\x42\x60\x82"),
        _ => true,
    }
}

fn runs(place: &Place<'_>, rng: &mut Rng) -> Result<Vec<(&'static str, Result<(), String>)>> {
    let run = ["run", "tried.toml", "--quiet", "--out", "both"];
    let done = place.together(&[&run, &run], &[0.0, rng.fraction()])?;
    let mut found = tree(&place.dir.join("both"))?;
    found.retain(|name, _| !is_leftover(name));
    let whole = difference(&place.whole, &found);
    let ends: Vec<End> = done.iter().map(|one| one.end).collect();
    let right = ends.contains(&End::Code(0)) && ends.iter().all(|end| matches!(end, End::Code(0 | 2)));
    let one = ends.iter().filter(|end| **end == End::Code(0)).count() == 1;
    let codes = match right && one {
        true => Ok(()),
        false => Err(format!("{ends:?}: {} | {}", done[0].tail(), done[1].tail())),
    };
    fs::remove_dir_all(place.dir.join("both"))?;
    Ok(vec![(WHOLE, whole), (CODES, codes)])
}
