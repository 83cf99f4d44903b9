//! From the text of an experiment file, and `--set` overrides, to an [`Experiment`]; or to an error that names the place.

use serde::de::DeserializeOwned;
use sorn_core::Params;
use sorn_env::{ALIKE, near};
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use crate::overrides::{Override, set_all};
use crate::{Experiment, LabError, TaskSort};

/// Reads an experiment from `text`, called `origin` in errors, with `overrides` put in.
pub(crate) fn experiment(text: &str, origin: &str, overrides: &[String]) -> Result<Experiment, LabError> {
    let (mut table, overrides) = parse(text, origin, overrides)?;
    match table.get("task").and_then(|task| task.get("kind")).and_then(Value::as_str) {
        // What an experiment with an environment is without saying so.
        Some("rl") => table.retain(|key, task| key != "task" || task.as_table().is_some_and(|t| t.len() > 1)),
        Some(kind) if TaskSort::of_table(&table).is_some() => {
            let reason = format!("expected \"rl\", found {kind:?}, which sorn run, resume and compare take");
            return Err(blame(Fault { key: "task.kind".into(), reason }, text, origin, &overrides));
        }
        found if table.contains_key("task") => {
            let fault = Fault { key: "task.kind".into(), reason: no_kind(found) };
            return Err(blame(fault, text, origin, &overrides));
        }
        _ => {}
    }
    if let Some(fault) = not_passed_on(&Value::Table(table.clone()), "") {
        return Err(blame(fault, text, origin, &overrides));
    }
    if let Some(fault) = list_for_table(&table) {
        return Err(blame(fault, text, origin, &overrides));
    }
    typed(&table, text, origin, &overrides)
}

/// What is wrong with a `task.kind` that is none.
fn no_kind(found: Option<&str>) -> String {
    let kinds: Vec<&str> = std::iter::once("rl").chain(TaskSort::NAMES).collect();
    let expected = format!("expected one of \"{}\"", kinds.join("\", \""));
    match found {
        None => format!("{expected}, found none"),
        Some(found) => {
            let likely = near(found, &kinds, ALIKE);
            let hint = likely.first().map_or_else(String::new, |kind| format!("; did you mean {kind:?}?"));
            format!("{expected}, found {found:?}{hint}")
        }
    }
}

/// A list where a table belongs: serde would take it for the table's values in their order.
fn list_for_table(table: &Table) -> Option<Fault> {
    const TABLES: [&str; 15] = [
        "env",
        "env.kwargs",
        "agent",
        "agent.normalization",
        "agent.encoder",
        "agent.reservoir",
        "agent.reservoir.esn",
        "agent.reservoir.params",
        "agent.plasticity",
        "agent.features",
        "agent.learner",
        "agent.learner.anneal",
        "run",
        "eval",
        "record",
    ];
    TABLES.into_iter().find_map(|key| {
        let mut parts = key.split('.');
        let first = table.get(parts.next()?)?;
        let value = parts.try_fold(first, |value, part| value.get(part))?;
        let reason = "expected a table, found a list".to_string();
        value.is_array().then(|| Fault { key: key.into(), reason })
    })
}

/// Reads parameters of a network from `text`: those of the preset it names, or else `base`, with its other keys and
/// `overrides` put in.
pub(crate) fn params(
    text: &str,
    origin: &str,
    base: &Params,
    overrides: &[String],
) -> Result<Params, LabError> {
    let (table, overrides) = parse(text, origin, overrides)?;
    let refuse = |reason: String| LabError::Config { origin: origin.into(), reason };
    let all = with_preset(table, base).map_err(refuse)?;
    let params: Params = typed(&all, text, origin, &overrides)?;
    params.validate().and_then(|()| params.check_memory()).map_err(|e| {
        let reason = format!("expected {}, found {}", e.allowed, e.found);
        blame(Fault { key: e.key, reason }, text, origin, &overrides)
    })?;
    Ok(params)
}

