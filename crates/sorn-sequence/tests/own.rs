//! Sources of one's own: made by name, resumed, checked.

use std::sync::Once;

use serde::Deserialize;
use sorn_core::Params;
use sorn_env::seeding::Generator;
use sorn_sequence::*;

/// A walk on a ring, on which each round is a word.
#[derive(Debug)]
struct Ring {
    places: u32,
    at: u32,
    random: Generator,
    /// What may be wrong with it.
    wrong: String,
    words: Vec<Vec<u32>>,
}

/// The keys beside `kind = "ring"`.
#[derive(Deserialize)]
struct Keys {
    places: u32,
    #[serde(default)]
    wrong: String,
}

impl Symbols for Ring {
    fn names(&self) -> Vec<String> {
        match self.wrong.as_str() {
            "nameless" => Vec::new(),
            "twins" => vec!["A".into(), "A".into()],
            _ => (0..self.places).map(|place| place.to_string()).collect(),
        }
    }

    fn next(&mut self) -> Result<Item, String> {
        self.at = (self.at + if self.random.random() < 0.9 { 1 } else { 0 }) % self.places;
        match self.wrong.as_str() {
            "fails" if self.at == 2 => Err("the microphone is gone".into()),
            "symbol" => Ok(Item::from(self.places)),
            "place" => Ok(Item { symbol: 0, place: self.places, last: true }),
            "word" => Ok(Item { symbol: (self.at + 1) % self.places, place: self.at, last: false }),
            _ => Ok(Item { symbol: self.at, place: self.at, last: self.at + 1 == self.places }),
        }
    }

    fn words(&self) -> &[Vec<u32>] {
        &self.words
    }

    fn word(&self) -> Option<usize> {
        Some(0)
    }

    fn judge(&self, generated: &[u32]) -> Vec<(String, f64)> {
        let forward = generated.windows(2).filter(|pair| (pair[0] + 1) % self.places == pair[1]).count();
        vec![("forward".into(), forward as f64 / generated.len().max(1) as f64)]
    }
}

fn ring(wrong: &str) -> SourceConfig {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let make = |Keys { places, wrong }, setup: SourceSetup| -> Result<Box<dyn Symbols>, String> {
            if places < 3 {
                return Err(format!("places: expected 3 or more, found {places}"));
            }
            let seed = if wrong == "seedless" {
                Generator::new(sorn_env::seeding::entropy())
            } else {
                setup.generator()
            };
            Ok(Box::new(Ring { places, at: 0, random: seed, wrong, words: vec![(0..places).collect()] }))
        };
        SourceEntry::new("ring", "A walk on a ring.", make).register().unwrap();
    });
    SourceConfig::Own(OwnConfig::new("ring").with("places", 5).with("wrong", wrong))
}

fn phase(steps: u64, role: Role) -> Phase {
    let (set, state) = (Overrides::default(), PhaseState::Keep);
    Phase { name: format!("{role:?}"), steps, role, freeze: Freeze::default(), set, state, from: None }
}

fn task(source: SourceConfig) -> Task {
    Task {
        source,
        n: None,
        target: Target::Next,
        lags: vec![],
        readout: ReadoutConfig::default(),
        scores: vec![],
        control: None,
        phases: vec![
            phase(2000, Role::Organise),
            phase(1000, Role::Fit),
            phase(500, Role::Score),
            phase(100, Role::Generate),
        ],
    }
}

fn params() -> Params {
    Params { nu: 5, ..Params::preset("counting").unwrap() }
}

