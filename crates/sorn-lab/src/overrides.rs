//! `--set key=value`: single values of an experiment changed from outside.

use toml::{Table, Value};

use crate::LabError;

/// One `--set`, and the dotted key that it sets.
#[derive(Debug)]
pub(crate) struct Override {
    pub(crate) key: String,
    pub(crate) text: String,
}

/// Sets each `key=value` in `table`.
///
/// The value is TOML where it parses as such (`3`, `0.5`, `true`, `[1, 2]`, `"text"`), else text.
pub(crate) fn set_all(table: &mut Table, overrides: &[String]) -> Result<Vec<Override>, LabError> {
    let one = |text: &String| {
        let key = set(table, text)
            .map_err(|reason| LabError::Config { origin: format!("--set {text}"), reason })?;
        Ok(Override { key, text: text.clone() })
    };
    overrides.iter().map(one).collect()
}

/// Sets one `key=value` and gives its key.
fn set(table: &mut Table, text: &str) -> Result<String, String> {
    let (key, value) = text.split_once('=').ok_or("key=value expected, found no '='")?;
    let path: Vec<&str> = key.trim().split('.').collect();
    if path.iter().any(|part| part.is_empty()) {
        return Err(format!("a dotted key such as run.episodes expected, found {key:?}"));
    }
    let (last, parents) = path.split_last().ok_or("a key expected, found none")?;
    let mut place = table;
    for (depth, part) in parents.iter().enumerate() {
        place = match place.entry(*part).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(inner) => inner,
            other => {
                let at = path[..=depth].join(".");
                return Err(format!(
                    "{at}: {} found, which has no key {:?}",
                    other.type_str(),
                    path[depth + 1]
                ));
            }
        };
    }
    let value = value.trim();
    if let Some(bound) = beyond(value) {
        return Err(format!("{}: {bound} expected, found {value}", path.join(".")));
    }
    place.insert((*last).to_string(), parse(value));
    Ok(path.join("."))
}

/// The bound that a whole number oversteps: TOML has those of 64 bits with sign only, and would take others for text.
fn beyond(value: &str) -> Option<String> {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value).replace('_', "");
    let whole = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    match whole
        && format!("{}{digits}", if value.starts_with('-') { "-" } else { "" }).parse::<i64>().is_err()
    {
        false => None,
        true if value.starts_with('-') => Some(format!("at least {}", i64::MIN)),
        true => Some(format!("at most {}", i64::MAX)),
    }
}

fn parse(value: &str) -> Value {
    format!("v = {value}")
        .parse::<Table>()
        .ok()
        .filter(|t| t.len() == 1)
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| Value::String(value.to_string()))
}

/// An argument given as text: JSON, or else TOML, which has infinities (`inf`, `[0.7, inf]`), or else the text itself.
///
/// # Errors
/// What begins as a list or table and is neither JSON's nor TOML's.
pub fn argument(text: &str) -> Result<serde_json::Value, String> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    match parse(text) {
        Value::String(text) if text.trim_start().starts_with(['[', '{']) => {
            Err(format!("a list or table of JSON or TOML expected (infinity is inf), found {text}"))
        }
        // Neither JSON nor Python's literals have dates.
        Value::Datetime(date) => Ok(date.to_string().into()),
        value => Ok(crate::json::of(&value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_their_type() {
        assert_eq!(parse("3"), Value::Integer(3));
        assert_eq!(parse("0.5"), Value::Float(0.5));
        assert_eq!(parse("true"), Value::Boolean(true));
        assert_eq!(parse("static"), Value::String("static".into()));
        assert_eq!(parse("[1, 2]").as_array().map(Vec::len), Some(2));
        assert_eq!(parse("1\nw = 2"), Value::String("1\nw = 2".into()));
    }

    #[test]
    fn arguments_are_json_or_toml_or_text() {
        let is = |text: &str, json: serde_json::Value| assert_eq!(argument(text).unwrap(), json, "{text}");
        let inf = sorn_envs::kwargs::number(f64::INFINITY);
        is("{\"a\": [1, null]}", serde_json::json!({ "a": [1, null] }));
        is("inf", inf.clone());
        is("[0.7, inf]", serde_json::json!([0.7, inf]));
        is("{ a = 1, b = \"x\" }", serde_json::json!({ "a": 1, "b": "x" }));
        is("8x8", "8x8".into());
        is("2020-01-01", "2020-01-01".into());
        let wrong = argument("[0.7, Infinity]").unwrap_err();
        assert_eq!(
            wrong,
            "a list or table of JSON or TOML expected (infinity is inf), found [0.7, Infinity]"
        );
    }

    #[test]
    fn keys_reach_into_tables_and_refuse_values() {
        let mut table: Table = "[run]\nseed = 1".parse().unwrap();
        set(&mut table, "run.seed=7").unwrap();
        set(&mut table, "env.kwargs.g=9.8").unwrap();
        assert_eq!(table["run"]["seed"], Value::Integer(7));
        assert_eq!(table["env"]["kwargs"]["g"], Value::Float(9.8));
        assert_eq!(
            set(&mut table, "run.seed.x=1").unwrap_err(),
            "run.seed: integer found, which has no key \"x\""
        );
        assert_eq!(
            set(&mut table, "run.seed=9223372036854775808").unwrap_err(),
            "run.seed: at most 9223372036854775807 expected, found 9223372036854775808"
        );
        assert_eq!(
            set(&mut table, "run.seed=-9_223_372_036_854_775_809").unwrap_err(),
            "run.seed: at least -9223372036854775808 expected, found -9_223_372_036_854_775_809"
        );
        for edge in ["9223372036854775807", "-9223372036854775808"] {
            set(&mut table, &format!("run.seed={edge}")).unwrap();
            assert_eq!(table["run"]["seed"].to_string(), edge);
        }
        assert!(set(&mut table, "run").is_err());
        assert!(set(&mut table, "run..x=1").is_err());
    }
}
