//! Random tasks without an agent: sequences, series and dynamics, small and valid.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::rng::Rng;
use super::setting::NAME;

/// Writes the data that tasks read into `home`, the folder above the one in which they run.
pub(crate) fn data(home: &Path) -> Result<()> {
    let rows: String = (0..3000).map(|t| format!("{}\n", (0.3 * f64::from(t)).sin())).collect();
    fs::write(home.join("rows.csv"), rows)?;
    fs::write(home.join("text.txt"), "the fox drinks tea and the hen eats corn ".repeat(40))?;
    Ok(())
}

/// An experiment file that takes well under a second.
pub(crate) fn random(rng: &mut Rng) -> String {
    let (ne, plastic, every) = (rng.within(30, 60), rng.within(1, 12_000), rng.within(1, 9) * 500);
    let task = match rng.below(5) {
        0 => sequence("n = 3\nsource = { kind = \"words\", words = [\"A B*n C\", \"D E*n F\"] }", plastic),
        1 => sequence("source = { kind = \"text\", file = \"../text.txt\" }", plastic),
        2 => series("kind = \"narma\"", plastic),
        3 => series("kind = \"file\", file = \"../rows.csv\"", plastic),
        _ => dynamics(plastic),
    };
    let network = match task.contains("\"series\"") {
        true => "input = \"direct\"\nnoise_sd = 0.0\nlambda_ee = 5.0\nlambda_ei = 6.0",
        false if task.contains("\"dynamics\"") => "preset = \"delpapa2017\"",
        false => "preset = \"counting\"\ninput = { pools = { size = 2 } }",
    };
    format!("name = \"{NAME}\"\n{task}[network]\nne = {ne}\n{network}\n[run]\ncheckpoint_every = {every}\n")
}

fn phases(plastic: u64, frozen: &str) -> String {
    let roles = ["fit", "score"].map(|role| {
        format!("[[task.phases]]\nname = \"{role}\"\nrole = \"{role}\"\nsteps = 600\nfreeze = \"{frozen}\"\n")
    });
    format!("[[task.phases]]\nname = \"organise\"\nsteps = {plastic}\n{}", roles.concat())
}

fn sequence(source: &str, plastic: u64) -> String {
    format!("[task]\nkind = \"sequence\"\n{source}\n{}", phases(plastic, "all"))
}

fn series(source: &str, plastic: u64) -> String {
    let readout = "readout = { kind = \"ridge\", features = [\"activity\", \"bias\"], penalty = 0.1 }";
    format!("[task]\nkind = \"series\"\nsource = {{ {source} }}\n{readout}\n{}", phases(plastic, "all"))
}

fn dynamics(plastic: u64) -> String {
    let measure = "[[task.measures]]\nkind = \"activity\"\nphases = [\"measure\"]\nkeep = true\n";
    let phase = |name: &str, steps: u64| format!("[[task.phases]]\nname = \"{name}\"\nsteps = {steps}\n");
    format!("[task]\nkind = \"dynamics\"\n{}{}{measure}", phase("transient", plastic), phase("measure", 900))
}
