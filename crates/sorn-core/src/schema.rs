//! JSON Schema of the network's part of a file.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::Params;

/// The parameters of a network, and the preset that provides the absent ones.
pub fn with_preset(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = Params::json_schema(generator);
    let preset = json_schema!({ "description": "Name of the preset that the other keys override.", "enum": Params::PRESETS });
    if let Some(properties) = schema.get_mut("properties").and_then(|value| value.as_object_mut()) {
        properties.insert("preset".into(), preset.to_value());
    }
    schema
}