/// All parameters of a network: those of the preset that `table` names, or else `base`, with its other keys put in.
pub(crate) fn with_preset(table: Table, base: &Params) -> Result<Table, String> {
    let whole = |params: &Params| Table::try_from(params).unwrap_or_else(|e| unreachable!("plain data: {e}"));
    Params::with_preset(table, base, whole)
        .map_err(|e| format!("{}: expected {}, found {}", e.key, e.allowed, e.found))
}

/// Reads a `T` from `text` with `overrides` put in and then `change` made; what that refuses begins with its key.
pub(crate) fn typed_after<T: DeserializeOwned>(
    text: &str,
    origin: &str,
    overrides: &[String],
    change: impl FnOnce(&mut Table) -> Result<(), String>,
) -> Result<T, LabError> {
    let (mut table, set) = parse(text, origin, overrides)?;
    let refuse =
        |reason: String| placed(LabError::Config { origin: origin.into(), reason }, text, origin, overrides);
    change(&mut table).map_err(refuse)?;
    typed(&table, text, origin, &set)
}

/// Reads a `T` from a table that a program made.
pub(crate) fn typed_table<T: DeserializeOwned>(table: &Table, origin: &str) -> Result<T, LabError> {
    typed(table, "", origin, &[])
}

/// Reads a `T` from the table `name` of `text` alone, if it is there; `T` has one field of that name.
pub(crate) fn part<T: DeserializeOwned>(
    text: &str,
    origin: &str,
    overrides: &[String],
    name: &str,
) -> Result<Option<T>, LabError> {
    let (mut table, overrides) = tables(text, origin, overrides)?;
    table.retain(|key, _| key == name);
    match table.is_empty() {
        true => Ok(None),
        false => typed(&table, text, origin, &overrides).map(Some),
    }
}

/// A refusal whose reason begins with its key, said of the line of `text` on which the key stands.
pub(crate) fn refused(reason: String, text: &str, origin: &str) -> LabError {
    let key = reason.split_once(": ").map_or("", |(key, _)| key);
    let origin = match line_of(text, key) {
        Some((line, _)) => format!("{origin}:{line}"),
        None => origin.into(),
    };
    LabError::Config { origin, reason }
}

/// The tables of `text`, with `overrides` put in.
pub(crate) fn tables(
    text: &str,
    origin: &str,
    overrides: &[String],
) -> Result<(Table, Vec<Override>), LabError> {
    let mut table: Table = text.parse().map_err(|e: toml::de::Error| LabError::Config {
        origin: origin.into(),
        reason: e.to_string().trim_end().to_string(),
    })?;
    let overrides = set_all(&mut table, overrides)?;
    Ok((table, overrides))
}

/// The tables of an experiment, without `[sweep]`, which belongs to none of its runs.
fn parse(text: &str, origin: &str, overrides: &[String]) -> Result<(Table, Vec<Override>), LabError> {
    let (mut table, overrides) = tables(text, origin, overrides)?;
    table.remove("sweep");
    Ok((table, overrides))
}

/// Refuses `[sweep]` in a file that is to be one experiment.
pub(crate) fn no_sweep(text: &str, origin: &str, overrides: &[String]) -> Result<(), LabError> {
    let (table, _) = tables(text, origin, overrides)?;
    match table.contains_key("sweep") {
        true => {
            let reason = "sweep: expected a file without [sweep], which `sorn sweep` and `sorn tune` take";
            Err(refused(reason.into(), text, origin))
        }
        false => Ok(()),
    }
}

fn typed<T: DeserializeOwned>(
    table: &Table,
    text: &str,
    origin: &str,
    overrides: &[Override],
) -> Result<T, LabError> {
    deserialize(table).map_err(|fault| blame(fault, text, origin, overrides))
}

