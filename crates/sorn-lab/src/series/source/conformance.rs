//! Whether a series keeps its contract.

use sorn_agents::own::conformance::{Report, SEED};

use super::{Series, SeriesConfig};

const STEPS: usize = 1000;

/// Checks a series: what its author runs in their own tests, and `sorn check FILE.toml` on a file's.
///
/// A run that is resumed takes the steps anew that were taken before, so that the same seed has to give the same ones.
pub fn check_series(config: &SeriesConfig, seed: u64) -> Report {
    let new = || Series::new(config, seed);
    let (mut one, mut other) = match (new(), new()) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(error), _) | (_, Err(error)) => return Report::failed(error),
    };
    let mut report = Report::default();
    report.expect(one.names() == other.names(), SEED);
    for _ in 0..STEPS {
        report.expect((one.inputs(), one.targets()) == (other.inputs(), other.targets()), SEED);
        if let Err(error) = one.advance().and(other.advance()) {
            report.expect(false, &error.to_string());
            break;
        }
    }
    report
}
