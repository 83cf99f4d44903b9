//! Dots on a line moved aside until none covers another.

/// For dots of the given `diameter` at positions `along` a line, how far each moves across it: the least
/// offset that leaves every dot clear of those placed before. No offset exceeds `most`; where there is no
/// room the dots do overlap. Same positions, same offsets.
pub(super) fn swarm(along: &[f64], diameter: f64, most: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..along.len()).collect();
    order.sort_by(|a, b| along[*a].total_cmp(&along[*b]));
    let mut offsets = vec![0.0_f64; along.len()];
    for (placed, &i) in order.iter().enumerate() {
        let near: Vec<(f64, f64)> = order[..placed]
            .iter()
            .rev()
            .take_while(|j| along[i] - along[**j] < diameter)
            .map(|&j| (along[j], offsets[j]))
            .collect();
        // The free places next to each near dot, and the line itself.
        let mut places = vec![0.0];
        for (x, y) in &near {
            let aside = (diameter * diameter - (along[i] - x).powi(2)).max(0.0).sqrt();
            places.extend([y + aside, y - aside]);
        }
        let free =
            |place: f64| near.iter().all(|(x, y)| (along[i] - x).hypot(place - y) >= diameter * (1.0 - 1e-9));
        offsets[i] = places
            .into_iter()
            .filter(|p| p.abs() <= most && free(*p))
            .min_by(|a, b| a.abs().total_cmp(&b.abs()).then(b.total_cmp(a)))
            .unwrap_or_else(|| crowded(placed, most));
    }
    offsets
}

/// Spreads dots that find no room evenly over the breadth there is.
fn crowded(placed: usize, most: f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    most * (2.0 * (placed as f64 * GOLDEN).fract() - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_dots_stay_on_the_line() {
        assert_eq!(swarm(&[0.0, 10.0, 5.0], 4.0, 20.0), [0.0; 3]);
    }

    #[test]
    fn no_dot_covers_another() {
        let along: Vec<f64> = (0..40).map(|i| f64::from(i * i % 17)).collect();
        let offsets = swarm(&along, 4.0, 200.0);
        for i in 0..40 {
            for j in 0..i {
                let distance = (along[i] - along[j]).hypot(offsets[i] - offsets[j]);
                assert!(distance >= 4.0 * (1.0 - 1e-6), "{i} and {j}: {distance}");
            }
        }
    }

    #[test]
    fn without_room_they_stay_within_bounds() {
        let offsets = swarm(&[1.0; 50], 4.0, 6.0);
        assert!(offsets.iter().all(|o| o.abs() <= 6.0));
    }
}
