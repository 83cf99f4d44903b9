//! [`Axis`]: keys that have their values together, one point after the other.

use sorn_core::rng;
use toml::{Table, Value};

use super::config::{RandomConfig, SweepConfig, lists, walk};

/// Keys, and for each point their values. The points of different axes are combined.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    /// Dotted keys.
    pub(super) keys: Vec<String>,
    /// The values of the keys, point after point.
    pub(super) points: Vec<Vec<Value>>,
    /// The part of each point in the name of a configuration.
    pub(super) labels: Vec<String>,
    /// Where it stands in the file, for errors.
    pub(super) place: &'static str,
}

/// More draws than any search makes.
const MOST_DRAWS: u64 = 10_000_000;

/// The axes of a sweep: those of `together`, then those of `grid` by the alphabet, then the draws.
///
/// # Errors
/// What is wrong, the key first.
pub(super) fn axes(config: &SweepConfig) -> Result<Vec<Axis>, String> {
    let mut axes = Vec::new();
    for (index, table) in config.together.iter().enumerate() {
        axes.push(together(table, &format!("sweep.together[{index}]"))?);
    }
    for (key, values) in lists(&config.grid, "sweep.grid")? {
        let points = values.into_iter().map(|value| vec![value]).collect();
        axes.push(Axis { keys: vec![key], points, labels: Vec::new(), place: "sweep.grid" });
    }
    if let Some(random) = &config.random {
        axes.push(draws(random)?);
    }
    if axes.is_empty() {
        return Err("sweep: expected grid, together or random, found none of them".into());
    }
    check_keys(&axes)?;
    let shorts = short_names(&axes);
    for axis in &mut axes {
        if axis.labels.is_empty() {
            let label = |point: &Vec<Value>| {
                let part = |(key, value): (&String, &Value)| format!("{}={}", shorts[key], plain(value));
                axis.keys.iter().zip(point).map(part).collect::<Vec<_>>().join(",")
            };
            let labels: Vec<String> = axis.points.iter().map(label).collect();
            let mut seen = std::collections::BTreeSet::new();
            if let Some(label) = labels.iter().find(|label| !seen.insert(*label)) {
                let keys = axis.keys.join(", ");
                return Err(format!("{}.{keys}: expected distinct values, found {label} twice", axis.place));
            }
            axis.labels = labels;
        }
    }
    Ok(axes)
}

/// Lists that are gone through together.
fn together(table: &Table, at: &str) -> Result<Axis, String> {
    let lists = lists(table, at)?;
    let Some((first, values)) = lists.first() else {
        return Err(format!("{at}: expected keys with lists of values, found none"));
    };
    let count = values.len();
    if let Some((key, other)) = lists.iter().find(|(_, list)| list.len() != count) {
        let found = other.len();
        return Err(format!("{at}.{key}: expected {count} values, as {first} has, found {found}"));
    }
    let points = (0..count).map(|i| lists.iter().map(|(_, list)| list[i].clone()).collect()).collect();
    let keys = lists.iter().map(|(key, _)| key.clone()).collect();
    Ok(Axis { keys, points, labels: Vec::new(), place: "sweep.together" })
}

/// The draws of `random`.
fn draws(random: &RandomConfig) -> Result<Axis, String> {
    let distributions = distributions(random)?;
    if !(1..=MOST_DRAWS).contains(&random.count) {
        return Err(format!("sweep.random.count: expected 1 to {MOST_DRAWS}, found {}", random.count));
    }
    let point = |index| {
        let draw = |(key, from): &(String, Distribution)| from.draw(random.seed, key, index);
        distributions.iter().map(draw).collect()
    };
    Ok(Axis {
        keys: distributions.iter().map(|(key, _)| key.clone()).collect(),
        points: (0..random.count).map(point).collect(),
        labels: (0..random.count).map(|index| format!("draw={index}")).collect(),
        place: "sweep.random.keys",
    })
}

/// The distribution of one key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Distribution {
    Uniform(f64, f64),
    LogUniform(f64, f64),
    Integer(i64, i64),
    Choice(Vec<Value>),
}

const NAMES: [&str; 4] = ["uniform", "log_uniform", "integer", "choice"];

/// The keys of `random` with their distributions, by the alphabet.
pub(super) fn distributions(random: &RandomConfig) -> Result<Vec<(String, Distribution)>, String> {
    let mut found = Vec::new();
    let expected = "expected { uniform = [LOW, HIGH] }, { log_uniform = [LOW, HIGH] }, { integer = [LOW, HIGH] } or \
                    { choice = [...] }";
    walk(&random.keys, "", &mut |key, value| {
        let at = format!("sweep.random.keys.{key}");
        let Value::Table(table) = value else { return Err(format!("{at}: {expected}, found {value}")) };
        let known = table.iter().find(|(name, value)| NAMES.contains(&name.as_str()) && value.is_array());
        match (known, table.len()) {
            (Some((name, Value::Array(list))), 1) => {
                let read = distribution(name, list).map_err(|reason| format!("{at}.{name}: {reason}"))?;
                found.push((key.to_string(), read));
                Ok(true)
            }
            (Some(_), _) => Err(format!("{at}: {expected}, found {} keys", table.len())),
            (None, 0) => Err(format!("{at}: {expected}, found an empty table")),
            (None, _) => Ok(false),
        }
    })?;
    match found.is_empty() {
        true => Err("sweep.random.keys: expected at least one key with its distribution, found none".into()),
        false => Ok(found),
    }
}

