//! JSON Schema of experiment files, for editors and for the reference.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use sorn_sequence::Task;

use crate::{DynamicsTask, Experiment, SeriesTask, SweepConfig, TaskExperiment};

/// The JSON Schema (draft 7) of an experiment file: of a sequence task if `task.kind` is `"sequence"`, of a task of dynamics if
/// it is `"dynamics"`, of a task of series if it is `"series"`, else of an agent in an environment.
///
/// The schema knows keys, types, names and defaults. Ranges, and what goes together, are checked when the file is read.
pub fn experiment_schema() -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let rl = generator.subschema_for::<Experiment>().to_value();
    let sequence = generator.subschema_for::<TaskExperiment<Task>>().to_value();
    let dynamics = generator.subschema_for::<TaskExperiment<DynamicsTask>>().to_value();
    let series = generator.subschema_for::<TaskExperiment<SeriesTask>>().to_value();
    let sweep = generator.subschema_for::<SweepConfig>().to_value();
    let mut definitions = generator.take_definitions(true);
    let kind = |name: &str| json!({ "description": "The kind of task.", "const": name });
    let is = |name: &str| {
        json!({
            "properties": { "task": { "properties": { "kind": { "const": name } }, "required": ["kind"] } },
            "required": ["task"],
        })
    };
    // `task.kind` is read before the rest, by neither of the two types.
    let rl_task = json!({
        "description": "The kind of task; absent in most files with an environment.",
        "type": "object",
        "properties": { "kind": kind("rl") },
        "additionalProperties": false,
    });
    insert(&mut definitions, "Experiment", "task", rl_task);
    insert(&mut definitions, "Task", "kind", kind("sequence"));
    insert(&mut definitions, "DynamicsTask", "kind", kind("dynamics"));
    insert(&mut definitions, "SeriesTask", "kind", kind("series"));
    // Of the file, not of one of its runs.
    for name in ["Experiment", "TaskExperiment", "TaskExperiment2", "TaskExperiment3"] {
        let described = json!({ "description": "What `sorn sweep` tries.", "allOf": [sweep] });
        insert(&mut definitions, name, "sweep", described);
    }
    let mut definitions = Value::Object(definitions);
    tidy(&mut definitions);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Experiment file",
        "description": "An experiment of sorn: an agent in an environment, a sequence task, a task of series, or a task of dynamics.",
        "if": is("sequence"),
        "then": sequence,
        "else": {
            "if": is("dynamics"),
            "then": dynamics,
            "else": { "if": is("series"), "then": series, "else": rl },
        },
        "definitions": definitions,
    })
}

fn insert(definitions: &mut serde_json::Map<String, Value>, name: &str, property: &str, schema: Value) {
    let properties = definitions.get_mut(name).and_then(|d| d.get_mut("properties"));
    let Some(properties) = properties.and_then(Value::as_object_mut) else {
        unreachable!("{name} is a struct with fields");
    };
    properties.insert(property.into(), schema);
}

/// Makes of a schema of Rust's types one of TOML files, to be read by people: without `null`, which TOML does not have; with defaults
/// at the keys themselves instead of at the tables around them; with descriptions that know no links.
fn tidy(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(tidy),
        Value::Object(schema) => {
            push_defaults(schema);
            if schema.get("default").is_some_and(|default| default.is_null() || default.is_object()) {
                schema.remove("default");
            }
            without_null(schema);
            if let Some(Value::String(text)) = schema.get_mut("description") {
                *text = plain(text);
            }
            // Of Rust's number types.
            schema.remove("format");
            schema.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

/// A table that has defaults of its own for a type's keys, as the parameters of an agent's network.
fn push_defaults(schema: &mut serde_json::Map<String, Value>) {
    let Some(Value::Object(defaults)) = schema.get("default").cloned() else { return };
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (key, default) in defaults {
        if let Some(Value::Object(property)) = properties.get_mut(&key) {
            property.insert("default".into(), default);
        }
    }
}

fn without_null(schema: &mut serde_json::Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    let Some(Value::Array(ways)) = schema.get_mut("anyOf") else { return };
    ways.retain(|way| way.get("type").is_none_or(|kind| kind != "null"));
    if ways.len() == 1 {
        let only = ways.clone();
        schema.remove("anyOf");
        schema.insert("allOf".into(), only.into());
    }
}

/// Text of rustdoc as plain text: lines joined to paragraphs, links as what they are of.
fn plain(text: &str) -> String {
    let paragraphs =
        text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut text = paragraphs.collect::<Vec<_>>().join("\n\n");
    while let Some(start) = text.find("[`") {
        let Some(end) = text[start..].find("`]").map(|end| start + end) else { break };
        let name = text[start + 1..=end].to_string();
        let after = &text[end + 2..];
        let link = match after.strip_prefix('(').and_then(|rest| rest.find(')')) {
            Some(length) => length + 2,
            None => 0,
        };
        text.replace_range(start..end + 2 + link, &name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_rustdoc_becomes_plain() {
        assert_eq!(
            plain("A [`Network`](crate::Network)\nof [`Params`].\n\nTwo `lambda`."),
            "A `Network` of `Params`.\n\nTwo `lambda`."
        );
    }

    #[test]
    fn defaults_stand_at_the_keys() {
        let schema = experiment_schema();
        let definitions = &schema["definitions"];
        assert_eq!(
            definitions["ReservoirConfig"]["properties"]["params"]["properties"]["ne"]["default"],
            400
        );
        assert_eq!(
            definitions["TaskExperiment"]["properties"]["network"]["properties"]["ne"]["default"],
            200
        );
        assert!(!schema.to_string().contains("null"));
    }
}
