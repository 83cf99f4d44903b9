//! Matrices with dormant slices against matrices without.

use super::super::Sell16;
use crate::Synapses;
use crate::kernels::Change;
use crate::kernels::spikes::SpikeMask;
use crate::matrix::driver;
use crate::matrix::storage::{Learning, Op, Options, Storage, Timing};
use crate::rng::{below, stream, uniform};
use crate::simd::{LANES, Level, Row, Scalar};
use crate::topology::choose;

#[test]
fn slices_that_are_left_alone_have_the_same_bits() {
    Level::available().into_iter().for_each(same_bits);
}

fn same_bits(level: Level) {
    let n = 120;
    let rng = &mut stream(1, "test");
    let mut synapses = Synapses::new(n);
    for post in 0..n {
        let pre = choose(3 + post % 50, n, rng).into_iter().filter(|&pre| pre as usize != post);
        synapses.push_column(pre.map(|pre| (pre, uniform(rng) * 0.05)).collect::<Vec<_>>());
    }
    let options = |silent| Options { keep_zeros: false, units: &[], scales: true, silent, level };
    let mut both = [true, false].map(|silent| Sell16::<u32>::new(&synapses, 0..n, options(silent)));
    let mut spikes = SpikeMask::new(n, &[], &[]);
    let (mut dormant, mut turned) = (0, 0);
    for step in 1..=4000_u64 {
        spikes.advance();
        let active = choose(below(rng, 3) as usize, n, rng);
        for word in 0..n.div_ceil(LANES) {
            let bits = active.iter().filter(|&&neuron| neuron as usize / LANES == word);
            spikes.set_word::<Scalar>(word, bits.fold(0, |mask, neuron| mask | 1 << (neuron % 16)));
        }
        let (pre, post) = (below(rng, n as u64) as u32, below(rng, n as u64) as u32);
        let grows = step % 40 == 0 && pre != post && !both[1].contains(pre, post as usize);
        let learning = Learning {
            // Some steps freeze scaling, or the other rules, or everything.
            ops: [&[Op::Update, Op::Grow, Op::Scale][..], &[Op::Scale, Op::Grow], &[Op::Update], &[]]
                [if step % 50 < 40 { 0 } else { step as usize % 4 }],
            timing: Timing::Stdp,
            change: Change { plus: 0.004, minus: -0.004, floor: 0.0 },
            post: &spikes,
            grown: if grows { &[(pre, post)] } else { &[] },
            grown_weight: 0.001,
            drives: step % 7 != 0,
            first_slice: 0,
        };
        let outcomes = both.each_mut().map(|sell| {
            let mut drive = vec![Row::default(); n.div_ceil(LANES)];
            if step % 300 == 0 {
                sell.edit(post as usize, &mut |_, weight| *weight *= 0.5);
            }
            let pruned = driver::run(level, sell, &spikes, &learning, &mut drive);
            sell.compact(step);
            let bits: Vec<u64> = drive.iter().flat_map(|row| row.0).map(f64::to_bits).collect();
            let mut plain = Synapses::new(n);
            sell.append_to(&mut plain);
            (pruned, if learning.drives { bits } else { Vec::new() }, plain)
        });
        assert!(outcomes[0] == outcomes[1], "step {step}");
        dormant += both[0].calm.iter().filter(|calm| calm.is_dormant()).count();
        turned += both[0].calm.iter().filter(|calm| calm.stage == super::Stage::Turned).count();
    }
    assert!(both[1].calm.is_empty());
    assert!(dormant > 8000 && turned > 2000, "{dormant}, {turned}");
}
