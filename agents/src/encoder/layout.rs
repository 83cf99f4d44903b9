//! What the numbers of a flattened observation are.

use sorn_env::Space;

/// One number of a flattened observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slot {
    /// A number of a Box, with its bounds; infinite where the space has none.
    Number { low: f64, high: f64 },
    /// 0 or 1: of a MultiBinary, or of the one-hot code of a Discrete or MultiDiscrete.
    Bit,
}

/// The slots of a space, in the order of [`Space::flatten_into`]; Dict and Tuple give those of their members.
pub(crate) fn slots(space: &Space) -> Vec<Slot> {
    match space {
        Space::Box(space) => {
            let number = |i| {
                let (low, high) = space.range(i);
                Slot::Number { low, high }
            };
            (0..space.low.len()).map(number).collect()
        }
        Space::Dict(members) => members.iter().flat_map(|(_, member)| slots(member)).collect(),
        Space::Tuple(members) => members.iter().flat_map(slots).collect(),
        Space::Discrete { .. } | Space::MultiDiscrete { .. } | Space::MultiBinary { .. } => {
            vec![Slot::Bit; space.flat_dim()]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sorn_env::{BoxSpace, Dtype};

    #[test]
    fn composite_spaces_lie_flat() {
        let numbers = BoxSpace::f32(&[-1.0, f32::MIN], &[2.0, f32::INFINITY]).unwrap();
        let bytes = BoxSpace::uniform(0.0, 255.0, vec![1], Dtype::U8).unwrap();
        let space = Space::Dict(vec![
            ("b".into(), Space::Tuple(vec![Space::discrete(2).unwrap(), Space::Box(numbers)])),
            ("a".into(), Space::MultiBinary { shape: vec![1] }),
            ("c".into(), Space::Box(bytes)),
        ]);
        let expected = [
            Slot::Bit,
            Slot::Bit,
            Slot::Number { low: -1.0, high: 2.0 },
            Slot::Number { low: f64::NEG_INFINITY, high: f64::INFINITY },
            Slot::Bit,
            Slot::Number { low: 0.0, high: 255.0 },
        ];
        assert_eq!(slots(&space), expected);
        assert_eq!(space.flat_dim(), expected.len());
    }
}
