//! The example of a loop of one's own learns.

#[path = "../../examples/own_loop.rs"]
mod example;

#[test]
fn a_loop_of_ones_own_learns() {
    let lengths = example::train(120).unwrap();
    let mean = |episodes: &[u32]| episodes.iter().sum::<u32>() / episodes.len() as u32;
    // A random policy lasts 22 steps.
    assert!(mean(&lengths[..3]) < 40, "{lengths:?}");
    assert!(mean(&lengths[50..]) > 100, "{lengths:?}");
}
