//! Numbers in sentences and tables.

/// `1 episode`, `2 episodes`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A quartile of whole numbers, which may lie between two: with a digit where it is not whole.
pub fn quartile(number: f64) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!([0, 1, 2].map(|n| counted(n, "seed")), ["0 seeds", "1 seed", "2 seeds"]);
    }

    #[test]
    fn halves_are_not_rounded() {
        assert_eq!([116.0, 116.5, 116.75].map(quartile), ["116", "116.5", "116.8"]);
    }
}
