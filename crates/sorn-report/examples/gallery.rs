//! Writes every figure with invented data, at two sizes, as SVG and PNG, to look at:
//!
//! `cargo run -p sorn-report --example gallery -- target/gallery`

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use sorn_report::figure::{
    Arm, CurveOptions, Figure, Fit, GraphOptions, HistogramOptions, MatrixOptions, Outcomes, Panel,
    RasterGroup, RasterOptions, Scores, ScoresOptions, SolveOptions, SpikeMark, TailOptions, TimelineOptions,
    Trace, TraceOptions, episodes_to_solve, graph, histogram, learning_curve, matrix, raster, scores, tail,
    timeline, traces,
};
use sorn_report::stats::{StatsError, fit_power_law, interquartile_mean};

/// A small generator (Steele, Lea and Flood 2014): the pictures are the same everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Returns that climb to 500 and stay there.
fn runs(seeds: usize, episodes: usize, rise: f64, random: &mut SplitMix) -> Vec<Vec<f64>> {
    (0..seeds)
        .map(|_| {
            let rise = rise * (0.5 + random.next());
            let episodes = episodes - (random.next() * episodes as f64 * 0.3) as usize;
            (0..episodes)
                .map(|k| {
                    let level = 500.0 / (1.0 + (-(k as f64 - rise) / (rise * 0.2)).exp());
                    (level * (0.8 + 0.6 * random.next())).clamp(8.0, 500.0).round()
                })
                .collect()
        })
        .collect()
}

fn arm(name: &str, runs: Vec<Vec<f64>>) -> Arm {
    Arm { name: name.to_owned(), runs, ..Arm::default() }
}

fn figures(size: (u32, u32)) -> Result<Vec<(&'static str, Figure)>, Box<dyn Error>> {
    let (width, height) = size;
    let mut random = SplitMix(1);
    let curve = |title: &str, arms: &[Arm], threshold| {
        let options =
            CurveOptions { title: title.to_owned(), threshold, width, height, ..Default::default() };
        learning_curve(arms, &options)
    };
    let names = ["SORN", "static reservoir", "no reservoir", "random policy"];
    let many: Vec<Arm> = (0..4)
        .map(|i| arm(names[i], runs(20, 600 + 200 * i, 60.0 + 120.0 * i as f64, &mut random)))
        .collect();
    let outcomes = |seeds: u64, worst: f64, random: &mut SplitMix| -> Vec<Outcomes> {
        let needed = |i: usize, random: &mut SplitMix| {
            let episodes = 100 + (random.next().powi(2) * 300.0 * (i + 1) as f64) as u64;
            (random.next() > worst * i as f64).then_some(episodes)
        };
        (0..4)
            .map(|i| Outcomes {
                name: names[i].to_owned(),
                episodes: (0..seeds).map(|_| needed(i, random)).collect(),
            })
            .collect()
    };
    let scored = |seeds: usize, random: &mut SplitMix| {
        let arm = |i: usize, random: &mut SplitMix| {
            let values: Vec<f64> = (0..seeds).map(|_| 400.0 * random.next() - 90.0 * i as f64).collect();
            let middle = interquartile_mean(&values)?;
            Ok(Scores { name: names[i].to_owned(), values, middle, interval: (middle - 40.0, middle + 25.0) })
        };
        let arms = (0..4).map(|i| arm(i, random)).collect::<Result<Vec<_>, StatsError>>()?;
        let title = "Pendulum-v1".to_owned();
        Ok::<_, Box<dyn Error>>(scores(&arms, &ScoresOptions { title, width, height, ..Default::default() })?)
    };
    let spikes = |neurons: u32, steps: u64, rate: f64, random: &mut SplitMix| -> Vec<(u64, u32)> {
        let mut spikes = Vec::new();
        for step in 0..steps {
            let rate = rate * (1.0 + (step as f64 / 15.0).sin());
            spikes.extend((0..neurons).filter(|_| random.next() < rate).map(|n| (step, n)));
        }
        spikes
    };
    let group = |name: &str, neurons, spikes| RasterGroup { name: name.to_owned(), neurons, spikes };
    let solve = SolveOptions { title: "Episodes to solve CartPole-v1".to_owned(), width, height };
    let of = |steps| RasterOptions {
        title: "Spikes".to_owned(),
        steps: 0..steps,
        width,
        height,
        ..Default::default()
    };
    let dots = |steps| RasterOptions { mark: SpikeMark::Dot, ..of(steps) };
    Ok(vec![
        (
            "curve-one",
            curve("CartPole-v1, seed 0", &[arm("SORN", runs(1, 300, 60.0, &mut random))], Some(475.0))?,
        ),
        ("curve-many", curve("CartPole-v1, 20 seeds", &many, Some(475.0))?),
        ("curve-short", curve("", &[arm("SORN", vec![vec![21.0]])], Some(475.0))?),
        ("curve-long", curve("Long", &[arm("SORN", runs(1, 200_000, 40_000.0, &mut random))], None)?),
        (
            "curve-names",
            curve(
                "A title that goes on for much longer than any figure of this size could ever hold, and a little more",
                &(0..8)
                    .map(|i| arm(&format!("arm {i} with a name"), vec![vec![-200.0 - f64::from(i); 5]; 2]))
                    .collect::<Vec<_>>(),
                Some(-110.0),
            )?,
        ),
        ("scores-many", scored(20, &mut random)?),
        ("scores-few", scored(2, &mut random)?),
        ("solve-many", episodes_to_solve(&outcomes(20, 0.2, &mut random), &solve)?),
        ("solve-few", episodes_to_solve(&outcomes(2, 0.0, &mut random)[..1], &solve)?),
        ("solve-dense", episodes_to_solve(&outcomes(300, 0.3, &mut random), &solve)?),
        (
            "raster-many",
            raster(
                &[
                    group("excitatory", 200, spikes(200, 1000, 0.08, &mut random)),
                    group("inhibitory", 40, spikes(40, 1000, 0.12, &mut random)),
                ],
                &of(1000),
            )?,
        ),
        ("raster-few", raster(&[group("excitatory", 10, spikes(10, 40, 0.1, &mut random))], &of(40))?),
        (
            "scatter-many",
            raster(
                &[
                    group("excitatory", 200, spikes(200, 1000, 0.02, &mut random)),
                    group("inhibitory", 40, spikes(40, 1000, 0.03, &mut random)),
                ],
                &dots(1000),
            )?,
        ),
        ("scatter-few", raster(&[group("excitatory", 10, spikes(10, 40, 0.1, &mut random))], &dots(40))?),
        ("raster-silent", raster(&[group("excitatory", 1, vec![])], &of(10))?),
    ])
}

