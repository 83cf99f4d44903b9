use super::pass::{Form, Plain, Set};
use crate::kernel::isa::Isa;
use crate::kernel::{Mask, Row};
use crate::rng::{below, stream};

/// Whether a form finds what the plain one does.
fn check<F: Form>() {
    let rng = &mut stream(5, "test");
    for _ in 0..2000 {
        let set: Set = std::array::from_fn(|_| below(rng, 1 << 16) as Mask);
        let mut posts = || std::array::from_fn(|_| below(rng, F::FEW as u64) as u16);
        let (a, b) = (posts(), posts());
        assert_eq!(F::members([&a, &b], &set), Plain::members([&a, &b], &set));
    }
    for n in (0..=2).cycle().take(300) {
        let mut row = || Row(std::array::from_fn(|_| [0.0, -0.0, 0.5][below(rng, 3) as usize]));
        let weights: Vec<Row<f32>> = (0..n).map(|_| row()).collect();
        assert_eq!(F::existing(&weights), Plain::existing(&weights));
    }
}

#[test]
fn forms_agree() {
    for isa in Isa::available() {
        match isa {
            Isa::Plain => {}
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => check::<super::avx2::Avx2>(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => check::<super::avx512::Avx512>(),
        }
    }
}
