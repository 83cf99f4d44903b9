//! The artificial grammars of delpapa/SORN_V2 (GrammarTask).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sorn_core::rng::stream;

use super::{Chain, Kind, SourceSetup, Symbols, letters};
use crate::TaskError;

/// Configuration of [`SourceConfig::Grammar`](super::SourceConfig::Grammar).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GrammarConfig {
    /// Which grammar.
    pub grammar: GrammarName,
    /// Sentences that are left out of the input.
    #[serde(default)]
    pub held_out: u32,
}

/// An artificial grammar by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrammarName {
    /// "fox drinks tea.": 8 subjects that eat one of 4 foods or drink one of 4 drinks, 64 sentences.
    Fdt,
    /// The same with plural subjects and verbs, 128 sentences.
    Efdt,
    /// 12 subjects, each with a verb of its own, singular and plural, 24 sentences.
    Sp,
}

/// The sentences of a grammar.
#[derive(Debug)]
pub(super) struct Grammar {
    /// Sentences of the input.
    given: BTreeSet<String>,
    /// Sentences that are right, but left out.
    held_out: BTreeSet<String>,
}

const SINGULAR: [&str; 8] = ["man", "woman", "girl", "boy", "child", "cat", "dog", "fox"];
const PLURAL: [&str; 8] = ["men", "women", "girls", "boys", "children", "cats", "dogs", "foxes"];
const FOOD: [&str; 4] = ["meat", "bread", "fish", "vegetables"];
const DRINK: [&str; 4] = ["milk", "water", "juice", "tea"];
const OWN: [(&str, &str); 12] = [
    ("dog", "bark"),
    ("cat", "meow"),
    ("pig", "oink"),
    ("bird", "sing"),
    ("sun", "shine"),
    ("fish", "swim"),
    ("wind", "blow"),
    ("monkey", "climb"),
    ("horse", "gallop"),
    ("lion", "hunt"),
    ("elephant", "toot"),
    ("duck", "quack"),
];

/// All sentences, such that every block of as many as there are subjects has one of each subject.
fn sentences(name: GrammarName) -> Vec<String> {
    let objects = FOOD.iter().map(|food| (false, food)).chain(DRINK.iter().map(|drink| (true, drink)));
    let objects: Vec<(bool, &&str)> = objects.collect();
    let forms: &[([&str; 8], [&str; 2])] = &[(SINGULAR, ["eats", "drinks"]), (PLURAL, ["eat", "drink"])];
    let forms = match name {
        GrammarName::Fdt => &forms[..1],
        GrammarName::Efdt => forms,
        GrammarName::Sp => {
            let singular = OWN.iter().map(|(subject, verb)| format!("{subject} {verb}s."));
            let plural = OWN.iter().map(|(subject, verb)| match *subject {
                "fish" => format!("fish {verb}."),
                _ => format!("{subject}s {verb}."),
            });
            return singular.chain(plural).collect();
        }
    };
    let mut all = Vec::new();
    for round in 0..objects.len() {
        for (subjects, verbs) in forms {
            for (index, subject) in subjects.iter().enumerate() {
                // The three is prime to eight, so that a block has every object as well.
                let (drinks, object) = objects[(3 * index + round) % objects.len()];
                all.push(format!("{subject} {} {object}.", verbs[usize::from(drinks)]));
            }
        }
    }
    all
}

impl Grammar {
    /// The sentences, of which the first `held_out` are left out of the input.
    fn new(name: GrammarName, held_out: u32) -> Result<Grammar, TaskError> {
        let mut all = sentences(name);
        if held_out as usize >= all.len() {
            let expected = format!("at most {} of {} sentences", all.len() - 1, all.len());
            return Err(TaskError::config("task.source.held_out", expected, held_out));
        }
        let given = all.split_off(held_out as usize);
        Ok(Grammar { given: given.into_iter().collect(), held_out: all.into_iter().collect() })
    }

    /// Scores of a text that is to consist of sentences.
    pub(super) fn judge(&self, text: &str) -> Vec<(String, f64)> {
        // The first may have begun before, and the last is not at its end.
        let mut sentences: Vec<String> = text.split('.').skip(1).map(|s| format!("{}.", s.trim())).collect();
        sentences.pop();
        let all = sentences.len() as f64;
        let share = |right: &dyn Fn(&String) -> bool| match all > 0.0 {
            true => sentences.iter().filter(|s| right(s)).count() as f64 / all,
            false => 0.0,
        };
        let is_right = |s: &String| self.given.contains(s) || self.held_out.contains(s);
        let distinct: BTreeSet<&String> = sentences.iter().filter(|s| is_right(s)).collect();
        let scores = [
            ("sentences", all),
            // Without a single full stop nothing is right.
            ("wrong", if all > 0.0 { share(&|s| !is_right(s)) } else { 1.0 }),
            ("held_out", share(&|s| self.held_out.contains(s))),
            ("distinct_right", distinct.len() as f64),
        ];
        scores.map(|(name, value)| (name.to_string(), value)).to_vec()
    }
}

impl Kind for GrammarConfig {
    fn make(&self, _: Option<u32>, setup: SourceSetup) -> Result<Box<dyn Symbols>, TaskError> {
        let grammar = Grammar::new(self.grammar, self.held_out)?;
        let given: Vec<String> = grammar.given.iter().map(|sentence| format!("{sentence} ")).collect();
        let (symbols, sequences) = letters(given.iter().map(String::as_str));
        let first = vec![1.0 / given.len() as f64; given.len()];
        let chain = Chain::new(symbols, sequences, first, stream(setup.seed, "source"));
        Ok(Box::new(chain.with_grammar(grammar)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammars_have_their_sentences() {
        for (name, count) in [(GrammarName::Fdt, 64), (GrammarName::Efdt, 128), (GrammarName::Sp, 24)] {
            let all: BTreeSet<String> = sentences(name).into_iter().collect();
            assert_eq!(all.len(), count);
        }
        assert!(sentences(GrammarName::Fdt).contains(&"fox drinks tea.".to_string()));
        assert!(sentences(GrammarName::Efdt).contains(&"foxes eat fish.".to_string()));
        let grammar = Grammar::new(GrammarName::Fdt, 8).unwrap();
        let subjects: BTreeSet<&str> =
            grammar.held_out.iter().map(|s| s.split(' ').next().unwrap()).collect();
        assert_eq!((grammar.given.len(), subjects.len()), (56, 8));
        let config = GrammarConfig { grammar: GrammarName::Fdt, held_out: 8 };
        assert_eq!(config.make(None, SourceSetup { seed: 0 }).unwrap().names().len(), 25);
    }
}