fn networks(size: (u32, u32)) -> Result<Vec<(&'static str, Figure)>, Box<dyn Error>> {
    let (width, height) = size;
    let mut random = SplitMix(2);
    let normal = |random: &mut SplitMix| (0..12).map(|_| random.next()).sum::<f64>() - 6.0;
    let weights: Vec<f64> = (0..4000).map(|_| (normal(&mut random) - 3.0).exp().min(1.0)).collect();
    let degrees: Vec<f64> = (0..200).map(|_| (20.0 + 4.0 * normal(&mut random)).round()).collect();
    let intervals: Vec<f64> = (0..3000).map(|_| (-random.next().ln() * 12.0).ceil()).collect();
    let of = |title: &str, x_label: &str, fit, log| HistogramOptions {
        title: title.to_owned(),
        x_label: x_label.to_owned(),
        fit,
        log,
        width,
        height,
        ..Default::default()
    };
    let walk = |name: &str, random: &mut SplitMix| {
        let mut at = 4000.0;
        let points = (0..20_000).map(|t| {
            at += (random.next() - 0.5) * 8.0;
            (f64::from(t), at)
        });
        Trace { name: name.to_owned(), points: points.collect() }
    };
    let walks =
        [walk("excitatory to excitatory", &mut random), walk("inhibitory to excitatory", &mut random)];
    let named = |title: &str, y_label: &str| TraceOptions {
        title: title.to_owned(),
        y_label: y_label.to_owned(),
        width,
        height,
        ..Default::default()
    };
    let few = Trace { name: String::new(), points: vec![(0.0, 0.0), (1.0, 3.0), (2.0, 1.0)] };
    let synapses: Vec<f64> =
        (0..40_000).map(|_| if random.next() < 0.1 { random.next().powi(3) } else { 0.0 }).collect();
    let correlations: Vec<f64> = (0..144)
        .map(|i| match (i / 12, i % 12) {
            (5, _) | (_, 5) => f64::NAN,
            (r, c) if r == c => 1.0,
            (r, c) => ((r * c) as f64).sin() * 0.5,
        })
        .collect();
    let picture = |title: &str, label: &str, range| MatrixOptions {
        title: title.to_owned(),
        x_label: format!("postsynaptic {label}"),
        y_label: format!("presynaptic {label}"),
        range,
        width,
        height,
    };
    let sizes: Vec<u64> = (0..10_000).map(|_| random.next().powf(-2.0).min(1e7) as u64).collect();
    let fit = fit_power_law(&sizes, 3, Some(3000))?;
    let avalanches = |title: &str| TailOptions {
        title: title.to_owned(),
        x_label: "avalanche size (spikes)".to_owned(),
        width,
        height,
    };
    Ok(vec![
        ("histogram-log", histogram(&weights, &of("Weights", "weight", Some(Fit::LogNormal), true))?),
        ("histogram-linear", histogram(&weights, &of("Weights", "weight", Some(Fit::LogNormal), false))?),
        (
            "histogram-degrees",
            histogram(
                &degrees,
                &of("Incoming connections", "synapses per neuron", Some(Fit::Normal), false),
            )?,
        ),
        (
            "histogram-intervals",
            histogram(&intervals, &of("Intervals", "interval (steps)", Some(Fit::Exponential), false))?,
        ),
        ("histogram-one", histogram(&[3.0; 5], &of("", "value", Some(Fit::Normal), false))?),
        ("traces-many", traces(&walks, &named("Connections", "synapses"))?),
        ("traces-few", traces(&[few], &named("Hamming distance", "neurons that differ"))?),
        ("matrix-weights", matrix(&synapses, 200, &picture("Weights", "neuron", None))?),
        ("matrix-few", matrix(&correlations, 12, &picture("Correlations", "neuron", Some((-1.0, 1.0))))?),
        ("tail-many", tail(&sizes, Some(&fit), &avalanches("Avalanches"))?),
        ("tail-few", tail(&[1, 2, 2], None, &avalanches(""))?),
    ])
}

