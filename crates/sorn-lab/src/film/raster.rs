//! [`Raster`]: the spikes of the last steps, drawn beside a picture.

use std::collections::VecDeque;

use sorn_env::Frame;

/// Steps shown.
const STEPS: usize = 120;
/// Pixels per step.
const WIDE: usize = 2;
const SPIKE: [u8; 3] = [36, 62, 140];
const BORDER: [u8; 3] = [200, 200, 200];

/// Which neurons spiked in the last steps.
pub(super) struct Raster {
    neurons: usize,
    steps: VecDeque<Vec<u32>>,
}

impl Raster {
    pub(super) fn new(neurons: usize) -> Self {
        Raster { neurons, steps: VecDeque::with_capacity(STEPS) }
    }

    /// The neurons that spiked in the step that follows.
    pub(super) fn push(&mut self, spikes: &[u32]) {
        if self.steps.len() == STEPS {
            self.steps.pop_front();
        }
        self.steps.push_back(spikes.to_vec());
    }

    /// `picture` with the raster at its right, as high as it.
    pub(super) fn beside(&self, picture: &Frame) -> Frame {
        let panel = self.panel(picture.height);
        let (left, right) = (picture.width * 3, panel.width * 3);
        let mut rgb = Vec::with_capacity(picture.rgb.len() + panel.rgb.len());
        if left > 0 {
            for (one, other) in picture.rgb.chunks_exact(left).zip(panel.rgb.chunks_exact(right)) {
                rgb.extend_from_slice(one);
                rgb.extend_from_slice(other);
            }
        }
        Frame { width: picture.width + panel.width, height: picture.height, rgb }
    }

    fn panel(&self, height: usize) -> Frame {
        let width = 1 + STEPS * WIDE;
        let mut rgb = vec![255; width * height * 3];
        let mut paint = |x: usize, y: usize, color: [u8; 3]| {
            rgb[(y * width + x) * 3..][..3].copy_from_slice(&color);
        };
        (0..height).for_each(|y| paint(0, y, BORDER));
        for (column, spikes) in
            self.steps.iter().rev().zip((0..STEPS).rev()).map(|(spikes, column)| (column, spikes))
        {
            for &neuron in spikes {
                // Several pixels per neuron where there is room, several neurons per pixel where there is not.
                let from = neuron as usize * height / self.neurons.max(1);
                let to = ((neuron as usize + 1) * height / self.neurons.max(1)).max(from + 1).min(height);
                for y in from..to {
                    (0..WIDE).for_each(|dx| paint(1 + column * WIDE + dx, y, SPIKE));
                }
            }
        }
        Frame { width, height, rgb }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixel(frame: &Frame, x: usize, y: usize) -> [u8; 3] {
        frame.rgb[(y * frame.width + x) * 3..][..3].try_into().unwrap()
    }

    #[test]
    fn the_latest_step_is_at_the_right_and_old_ones_leave() {
        let mut raster = Raster::new(4);
        let picture = Frame { width: 3, height: 8, rgb: vec![7; 3 * 8 * 3] };
        raster.push(&[0]);
        raster.push(&[1, 3]);
        let both = raster.beside(&picture);
        assert_eq!((both.width, both.height, both.rgb.len()), (3 + 241, 8, 244 * 8 * 3));
        assert_eq!(pixel(&both, 2, 7), [7; 3]);
        assert_eq!(pixel(&both, 3, 0), BORDER);
        let (last, before) = (243, 241);
        let column = |x: usize| (0..8).map(|y| pixel(&both, x, y) == SPIKE).collect::<Vec<_>>();
        assert_eq!(column(last), [false, false, true, true, false, false, true, true]);
        assert_eq!(column(before), [true, true, false, false, false, false, false, false]);
        assert_eq!(column(before - 2), [false; 8]);
        for _ in 0..STEPS {
            raster.push(&[]);
        }
        assert!(raster.panel(8).rgb.chunks(3).all(|pixel| pixel != SPIKE));
    }

    #[test]
    fn more_neurons_than_pixels_share_them() {
        let mut raster = Raster::new(1000);
        raster.push(&[0, 999]);
        let panel = raster.panel(10);
        let spikes = (0..10).filter(|&y| pixel(&panel, 240, y) == SPIKE).collect::<Vec<_>>();
        assert_eq!(spikes, [0, 9]);
        assert!(Raster::new(0).beside(&Frame { width: 0, height: 0, rgb: vec![] }).rgb.is_empty());
    }
}
