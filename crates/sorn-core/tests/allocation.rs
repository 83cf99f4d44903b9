//! A step allocates nothing.

use sorn_core::{Network, NetworkType, Params, Precision, Rule, Rules};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(params: &Params, frozen: Rules) -> u64 {
    let mut network = Network::new(params, 5).unwrap();
    network.set_frozen(frozen);
    let mut input = vec![0.0; params.input_len()];
    let n = input.len();
    let before = ALLOCATIONS.with(Cell::get);
    for step in 0..3000 {
        input[step % n] = (step % 3) as f64;
        network.step(&input).unwrap();
    }
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.with(Cell::get);
    drop(std::hint::black_box(vec![1, 2, 3]));
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 1);
}

#[test]
fn steps_allocate_nothing() {
    for name in Params::PRESETS {
        let params = Params::preset(name).unwrap();
        assert_eq!(allocations(&params, Rules::none()), 0, "{name}");
        assert_eq!(allocations(&params, Rules::all()), 0, "{name}, frozen");
    }
    let large = Params { ne: 1200, network_type_ie: NetworkType::Sparse, ..Params::default() };
    assert_eq!(allocations(&large, Rules::none().with(Rule::Ip)), 0);
    // The other forms in which a large matrix is kept.
    let quiet = Params { h_ip: Some(0.01), ..large.clone() };
    assert_eq!(allocations(&quiet, Rules::none()), 0);
    let fast = Params { precision: Precision::Fast, ..large };
    assert_eq!(allocations(&fast, Rules::none()), 0);
}
