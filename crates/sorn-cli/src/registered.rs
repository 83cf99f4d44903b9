//! What a program of one's own has registered, in the schema of experiment files.

use serde_json::{Map, Value, json};
use sorn_lab::SeriesEntry;
use sorn_lab::sorn_agents::own::{Entry, Part};
use sorn_lab::sorn_agents::{EncoderEntry, LearnerEntry, PolicyEntry, RuleEntry};
use sorn_lab::sorn_sequence::{ScoreEntry, SourceEntry};

/// Whether any part is registered.
pub(crate) fn any() -> bool {
    let lists = RuleEntry::all().is_empty() && ScoreEntry::all().is_empty();
    !(choices().iter().all(|(_, own)| own.is_empty()) && lists)
}

/// What is registered of each type that has built-in kinds, by its name in the schema.
fn choices() -> [(&'static str, Vec<Value>); 5] {
    [
        ("EncoderConfig", ways(EncoderEntry::all())),
        ("LearnerConfig", ways(LearnerEntry::all())),
        ("PolicyConfig", ways(PolicyEntry::all())),
        ("SourceConfig", ways(SourceEntry::all())),
        ("SeriesConfig", ways(SeriesEntry::all())),
    ]
}

/// Adds what is registered to the places where a file may name it.
pub(crate) fn add_to(schema: &mut Value) {
    let definitions = &mut schema["definitions"];
    for (name, own) in choices() {
        if let Some(built_in) = definitions[name]["oneOf"].as_array_mut() {
            built_in.extend(own);
        }
    }
    let mut rules = ways(RuleEntry::all());
    let before = json!({ "description": "The rule of `params.rules` before which it runs; the last where absent.", "type": "string" });
    rules.iter_mut().for_each(|way| way["properties"]["before"] = before.clone());
    if !rules.is_empty() {
        definitions["ReservoirConfig"]["properties"]["rules"]["items"] = json!({ "oneOf": rules });
    }
    let scores = ways(ScoreEntry::all());
    for task in ["Task", "SeriesTask"] {
        if !scores.is_empty() {
            definitions[task]["properties"]["scores"]["items"] = json!({ "oneOf": scores });
        }
    }
}

/// A table for each entry: its kind, and its keys, whose types are its own.
fn ways<P: Part + ?Sized>(entries: Vec<Entry<P>>) -> Vec<Value> {
    let way = |entry: Entry<P>| {
        let mut properties =
            Map::from_iter([("kind".to_string(), json!({ "type": "string", "const": entry.kind() }))]);
        for key in entry.keys().unwrap_or_default() {
            properties.insert(key.to_string(), json!({ "description": "" }));
        }
        json!({
            "description": entry.help(),
            "type": "object",
            "properties": properties,
            "required": ["kind"],
            "additionalProperties": entry.keys().is_none(),
        })
    };
    entries.into_iter().map(way).collect()
}
