//! The standard normal distribution.

/// P(Z >= z) of the standard normal distribution, z of either sign.
pub(super) fn normal_upper_tail(z: f64) -> f64 {
    0.5 * erfc(z / std::f64::consts::SQRT_2)
}

/// The complementary error function: a series near 0, a continued fraction (Lentz) further out.
fn erfc(x: f64) -> f64 {
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    let gauss = (-x * x).exp() / std::f64::consts::PI.sqrt();
    if x < 2.0 {
        // erf(x) = 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
        }
        1.0 - 2.0 * gauss * sum
    } else {
        // erfc(x) = exp(-x^2)/sqrt(pi) * 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))), from the inside out.
        let fraction = (1..=60).rev().fold(x, |below, k| x + 0.5 * f64::from(k) / below);
        gauss / fraction
    }
}

/// P(low <= Z <= high), from the tails that lose least. 0 where high is below low.
pub(super) fn normal_between(low: f64, high: f64) -> f64 {
    let between = if low > 0.0 {
        normal_upper_tail(low) - normal_upper_tail(high)
    } else if high < 0.0 {
        normal_upper_tail(-high) - normal_upper_tail(-low)
    } else {
        1.0 - normal_upper_tail(-low) - normal_upper_tail(high)
    };
    between.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_branches_of_erfc_meet() {
        // Reference values to 17 digits.
        for (x, wanted) in [
            (0.0, 1.0),
            (0.5, 0.479_500_122_186_953_5),
            (1.0, 0.157_299_207_050_285_13),
            (2.0, 4.677_734_981_047_266e-3),
            (3.0, 2.209_049_699_858_544e-5),
            (10.0, 2.088_487_583_762_545e-45),
            (-1.0, 1.842_700_792_949_715),
        ] {
            let found = erfc(x);
            assert!((found - wanted).abs() <= 2e-14 * wanted, "erfc({x}) = {found}, not {wanted}");
        }
    }

    #[test]
    fn probabilities_between() {
        assert!((normal_between(-1.0, 1.0) - 0.682_689_492_137_085_9).abs() < 1e-14);
        assert!((normal_between(f64::NEG_INFINITY, f64::INFINITY) - 1.0).abs() < 1e-15);
        assert!((normal_between(30.0, f64::INFINITY) / 4.906_713_927_148_187e-198 - 1.0).abs() < 1e-12);
        assert_eq!(normal_between(2.0, 1.0), 0.0);
    }
}
