//! The mean response to words.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sorn_core::{Network, Params};
use sorn_report::stats::StatsError;
use sorn_sequence::Source;

use super::{Findings, Kind, Measure, Seen, Wrong};
use crate::dynamics::DynamicsTask;

/// The symbol of a pause.
const PAUSE: &str = "_";

/// Configuration of [`MeasureConfig::Responses`](super::MeasureConfig::Responses).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResponseConfig {
    /// Name, with which its scores begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The phase with words, its input a source of the kind "words"; `_` at the end of a word is a pause between words.
    pub phase: String,
    /// The word without a gap with which those that have one are compared, as `"ABCD"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full: Option<String>,
}

impl ResponseConfig {
    /// The words of the phase: symbols joined, without pauses at the end.
    fn words(&self, task: &DynamicsTask) -> Option<Vec<Vec<String>>> {
        let input = task.phases[task.phase(&self.phase)?].input.as_ref()?;
        let source = Source::new(task.sources.get(input)?, None, 0).ok()?;
        let words = source.words().into_iter().map(|word| {
            let letters = word.iter().rposition(|symbol| *symbol != PAUSE).map_or(0, |last| last + 1);
            word[..letters].iter().map(ToString::to_string).collect()
        });
        Some(words.collect())
    }
}

impl Kind for ResponseConfig {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn phases(&self) -> Vec<String> {
        vec![self.phase.clone()]
    }

    fn check(&self, task: &DynamicsTask, _: &Params) -> Result<(), Wrong> {
        let Some(words) = self.words(task) else {
            return Err(("phase", "a phase with input".into(), format!("{:?}", self.phase)));
        };
        let labels: Vec<String> = words.iter().map(|word| word.concat()).collect();
        match &self.full {
            Some(full) if !labels.contains(full) => {
                Err(("full", format!("a word of the phase ({})", labels.join(", ")), format!("{full:?}")))
            }
            _ => Ok(()),
        }
    }

    fn begin(&self, task: &DynamicsTask, params: &Params, _: u64) -> Box<dyn Measure> {
        let words = self.words(task).unwrap_or_default();
        let places = words.iter().map(|word| vec![Place::new(params.ne); word.len()]).collect();
        Box::new(Responses { full: self.full.clone(), words, places, pause: Place::new(0) })
    }
}

/// What was seen at one place of a word.
#[derive(Clone)]
struct Place {
    times: u64,
    active: u64,
    /// How often each excitatory neuron was active.
    neurons: Vec<u32>,
}

impl Place {
    fn new(neurons: usize) -> Place {
        Place { times: 0, active: 0, neurons: vec![0; neurons] }
    }

    fn mean(&self) -> f64 {
        super::share(self.active, self.times)
    }

    /// The share of the times that a neuron was active.
    fn rate(&self, neuron: usize) -> f64 {
        super::share(self.neurons[neuron].into(), self.times)
    }
}

struct Responses {
    full: Option<String>,
    words: Vec<Vec<String>>,
    places: Vec<Vec<Place>>,
    pause: Place,
}

impl Measure for Responses {
    fn step(&mut self, seen: &Seen<'_>) {
        let Some((word, at)) = seen.word else { return };
        let spikes = seen.network.activity().spikes_e;
        let Some(places) = self.places.get_mut(word) else { return };
        let place = places.get_mut(at).unwrap_or(&mut self.pause);
        place.times += 1;
        place.active += spikes.len() as u64;
        if !place.neurons.is_empty() {
            spikes.iter().for_each(|neuron| place.neurons[*neuron as usize] += 1);
        }
    }

    fn end(self: Box<Self>, _: &Network, findings: &mut Findings) -> Result<Option<Value>, StatsError> {
        let mut data = serde_json::Map::new();
        let full = self.words.iter().position(|word| Some(word.concat()) == self.full);
        for (word, places) in self.words.iter().zip(&self.places) {
            if places.is_empty() {
                continue;
            }
            let label = word.concat();
            if places.iter().any(|place| place.times == 0) {
                findings.try_put(
                    &format!("response_{label}"),
                    Err(StatsError::Undefined("the word was not shown")),
                );
                continue;
            }
            let means: Vec<f64> = places.iter().map(Place::mean).collect();
            findings.put(&format!("response_{label}"), means.iter().sum::<f64>() / means.len() as f64);
            data.insert(label.clone(), json!(means));
            if let Some(full) = full
                && word.iter().eq(self.words[full].iter().rev())
                && *word != self.words[full]
            {
                let of = |places: &[Place]| places.iter().map(Place::mean).sum::<f64>() / places.len() as f64;
                findings.put("reversal", of(&self.places[full]) - of(places));
            }
            let gap = word.iter().position(|symbol| symbol == PAUSE);
            let same = gap.zip(full).and_then(|(gap, full)| Some((gap, self.places[full].get(gap)?)));
            if let Some((gap, same)) = same {
                let apart = |neuron| (places[gap].rate(neuron) - same.rate(neuron)).abs();
                let distance: f64 = (0..same.neurons.len()).map(apart).sum();
                findings.put(&format!("gap_distance_{label}"), distance);
            }
        }
        if self.pause.times > 0 {
            findings.put("response_pause", self.pause.mean());
        }
        Ok(Some(Value::Object(data)))
    }
}