/// Graphs and an episode; these are higher than wide.
fn tall(width: u32) -> Result<Vec<(&'static str, Figure)>, Box<dyn Error>> {
    let mut random = SplitMix(3);
    let height = width.max(560);
    let mut square = |neurons: usize, spread: f64| -> Vec<f64> {
        let mut values = vec![0.0; neurons * neurons];
        for i in 0..neurons {
            for j in 0..i {
                let value = (random.next() - 0.45) * spread * (random.next() * 2.0).powi(4) / 4.0;
                (values[i * neurons + j], values[j * neurons + i]) = (value, value);
            }
        }
        values
    };
    let (few, many) = (square(12, 1.0), square(200, 1.0));
    let joined = |title: &str, threshold| GraphOptions {
        title: title.to_owned(),
        threshold,
        width,
        height,
        ..Default::default()
    };
    let line = |name: &str, of: &dyn Fn(f64) -> f64, steps: u32| Trace {
        name: name.to_owned(),
        points: (0..steps).map(|t| (f64::from(t), of(f64::from(t)))).collect(),
    };
    let panel = |label: &str, traces: Vec<Trace>| Panel { y_label: label.to_owned(), traces };
    let steps = 500;
    let wave = |k: f64| move |t: f64| (t / 20.0 / k).sin() * 2.4 / k;
    let panels = [
        panel(
            "observation",
            vec![
                line("cart position", &wave(1.0), steps),
                line("cart velocity", &wave(2.0), steps),
                line("pole angle", &wave(3.0), steps),
                line("pole angular velocity", &wave(5.0), steps),
            ],
        ),
        panel("action", vec![line("", &|t| ((t / 20.0).sin() > 0.0) as u8 as f64, steps)]),
        panel("value", vec![line("", &|t| -1.0 + t / 700.0 + (t / 30.0).cos() / 20.0, steps)]),
    ];
    let spikes = (0..u64::from(steps))
        .flat_map(|t| (0..200).map(move |n| (t, n)))
        .filter(|_| random.next() < 0.1)
        .collect::<Vec<_>>();
    let groups = [
        RasterGroup { name: "excitatory".to_owned(), neurons: 200, spikes },
        RasterGroup { name: "inhibitory".to_owned(), neurons: 40, spikes: vec![(3, 2)] },
    ];
    let of = |title: &str, steps| TimelineOptions { title: title.to_owned(), steps, width, height };
    let short = [panel("reward", vec![line("", &|_| 1.0, 2)])];
    Ok(vec![
        ("graph-few", graph(&few, 12, &joined("Correlated neurons", 0.1))?),
        ("graph-many", graph(&many, 200, &joined("Correlated neurons", 0.2))?),
        ("graph-dense", graph(&many, 200, &joined("Correlated neurons", 0.001))?),
        ("graph-none", graph(&[0.0], 1, &joined("", 0.5))?),
        (
            "timeline-many",
            timeline(&panels, &groups, &of("An episode of CartPole-v1, greedy policy", 0..500))?,
        ),
        ("timeline-part", timeline(&panels, &groups, &of("An episode's part", 100..130))?),
        ("timeline-few", timeline(&short, &[], &of("", 0..2))?),
    ])
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder to write to")?);
    fs::create_dir_all(&folder)?;
    for (name, size) in [("small", (420, 280)), ("large", (900, 520))] {
        for (kind, figure) in figures(size)?.into_iter().chain(networks(size)?).chain(tall(size.0)?) {
            fs::write(folder.join(format!("{kind}-{name}.svg")), figure.svg())?;
            fs::write(folder.join(format!("{kind}-{name}.png")), figure.png(1.5)?)?;
        }
    }
    Ok(())
}
