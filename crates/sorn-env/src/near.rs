//! [`near`]: the known names that are similar to a misspelt one.

/// The longest text that is compared: the time of a comparison grows with the square of the length.
const LONGEST: usize = 100;

/// The usual similarity of a misspelt name and the intended one.
pub const ALIKE: f64 = 0.8;

/// The `names` whose similarity to `found` is above `alike` (0: no similarity, 1: equal), most similar first, ignoring case. The
/// list is empty if `found` has more than 100 characters.
///
/// ```
/// let names = ["CartPole-v1", "Acrobot-v1", "Pendulum-v1"];
/// assert_eq!(sorn_env::near("cartpole-v0", &names, sorn_env::ALIKE), [&"CartPole-v1"]);
/// assert!(sorn_env::near("Humanoid-v5", &names, sorn_env::ALIKE).is_empty());
/// ```
pub fn near<'a, S: AsRef<str> + 'a>(
    found: &str,
    names: impl IntoIterator<Item = &'a S>,
    alike: f64,
) -> Vec<&'a S> {
    if found.chars().nth(LONGEST).is_some() {
        return Vec::new();
    }
    let found = found.to_lowercase();
    let likeness = |name: &S| strsim::jaro_winkler(&name.as_ref().to_lowercase(), &found);
    let mut near: Vec<(f64, &S)> = names.into_iter().map(|name| (likeness(name), name)).collect();
    near.retain(|(likeness, _)| *likeness > alike);
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_like_comes_first() {
        assert_eq!(near("episode", &["episodic", "episodes", "steps"], ALIKE), [&"episodes", &"episodic"]);
    }

    #[test]
    fn a_text_of_any_length_is_answered_at_once() {
        // Compared as a whole it would take minutes.
        assert!(near(&"x".repeat(50_000_000), &["x".repeat(1_000_000)], ALIKE).is_empty());
    }
}
