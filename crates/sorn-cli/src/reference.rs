//! The keys of an experiment file, read from its JSON Schema.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::registered;

/// The JSON Schema of experiment files. `tests/tests/reference.rs` compares it with the types and writes it anew.
pub(crate) const SCHEMA: &str = include_str!("experiment.schema.json");

pub(crate) fn schema() -> Value {
    let mut schema =
        serde_json::from_str(SCHEMA).unwrap_or_else(|e| unreachable!("a file of this crate: {e}"));
    registered::add_to(&mut schema);
    schema
}

/// One key under one condition, such as `agent.learner.lambda` where `kind = "actor_critic"`.
pub(crate) struct Key<'a> {
    root: &'a Value,
    schema: &'a Value,
    /// Dotted, from the file's top.
    pub(crate) name: String,
    /// The choices of the tables around it that the key belongs to; empty if it belongs to all.
    pub(crate) when: String,
}

/// The alternatives of a schema, with references followed: itself, if it has none.
fn ways<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    if let Some(name) = schema["$ref"].as_str().and_then(|link| link.rsplit('/').next()) {
        return ways(root, &root["definitions"][name]);
    }
    let inner = ["oneOf", "anyOf", "allOf"].iter().find_map(|key| schema[*key].as_array());
    match inner {
        Some(list) => list.iter().flat_map(|way| ways(root, way)).collect(),
        None => vec![schema],
    }
}

/// What a way is chosen by, as `kind = "ppo"`.
fn condition(way: &Value) -> String {
    let chosen =
        ["kind", "mode"].iter().find_map(|key| Some((key, way["properties"][*key]["const"].as_str()?)));
    chosen.map_or_else(String::new, |(key, value)| format!("{key} = {value:?}"))
}

/// The kinds of file: the schema of each, its title, and what is said of `task.kind` for it.
pub(crate) fn kinds(root: &Value) -> Vec<(&Value, &'static str, &'static str)> {
    // As the schema asks, one after the other.
    let tasks = [
        ("A sequence task", " (task.kind = \"sequence\")"),
        ("A task of dynamics", " (task.kind = \"dynamics\")"),
        ("A task of series", " (task.kind = \"series\")"),
    ];
    let mut at = root;
    let mut kinds = Vec::new();
    for (title, named) in tasks {
        kinds.push((&at["then"], title, named));
        at = &at["else"];
    }
    kinds.insert(0, (at, "An agent in an environment", ""));
    kinds
}

/// The keys of a table; those of the file's top for each of [`kinds`].
pub(crate) fn below<'a>(root: &'a Value, table: &'a Value) -> Vec<Key<'a>> {
    keys_of(root, table, "")
}

fn keys_of<'a>(root: &'a Value, table: &'a Value, parent: &str) -> Vec<Key<'a>> {
    let mut keys = Vec::new();
    for mut way in ways(root, table) {
        let mut list = "";
        // The tables of a list.
        if way["type"] == "array" {
            list = "[]";
            let inner = ways(root, &way["items"]);
            if inner.len() == 1 {
                way = inner[0];
            } else {
                for inner in inner {
                    keys.extend(properties(root, inner, &format!("{parent}{list}")));
                }
                continue;
            }
        }
        keys.extend(properties(root, way, &format!("{parent}{list}")));
    }
    keys
}

fn properties<'a>(root: &'a Value, way: &'a Value, parent: &str) -> Vec<Key<'a>> {
    let Some(properties) = way["properties"].as_object() else { return Vec::new() };
    let when = condition(way);
    let key = |(name, schema): (&String, &'a Value)| Key {
        root,
        schema,
        name: if parent.is_empty() { name.clone() } else { format!("{parent}.{name}") },
        when: when.clone(),
    };
    properties.iter().filter(|(_, schema)| schema["const"].is_null()).map(key).collect()
}