/// The override that put the key there is to blame, else the line of the file.
fn blame(fault: Fault, text: &str, origin: &str, overrides: &[Override]) -> LabError {
    let origin = match overriding(&fault.key, overrides) {
        Some(by) => format!("--set {}", by.text),
        None => match line_of(text, &fault.key) {
            Some((line, _)) => format!("{origin}:{line}"),
            None => origin.into(),
        },
    };
    let reason = if fault.key.is_empty() { fault.reason } else { format!("{}: {}", fault.key, fault.reason) };
    LabError::Config { origin, reason }
}

/// The last override that put `key`, or a table or list around it, there.
fn overriding<'a>(key: &str, overrides: &'a [Override]) -> Option<&'a Override> {
    let inside = |o: &&Override| {
        let rest = key.strip_prefix(&o.key);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    overrides.iter().rev().find(inside)
}

/// The error of an experiment that was read whole and refused afterwards, its reason beginning with the key: said of the override
/// that put the value there or, where it stands in `text` itself, of the line.
pub(crate) fn placed(error: LabError, text: &str, origin: &str, overrides: &[String]) -> LabError {
    let place = |reason: &str| {
        let key = reason.split_once(": ").map_or(reason, |(key, _)| key);
        // They were put in before, so that they are what they should be.
        let overrides = set_all(&mut text.parse().unwrap_or_default(), overrides).unwrap_or_default();
        let below = |o: &&Override| o.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
        if let Some(by) = overriding(key, &overrides) {
            return format!("--set {}", by.text);
        }
        // Of a table that says one part and the other.
        if let Some(by) = overrides.iter().rev().find(below) {
            return format!("{origin} with --set {}", by.text);
        }
        match line_of(text, key) {
            Some((line, true)) => format!("{origin}:{line}"),
            _ => origin.into(),
        }
    };
    match error {
        LabError::Config { reason, .. } => LabError::Config { origin: place(&reason), reason },
        LabError::Agent { source, .. } => {
            LabError::Agent { origin: place(&format!("agent.{source}")), source }
        }
        other => other,
    }
}

/// The first value that cannot be handed on: a number of the network's parameters that is none or infinite, or a date among the
/// arguments of an environment or wrapper.
fn not_passed_on(value: &Value, key: &str) -> Option<Fault> {
    let refuse = |reason: String| Some(Fault { key: key.into(), reason });
    match value {
        Value::Table(inner) => inner.iter().find_map(|(name, value)| not_passed_on(value, &join(key, name))),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .find_map(|(index, value)| not_passed_on(value, &format!("{key}[{index}]"))),
        Value::Float(number) if !number.is_finite() && key.starts_with("agent.reservoir.params.") => {
            refuse(format!("expected a finite number, found {number}"))
        }
        Value::Datetime(time) => {
            refuse(format!("expected a value other than a date or time, found {time}; text is \"{time}\""))
        }
        _ => None,
    }
}

/// A key that is wrong, and why.
#[derive(Debug, PartialEq)]
struct Fault {
    /// Dotted; empty for the whole file.
    key: String,
    reason: String,
}

fn deserialize<T: DeserializeOwned>(table: &Table) -> Result<T, Fault> {
    let error = match attempt::<T>(table) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let path = error.path().to_string();
    let mut key = if path == "." { String::new() } else { path };
    let mut message = error.into_inner().message().to_string();
    // A part that reads its own table names its keys from there on.
    if let Some(last) = key.rsplit('.').next().filter(|last| !last.is_empty())
        && let Some(rest) = message.strip_prefix(&format!("{last}.")).map(str::to_string)
        && let Some((inner, reason)) = rest.split_once(": ")
    {
        key = format!("{key}.{inner}");
        message = reason.to_string();
    }
    Err(explain(&key, &message).unwrap_or_else(|| {
        // Where a `kind` decides what its table may hold, serde knows the table but not the key: the key is the one without
        // which the error is another.
        let mut keys = keys_of(table, &key);
        // Without the key that decides, too, the error is another.
        keys.sort_by_key(|key| key == "kind" || key == "mode");
        let culprit = keys.into_iter().find(|inner| {
            let mut without = table.clone();
            remove(&mut without, &key, inner);
            attempt::<T>(&without).err().is_none_or(|e| e.into_inner().message() != message)
        });
        let key = match culprit {
            Some(inner) => join(&key, &inner),
            None => key.clone(),
        };
        Fault { key, reason: readable(&message) }
    }))
}

