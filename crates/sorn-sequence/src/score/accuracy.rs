//! How often the readout is right, of all symbols and of some.

use super::{Scores, Tested};
use crate::Target;

pub(super) fn score(tested: &Tested<'_>, scores: &mut Scores) {
    let ceiling = match tested.task.target {
        Target::Recall => return,
        Target::Position => Some(1.0),
        Target::Next | Target::Present => tested.source.ceiling(),
    };
    let (mut right, mut last, mut within) = (0.0, Share::default(), Share::default());
    for (step, hit) in (tested.question.first..).zip(tested.right(0)) {
        let asked = tested.question.asked(&tested.tested.items, step);
        right += f64::from(u8::from(hit));
        if asked.place > 0 {
            within.count(hit);
        }
        if asked.place > 0 && asked.last {
            last.count(hit);
        }
    }
    let accuracy = right / tested.count() as f64;
    scores.put("accuracy", accuracy);
    if let Some(ceiling) = ceiling {
        scores.put("ceiling", ceiling);
        scores.put("of_ceiling", accuracy / ceiling);
    }
    for (name, share) in [("last_symbol", last), ("within_words", within)] {
        if let Some(share) = share.value() {
            scores.put(name, share);
        }
    }
}

/// A share of what was counted.
#[derive(Clone, Copy, Default)]
struct Share {
    right: u64,
    all: u64,
}

impl Share {
    fn count(&mut self, right: bool) {
        self.right += u64::from(right);
        self.all += 1;
    }

    fn value(self) -> Option<f64> {
        (self.all > 0).then(|| self.right as f64 / self.all as f64)
    }
}
