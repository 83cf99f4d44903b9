//! The methods of [`Space`] on its elements: check, sample, flatten.

use std::collections::BTreeMap;

use crate::seeding::Generator;
use crate::space::numbers;
use crate::value::Shape;
use crate::{Array, BoxSpace, Data, Dtype, Space, SpaceError, Value};

impl Space {
    /// Whether `value` is an element.
    pub fn contains(&self, value: &Value) -> bool {
        self.check(value).is_ok()
    }

    /// Returns an error if `value` is not an element.
    ///
    /// # Errors
    /// [`SpaceError`] saying what the space allows and what was found.
    pub fn check(&self, value: &Value) -> Result<(), SpaceError> {
        match (self, value) {
            (Space::Box(space), Value::Array(array)) => {
                check_array(self, array, &space.shape, space.dtype)?;
                for (i, x) in array.iter().enumerate() {
                    if !(space.low[i]..=space.high[i]).contains(&x) {
                        return Err(SpaceError::new(self.to_string(), format!("{x} at position {i}")));
                    }
                }
                Ok(())
            }
            (Space::Discrete { n, start }, Value::Int(i)) => {
                let offset = i.checked_sub(*start);
                if offset.is_some_and(|offset| (0..*n).contains(&offset)) {
                    Ok(())
                } else {
                    Err(SpaceError::new(self.to_string(), value.describe()))
                }
            }
            (Space::MultiDiscrete { nvec }, Value::Array(array)) => {
                check_array(self, array, &[nvec.len()], Dtype::I64)?;
                check_below(self, array, |i| nvec[i] as f64)
            }
            (Space::MultiBinary { shape }, Value::Array(array)) => {
                check_array(self, array, shape, Dtype::I8)?;
                check_below(self, array, |_| 2.0)
            }
            (Space::Dict(members), Value::Map(map)) => {
                if map.len() != members.len() {
                    return Err(SpaceError::new(self.to_string(), value.describe()));
                }
                members.iter().try_for_each(|(name, space)| {
                    let member =
                        map.get(name).ok_or_else(|| SpaceError::new(self.to_string(), value.describe()))?;
                    space.check(member).map_err(|e| e.within(name))
                })
            }
            (Space::Tuple(members), Value::List(list)) if members.len() == list.len() => members
                .iter()
                .zip(list)
                .enumerate()
                .try_for_each(|(i, (space, member))| space.check(member).map_err(|e| e.within(i))),
            _ => Err(SpaceError::new(self.to_string(), value.describe())),
        }
    }

    /// A random element: uniform where the space is bounded, shifted exponential where it is bounded on one side, normal
    /// where it is unbounded ([`BoxSpace::range`]).
    #[inline]
    pub fn sample(&self, rng: &mut Generator) -> Value {
        match self {
            // Callers in a hot loop see at once that there is nothing to drop.
            Space::Discrete { n, start } => Value::Int(start + rng.integers(0, *n)),
            other => other.sample_any(rng),
        }
    }

    fn sample_any(&self, rng: &mut Generator) -> Value {
        let integers =
            |shape: &[usize], data: Data| Value::Array(Array::new(shape.to_vec(), data).expect("counted"));
        match self {
            Space::Box(space) => sample_box(space, rng),
            Space::Discrete { n, start } => Value::Int(start + rng.integers(0, *n)),
            Space::MultiDiscrete { nvec } => {
                let data: Vec<i64> = nvec.iter().map(|&n| (rng.random() * n as f64) as i64).collect();
                Value::Array(Array::vector(data))
            }
            Space::MultiBinary { shape } => {
                let size: usize = shape.iter().product();
                let data: Vec<i8> = (0..size).map(|_| rng.integers(0, 2) as i8).collect();
                integers(shape, data.into())
            }
            Space::Dict(members) => Value::Map(
                members
                    .iter()
                    .map(|(name, space)| (name.clone(), space.sample(rng)))
                    .collect::<BTreeMap<_, _>>(),
            ),
            Space::Tuple(members) => Value::List(members.iter().map(|space| space.sample(rng)).collect()),
        }
    }

