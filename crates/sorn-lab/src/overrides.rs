//! `--set key=value`: single values of an experiment changed from outside.

use sorn_agents::AgentConfig;
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
    let (key, value) = text.split_once('=').ok_or("expected key=value, found no '='")?;
    let (key, value) = (key.trim(), value.trim());
    if let Some(bound) = beyond(value) {
        return Err(format!("{key}: expected {bound}, found {value}"));
    }
    set_value(table, key, parse(value))
}

/// Sets the value at a dotted key, and gives the key as errors name it. An element of a list is reached by its `name`, its
/// `kind` or its number: `task.phases.measure.steps` is `task.phases[1].steps` if the second phase is called so.
pub(crate) fn set_value(table: &mut Table, key: &str, value: Value) -> Result<String, String> {
    let path: Vec<&str> = key.split('.').collect();
    if path.iter().any(|part| part.is_empty()) {
        return Err(format!("expected a dotted key such as run.episodes, found {key:?}"));
    }
    let mut written = String::new();
    let mut place = table;
    let mut parts = path.iter().copied().peekable();
    while let Some(part) = parts.next() {
        written = if written.is_empty() { part.to_string() } else { format!("{written}.{part}") };
        let Some(next) = parts.peek() else {
            place.insert(part.to_string(), value);
            return Ok(written);
        };
        place = match place.entry(part).or_insert_with(|| Value::Table(absent(&written))) {
            Value::Table(inner) => inner,
            Value::Array(list) => {
                let index =
                    element(list, next).map_err(|allowed| format!("{written}: {allowed}, found {next:?}"))?;
                parts.next();
                written = format!("{written}[{index}]");
                match (&mut list[index], parts.peek()) {
                    (Value::Table(inner), Some(_)) => inner,
                    (element, None) => {
                        *element = value;
                        return Ok(written);
                    }
                    (other, Some(next)) => {
                        return Err(format!(
                            "{written}: expected a table with the key {next:?}, found {}",
                            other.type_str()
                        ));
                    }
                }
            }
            other => {
                return Err(format!(
                    "{written}: expected a table with the key {next:?}, found {}",
                    other.type_str()
                ));
            }
        };
    }
    unreachable!("a key has at least one part")
}

/// What an absent table is once a key of it is set: that of the default agent says what it is one of, as
/// `--set agent.learner.lambda=0.8` means the default learner. Any other is empty.
fn absent(table: &str) -> Table {
    let tag = match table {
        "agent.learner" | "agent.encoder" => "kind",
        "agent.plasticity" => "mode",
        _ => return Table::new(),
    };
    let defaults = crate::json::of(&AgentConfig::default());
    let said = &defaults[table.trim_start_matches("agent.")][tag];
    said.as_str().map(|said| (tag.to_string(), Value::String(said.into()))).into_iter().collect()
}

/// The element of a list that `part` means, or what it may be.
fn element(list: &[Value], part: &str) -> Result<usize, String> {
    for key in ["name", "kind"] {
        let called = |value: &Value| value.get(key).and_then(Value::as_str) == Some(part);
        let mut found = list.iter().enumerate().filter(|(_, value)| called(value));
        match (found.next(), found.next()) {
            (Some((index, _)), None) => return Ok(index),
            (Some(_), Some(_)) => return Err(format!("expected a {key} that only one element has")),
            _ => {}
        }
    }
    let names = list.iter().filter_map(|value| {
        value.get("name").or_else(|| value.get("kind")).and_then(Value::as_str).map(String::from)
    });
    let numbers = (!list.is_empty()).then(|| format!("0 to {}", list.len() - 1));
    match part.parse::<usize>() {
        Ok(index) if index < list.len() => Ok(index),
        _ => {
            let allowed: Vec<String> = names.chain(numbers).collect();
            Err(format!("expected an element of the list ({})", allowed.join(", ")))
        }
    }
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
            Err(format!("expected a list or table of JSON or TOML (infinity is inf), found {text}"))
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
            "expected a list or table of JSON or TOML (infinity is inf), found [0.7, Infinity]"
        );
    }

    #[test]
    fn elements_of_lists_are_reached_by_name_kind_or_number() {
        let text = "[[task.phases]]\nname = \"a\"\n[[task.phases]]\nname = \"b\"\n[[m]]\nkind = \"x\"\nsizes = [1, 2]";
        let mut table: Table = text.parse().unwrap();
        assert_eq!(set(&mut table, "task.phases.b.steps=7").unwrap(), "task.phases[1].steps");
        assert_eq!(set(&mut table, "task.phases.0.steps=3").unwrap(), "task.phases[0].steps");
        assert_eq!(set(&mut table, "m.x.sizes.1=5").unwrap(), "m[0].sizes[1]");
        let steps = |index: usize| table["task"]["phases"][index]["steps"].as_integer();
        assert_eq!((steps(0), steps(1), table["m"][0]["sizes"][1].as_integer()), (Some(3), Some(7), Some(5)));
        assert_eq!(
            set(&mut table, "task.phases.c.steps=7").unwrap_err(),
            "task.phases: expected an element of the list (a, b, 0 to 1), found \"c\""
        );
        assert_eq!(
            set(&mut table, "m.x.sizes.1.y=5").unwrap_err(),
            "m[0].sizes[1]: expected a table with the key \"y\", found integer"
        );
        set(&mut table, "task.phases.0.name=b").unwrap();
        assert!(set(&mut table, "task.phases.b.steps=1").unwrap_err().contains("only one element"));
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
            "run.seed: expected a table with the key \"x\", found integer"
        );
        assert_eq!(
            set(&mut table, "run.seed=9223372036854775808").unwrap_err(),
            "run.seed: expected at most 9223372036854775807, found 9223372036854775808"
        );
        assert_eq!(
            set(&mut table, "run.seed=-9_223_372_036_854_775_809").unwrap_err(),
            "run.seed: expected at least -9223372036854775808, found -9_223_372_036_854_775_809"
        );
        for edge in ["9223372036854775807", "-9223372036854775808"] {
            set(&mut table, &format!("run.seed={edge}")).unwrap();
            assert_eq!(table["run"]["seed"].to_string(), edge);
        }
        // A table of the default agent stays what it is.
        set(&mut table, "agent.plasticity.steps=100").unwrap();
        assert_eq!(table["agent"]["plasticity"]["mode"].as_str(), Some("first_steps"));
        set(&mut table, "agent.learner.lambda=0.8").unwrap();
        assert_eq!(table["agent"]["learner"]["kind"].as_str(), Some("actor_critic"));
        set(&mut table, "agent.learner.kind=ppo").unwrap();
        assert_eq!(table["agent"]["learner"]["kind"].as_str(), Some("ppo"));
        set(&mut table, "agent.encoder.gain=2").unwrap();
        assert_eq!(table["agent"]["encoder"]["kind"].as_str(), Some("random_projection"));
        assert!(set(&mut table, "run").is_err());
        assert!(set(&mut table, "run..x=1").is_err());
    }
}
