//! Columns against one another: by events, by lookups, at rest.

use super::*;
use crate::contiguous::Contiguous;
use crate::full::Full;
use crate::kernel::Change;
use crate::lazy::Lazy;
use crate::plastic::{Op, Pairs};
use crate::rng::{below, stream, uniform};
use crate::topology::choose;

fn plain(columns: &impl Block) -> Synapses {
    let mut synapses = Synapses::new(columns.n_pre());
    columns.append_to(&mut synapses);
    synapses
}

/// Every layout, lookup and instruction set leads to the same weights and drives, through pruning, growth, compaction,
/// steps in which nothing is touched, and rules from outside.
#[test]
fn layouts_agree() {
    let n = 90;
    for keep_zeros in [false, true] {
        let floor = if keep_zeros { -0.0 } else { 0.0 };
        let rng = &mut stream(1, "test");
        let mut synapses = Synapses::new(n);
        for post in 0..n {
            let pre = choose(12 + post % 30, n, rng);
            synapses.push_column(
                pre.into_iter().filter(|&pre| pre as usize != post).map(|pre| (pre, uniform(rng) * 0.02)),
            );
        }
        let mut others: Vec<Stepper> = Vec::new();
        for isa in Isa::available() {
            others.push(stepper(Contiguous::<u16>::with_isa(&synapses, 0..n, keep_zeros, isa)));
            others.push(stepper(Columns::<u32>::with_isa(&synapses, 0..n, keep_zeros, isa)));
            others.push(stepper(Columns::<u8>::with_isa(&synapses, 0..n, keep_zeros, isa)));
        }
        compare(n, floor, stepper(Columns::<u16>::new(&synapses, 0..n, keep_zeros, &[])), others);
        // In 32 bits the layouts differ, but neither instruction sets do nor what is asked for ahead.
        let fast = |isa| Lazy::<u16>::with_isa(&synapses, 0..n, keep_zeros, &[], isa);
        let all = Isa::available().into_iter();
        let others = all.flat_map(|isa| [stepper(fast(isa)), stepper(fast(isa).far())]).collect();
        compare(n, floor, stepper(fast(Isa::Plain)), others);
        let fast = |isa| stepper(Full::with_isa(&synapses, 0..n, keep_zeros, &[], isa));
        compare(n, floor, fast(Isa::Plain), Isa::available().into_iter().map(fast).collect());
    }
}

struct Task<'a> {
    pattern: &'a Pattern,
    learning: Learning<'a>,
    edited: Option<usize>,
    step: u64,
}

#[derive(Debug, PartialEq)]
struct Outcome {
    pruned: u32,
    drive: Vec<u64>,
    synapses: Synapses,
    contains: Vec<bool>,
    count: usize,
}

type Stepper = Box<dyn FnMut(&Task<'_>) -> Outcome>;

fn stepper<B: Block>(mut block: B) -> Stepper {
    Box::new(move |task| {
        let mut drive = vec![0.0; block.n_pre().next_multiple_of(LANES)];
        if task.learning.ops.is_empty() {
            block.rest();
        }
        if let Some(post) = task.edited {
            block.edit(post, &mut |pre, weight| *weight -= 0.001 * f64::from(pre % 7));
        }
        let pruned = block.run(task.pattern, &task.learning, &mut drive);
        block.compact(task.step);
        let n = block.n_pre() as u32;
        Outcome {
            pruned,
            drive: drive.into_iter().map(f64::to_bits).collect(),
            synapses: plain(&block),
            contains: (0..n).map(|pre| block.contains(pre, (task.step % 90) as usize)).collect(),
            count: block.count(),
        }
    })
}

fn compare(n: usize, floor: f64, mut first: Stepper, mut others: Vec<Stepper>) {
    let rng = &mut stream(2, "test");
    let mut active = [choose(9, n, rng), choose(9, n, rng)];
    let mut pattern = Pattern::new(n, &active[0], &active[1]);
    let (mut pruned, mut previous) = (0, vec![false; n]);
    for step in 1..=1200 {
        pattern.advance();
        let count = below(rng, 20) as usize;
        active = [std::mem::take(&mut active[1]), choose(count, n, rng)];
        let mut seen = Vec::new();
        for word in 0..n.div_ceil(LANES) {
            let bits = active[1].iter().filter(|&&neuron| neuron as usize / LANES == word);
            pattern.set_word(word, bits.fold(0, |mask, neuron| mask | 1 << (neuron % 16)), &mut seen);
        }
        let pair = (below(rng, n as u64) as u32, ((step - 1) % 90) as u32);
        // Whether a pair is absent is known of the column that was looked at last.
        let absent = step > 1 && pair.0 != pair.1 && !previous[pair.0 as usize];
        let grown = [pair];
        // Now and then a step without any rule, with scaling alone, with nobody active.
        let ops = [&[Op::Update, Op::Grow, Op::Scale][..], &[], &[Op::Scale], &[Op::Update], &[Op::Scale; 2]]
            [step % 11 % 5];
        let edited = (step % 97 == 0).then(|| step % n);
        let grows = absent && ops.contains(&Op::Grow) && edited.is_none();
        let learning = Learning {
            drives: true,
            ops,
            pairs: if step % 5 == 0 { Pairs::Istdp } else { Pairs::Stdp },
            change: Change { plus: 0.002, minus: -0.003, floor },
            post: &pattern,
            grown: if grows { &grown } else { &[] },
            grown_weight: 0.01,
            first_slice: 0,
        };
        let task = Task { pattern: &pattern, learning, edited, step: step as u64 };
        let outcome = first(&task);
        for (which, other) in others.iter_mut().enumerate() {
            assert_eq!(other(&task), outcome, "step {step}, {which}");
        }
        pruned += outcome.pruned;
        previous = outcome.contains;
    }
    assert_eq!(pruned > 100, floor.is_sign_positive(), "{pruned}");
}
