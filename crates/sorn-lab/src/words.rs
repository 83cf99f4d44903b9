//! Numbers in sentences and tables.

/// `1 episode`, `2 episodes`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A quartile of whole numbers, which may lie between two: with a digit where it is not whole.
pub fn quartile(number: f64) -> String {
    if number.abs() >= 1e15 {
        return decimal(number, 1);
    }
    if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.1}") }
}

/// A number with at least `digits` digits after the point. Broken numbers below 10 get two, those below 1 three, so that returns
/// between 0 and 1 are told apart; a number that would show too little so, or too much, gets an exponent.
pub fn decimal(number: f64, digits: usize) -> String {
    let size = number.abs();
    if !number.is_finite() || number.fract() == 0.0 && size < 1e15 {
        return format!("{number:.digits$}");
    }
    let digits = match size {
        1e15.. => return format!("{number:.3e}"),
        10.0.. => digits,
        1.0.. => digits.max(2),
        1e-3.. => digits.max(3),
        _ => return format!("{number:.1e}"),
    };
    format!("{number:.digits$}")
}

/// A number of any size with four significant digits, whole numbers as they are.
pub fn significant(number: f64) -> String {
    match number.abs() {
        size if number.fract() == 0.0 && size < 1e15 => format!("{number:.0}"),
        size if (1e-4..1e15).contains(&size) => {
            let digits = (3 - size.log10().floor() as i32).clamp(0, 8) as usize;
            format!("{number:.digits$}")
        }
        _ => format!("{number:.3e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!([0, 1, 2].map(|n| counted(n, "seed")), ["0 seeds", "1 seed", "2 seeds"]);
    }

    #[test]
    fn huge_numbers_are_short() {
        assert_eq!(decimal(-200.26, 1), "-200.3");
        assert_eq!([decimal(9e307, 1), decimal(-1e15, 2)], ["9.000e307", "-1.000e15"]);
    }

    #[test]
    fn small_numbers_are_told_apart() {
        assert_eq!(
            [0.9922, -0.015, 4.125, 9.996].map(|n| decimal(n, 1)),
            ["0.992", "-0.015", "4.12", "10.00"]
        );
        assert_eq!([0.0, 1.0, -3.0, 12.34].map(|n| decimal(n, 1)), ["0.0", "1.0", "-3.0", "12.3"]);
        assert_eq!([2e-5, f64::NAN].map(|n| decimal(n, 1)), ["2.0e-5", "NaN"]);
    }

    #[test]
    fn significant_digits_are_four() {
        let numbers = [0.0, 500.0, 484.75, -0.012_345, 12_345.6, 1e-7, 1e20].map(significant);
        assert_eq!(numbers, ["0", "500", "484.8", "-0.01235", "12346", "1.000e-7", "1.000e20"]);
    }

    #[test]
    fn halves_are_not_rounded() {
        assert_eq!([116.0, 116.5, 116.75].map(quartile), ["116", "116.5", "116.8"]);
    }
}