    /// Writes `value` as numbers, see [`Element::flatten_into`](crate::Element::flatten_into).
    ///
    /// # Errors
    /// [`SpaceError`] if the value does not fit the space or the length.
    pub fn flatten_into(&self, value: &Value, out: &mut [f64]) -> Result<(), SpaceError> {
        check_length(self, out)?;
        match (self, value) {
            (Space::Box(space), Value::Array(array)) => {
                check_array(self, array, &space.shape, space.dtype)?;
                out.iter_mut().zip(array.iter()).for_each(|(out, x)| *out = x);
                Ok(())
            }
            (Space::Discrete { start, .. }, Value::Int(i)) => {
                self.check(value)?;
                one_hot(out, (i - start) as usize);
                Ok(())
            }
            (Space::MultiDiscrete { nvec }, Value::Array(array)) => {
                self.check(value)?;
                let mut rest = out;
                for (&n, x) in nvec.iter().zip(array.iter()) {
                    let (head, tail) = rest.split_at_mut(n as usize);
                    one_hot(head, x as usize);
                    rest = tail;
                }
                Ok(())
            }
            (Space::MultiBinary { .. }, Value::Array(array)) => {
                self.check(value)?;
                out.iter_mut().zip(array.iter()).for_each(|(out, x)| *out = x);
                Ok(())
            }
            (Space::Dict(members), Value::Map(map)) if map.len() == members.len() => {
                let mut rest = out;
                for (name, space) in members {
                    let member =
                        map.get(name).ok_or_else(|| SpaceError::new(self.to_string(), value.describe()))?;
                    let (head, tail) = rest.split_at_mut(space.flat_dim());
                    space.flatten_into(member, head).map_err(|e| e.within(name))?;
                    rest = tail;
                }
                Ok(())
            }
            (Space::Tuple(members), Value::List(list)) if members.len() == list.len() => {
                let mut rest = out;
                for (i, (space, member)) in members.iter().zip(list).enumerate() {
                    let (head, tail) = rest.split_at_mut(space.flat_dim());
                    space.flatten_into(member, head).map_err(|e| e.within(i))?;
                    rest = tail;
                }
                Ok(())
            }
            _ => Err(SpaceError::new(self.to_string(), value.describe())),
        }
    }
}

pub(crate) fn check_length(space: &Space, out: &[f64]) -> Result<(), SpaceError> {
    let expected = space.flat_dim();
    if out.len() == expected {
        Ok(())
    } else {
        Err(SpaceError::new(format!("a buffer of {} for {space}", numbers(expected)), numbers(out.len())))
    }
}

fn check_array(space: &Space, array: &Array, shape: &[usize], dtype: Dtype) -> Result<(), SpaceError> {
    if array.shape() == shape && array.dtype().fits(dtype) {
        Ok(())
    } else {
        Err(SpaceError::new(
            space.to_string(),
            format!("array of shape {} and type {}", Shape(array.shape()), array.dtype()),
        ))
    }
}

fn check_below(space: &Space, array: &Array, count: impl Fn(usize) -> f64) -> Result<(), SpaceError> {
    match array.iter().enumerate().find(|&(i, x)| x < 0.0 || x >= count(i)) {
        Some((i, x)) => Err(SpaceError::new(space.to_string(), format!("{x} at position {i}"))),
        None => Ok(()),
    }
}

pub(crate) fn one_hot(out: &mut [f64], hot: usize) {
    out.fill(0.0);
    out[hot] = 1.0;
}

