//! How near a readout of numbers comes, beside a reader that remembers nothing.

use sorn_readout::{LeastSquares, Readout, Rows};
use sorn_sequence::{Decoded, ScoreConfig, Scores, TaskError};

use super::source::{Answers, Series};

/// The steps of one phase.
pub(super) struct Collected {
    pub(super) rows: Rows,
    /// Row after row.
    pub(super) inputs: Vec<f64>,
    pub(super) targets: Vec<f64>,
    /// Excitatory spikes.
    pub(super) spikes: u64,
}

impl Collected {
    pub(super) fn new(features: usize) -> Collected {
        Collected { rows: Rows::new(features), inputs: Vec::new(), targets: Vec::new(), spikes: 0 }
    }

    /// Numbers of each step in `all`.
    fn each<'a>(&self, all: &'a [f64]) -> impl Iterator<Item = &'a [f64]> {
        all.chunks_exact((all.len() / self.rows.len()).max(1))
    }
}

/// Scores of `readout` on the steps `tested`; `fitted` are those of the reader beside it.
///
/// | Name | What it is |
/// |---|---|
/// | `nrmse` | root mean squared error over the standard deviation of the target, mean over targets; `nrmse_TARGET` of each where there are several |
/// | `r2` | squared correlation of output and target, likewise |
/// | `memory` | of the source `memory_capacity`, the sum of `r2` over delays |
/// | `accuracy` | of the source `parity`, the share of steps whose sign is right |
/// | `input_reader` | `nrmse` of least squares on the present inputs and 1 |
/// | `rate` | active excitatory neurons, as a share of all |
pub(super) fn score(
    series: &Series,
    readout: &Readout,
    (fitted, tested): (&Collected, &Collected),
    neurons: usize,
    (own, seed): (&[ScoreConfig], u64),
) -> Result<(Scores, Vec<String>), TaskError> {
    let names = series.names();
    let (mut scores, mut problems) = (Scores::default(), Vec::new());
    let mut put = |name: String, value: f64| scores.0.insert(name, value);
    let mut read = vec![0.0; names.len()];
    let mut outputs = Vec::with_capacity(tested.targets.len());
    for step in 0..tested.rows.len() {
        readout.predict_sparse(tested.rows.row(step), &mut read)?;
        outputs.extend_from_slice(&read);
    }
    let column = |all: &[f64], index: usize| -> Vec<f64> {
        all.iter().skip(index).step_by(names.len()).copied().collect()
    };
    let (mut errors, mut squares) = (0.0, Vec::with_capacity(names.len()));
    for (index, name) in names.iter().enumerate() {
        let (output, target) = (column(&outputs, index), column(&tested.targets, index));
        let (error, r2) = (nrmse(&output, &target), correlation(&output, &target).powi(2));
        if variance(&target) == 0.0 {
            problems.push(format!(
                "nrmse of {name}: expected a target that changes while it is scored, found {} in every step; it is the error itself",
                target[0]
            ));
        }
        errors += error;
        squares.push(r2);
        if names.len() > 1 {
            put(format!("nrmse_{name}"), error);
            put(format!("r2_{name}"), r2);
        }
    }
    let count = names.len() as f64;
    put("nrmse".into(), errors / count);
    put("r2".into(), squares.iter().sum::<f64>() / count);
    let answers = Answers { outputs: &outputs, targets: &tested.targets, r2: &squares };
    series.judge(&answers).into_iter().for_each(|(name, value)| _ = put(name, value));
    let seen = input_reader(fitted, tested, names.len())?;
    let reader = (0..names.len()).map(|index| nrmse(&column(&seen, index), &column(&tested.targets, index)));
    put("input_reader".into(), reader.sum::<f64>() / count);
    put("rate".into(), tested.spikes as f64 / tested.rows.len() as f64 / neurons as f64);
    let decoded = Decoded::Numbers { names, asked: &tested.targets, read: &outputs };
    problems.extend(ScoreConfig::take(own, seed, &decoded, &mut scores)?);
    Ok((scores, problems))
}

/// What least squares on the present inputs and 1 gives for `tested`.
fn input_reader(fitted: &Collected, tested: &Collected, targets: usize) -> Result<Vec<f64>, TaskError> {
    let with_one = |inputs: &[f64]| inputs.iter().copied().chain([1.0]).collect::<Vec<f64>>();
    let features = fitted.inputs.len() / fitted.rows.len() + 1;
    let mut reader = LeastSquares::new(features, targets)?;
    for (inputs, wanted) in fitted.each(&fitted.inputs).zip(fitted.each(&fitted.targets)) {
        reader.learn(&with_one(inputs), wanted)?;
    }
    let readout = reader.solve();
    let mut all = vec![0.0; tested.targets.len()];
    for (inputs, out) in tested.each(&tested.inputs).zip(all.chunks_exact_mut(targets)) {
        readout.predict(&with_one(inputs), out)?;
    }
    Ok(all)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64
}

/// Root mean squared error over the standard deviation of the target; the error itself if the target never changes.
fn nrmse(output: &[f64], target: &[f64]) -> f64 {
    let squares: f64 = output.iter().zip(target).map(|(a, b)| (a - b).powi(2)).sum();
    let (square, spread) = (squares / target.len() as f64, variance(target));
    (if spread > 0.0 { square / spread } else { square }).sqrt()
}

/// Pearson's; 0 if one of the two never changes.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (mean_a, mean_b) = (mean(a), mean(b));
    let both = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum::<f64>() / a.len() as f64;
    let spread = (variance(a) * variance(b)).sqrt();
    if spread > 0.0 { both / spread } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_in_units_of_the_targets_deviation() {
        let target = [1.0, -1.0, 1.0, -1.0];
        assert_eq!(nrmse(&[0.0; 4], &target), 1.0);
        assert_eq!(nrmse(&[2.0, -2.0, 2.0, -2.0], &target), 1.0);
        assert_eq!(nrmse(&[0.5; 4], &[0.0; 4]), 0.5);
        assert!((correlation(&[2.0, -2.0, 2.0, -2.0], &target) - 1.0).abs() < 1e-15);
        assert_eq!(correlation(&[3.0; 4], &target), 0.0);
    }
}
