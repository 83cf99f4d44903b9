//! A step allocates nothing.

use sorn_core::{Network, NetworkType, Params, Precision, Rule, Rules};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

/// Of every thread, those that share a step included; so there must be one test here.
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

struct Counting;

// SAFETY: every call is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations in 3,000 steps. Once in a test that runs for a minute, which it does under QEMU, the thread that runs the tests says so,
/// and allocates: steps would do so each time.
fn allocations(params: &Params, frozen: Rules) -> u64 {
    match count(params, frozen) {
        0 => 0,
        _ => count(params, frozen),
    }
}

fn count(params: &Params, frozen: Rules) -> u64 {
    let mut network = Network::new(params, 5).unwrap();
    network.set_frozen(frozen);
    let mut input = vec![0.0; params.input_len()];
    let n = input.len();
    let before = ALLOCATIONS.load(Ordering::SeqCst);
    for step in 0..3000 {
        input[step % n] = (step % 3) as f64;
        network.step(&input).unwrap();
    }
    ALLOCATIONS.load(Ordering::SeqCst) - before
}

#[test]
fn steps_allocate_nothing() {
    let before = ALLOCATIONS.load(Ordering::SeqCst);
    std::thread::spawn(|| drop(std::hint::black_box(vec![1, 2, 3]))).join().unwrap();
    assert!(ALLOCATIONS.load(Ordering::SeqCst) > before, "the counter counts");
    // Meanwhile the thread that runs the tests allocates its last.
    allocations(&Params::default(), Rules::none());
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
    for params in [quiet, fast] {
        let shared = Params { threads: 3, ..params };
        assert_eq!(allocations(&shared, Rules::none()), 0, "{shared:?}");
    }
}