fn attempt<T: DeserializeOwned>(table: &Table) -> Result<T, serde_path_to_error::Error<toml::de::Error>> {
    serde_path_to_error::deserialize(table.clone())
}

/// What serde says of unknown and missing keys, in our words; `None` for anything else.
fn explain(key: &str, message: &str) -> Option<Fault> {
    if let Some(missing) = message.strip_prefix("missing field ") {
        return Some(Fault { key: join(key, &unquote(missing)), reason: "missing".into() });
    }
    let (unknown, rest) = message.strip_prefix("unknown field `")?.split_once('`')?;
    let allowed: Vec<String> = rest.split('`').skip(1).step_by(2).map(String::from).collect();
    let key = match key == unknown || key.ends_with(&format!(".{unknown}")) {
        true => key.to_string(),
        false => join(key, unknown),
    };
    if allowed.is_empty() {
        return Some(Fault { key, reason: "unknown key (expected none here)".into() });
    }
    let near =
        near(unknown, &allowed, ALIKE).first().map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
    Some(Fault { key, reason: format!("unknown key{near} (expected one of {})", allowed.join(", ")) })
}

/// serde's words for a wrong type or variant, said as what was found and what is allowed; any other message as it is.
pub fn readable(message: &str) -> String {
    let rest = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    if let Some((found, expected)) = rest.and_then(|rest| rest.rsplit_once(", expected ")) {
        let expected = match expected {
            "u8" | "u16" | "u32" | "u64" | "usize" => "a non-negative integer",
            "i8" | "i16" | "i32" | "i64" | "isize" => "an integer",
            "f32" | "f64" => "a number",
            "a sequence" => "a list",
            other if other.starts_with("struct ") || other == "a map" => "a table",
            other if other.starts_with("internally tagged enum ") => "a table with the key `kind`",
            other => other,
        };
        return format!("expected {expected}, found {found}");
    }
    if let Some((found, rest)) = message.strip_prefix("unknown variant `").and_then(|m| m.split_once('`')) {
        let allowed: Vec<String> = rest.split('`').skip(1).step_by(2).map(String::from).collect();
        let near = near(found, &allowed, ALIKE)
            .first()
            .map_or_else(String::new, |n| format!("; did you mean {n:?}?"));
        let list: Vec<String> = allowed.iter().map(|a| format!("{a:?}")).collect();
        return format!("expected one of {}, found {found:?}{near}", list.join(", "));
    }
    message.to_string()
}

fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() { key.to_string() } else { format!("{parent}.{key}") }
}

fn unquote(text: &str) -> String {
    text.trim_matches('`').to_string()
}

/// The parts of a key such as `env.wrappers[1].kind`: names, and indices as numbers.
fn parts(key: &str) -> impl Iterator<Item = &str> {
    key.split(['.', '[', ']']).filter(|part| !part.is_empty())
}

