//! The example of a policy in a file.

#[path = "../../examples/policy.rs"]
mod example;

/// How long anything takes is the machine's affair; `docs/start/robot.md` has what was measured.
#[test]
fn the_policy_of_cartpole_is_small_and_acts_as_the_agent_that_was_saved() {
    let measured = example::measure(20).unwrap();
    assert!(measured.bytes < 200_000, "{} bytes", measured.bytes);
    assert_eq!(measured.differ, 0);
    assert!(!measured.load.is_zero() && !measured.act.is_zero());
}
