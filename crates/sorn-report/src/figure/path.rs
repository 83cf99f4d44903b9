//! Long lines made short: no more points than a picture can show.

/// Thins a line to about `4 * buckets` points: of each stretch its first, lowest, highest and last point,
/// so that no peak is lost. Points must be ordered along x.
pub(super) fn thin(points: &[(f64, f64)], buckets: usize) -> Vec<(f64, f64)> {
    let buckets = buckets.max(1);
    if points.len() <= 4 * buckets {
        return points.to_vec();
    }
    let mut thinned = Vec::with_capacity(4 * buckets);
    for bucket in 0..buckets {
        let (from, to) = (bucket * points.len() / buckets, (bucket + 1) * points.len() / buckets);
        let stretch = &points[from..to];
        let by_height = |a: &usize, b: &usize| stretch[*a].1.total_cmp(&stretch[*b].1);
        let lowest = (0..stretch.len()).min_by(by_height).unwrap_or(0);
        let highest = (0..stretch.len()).max_by(by_height).unwrap_or(0);
        let mut kept = [0, lowest, highest, stretch.len() - 1];
        kept.sort_unstable();
        for (i, index) in kept.iter().enumerate() {
            if i == 0 || kept[i - 1] != *index {
                thinned.push(stretch[*index]);
            }
        }
    }
    thinned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_lines_stay() {
        let line = [(0.0, 1.0), (1.0, 2.0)];
        assert_eq!(thin(&line, 1), line);
    }

    #[test]
    fn ends_and_peaks_stay() {
        let mut line: Vec<(f64, f64)> = (0..10_000).map(|i| (f64::from(i), 0.0)).collect();
        line[1234].1 = 9.0;
        line[7777].1 = -9.0;
        let thinned = thin(&line, 50);
        assert!(thinned.len() <= 200);
        assert_eq!(thinned[0], line[0]);
        assert_eq!(*thinned.last().unwrap(), line[9999]);
        assert!(thinned.contains(&(1234.0, 9.0)) && thinned.contains(&(7777.0, -9.0)));
        assert!(thinned.is_sorted_by(|a, b| a.0 < b.0));
    }
}