fn place<'a>(table: &'a mut Table, key: &str) -> Option<&'a mut Table> {
    let mut parts = parts(key);
    let Some(first) = parts.next() else { return Some(table) };
    let mut value = table.get_mut(first)?;
    for part in parts {
        value = match value {
            Value::Table(inner) => inner.get_mut(part)?,
            Value::Array(list) => list.get_mut(part.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    value.as_table_mut()
}

fn keys_of(table: &Table, key: &str) -> Vec<String> {
    let mut table = table.clone();
    place(&mut table, key).map_or_else(Vec::new, |inner| inner.keys().cloned().collect())
}

fn remove(table: &mut Table, key: &str, inner: &str) {
    if let Some(table) = place(table, key) {
        table.remove(inner);
    }
}

/// The line, from 1, on which `key` or the nearest table around it stands, and whether it is `key` itself.
fn line_of(text: &str, key: &str) -> Option<(usize, bool)> {
    let table = DeTable::parse(text).ok()?;
    let mut parts = parts(key);
    let (name, mut value) = table.get_ref().get_key_value(parts.next()?)?;
    let mut at = name.span().start;
    let mut whole = true;
    for part in parts {
        let found = match value.get_ref() {
            DeValue::Table(inner) => inner.get_key_value(part).map(|(name, value)| (name.span(), value)),
            DeValue::Array(list) => {
                let inner = part.parse::<usize>().ok().and_then(|index| list.get(index));
                inner.map(|value| (value.span(), value))
            }
            _ => None,
        };
        let Some((span, inner)) = found else {
            whole = false;
            break;
        };
        (at, value) = (span.start, inner);
    }
    Some((text[..at].matches('\n').count() + 1, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"name = "a"
[env]
id = "CartPole-v1"
wrappers = [{ kind = "frame_skip", steps = 2 }]
[agent.encoder]
kind = "random_projection"
gain = 3.0
[agent.reservoir.params]
ne = 100
[run]
episodes = 10
"#;

    fn refusal(from: &str, to: &str, overrides: &[&str]) -> String {
        assert!(FILE.contains(from));
        let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
        experiment(&FILE.replace(from, to), "a.toml", &overrides).expect_err("refused").to_string()
    }

    #[test]
    fn a_right_file_is_read() {
        let read = experiment(FILE, "a.toml", &["run.seed=7".into()]).unwrap();
        assert_eq!((read.run.seed, read.run.episodes), (7, Some(10)));
        assert_eq!(read.agent.reservoir.params.ne, 100);
        assert_eq!(experiment(&read.to_toml(), "b.toml", &[]).unwrap(), read);
    }

    #[test]
    fn the_kind_of_the_task_may_be_said_and_must_be_right() {
        let with = |kind: &str| experiment(&format!("{FILE}[task]\nkind = \"{kind}\"\n"), "a.toml", &[]);
        assert_eq!(with("rl").unwrap(), experiment(FILE, "a.toml", &[]).unwrap());
        let text = with("sequence").unwrap_err().to_string();
        assert!(text.starts_with("a.toml:13: task.kind: expected \"rl\", found \"sequence\""), "{text}");
        let kinds = "expected one of \"rl\", \"sequence\", \"series\", \"dynamics\", found";
        let text = with("serie").unwrap_err().to_string();
        assert_eq!(text, format!("a.toml:13: task.kind: {kinds} \"serie\"; did you mean \"series\"?"));
        let text = experiment(&format!("{FILE}[task]\nn = 3\n"), "a.toml", &[]).unwrap_err().to_string();
        assert!(text.ends_with(&format!("task.kind: {kinds} none")), "{text}");
    }

    #[test]
    fn unknown_keys_are_named_with_their_line_and_a_likely_name() {
        let text = refusal("episodes = 10", "episdes = 10", &[]);
        assert!(text.starts_with("a.toml:11: run.episdes: unknown key; did you mean `episodes`?"), "{text}");
        let text = refusal("gain = 3.0", "gian = 3.0", &[]);
        assert!(
            text.starts_with("a.toml:7: agent.encoder.gian: unknown key; did you mean `gain`?"),
            "{text}"
        );
        let text = refusal("ne = 100", "nee = 100", &[]);
        assert!(
            text.starts_with("a.toml:9: agent.reservoir.params.nee: unknown key; did you mean `ne`?"),
            "{text}"
        );
        let text = refusal("[run]", "[runs]", &[]);
        assert!(text.starts_with("a.toml:10: runs: unknown key; did you mean `run`?"), "{text}");
    }

    #[test]
    fn wrong_types_are_named_with_their_key() {
        let text = refusal("episodes = 10", "episodes = \"ten\"", &[]);
        assert_eq!(text, "a.toml:11: run.episodes: expected a non-negative integer, found string \"ten\"");
        let text = refusal("gain = 3.0", "gain = \"high\"", &[]);
        assert_eq!(text, "a.toml:7: agent.encoder.gain: expected a number, found string \"high\"");
        let text = refusal("ne = 100", "ne = -1", &[]);
        assert!(text.starts_with("a.toml:9: agent.reservoir.params.ne: "), "{text}");
        assert!(text.contains("-1"), "{text}");
        let text = refusal("steps = 2", "steps = 2.5", &[]);
        assert!(text.starts_with("a.toml:4: env.wrappers[0].steps: "), "{text}");
    }

    #[test]
    fn what_json_cannot_say_is_refused_rather_than_forgotten() {
        assert_eq!(
            refusal("ne = 100", "h_ip = nan", &[]),
            "a.toml:9: agent.reservoir.params.h_ip: expected a finite number, found NaN"
        );
        let dated = refusal("ne = 100", "ne = 100", &["env.kwargs.g=[2020-01-01]"]);
        assert_eq!(
            dated,
            "--set env.kwargs.g=[2020-01-01]: env.kwargs.g[0]: expected a value other than a date or time, found 2020-01-01; \
             text is \"2020-01-01\""
        );
        let dated = refusal("name = \"a\"", "name = 2024-06-01", &[]);
        assert!(dated.starts_with("a.toml:1: name: expected a value other than a date or time"), "{dated}");
        let wrapper = "{ kind = \"clip_reward\", min = -inf, max = 1.0 }";
        experiment(&FILE.replace("{ kind = \"frame_skip\", steps = 2 }", wrapper), "a.toml", &[]).unwrap();
    }

    #[test]
    fn a_list_is_no_table() {
        for key in ["run", "agent.reservoir", "agent.reservoir.params", "eval"] {
            let set = format!("{key}=[]");
            let text = refusal("gain", "gain", &[&set]);
            assert_eq!(text, format!("--set {set}: {key}: expected a table, found a list"));
        }
    }

    #[test]
    fn wrong_kinds_are_named_with_what_is_allowed() {
        let text = refusal("random_projection", "random_projektion", &[]);
        assert!(text.starts_with("a.toml:6: agent.encoder.kind: expected one of "), "{text}");
        assert!(
            text.ends_with(", found \"random_projektion\"; did you mean \"random_projection\"?"),
            "{text}"
        );
    }

    #[test]
    fn missing_keys_are_named() {
        assert_eq!(refusal("id = \"CartPole-v1\"", "", &[]), "a.toml:2: env.id: missing");
        assert_eq!(refusal("name = \"a\"", "", &[]), "a.toml: name: missing");
    }

    #[test]
    fn overrides_are_blamed_for_what_they_put_in() {
        let text = refusal("gain", "gain", &["run.seed=1", "run.episdes=3"]);
        assert!(text.starts_with("--set run.episdes=3: run.episdes: unknown key"), "{text}");
        let text = refusal("gain", "gain", &["run.episodes=many"]);
        assert_eq!(
            text,
            "--set run.episodes=many: run.episodes: expected a non-negative integer, found string \"many\""
        );
        let text = refusal("[run]", "[runs]", &["run.seed=1"]);
        assert!(text.starts_with("a.toml:10: runs"), "{text}");
        let text = refusal("gain", "gain", &["env.wrappers=[{ kind = \"frame_skip\", step = 2 }]"]);
        assert!(text.starts_with("--set env.wrappers=[{ kind"), "{text}");
        assert!(text.contains(": env.wrappers[0].step: unknown key"), "{text}");
    }

    #[test]
    fn what_is_no_toml_is_shown() {
        let text = refusal("ne = 100", "ne = = 100", &[]);
        assert!(text.starts_with("a.toml: TOML parse error at line 9"), "{text}");
    }
}
