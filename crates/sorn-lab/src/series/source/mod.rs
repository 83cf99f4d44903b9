//! Series of numbers: at each step inputs, and targets that a readout is to give. One series per file.

mod conformance;
mod lorenz;
mod mackey_glass;
mod memory_capacity;
mod narma;
mod own;
mod parity;
mod recorded;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sorn_agents::own::{Entry, Part};
use sorn_agents::{OwnConfig, PartError};
use sorn_sequence::TaskError;

pub use conformance::check_series;
pub use lorenz::LorenzConfig;
pub use mackey_glass::MackeyGlassConfig;
pub use memory_capacity::MemoryCapacityConfig;
pub use narma::NarmaConfig;
pub use own::{Answers, Numbers, SeriesEntry, SeriesSetup};
pub use parity::ParityConfig;
pub use recorded::FileConfig;

/// Makes of a line per series everything that is known of it: its sentence, its kind in files, and its configuration.
macro_rules! series {
    ($($(#[$about:meta])* $kind:literal $name:ident($config:ty),)*) => {
        /// Which series.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        // The derived functions know the built-in ones alone; they are called by those of `with_own`.
        #[serde(tag = "kind", deny_unknown_fields, remote = "Self")]
        #[non_exhaustive]
        pub enum SeriesConfig {
            $($(#[$about])* #[serde(rename = $kind)] $name($config),)*
            /// One's own, by the kind under which it was registered ([`SeriesEntry`]).
            #[serde(skip)]
            Own(OwnConfig),
        }

        impl SeriesConfig {
            fn make(&self, setup: SeriesSetup) -> Result<Box<dyn Numbers>, TaskError> {
                match self {
                    $(SeriesConfig::$name(config) => config.make(setup),)*
                    SeriesConfig::Own(config) => Ok(Entry::make(config, setup)?),
                }
            }

            /// The file that the series reads, if it reads one.
            pub fn data(&self) -> Option<PathBuf> {
                match self {
                    $(SeriesConfig::$name(config) => config.data().map(PathBuf::from),)*
                    SeriesConfig::Own(config) => {
                        let series: Box<dyn Numbers> = Entry::make(config, SeriesSetup { seed: 0 }).ok()?;
                        series.data().map(PathBuf::from)
                    }
                }
            }
        }
    };
}

series! {
    /// Nonlinear autoregressive moving average (Atiya & Parlos 2000, 10.1109/72.846741): of an input `u` uniform in [0, 0.5) the
    /// target is `y(t+1) = a1 y(t) + a2 y(t) (y(t) + ... + y(t-order+1)) + b u(t-order+1) u(t) + c`. An input
    /// that takes the target to 1 or beyond is drawn anew, since the recurrence may then grow without end.
    "narma" Narma(NarmaConfig),
    /// `dx/dt = a x(t-tau) / (1 + x(t-tau)^n) - b x(t)` (Mackey & Glass 1977, 10.1126/science.267326), by the method of Runge and
    /// Kutta of the fourth order, the delayed value held for the step. The input is `x`, the target `x`, `ahead` steps later.
    "mackey_glass" MackeyGlass(MackeyGlassConfig),
    /// The three numbers of Lorenz's system (1963, 10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2), by the method of Runge and Kutta of
    /// the fourth order. They are the inputs, and `ahead` steps later the targets.
    "lorenz" Lorenz(LorenzConfig),
    /// Independent numbers, uniform in [-1, 1): the targets are the inputs of `delays` steps before. The sum of their squared
    /// correlations is the memory capacity (Jaeger 2001, GMD report 152).
    "memory_capacity" MemoryCapacity(MemoryCapacityConfig),
    /// Independent bits, -1 or 1: the target is the product of `bits` of them that follow each other, the last of `delay` steps before.
    /// Two bits are the delayed exclusive or (Bertschinger & Natschläger 2004, 10.1162/089976604323057443).
    "parity" Parity(ParityConfig),
    /// Columns of a file, over and over; the steps of the phases that fit and score have to be in it once.
    "file" File(FileConfig),
}

sorn_agents::with_own!(SeriesConfig, dyn Numbers);

/// The keys of a built-in series.
trait Kind {
    /// The file that it reads, if it reads one.
    fn data(&self) -> Option<&Path> {
        None
    }

    /// The series.
    fn make(&self, setup: SeriesSetup) -> Result<Box<dyn Numbers>, TaskError>;
}

fn one() -> u32 {
    1
}

/// A series at work, one step ahead.
#[derive(Debug)]
pub struct Series {
    numbers: Box<dyn Numbers>,
    inputs: Vec<f64>,
    targets: Vec<f64>,
    names: Vec<String>,
}

/// Steps from which means and deviations come.
const STANDARD: usize = 10_000;

impl Series {
    /// The series of `config` and `seed`.
    ///
    /// # Errors
    /// [`TaskError`] naming the key below `task.source`, what was found and what is allowed.
    pub fn new(config: &SeriesConfig, seed: u64) -> Result<Series, TaskError> {
        let numbers = config.make(SeriesSetup { seed })?;
        let (inputs, names) = (numbers.inputs(), each_its_own(numbers.targets()));
        if inputs == 0 || names.is_empty() {
            let found = format!("{inputs} and {}", names.len());
            return Err(wrong(format!("expected at least one input and one target, found {found}")));
        }
        let mut series =
            Series { numbers, inputs: vec![0.0; inputs], targets: vec![0.0; names.len()], names };
        series.advance()?;
        Ok(series)
    }

    /// Mean and standard deviation of each input over the first 10,000 steps; 1 in place of a deviation of 0.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn moments(config: &SeriesConfig, seed: u64) -> Result<Vec<(f64, f64)>, TaskError> {
        let mut series = Series::new(config, seed)?;
        let inputs = series.inputs().len();
        let (mut sums, mut squares) = (vec![0.0; inputs], vec![0.0; inputs]);
        let origin = series.inputs().to_vec();
        for _ in 0..STANDARD {
            for (at, value) in series.inputs().iter().enumerate() {
                let value = value - origin[at];
                sums[at] += value;
                squares[at] += value * value;
            }
            series.advance()?;
        }
        let count = STANDARD as f64;
        let moments = sums.iter().zip(&squares).zip(origin).map(|((sum, square), origin)| {
            let mean = sum / count;
            let variance = (square / count - mean * mean).max(0.0);
            // What never changes says nothing.
            (origin + mean, if variance > 0.0 { variance.sqrt() } else { 1.0 })
        });
        Ok(moments.collect())
    }

    /// The inputs of this step.
    pub fn inputs(&self) -> &[f64] {
        &self.inputs
    }

    /// The targets of this step.
    pub fn targets(&self) -> &[f64] {
        &self.targets
    }

    /// Names of the targets.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many steps have targets of their own before the series repeats itself; none if it never does.
    pub fn length(&self) -> Option<u64> {
        self.numbers.length()
    }

    /// Goes on to the next step.
    ///
    /// # Errors
    /// [`TaskError`] if a number is not finite, or of a series of one's own that fails.
    pub fn advance(&mut self) -> Result<(), TaskError> {
        self.numbers.next(&mut self.inputs, &mut self.targets).map_err(wrong)?;
        match self.inputs.iter().chain(&self.targets).find(|number| !number.is_finite()) {
            None => Ok(()),
            Some(number) => Err(wrong(format!("expected finite numbers, found {number}"))),
        }
    }

    /// Scores of its own beside those of every series.
    pub(super) fn judge(&self, answers: &Answers<'_>) -> Vec<(String, f64)> {
        self.numbers.judge(answers)
    }
}

/// Names of which none is there twice: a later one gets its place, from 1.
fn each_its_own(names: Vec<String>) -> Vec<String> {
    let again = |index: usize| names[..index].contains(&names[index]);
    let name = |index: usize| match again(index) {
        true => format!("{}_{}", names[index], index + 1),
        false => names[index].clone(),
    };
    (0..names.len()).map(name).collect()
}

/// What a series does wrong.
fn wrong(reason: String) -> TaskError {
    PartError { key: <dyn Numbers>::KEY.into(), reason }.into()
}

/// A number that has to be finite.
fn finite(key: &str, value: f64) -> Result<(), TaskError> {
    check(key, value, value.is_finite(), "a finite number")
}

fn check(key: &str, value: impl ToString, good: bool, expected: &str) -> Result<(), TaskError> {
    match good {
        true => Ok(()),
        false => Err(TaskError::config(format!("task.source.{key}"), expected, value)),
    }
}

/// What lies ahead of a series: values that came early.
#[derive(Debug)]
struct Ahead<const N: usize> {
    values: std::collections::VecDeque<[f64; N]>,
}

impl<const N: usize> Ahead<N> {
    fn new(ahead: u32, mut next: impl FnMut() -> [f64; N]) -> Self {
        Ahead { values: (0..ahead).map(|_| next()).collect() }
    }

    /// Takes the value that lies furthest ahead, and gives the present one.
    fn shift(&mut self, value: [f64; N]) -> [f64; N] {
        self.values.push_back(value);
        self.values.pop_front().unwrap_or(value)
    }
}

/// At most this many steps ahead or back.
const FURTHEST: u32 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn items(config: &SeriesConfig, seed: u64, steps: usize) -> Vec<(Vec<f64>, Vec<f64>)> {
        let mut series = Series::new(config, seed).unwrap();
        let mut all = Vec::new();
        for _ in 0..steps {
            all.push((series.inputs().to_vec(), series.targets().to_vec()));
            series.advance().unwrap();
        }
        all
    }

    fn read(text: &str) -> SeriesConfig {
        toml::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn narma_follows_its_equation() {
        let all = items(&read("kind = \"narma\""), 3, 500);
        for t in 20..500 {
            let y = |back: usize| all[t - 1 - back].1[0];
            let sum: f64 = (0..10).map(y).sum();
            let expected = 0.3 * y(0) + 0.05 * y(0) * sum + 1.5 * all[t - 9].0[0] * all[t].0[0] + 0.1;
            assert!((all[t].1[0] - expected).abs() < 1e-12, "{t}");
            assert!((0.0..0.5).contains(&all[t].0[0]));
        }
    }

    #[test]
    fn targets_lie_ahead_or_back() {
        for kind in ["mackey_glass", "lorenz"] {
            let all = items(&read(&format!("kind = \"{kind}\"\nahead = 7")), 3, 300);
            assert!((0..290).all(|t| all[t].1 == all[t + 7].0), "{kind}");
        }
        let all = items(&read("kind = \"memory_capacity\"\ndelays = [1, 4]"), 3, 300);
        assert!((4..300).all(|t| all[t].1 == [all[t - 1].0[0], all[t - 4].0[0]]));
        let all = items(&read("kind = \"parity\"\nbits = 3\ndelay = 2"), 3, 300);
        assert!((4..300).all(|t| all[t].1[0] == (2..5).map(|back| all[t - back].0[0]).product::<f64>()));
    }

    /// The step of Runge and Kutta, written out.
    #[test]
    fn mackey_glass_follows_its_equation() {
        let all = items(&read("kind = \"mackey_glass\"\ntau = 17.0"), 5, 400);
        let x = |t: usize| all[t].0[0];
        for t in 17..399 {
            let slope = |x_t: f64| 0.2 * x(t - 17) / (1.0 + x(t - 17).powi(10)) - 0.1 * x_t;
            let (k1, k2) = (slope(x(t)), slope(x(t) + 0.5 * slope(x(t))));
            let k3 = slope(x(t) + 0.5 * k2);
            let k4 = slope(x(t) + k3);
            let expected = x(t) + (k1 + 2.0 * k2 + 2.0 * k3 + k4) / 6.0;
            assert!((x(t + 1) - expected).abs() < 1e-12, "{t}: {} {expected}", x(t + 1));
        }
        assert!((100..400).all(|t| (0.2..1.5).contains(&x(t))));
    }

    #[test]
    fn lorenz_goes_as_small_steps_go() {
        let coarse = items(&read("kind = \"lorenz\"\nstep = 0.01"), 5, 50);
        let mut point = [coarse[0].0[0], coarse[0].0[1], coarse[0].0[2]];
        for (inputs, _) in &coarse {
            assert!(inputs.iter().zip(&point).all(|(a, b)| (a - b).abs() < 1e-2), "{inputs:?} {point:?}");
            for _ in 0..1000 {
                let [x, y, z] = point;
                let slope = [10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z];
                point = std::array::from_fn(|i| point[i] + 1e-5 * slope[i]);
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_series_and_another_seed_another() {
        for kind in ["narma", "mackey_glass", "lorenz", "memory_capacity", "parity"] {
            let config = read(&format!("kind = \"{kind}\""));
            assert_eq!(items(&config, 1, 50), items(&config, 1, 50), "{kind}");
            assert_ne!(items(&config, 1, 50), items(&config, 2, 50), "{kind}");
        }
    }

    #[test]
    fn a_file_goes_round() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        std::fs::write(&table, "time;value\n0; 1.5\n1;2.5\n2;-1\n").unwrap();
        let config = |inputs: &[usize], targets: &[usize], ahead| {
            let (inputs, targets) = (inputs.to_vec(), targets.to_vec());
            SeriesConfig::File(FileConfig { file: table.clone(), inputs, targets, ahead })
        };
        let all = items(&config(&[1], &[], 1), 0, 4);
        assert_eq!(all[0], (vec![1.5], vec![2.5]));
        assert_eq!(all[2], (vec![-1.0], vec![1.5]));
        assert_eq!(all[3], all[0]);
        let all = items(&config(&[0, 1], &[1, 0], 0), 0, 2);
        assert_eq!(all[1], (vec![1.0, 2.5], vec![2.5, 1.0]));
        let array = folder.path().join("a.npy");
        std::fs::write(&array, crate::npy::f64_array(&[3], [4.0, 5.0, 6.0])).unwrap();
        let config =
            SeriesConfig::File(FileConfig { file: array, inputs: vec![], targets: vec![], ahead: 1 });
        assert_eq!(items(&config, 0, 2)[1], (vec![5.0], vec![6.0]));
    }

    #[test]
    fn wrong_series_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name).display().to_string()
        };
        let ragged = write("ragged.csv", "1,2\n3\n");
        let words = write("words.csv", "a,b\n1,2\nx,3\n");
        let empty = write("empty.csv", "a,b\n");
        let not_finite = write("nan.csv", "1\nnan\n");
        let good = write("good.csv", "1,2\n3,4\n");
        for (text, key) in [
            ("kind = \"narma\"\norder = 0", "task.source.order"),
            ("kind = \"narma\"\nb = inf", "task.source.b"),
            ("kind = \"mackey_glass\"\ntau = 0.0", "task.source.tau"),
            ("kind = \"mackey_glass\"\nstep = 20.0", "task.source.step"),
            ("kind = \"mackey_glass\"\nahead = 0", "task.source.ahead"),
            ("kind = \"lorenz\"\nstep = -1.0", "task.source.step"),
            ("kind = \"memory_capacity\"\ndelays = []", "task.source.delays"),
            ("kind = \"memory_capacity\"\ndelays = [0]", "task.source.delays"),
            ("kind = \"memory_capacity\"\ndelays = [2, 2]", "task.source.delays"),
            ("kind = \"parity\"\nbits = 0", "task.source.bits"),
            ("kind = \"parity\"\ndelay = 1000000", "task.source.delay"),
            (&format!("kind = \"file\"\nfile = \"{ragged}\""), "line 2"),
            (&format!("kind = \"file\"\nfile = \"{words}\""), "line 3"),
            (&format!("kind = \"file\"\nfile = \"{empty}\""), "task.source.file"),
            (&format!("kind = \"file\"\nfile = \"{not_finite}\""), "line 2"),
            (&format!("kind = \"file\"\nfile = \"{good}\"\ninputs = [2]"), "task.source.inputs"),
            (&format!("kind = \"file\"\nfile = \"{good}\"\ntargets = [5]"), "task.source.targets"),
            ("kind = \"file\"\nfile = \"gone.npy\"", "gone.npy"),
        ] {
            let error = Series::new(&read(text), 0).unwrap_err().to_string();
            assert!(error.contains(key) && error.contains("expected"), "{text}: {error}");
        }
    }
}
