//! The lowest point of a function of two variables, without derivatives.

/// Nelder and Mead's simplex (1965) from `start` with edges of length `edge`, until the simplex is smaller than
/// rounding tells apart. Points where the function is NaN are avoided.
pub(super) fn minimise(start: [f64; 2], edge: f64, of: impl Fn([f64; 2]) -> f64) -> [f64; 2] {
    let value = |at: [f64; 2]| Some(of(at)).filter(|v| !v.is_nan()).unwrap_or(f64::INFINITY);
    let corners = [start, [start[0] + edge, start[1]], [start[0], start[1] + edge]];
    let mut simplex = corners.map(|at| (value(at), at));
    for _ in 0..2000 {
        simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
        let [best, middle, worst] = simplex;
        let size = (0..2).map(|i| (worst.1[i] - best.1[i]).abs()).fold(0.0, f64::max);
        let scale = best.1[0].abs().max(best.1[1].abs()).max(1.0);
        if size <= 1e-12 * scale {
            break;
        }
        // Along the line from the worst corner through the middle of the other two.
        let along = |part: f64| {
            let at = [0, 1].map(|i| {
                let centre = 0.5 * (best.1[i] + middle.1[i]);
                centre + part * (centre - worst.1[i])
            });
            (value(at), at)
        };
        let reflected = along(1.0);
        let next = if reflected.0 < best.0 {
            let expanded = along(2.0);
            if expanded.0 < reflected.0 { Some(expanded) } else { Some(reflected) }
        } else if reflected.0 < middle.0 {
            Some(reflected)
        } else {
            let contracted = if reflected.0 < worst.0 { along(0.5) } else { along(-0.5) };
            Some(contracted).filter(|c| c.0 < worst.0.min(reflected.0))
        };
        match next {
            Some(next) => simplex[2] = next,
            None => {
                for corner in &mut simplex[1..] {
                    corner.1 = [0, 1].map(|i| 0.5 * (best.1[i] + corner.1[i]));
                    corner.0 = value(corner.1);
                }
            }
        }
    }
    simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
    simplex[0].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_bottom_of_curved_valleys() {
        let banana = |[x, y]: [f64; 2]| (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2);
        let [x, y] = minimise([-1.2, 1.0], 0.5, banana);
        assert!((x - 1.0).abs() < 1e-6 && (y - 1.0).abs() < 1e-6, "{x} {y}");
        let walled = |[x, y]: [f64; 2]| if x < 0.5 { f64::NAN } else { x * x + (y - 3.0).powi(2) };
        let [x, y] = minimise([4.0, 0.0], 1.0, walled);
        assert!((x - 0.5).abs() < 1e-3 && (y - 3.0).abs() < 1e-2, "{x} {y}");
    }
}