fn distribution(name: &str, list: &[Value]) -> Result<Distribution, String> {
    if name == "choice" {
        return match list.is_empty() {
            true => Err("expected at least one value, found an empty list".into()),
            false => Ok(Distribution::Choice(list.to_vec())),
        };
    }
    let shown = || Value::Array(list.to_vec());
    if name == "integer" {
        return match list {
            [Value::Integer(low), Value::Integer(high)] if low <= high => {
                Ok(Distribution::Integer(*low, *high))
            }
            _ => Err(format!("expected two integers, the first not greater, found {}", shown())),
        };
    }
    let number = |value: &Value| match value {
        Value::Float(x) => Some(*x),
        Value::Integer(i) => Some(*i as f64),
        _ => None,
    };
    let bounds = match list {
        [low, high] => number(low).zip(number(high)),
        _ => None,
    };
    match bounds.filter(|(low, high)| low.is_finite() && high.is_finite() && low < high) {
        Some((low, high)) if name == "uniform" => Ok(Distribution::Uniform(low, high)),
        Some((low, high)) if low > 0.0 => Ok(Distribution::LogUniform(low, high)),
        Some((low, _)) => Err(format!("expected bounds greater than 0, found {low}")),
        None => Err(format!("expected two finite numbers, the first less, found {}", shown())),
    }
}

impl Distribution {
    /// The value of one draw; it depends on nothing but the seed, the key and the number of the draw.
    fn draw(&self, seed: u64, key: &str, index: u64) -> Value {
        let u = rng::uniform(&mut rng::stream(seed, &format!("sweep {key} {index}")));
        match self {
            Distribution::Uniform(low, high) => {
                Value::Float(rounded(low * (1.0 - u) + high * u).clamp(*low, *high))
            }
            Distribution::LogUniform(low, high) => {
                let (from, to) = (libm::log(*low), libm::log(*high));
                Value::Float(rounded(libm::exp(from * (1.0 - u) + to * u)).clamp(*low, *high))
            }
            Distribution::Integer(low, high) => {
                let size = (i128::from(*high) - i128::from(*low) + 1) as f64;
                let drawn = i128::from(*low) + (u * size) as i128;
                Value::Integer(drawn.min(i128::from(*high)) as i64)
            }
            Distribution::Choice(values) => {
                values[((u * values.len() as f64) as usize).min(values.len() - 1)].clone()
            }
        }
    }
}

/// Six significant digits: enough for a search, and short in files.
fn rounded(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// Refuses keys that two axes have, that lie within one another, or that a sweep has itself.
fn check_keys(axes: &[Axis]) -> Result<(), String> {
    let all: Vec<(&str, &str)> =
        axes.iter().flat_map(|axis| axis.keys.iter().map(|key| (axis.place, key.as_str()))).collect();
    for (index, (place, key)) in all.iter().enumerate() {
        if key.split('.').any(str::is_empty) {
            return Err(format!("{place}: expected a dotted key such as run.episodes, found {key:?}"));
        }
        if *key == "run.seed" {
            return Err(format!(
                "{place}.run.seed: expected another key; the seeds are those of sweep.seeds"
            ));
        }
        if ["name", "question", "sweep", "vary"].contains(key) || key.starts_with("sweep.") {
            return Err(format!("{place}.{key}: expected a key that changes a run"));
        }
        let within = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        for (other_place, other) in &all[..index] {
            if within(key, other) || within(other, key) {
                return Err(format!(
                    "{place}.{key}: expected each key once, found {other_place}.{other} too"
                ));
            }
        }
    }
    Ok(())
}

/// The last part of every key, or all of it where two keys share that part.
pub(super) fn short_names(axes: &[Axis]) -> std::collections::BTreeMap<String, String> {
    let all: Vec<&String> = axes.iter().flat_map(|axis| &axis.keys).collect();
    let last = |key: &str| key.rsplit('.').next().unwrap_or(key).to_string();
    let short = |key: &&String| {
        let shared = all.iter().filter(|other| last(other) == last(key)).count() > 1;
        if shared { (*key).clone() } else { last(key) }
    };
    all.iter().map(|key| ((*key).clone(), short(key))).collect()
}

/// A value as a part of the name of a directory: short, and without characters that shells or file systems treat apart. What that
/// changes is told apart by a hash.
pub(crate) fn plain(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), String::from);
    let kept = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    if !text.is_empty() && text.chars().all(kept) && text.len() <= 40 && !text.starts_with('.') {
        return text;
    }
    let safe: String = text.chars().filter(|c| kept(*c)).take(24).collect();
    format!("{safe}-{:08x}", hash(&text) as u32)
}