/// Every key with this dotted name: several where a choice decides what it means. Indices may stand in it (`env.wrappers[0].kind`).
pub(crate) fn find<'a>(root: &'a Value, name: &str) -> Vec<Key<'a>> {
    let parts: Vec<&str> = name.split('.').map(|part| part.split('[').next().unwrap_or(part)).collect();
    let mut found: Vec<Key> = Vec::new();
    for (kind, ..) in kinds(root) {
        let mut keys = below(root, kind);
        for (depth, part) in parts.iter().enumerate() {
            keys.retain(|key| key.last().trim_end_matches("[]") == *part);
            if depth + 1 < parts.len() {
                keys = keys.iter().flat_map(|key| keys_of(root, key.schema, &key.name)).collect();
            }
        }
        // All kinds of file have a name.
        keys.retain(|key| !found.iter().any(|before| before.name == key.name && before.schema == key.schema));
        found.extend(keys);
    }
    found
}

/// All dotted names, without repetition.
pub(crate) fn all(root: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (kind, ..) in kinds(root) {
        collect(&below(root, kind), &mut |key| {
            names.insert(key.name.clone());
        });
    }
    names
}

fn collect<'a>(keys: &[Key<'a>], visit: &mut impl FnMut(&Key<'a>)) {
    for key in keys {
        visit(key);
        collect(&key.below(), visit);
    }
}

impl<'a> Key<'a> {
    pub(crate) fn last(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }

    pub(crate) fn below(&self) -> Vec<Key<'a>> {
        keys_of(self.root, self.schema, &self.name)
    }

    pub(crate) fn description(&self) -> &'a str {
        let own = self.schema["description"].as_str();
        let of_type = || ways(self.root, self.schema).into_iter().find_map(|way| way["description"].as_str());
        own.or_else(of_type).unwrap_or_default()
    }

    pub(crate) fn first_sentence(&self) -> &'a str {
        let text = self.description().split("\n\n").next().unwrap_or_default();
        text.find(". ").map_or(text, |end| &text[..end]).trim_end_matches('.')
    }

    /// As TOML writes it.
    pub(crate) fn default(&self) -> Option<String> {
        let default = &self.schema["default"];
        let plain = !default.is_null() && default.as_array().is_none_or(|list| !list.is_empty());
        plain.then(|| default.to_string())
    }

    /// In words: a number, a table, one of some names.
    pub(crate) fn kind(&self) -> String {
        let mut kinds: Vec<String> = Vec::new();
        for way in ways(self.root, self.schema) {
            let kind = kind_of(self.root, way);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds.join(" or ")
    }

    /// Names that the key may have for its value, each with its meaning.
    pub(crate) fn choices(&self) -> Vec<(String, &'a str)> {
        let (mut choices, mut of_lists) = (Vec::new(), false);
        for way in ways(self.root, self.schema) {
            let list = way["type"] == "array";
            let way = match list {
                true => ways(self.root, &way["items"]),
                false => vec![way],
            };
            for way in way {
                let meaning = way["description"].as_str().unwrap_or_default();
                let names = way["enum"].as_array().map_or_else(Vec::new, |names| names.iter().collect());
                let only = (!way["const"].is_null()).then_some(&way["const"]);
                choices.extend(names.into_iter().chain(only).map(|name| (name.to_string(), meaning)));
                let chosen = condition(way);
                if !chosen.is_empty() {
                    choices.push((chosen, meaning));
                    of_lists |= list;
                }
            }
        }
        // A single way needs no list, unless a part of one's own is the only one that a list may hold.
        if choices.len() < 2 && !of_lists { Vec::new() } else { choices }
    }
}

fn kind_of(root: &Value, way: &Value) -> String {
    if !way["enum"].is_null() || !way["const"].is_null() {
        return "a name".into();
    }
    match way["type"].as_str() {
        Some("number") => "a number".into(),
        Some("integer") if way["minimum"] == 0 => "a non-negative integer".into(),
        Some("integer") => "an integer".into(),
        Some("boolean") => "true or false".into(),
        Some("string") => "text".into(),
        Some("object") => "a table".into(),
        Some("array") => {
            let mut items: Vec<String> =
                ways(root, &way["items"]).iter().map(|item| kind_of(root, item)).collect();
            items.dedup();
            format!("a list, each {}", items.join(" or "))
        }
        _ => "any value".into(),
    }
}
