//! Spaces in files: bounds that are equal everywhere are one number, infinities are words.

use serde::{Deserialize, Serialize};

use crate::space::BoxSpace;
use crate::{Dtype, SpaceError};

/// A [`BoxSpace`] as JSON can hold it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoxFile {
    low: Bounds,
    high: Bounds,
    shape: Vec<usize>,
    dtype: Dtype,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Bounds {
    All(Bound),
    Each(Vec<Bound>),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Bound {
    Number(f64),
    Infinite(Infinity),
}

#[derive(Serialize, Deserialize)]
enum Infinity {
    #[serde(rename = "inf")]
    Positive,
    #[serde(rename = "-inf")]
    Negative,
}

impl Bound {
    fn new(bound: f64) -> Bound {
        match bound {
            f64::INFINITY => Bound::Infinite(Infinity::Positive),
            f64::NEG_INFINITY => Bound::Infinite(Infinity::Negative),
            number => Bound::Number(number),
        }
    }

    fn get(&self) -> f64 {
        match self {
            Bound::Number(number) => *number,
            Bound::Infinite(Infinity::Positive) => f64::INFINITY,
            Bound::Infinite(Infinity::Negative) => f64::NEG_INFINITY,
        }
    }
}

impl Bounds {
    fn new(bounds: &[f64]) -> Bounds {
        match bounds {
            [first, rest @ ..] if rest.iter().all(|bound| bound.to_bits() == first.to_bits()) => {
                Bounds::All(Bound::new(*first))
            }
            _ => Bounds::Each(bounds.iter().map(|&bound| Bound::new(bound)).collect()),
        }
    }

    fn get(&self, size: usize) -> Result<Vec<f64>, SpaceError> {
        match self {
            Bounds::Each(each) => Ok(each.iter().map(Bound::get).collect()),
            Bounds::All(bound) => {
                let mut all = Vec::new();
                all.try_reserve_exact(size).map_err(|_| too_large(size))?;
                all.resize(size, bound.get());
                Ok(all)
            }
        }
    }
}

fn too_large(size: impl ToString) -> SpaceError {
    SpaceError::new("a Box whose bounds fit into memory", format!("{} numbers", size.to_string()))
}

impl From<BoxSpace> for BoxFile {
    fn from(space: BoxSpace) -> BoxFile {
        BoxFile {
            low: Bounds::new(&space.low),
            high: Bounds::new(&space.high),
            shape: space.shape,
            dtype: space.dtype,
        }
    }
}

impl TryFrom<BoxFile> for BoxSpace {
    type Error = SpaceError;

    fn try_from(file: BoxFile) -> Result<BoxSpace, SpaceError> {
        let size = file.shape.iter().try_fold(1_usize, |size, &axis| size.checked_mul(axis));
        let size = size.ok_or_else(|| too_large("more than 2^64"))?;
        BoxSpace::new(file.low.get(size)?, file.high.get(size)?, file.shape, file.dtype)
    }
}

#[cfg(test)]
mod tests {
    use crate::{BoxSpace, Dtype, Space};

    #[test]
    fn spaces_go_through_json_unchanged() {
        let inf = f64::INFINITY;
        let spaces = [
            Space::Box(BoxSpace::uniform(0.0, 255.0, vec![2, 3], Dtype::U8).unwrap()),
            Space::Box(BoxSpace::new(vec![-inf, -0.1], vec![4.8, inf], vec![2], Dtype::F32).unwrap()),
            Space::Box(BoxSpace::uniform(0.0, 1.0, vec![0], Dtype::F64).unwrap()),
            Space::Discrete { n: 3, start: -1 },
            Space::Dict(vec![("b".into(), Space::discrete(2).unwrap()), ("a".into(), Space::Tuple(vec![]))]),
        ];
        for space in spaces {
            let text = serde_json::to_string(&space).unwrap();
            assert_eq!(serde_json::from_str::<Space>(&text).unwrap(), space, "{text}");
        }
        let image = Space::Box(BoxSpace::uniform(0.0, 255.0, vec![84, 84, 3], Dtype::U8).unwrap());
        assert!(serde_json::to_string(&image).unwrap().len() < 200);
    }

    #[test]
    fn a_box_that_cannot_be_is_refused() {
        for text in [
            r#"{"box":{"low":1.0,"high":0.0,"shape":[2],"dtype":"F32"}}"#,
            r#"{"box":{"low":[0.0],"high":1.0,"shape":[2],"dtype":"F32"}}"#,
            r#"{"box":{"low":0.0,"high":1.0,"shape":[4294967296,4294967296,2],"dtype":"F32"}}"#,
            r#"{"box":{"low":0.0,"high":1.0,"shape":[1152921504606846976],"dtype":"F32"}}"#,
            r#"{"box":{"low":"infinite","high":1.0,"shape":[2],"dtype":"F32"}}"#,
        ] {
            assert!(serde_json::from_str::<Space>(text).is_err(), "{text}");
        }
    }
}
