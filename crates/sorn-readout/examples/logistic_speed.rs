//! Fits logistic regressions to random activity and prints size, seconds, steps and loss.
//!
//! `cargo run --release -p sorn-readout --example logistic_speed`; `target/venv/bin/python tests/peers/bench_readout.py`
//! fits the same data with scikit-learn.

use std::time::Instant;

use sorn_readout::{Logistic, Rows};

/// A generator that Python repeats in a line (Numerical Recipes' linear congruential generator).
struct Lcg(u64);

impl Lcg {
    fn next(&mut self) -> u64 {
        self.0 = (self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)) % (1 << 32);
        self.0
    }
}

fn main() -> Result<(), sorn_readout::ReadoutError> {
    for (examples, features, classes) in [(5_000, 200, 6), (10_000, 400, 25)] {
        let mut rng = Lcg(1);
        let (mut rows, mut labels) = (Rows::new(features), Vec::new());
        for _ in 0..examples {
            // A unit in ten is active, more often the units of the label's pool.
            let label = (rng.next() >> 8) as usize % classes;
            let active: Vec<u32> = (0..features as u32)
                .filter(|unit| {
                    let likely = if *unit as usize % classes == label { 30 } else { 9 };
                    (rng.next() >> 8) % 100 < likely
                })
                .collect();
            rows.push_active(&active)?;
            labels.push(label as u32);
        }
        let start = Instant::now();
        let fit = Logistic::default().fit(&rows, &labels, classes)?;
        println!(
            "{examples} x {features} x {classes}: {:.3} s, {} steps, loss {:.9}",
            start.elapsed().as_secs_f64(),
            fit.steps,
            fit.loss
        );
    }
    Ok(())
}
