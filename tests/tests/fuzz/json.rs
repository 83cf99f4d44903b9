//! Mutations of JSON as a tree: keys go, come and change places, numbers and types change.

use serde_json::{Value, json};

use crate::rng::Rng;

/// A tree with one to three mutations.
pub(crate) fn mutate(tree: &Value, rng: &mut Rng) -> Value {
    let mut to = tree.clone();
    for _ in 0..rng.within(1, 3) {
        let nodes = count(&to);
        let mut at = rng.below(nodes);
        if let Some(node) = find(&mut to, &mut at) {
            change(node, rng);
        }
    }
    to
}

fn count(tree: &Value) -> u64 {
    1 + match tree {
        // Long lists of numbers would leave nothing for the rest.
        Value::Array(list) => list.iter().take(8).map(count).sum::<u64>(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

fn find<'a>(tree: &'a mut Value, at: &mut u64) -> Option<&'a mut Value> {
    if *at == 0 {
        return Some(tree);
    }
    *at -= 1;
    match tree {
        Value::Array(list) => list.iter_mut().take(8).find_map(|inner| find(inner, at)),
        Value::Object(fields) => fields.values_mut().find_map(|inner| find(inner, at)),
        _ => None,
    }
}

fn odd(rng: &mut Rng) -> Value {
    match rng.below(20) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(0),
        4 => json!(u64::MAX),
        5 => json!(i64::MIN),
        6 => json!(1e308),
        7 => json!(-5e-324),
        8 => json!(0.5),
        9 => json!(""),
        10 => json!("text"),
        11 => json!([]),
        12 => json!({}),
        13 => json!([[1.0], []]),
        14 => json!(4_294_967_296_u64),
        15 => json!(rng.below(100)),
        16 => json!(-0.0),
        17 => json!({"kind": "none"}),
        18 => json!("é\u{0}"),
        _ => json!([0.0, null, "x"]),
    }
}

fn change(node: &mut Value, rng: &mut Rng) {
    let other = odd(rng);
    match node {
        Value::Number(number) if rng.one_in(2) => {
            let value = number.as_f64().unwrap_or(0.0);
            *node = match rng.below(7) {
                0 => json!(value + 1.0),
                1 => json!(-value),
                2 => json!(value * 1e6),
                3 => json!(number.as_i64().unwrap_or(0).wrapping_add(1)),
                4 => json!(number.as_i64().unwrap_or(0).wrapping_sub(1)),
                5 => json!(number.to_string()),
                _ => json!(value / 3.0),
            };
        }
        Value::Array(list) if !list.is_empty() && rng.one_in(2) => {
            let at = rng.below(list.len() as u64) as usize;
            match rng.below(5) {
                0 => drop(list.remove(at)),
                1 => list.push(list[at].clone()),
                2 => list.truncate(at),
                3 => list.reverse(),
                _ => list[at] = other,
            }
        }
        Value::Object(fields) if !fields.is_empty() && rng.one_in(2) => {
            let names: Vec<String> = fields.keys().cloned().collect();
            let name = rng.pick(&names).clone();
            match rng.below(4) {
                0 => drop(fields.remove(&name)),
                1 => drop(fields.insert(format!("{name}s"), other)),
                2 => {
                    let value = fields.remove(&name).unwrap_or_default();
                    fields.insert(rng.pick(&names).clone(), value);
                }
                _ => drop(fields.insert(name, other)),
            }
        }
        Value::String(text) if rng.one_in(2) => {
            match rng.below(4) {
                0 => text.clear(),
                1 => text.push('x'),
                2 => *text = text.repeat(2),
                _ => drop(text.pop()),
            };
        }
        _ => *node = other,
    }
}
