//! A network takes no more memory than its parameters say, and not much less.

use sorn_core::{InputMap, Network, NetworkType, Params, Precision, Rule};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

struct Counting;

fn more(bytes: usize) {
    let now = NOW.fetch_add(bytes, SeqCst) + bytes;
    MOST.fetch_max(now, SeqCst);
}

// SAFETY: every call is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        let memory = unsafe { System.alloc(layout) };
        // The memory that is asked for by way of trial is given back at once, and must not count.
        if !memory.is_null() && layout.align() > 1 {
            more(layout.size());
        }
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if layout.align() > 1 {
            NOW.fetch_sub(layout.size(), SeqCst);
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        let memory = unsafe { System.realloc(memory, layout, size) };
        if !memory.is_null() && layout.align() > 1 {
            // For a moment there are both, unless the old one can be moved.
            more(size);
            NOW.fetch_sub(layout.size(), SeqCst);
        }
        memory
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes at most while a network is made, besides those there were.
fn peak(params: &Params) -> usize {
    let before = NOW.load(SeqCst);
    MOST.store(before, SeqCst);
    drop(Network::new(params, 3).unwrap());
    MOST.load(SeqCst) - before
}

#[test]
fn a_network_takes_what_its_parameters_say() {
    let sparse = Params { network_type_ie: NetworkType::Sparse, ..Params::default() };
    let mut all = Vec::new();
    for name in Params::PRESETS {
        all.push((name.to_string(), Params::preset(name).unwrap()));
    }
    for precision in [Precision::Exact, Precision::Fast] {
        for ne in [300, 2000, 10_000] {
            let base = Params { ne, precision, ..sparse.clone() };
            let with = |change: &dyn Fn(&mut Params)| {
                let mut params = base.clone();
                change(&mut params);
                params
            };
            let mut add =
                |name: &str, params: Params| all.push((format!("{name} {ne} {precision:?}"), params));
            add("sparse", base.clone());
            add("silent", with(&|p| p.h_ip = Some(0.001)));
            add("threads", with(&|p| p.threads = 3));
            add("zeros kept", with(&|p| p.prune = false));
            add(
                "bernoulli",
                with(&|p| {
                    (p.network_type_ee, p.network_type_ei) = (NetworkType::Bernoulli, NetworkType::Bernoulli);
                }),
            );
            add("pools", with(&|p| p.input = InputMap::Pools { size: 40, overlap: true }));
            add("rewards", with(&|p| (p.rules, p.reward_window) = (vec![Rule::Rmstdp, Rule::Ss], 100_000)));
            if ne <= 2000 {
                add("dense ie", with(&|p| p.network_type_ie = NetworkType::Dense));
                add("dense ee", with(&|p| p.network_type_ee = NetworkType::Dense));
                add("dense ei", with(&|p| p.network_type_ei = NetworkType::Dense));
            }
        }
    }
    for (name, params) in all {
        let (said, found) = (params.memory(), peak(&params) as u128);
        assert!(found <= said, "{name}: {said} bytes said, {found} taken");
        // A small network may take as it likes.
        assert!(said <= 5 * found + 200_000, "{name}: {said} bytes said, {found} taken");
    }
}
