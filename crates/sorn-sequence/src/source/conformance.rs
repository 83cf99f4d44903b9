//! Whether a source keeps its contract.

use sorn_agents::own::conformance::{Report, SEED};

use super::{Source, SourceConfig};

const STEPS: usize = 1000;

/// Checks a source: what its author runs in their own tests, and `sorn check FILE.toml` on a file's.
///
/// A run that is resumed takes the items anew that were taken before, so that the same seed has to give the same ones.
pub fn check_source(config: &SourceConfig, seed: u64) -> Report {
    let new = || Source::new(config, None, seed);
    let (mut one, mut other) = match (new(), new()) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(error), _) | (_, Err(error)) => return Report::failed(error),
    };
    let mut report = Report::default();
    report.expect(one.symbols() == other.symbols() && one.words() == other.words(), SEED);
    for _ in 0..STEPS {
        report.expect((one.item(), one.word()) == (other.item(), other.word()), SEED);
        if let Err(error) = one.advance().and(other.advance()) {
            report.expect(false, &error.to_string());
            break;
        }
    }
    report
}
