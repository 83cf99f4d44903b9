//! The first key in which two experiments differ.

use toml::Value;

use crate::Experiment;

/// `key was this, is now that`, or `None` where both are equal.
pub(crate) fn difference(was: &Experiment, is: &Experiment) -> Option<String> {
    if was == is {
        return None;
    }
    let value = |experiment| Value::try_from(experiment).ok();
    value(was)
        .zip(value(is))
        .and_then(|(was, is)| first("", Some(&was), Some(&is)))
        .or_else(|| Some("it".into()))
}

pub(crate) fn first(key: &str, was: Option<&Value>, is: Option<&Value>) -> Option<String> {
    if let (Some(Value::Table(a)), Some(Value::Table(b))) = (was, is) {
        let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
        names.sort();
        names.dedup();
        let join = |name: &str| if key.is_empty() { name.to_string() } else { format!("{key}.{name}") };
        return names.into_iter().find_map(|name| first(&join(name), a.get(name), b.get(name)));
    }
    let text = |value: Option<&Value>| value.map_or("absent".into(), ToString::to_string);
    (was != is).then(|| format!("{key} was {}, is now {}", text(was), text(is)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    #[test]
    fn the_key_is_named() {
        let text =
            "name = \"a\"\n[env]\nid = \"CartPole-v1\"\n[agent.encoder]\nkind = \"random_projection\"\n";
        let experiment = |set: &[String]| read::experiment(text, "a.toml", set).unwrap();
        let a = experiment(&[]);
        assert_eq!(difference(&a, &a), None);
        let deep = experiment(&["agent.encoder.gain=1.5".into()]);
        assert_eq!(difference(&a, &deep).unwrap(), "agent.encoder.gain was 3.0, is now 1.5");
        let new = experiment(&["run.threshold=9.0".into()]);
        assert_eq!(difference(&a, &new).unwrap(), "run.threshold was absent, is now 9.0");
    }
}