fn sample_box(space: &BoxSpace, rng: &mut Generator) -> Value {
    let bounded: Vec<f64> = (0..space.low.len())
        .map(|i| {
            let (low, high) = space.range(i);
            // An integer Box includes its upper bound: draw from [low, high + 1) and round down.
            let top = if space.dtype.is_float() { high } else { high + 1.0 };
            let x = match (low.is_finite(), high.is_finite()) {
                (true, true) => rng.uniform(low, top),
                (true, false) => low + rng.exponential(),
                (false, true) => high - rng.exponential(),
                (false, false) => rng.standard_normal(),
            };
            if space.dtype.is_float() { x } else { x.floor().clamp(space.low[i], space.high[i]) }
        })
        .collect();
    let data = Data::cast(bounded.into_iter(), space.dtype);
    Value::Array(Array::new(space.shape.clone(), data).expect("one number per bound"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spaces() -> impl Strategy<Value = Space> {
        let leaf = prop_oneof![
            (1i64..6, -4i64..4).prop_map(|(n, start)| Space::Discrete { n, start }),
            prop::collection::vec(1i64..5, 1..4).prop_map(|nvec| Space::MultiDiscrete { nvec }),
            prop::collection::vec(1usize..4, 0..3).prop_map(|shape| Space::MultiBinary { shape }),
            (-9i8..9, 0i8..9, prop::collection::vec(1usize..4, 0..3), 0usize..6).prop_map(
                |(low, width, shape, kind)| {
                    let dtype = [Dtype::F32, Dtype::F64, Dtype::I8, Dtype::I32, Dtype::I64, Dtype::U8][kind];
                    let low = if dtype == Dtype::U8 { 0.0 } else { f64::from(low) };
                    Space::Box(BoxSpace::uniform(low, low + f64::from(width), shape, dtype).unwrap())
                }
            ),
            Just(Space::box_f32(&[f32::NEG_INFINITY, 0.0], &[1.0, f32::INFINITY]).unwrap()),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Space::Tuple),
                prop::collection::vec(inner, 0..3).prop_map(|members| {
                    Space::Dict(members.into_iter().enumerate().map(|(i, s)| (format!("m{i}"), s)).collect())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn samples_are_elements_and_flatten(space in spaces(), seed: u64) {
            prop_assert!(space.validate().is_ok());
            let value = space.sample(&mut Generator::new(seed));
            prop_assert_eq!(space.check(&value), Ok(()));
            let mut out = vec![f64::NAN; space.flat_dim()];
            prop_assert_eq!(space.flatten_into(&value, &mut out), Ok(()));
            prop_assert!(out.iter().all(|x| !x.is_nan()), "every number written");
            let mut long = vec![0.0; space.flat_dim() + 1];
            prop_assert!(space.flatten_into(&value, &mut long).is_err());
        }

        #[test]
        fn foreign_elements_do_not_panic(a in spaces(), b in spaces(), seed: u64) {
            let value = b.sample(&mut Generator::new(seed));
            let mut out = vec![0.0; a.flat_dim()];
            if a.contains(&value) {
                prop_assert_eq!(a.flatten_into(&value, &mut out), Ok(()));
            }
            let _ = a.flatten_into(&value, &mut out);
        }
    }

    #[test]
    fn flattens_as_gymnasium() {
        let space = Space::Dict(vec![
            ("b".into(), Space::Discrete { n: 3, start: 1 }),
            ("a".into(), Space::MultiDiscrete { nvec: vec![2, 3] }),
        ]);
        let value = Value::Map(BTreeMap::from([
            ("a".into(), Value::Array(Array::vector(vec![1i64, 0]))),
            ("b".into(), Value::Int(3)),
        ]));
        let mut out = [9.0; 8];
        space.flatten_into(&value, &mut out).unwrap();
        assert_eq!(out, [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn refusals_say_why() {
        let space = Space::box_f32(&[-1.0, -1.0], &[1.0, 1.0]).unwrap();
        let message = |value: Value| space.check(&value).unwrap_err().to_string();
        let of = "expected Box(-1, 1, (2,), float32), found";
        assert_eq!(message(Value::Array(Array::vector(vec![0.5f32, 2.0]))), format!("{of} 2 at position 1"));
        assert_eq!(
            message(Value::Array(Array::vector(vec![0.0f32, f32::NAN]))),
            format!("{of} NaN at position 1")
        );
        assert_eq!(
            message(Value::Array(Array::vector(vec![0.5f64, 0.0]))),
            format!("{of} array of shape (2,) and type float64")
        );
        assert_eq!(message(Value::Int(1)), format!("{of} integer 1"));
        let pair = Space::Tuple(vec![Space::Discrete { n: 2, start: 0 }, space.clone()]);
        let error = pair.check(&Value::List(vec![Value::Int(2), Value::Int(0)])).unwrap_err();
        assert_eq!(error.to_string(), "member 0: expected Discrete(2), found integer 2");
    }
}