/// FNV-1a.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Axis>, String> {
        axes(&text.parse::<Table>().unwrap().try_into().unwrap())
    }

    fn labels(text: &str) -> Vec<Vec<String>> {
        read(text).unwrap().into_iter().map(|axis| axis.labels).collect()
    }

    #[test]
    fn grids_and_rows_are_axes() {
        let text =
            "[grid]\nb.x = [1, 2.5]\na.y = [\"sorn\", \"a/b\"]\n[[together]]\nne = [1, 2]\nni = [3, 4]";
        let labels = labels(text);
        assert_eq!(labels[0], ["ne=1,ni=3", "ne=2,ni=4"]);
        assert_eq!(labels[1][0], "y=sorn");
        assert!(labels[1][1].starts_with("y=ab-") && !labels[1][1].contains('/'), "{labels:?}");
        assert_eq!(labels[2], ["x=1", "x=2.5"]);
        // Where the last parts are the same the whole keys stand in the names.
        assert_eq!(super::tests::labels("[grid]\nb.x = [1]\na.x = [2]"), [["a.x=2"], ["b.x=1"]]);
    }

    #[test]
    fn draws_are_within_their_bounds_and_the_first_stay_if_there_are_more() {
        let draw = |count: u64, seed: u64| {
            let text = format!(
                "[random]\ncount = {count}\nseed = {seed}\n[random.keys]\na = {{ uniform = [-1, 2.0] }}\n\
                 b = {{ log_uniform = [1e-4, 1.0] }}\nc = {{ integer = [3, 5] }}\nd.e = {{ choice = [\"x\", 7] }}"
            );
            read(&text).unwrap().remove(0)
        };
        let axis = draw(2000, 1);
        assert_eq!(axis.keys, ["a", "b", "c", "d.e"]);
        assert_eq!(draw(5, 1).points, axis.points[..5]);
        assert_ne!(draw(5, 2).points, axis.points[..5]);
        let floats = |key: usize| axis.points.iter().map(move |p| p[key].as_float().unwrap());
        assert!(floats(0).all(|a| (-1.0..=2.0).contains(&a)));
        let mean = floats(0).sum::<f64>() / 2000.0;
        assert!((mean - 0.5).abs() < 0.08, "{mean}");
        // Half of the values lie below the geometric middle.
        let below = floats(1).filter(|b| *b < 1e-2).count();
        assert!((900..1100).contains(&below), "{below}");
        for wanted in 3..=5 {
            let drawn = axis.points.iter().filter(|p| p[2] == Value::Integer(wanted)).count();
            assert!((570..760).contains(&drawn), "{wanted}: {drawn}");
        }
        let sevens = axis.points.iter().filter(|p| p[3] == Value::Integer(7)).count();
        assert!((900..1100).contains(&sevens), "{sevens}");
        assert!(floats(1).all(|b| b.to_string().len() <= 12));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_key() {
        for (text, expected) in [
            ("", "sweep: expected grid, together or random"),
            ("[grid]\na = [1, 1]", "sweep.grid.a: expected distinct values, found a=1 twice"),
            ("[grid]\nrun.seed = [1]", "sweep.grid.run.seed: expected another key"),
            ("[grid]\nname = [\"x\"]", "sweep.grid.name: "),
            ("[grid]\na.b = [1]\n[[together]]\na = [{}]", "sweep.grid.a.b: expected each key once"),
            (
                "[[together]]\na = [1, 2]\nb = [1]",
                "sweep.together[0].b: expected 2 values, as a has, found 1",
            ),
            ("[[together]]", "sweep.together[0]: expected keys"),
            (
                "[random]\ncount = 0\n[random.keys]\na = { uniform = [0, 1] }",
                "sweep.random.count: expected 1 to",
            ),
            ("[random]\ncount = 3\n[random.keys]", "sweep.random.keys: expected at least one key"),
            (
                "[random]\ncount = 3\n[random.keys]\na.b = { unifrm = [0, 1] }",
                "sweep.random.keys.a.b.unifrm: expected { uniform",
            ),
            (
                "[random]\ncount = 3\n[random.keys]\na = { uniform = [1, 0] }",
                "a.uniform: expected two finite",
            ),
            ("[random]\ncount = 3\n[random.keys]\na = { log_uniform = [0, 1] }", "greater than 0, found 0"),
            ("[random]\ncount = 3\n[random.keys]\na = { integer = [0.5, 1] }", "two integers"),
            ("[random]\ncount = 3\n[random.keys]\na = { choice = [] }", "a.choice: expected at least one"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