#[test]
fn a_resumed_run_takes_the_same_items() {
    let (task, params) = (task(ring("")), params());
    let finish = |mut run: Run| {
        while !run.is_finished() {
            run.go_on(333).unwrap();
        }
        run.scores().clone()
    };
    let whole = finish(Run::new(&task, &params, 3).unwrap());
    // A source that does not say what can be known has no ceiling.
    assert!(whole.0["accuracy"] > 0.7 && !whole.0.contains_key("ceiling"), "{whole:?}");
    assert!(whole.0["last_symbol"] > 0.5 && whole.0["forward"] > 0.3, "{whole:?}");
    let mut run = Run::new(&task, &params, 3).unwrap();
    while run.done() < 1500 {
        run.go_on(1500 - run.done()).unwrap();
    }
    let state = run.saved().unwrap().state();
    assert_eq!(finish(Run::resume(&task, &params, 3, state).unwrap()), whole);
}

#[test]
fn files_name_it_and_its_keys() {
    let known = ring("");
    let read = |text: &str| toml::from_str::<SourceConfig>(text);
    let config = read("kind = \"ring\"\nplaces = 5\nwrong = \"\"").unwrap();
    assert_eq!(config, known);
    assert_eq!(toml::from_str::<SourceConfig>(&toml::to_string(&config).unwrap()).unwrap(), config);
    let error = read("kind = \"rnig\"").unwrap_err().to_string();
    assert!(error.contains("`words`") && error.contains("`ring`"), "{error}");
    let made = |text: &str| Source::new(&read(text).unwrap(), None, 0).unwrap_err().to_string();
    assert_eq!(
        made("kind = \"ring\"\nplaces = 5\nplace = 3"),
        "task.source.place: unknown key of kind \"ring\" (expected one of places, wrong)"
    );
    assert_eq!(made("kind = \"ring\"\nplaces = 2"), "task.source.places: expected 3 or more, found 2");
    let again = SourceEntry::new("words", "Words.", |_: sorn_agents::NoKeys, _| Err(String::new()));
    let error = again.register().unwrap_err().to_string();
    assert!(error.starts_with("task.source.kind \"words\" cannot be registered"), "{error}");
    let n = Source::new(&known, Some(3), 0).unwrap_err().to_string();
    assert_eq!(n, "task.n: expected none, it belongs to the source \"words\", found 3");
}

#[test]
fn what_breaks_the_contract_is_found() {
    assert!(check_source(&ring(""), 1).passed());
    for (wrong, expected) in [
        ("nameless", "task.source: expected names of one symbol or more, found none"),
        ("twins", "task.source: expected each name of a symbol once, found [\"A\", \"A\"]"),
        ("symbol", "task.source: expected a symbol below 5, found 5"),
        ("place", "task.source: expected a place below 5, found 5"),
        ("word", "task.source: expected the symbol at place 1 of word 0, found 2"),
        ("fails", "task.source: the microphone is gone"),
        ("seedless", "seed: expected the same bits from the same seed, found others"),
    ] {
        let report = check_source(&ring(wrong), 1).to_string();
        assert_eq!(report, expected, "{wrong}");
    }
    // A run ends with what failed.
    let mut run = Run::new(&task(ring("fails")), &params(), 3).unwrap();
    let error = run.go_on(2000).unwrap_err().to_string();
    assert_eq!(error, "task.source: the microphone is gone");
}

/// The share of each label among the answers.
#[derive(Debug, Deserialize)]
struct Shares {
    wrong: String,
    #[serde(skip)]
    random: Option<Generator>,
}

impl Score for Shares {
    fn score(&mut self, decoded: &Decoded<'_>) -> Result<Vec<(String, f64)>, String> {
        let Decoded::Labels { names, asked, read } = decoded else {
            return Err("expected labels".into());
        };
        assert!(asked.len() == read.len() && asked[0].len() == read[0].len());
        let share = |label: usize| {
            let count = read[0].iter().filter(|read| **read as usize == label).count();
            count as f64 / read[0].len() as f64
        };
        let mut shares: Vec<(String, f64)> =
            names.iter().enumerate().map(|(label, name)| (format!("share_{name}"), share(label))).collect();
        match self.wrong.as_str() {
            "fails" => return Err("the ink is gone".into()),
            "nan" => shares[0].1 = f64::NAN,
            "taken" => shares[0].0 = "accuracy".into(),
            "seedless" => shares[0].1 = self.random.as_mut().map_or(0.0, Generator::random),
            _ => {}
        }
        Ok(shares)
    }
}

