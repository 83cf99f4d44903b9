//! Layouts and levels against one another: by events, by lookups, at rest.

use super::csr_f32::CsrF32;
use super::dense_f32::DenseF32;
use super::sell16::Sell16;
use super::storage::{Options, Storage};
use super::{Learning, Op, Timing, driver};
use crate::Synapses;
use crate::kernels::Change;
use crate::kernels::spikes::SpikeMask;
use crate::rng::{below, stream, uniform};
use crate::simd::{LANES, Level, Row, Scalar};
use crate::topology::choose;

fn plain(storage: &impl Storage) -> Synapses {
    let mut synapses = Synapses::new(storage.n_pre());
    storage.append_to(&mut synapses);
    synapses
}

/// Every layout, lookup and level leads to the same weights and drives, through pruning, growth, compaction, steps in which
/// nothing is touched, and rules from outside.
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
        let options = |level| Options { keep_zeros, units: &[], scales: true, silent: true, level };
        let levels = || Level::available().into_iter().map(options);
        let mut others: Vec<Stepper> = Vec::new();
        for options in levels() {
            others.push(stepper(Sell16::<u32>::new(&synapses, 0..n, options)));
            others.push(stepper(Sell16::<u8>::new(&synapses, 0..n, options)));
        }
        compare(n, floor, stepper(Sell16::<u16>::new(&synapses, 0..n, options(Level::best()))), others);
        // The 32-bit layouts differ from one another; levels and prefetching change nothing.
        let fast = |options| CsrF32::<u16>::new(&synapses, 0..n, options);
        let others = levels().flat_map(|options| [stepper(fast(options)), stepper(fast(options).far())]);
        compare(n, floor, stepper(fast(options(Level::Scalar))), others.collect());
        let fast = |options| stepper(DenseF32::new(&synapses, 0..n, options));
        compare(n, floor, fast(options(Level::Scalar)), levels().map(fast).collect());
    }
}

struct Task<'a> {
    spikes: &'a SpikeMask,
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

fn stepper<M: Storage>(mut storage: M) -> Stepper {
    Box::new(move |task| {
        let mut drive = vec![Row::default(); storage.n_pre().div_ceil(LANES)];
        if task.learning.ops.is_empty() {
            storage.rest();
        }
        if let Some(post) = task.edited {
            storage.edit(post, &mut |pre, weight| *weight -= 0.001 * f64::from(pre % 7));
        }
        let pruned = driver::run(storage.level(), &mut storage, task.spikes, &task.learning, &mut drive);
        storage.compact(task.step);
        let n = storage.n_pre() as u32;
        Outcome {
            pruned,
            drive: Row::flatten(&drive)[..storage.n_post()].iter().map(|drive| drive.to_bits()).collect(),
            synapses: plain(&storage),
            contains: (0..n).map(|pre| storage.contains(pre, (task.step % 90) as usize)).collect(),
            count: storage.count(),
        }
    })
}

fn compare(n: usize, floor: f64, mut first: Stepper, mut others: Vec<Stepper>) {
    let rng = &mut stream(2, "test");
    let mut active = [choose(9, n, rng), choose(9, n, rng)];
    let mut spikes = SpikeMask::new(n, &active[0], &active[1]);
    let (mut pruned, mut previous) = (0, vec![false; n]);
    for step in 1..=1200 {
        spikes.advance();
        let count = below(rng, 20) as usize;
        active = [std::mem::take(&mut active[1]), choose(count, n, rng)];
        for word in 0..n.div_ceil(LANES) {
            let bits = active[1].iter().filter(|&&neuron| neuron as usize / LANES == word);
            spikes.set_word::<Scalar>(word, bits.fold(0, |mask, neuron| mask | 1 << (neuron % 16)));
        }
        let pair = (below(rng, n as u64) as u32, ((step - 1) % 90) as u32);
        // Only the column visited last tells whether a pair is absent.
        let absent = step > 1 && pair.0 != pair.1 && !previous[pair.0 as usize];
        let grown = [pair];
        // Some steps have no rule, only scaling, or no active neuron.
        let ops = [&[Op::Update, Op::Grow, Op::Scale][..], &[], &[Op::Scale], &[Op::Update], &[Op::Scale; 2]]
            [step % 11 % 5];
        let edited = (step % 97 == 0).then(|| step % n);
        let grows = absent && ops.contains(&Op::Grow) && edited.is_none();
        let learning = Learning {
            drives: true,
            ops,
            timing: if step % 5 == 0 { Timing::Istdp } else { Timing::Stdp },
            change: Change { plus: 0.002, minus: -0.003, floor },
            post: &spikes,
            grown: if grows { &grown } else { &[] },
            grown_weight: 0.01,
            first_slice: 0,
        };
        let task = Task { spikes: &spikes, learning, edited, step: step as u64 };
        let outcome = first(&task);
        for (which, other) in others.iter_mut().enumerate() {
            assert_eq!(other(&task), outcome, "step {step}, {which}");
        }
        pruned += outcome.pruned;
        previous = outcome.contains;
    }
    assert_eq!(pruned > 100, floor.is_sign_positive(), "{pruned}");
}
