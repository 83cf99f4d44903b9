//! The whole command, with a source of symbols, a score and a series of numbers of one's own.

use serde::Deserialize;
use sorn_cli::sorn_lab::sorn_agents::NoKeys;
use sorn_cli::sorn_lab::sorn_sequence::{Decoded, Item, Score, ScoreEntry, SourceEntry, Symbols};
use sorn_cli::sorn_lab::{Numbers, SeriesEntry};
use sorn_env::seeding::Generator;

/// Reber's grammar: in each state one of two letters follows, and leads to a state.
const EDGES: [[(char, usize); 2]; 7] = [
    [('B', 1), ('B', 1)],
    [('T', 2), ('P', 3)],
    [('S', 2), ('X', 4)],
    [('T', 3), ('V', 5)],
    [('X', 3), ('S', 6)],
    [('P', 4), ('V', 6)],
    [('E', 0), ('E', 0)],
];
const LETTERS: &str = "BTPSXVE";

#[derive(Debug)]
struct Reber {
    first: f64,
    state: usize,
    random: Generator,
}

/// The keys beside `kind = "reber"`.
#[derive(Deserialize)]
struct ReberKeys {
    first: f64, // the probability of the first of two letters
}

impl Symbols for Reber {
    fn names(&self) -> Vec<String> {
        LETTERS.chars().map(String::from).collect()
    }
    fn next(&mut self) -> Result<Item, String> {
        let [one, other] = EDGES[self.state];
        let (letter, state) = if self.random.random() < self.first { one } else { other };
        self.state = state;
        let symbol = LETTERS.find(letter).ok_or("expected a letter of the grammar")?;
        Ok(Item::from(symbol as u32))
    }
}

fn reber() -> SourceEntry {
    SourceEntry::new("reber", "Reber's grammar.", |ReberKeys { first }, setup| match first {
        0.0..=1.0 => Ok(Box::new(Reber { first, state: 0, random: setup.generator() })),
        other => Err(format!("first: expected 0 to 1, found {other}")),
    })
}

/// The share of answers that the grammar allows, whichever of two letters came.
#[derive(Debug)]
struct Allowed;

impl Score for Allowed {
    fn score(&mut self, decoded: &Decoded<'_>) -> Result<Vec<(String, f64)>, String> {
        let Decoded::Labels { asked, read, .. } = decoded else {
            return Err("expected letters, found numbers".into());
        };
        let letter = |label: &u32| LETTERS.chars().nth(*label as usize);
        // The two edges from the state in which the grammar is, once that is known.
        let mut edges: Option<[(char, usize); 2]> = None;
        let (mut allowed, mut all) = (0.0, 0.0);
        for (came, answer) in asked[0].iter().map(letter).zip(read[0].iter().map(letter)) {
            let edge = |letter| edges.iter().flatten().find(|(known, _)| Some(*known) == letter);
            if edges.is_some() {
                all += 1.0;
                allowed += if edge(answer).is_some() { 1.0 } else { 0.0 };
            }
            // Every word begins with B.
            let state = if came == Some('B') { Some(1) } else { edge(came).map(|(_, state)| *state) };
            edges = state.map(|state| EDGES[state]);
        }
        Ok(vec![("allowed".into(), allowed / f64::max(all, 1.0))])
    }
}

fn allowed() -> ScoreEntry {
    ScoreEntry::new("allowed", "The share of answers that Reber's grammar allows.", |_: NoKeys, _| {
        Ok(Box::new(Allowed))
    })
}

/// Henon's map, of whose first number the next one is asked.
#[derive(Debug, Deserialize)]
struct Henon {
    a: f64, // a key
    #[serde(skip)]
    point: (f64, f64),
}

impl Numbers for Henon {
    fn inputs(&self) -> usize {
        1
    }
    fn targets(&self) -> Vec<String> {
        vec!["next".into()]
    }
    fn next(&mut self, inputs: &mut [f64], targets: &mut [f64]) -> Result<(), String> {
        let (x, y) = self.point;
        self.point = (1.0 - self.a * x * x + y, 0.3 * x);
        (inputs[0], targets[0]) = (x, self.point.0);
        Ok(())
    }
}

fn henon() -> SeriesEntry {
    SeriesEntry::new("henon", "Henon's map.", |map: Henon, setup| {
        Ok(Box::new(Henon { point: (0.1 * setup.generator().random(), 0.0), ..map }))
    })
}

fn main() -> std::process::ExitCode {
    let registry = sorn_cli::Registry::new().source(reber()).score(allowed()).series(henon());
    sorn_cli::run_with(registry, std::env::args_os()).into()
}