fn shares(wrong: &str) -> ScoreConfig {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let make = |shares: Shares, setup: ScoreSetup| -> Result<Box<dyn Score>, String> {
            if shares.wrong == "refused" {
                return Err(format!("wrong: expected another, found {:?}", shares.wrong));
            }
            let random = match shares.wrong.as_str() {
                "seedless" => Generator::new(sorn_env::seeding::entropy()),
                _ => setup.generator(),
            };
            Ok(Box::new(Shares { random: Some(random), ..shares }))
        };
        ScoreEntry::new("shares", "Shares of labels.", make).register().unwrap();
    });
    ScoreConfig(OwnConfig::new("shares").with("wrong", wrong))
}

#[test]
fn scores_of_ones_own_stand_beside_the_others() {
    let mut task = task(ring(""));
    task.scores = vec![shares("")];
    let finish = |task: &Task| {
        let mut run = Run::new(task, &params(), 3).unwrap();
        while !run.is_finished() {
            run.go_on(u64::MAX).unwrap();
        }
        (run.scores().clone(), run.problems().to_vec())
    };
    let (scores, problems) = finish(&task);
    let sum: f64 = (0..5).map(|label| scores.0[&format!("share_{label}")]).sum();
    assert!((sum - 1.0).abs() < 1e-12 && problems.is_empty(), "{scores:?} {problems:?}");
    for (wrong, expected) in [
        ("fails", "task.scores[0]: the ink is gone"),
        ("nan", "task.scores[0]: share_0: expected a finite number, found NaN"),
        ("taken", "task.scores[0]: expected a name that no other score has, found \"accuracy\""),
    ] {
        task.scores = vec![shares(wrong)];
        let (with, problems) = finish(&task);
        assert_eq!(problems, [expected]);
        assert_eq!(with.0["accuracy"], scores.0["accuracy"]);
        assert!(!with.0.contains_key("share_0"), "{wrong}");
    }
}

#[test]
fn wrong_scores_are_named_before_a_run() {
    let known = shares("");
    let read = |text: &str| toml::from_str::<ScoreConfig>(text);
    let config = read("kind = \"shares\"\nwrong = \"\"").unwrap();
    assert_eq!(config, known);
    assert_eq!(toml::from_str::<ScoreConfig>(&toml::to_string(&config).unwrap()).unwrap(), config);
    let error = read("kind = \"sahres\"").unwrap_err().to_string();
    assert!(error.contains("expected a registered score of your own as kind (one of `shares`)"), "{error}");
    let mut task = task(ring(""));
    task.scores = vec![shares(""), shares("refused")];
    let error = task.validate(&params()).unwrap_err().to_string();
    assert_eq!(error, "task.scores[1].wrong: expected another, found \"refused\"");
    task.scores = vec![ScoreConfig(OwnConfig::new("shares").with("wrnog", ""))];
    let error = task.validate(&params()).unwrap_err().to_string();
    assert_eq!(error, "task.scores[0].wrnog: unknown key of kind \"shares\" (expected one of wrong)");
}

#[test]
fn a_score_that_breaks_the_contract_is_found() {
    let names = ["A".to_string(), "B".to_string()];
    let labels = vec![vec![0, 1, 1]];
    let decoded = Decoded::Labels { names: &names, asked: &labels, read: &labels };
    assert!(check_score(&shares(""), &decoded, 1).passed());
    assert!(check_score(&shares("fails"), &decoded, 1).passed());
    for (wrong, expected) in [
        ("nan", "share_A: expected a finite number, found NaN"),
        ("seedless", "seed: expected the same bits from the same seed, found others"),
    ] {
        assert_eq!(check_score(&shares(wrong), &decoded, 1).to_string(), expected);
    }
}
