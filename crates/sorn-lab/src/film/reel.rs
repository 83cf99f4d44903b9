//! [`Reel`]: pictures become an animated GIF.

use gif::{DisposalMethod, Encoder, Repeat};
use sorn_env::Frame;

/// Pictures per second that programs still show at their speed: a delay of two hundredths of a second.
const FASTEST: f64 = 50.0;
/// How long the last picture stays before the film begins anew, in hundredths of a second.
const PAUSE: u64 = 100;
/// Of the search for a palette where a picture has more than 256 colours: 1 the finest, 30 the fastest.
const PALETTE_SPEED: i32 = 10;

/// A GIF in the making. Each picture is stored as the rectangle that differs from the one before.
pub(super) struct Reel {
    fps: f64,
    /// Every `stride`-th frame is kept.
    stride: u64,
    pictures: u64,
    encoder: Option<Encoder<Vec<u8>>>,
    shown: Option<Frame>,
    /// What is to be stored next, and the time at which it begins to be seen, in hundredths of a second.
    pending: Option<(gif::Frame<'static>, u64)>,
}

impl Reel {
    /// A film of `fps` pictures per second, a finite number above 0.
    pub(super) fn new(fps: f64) -> Self {
        let stride = (fps / FASTEST).ceil().max(1.0) as u64;
        Reel { fps, stride, pictures: 0, encoder: None, shown: None, pending: None }
    }

    /// How long the pictures so far take.
    pub(super) fn seconds(&self) -> f64 {
        self.pictures as f64 / self.fps
    }

    fn now(&self) -> u64 {
        (self.seconds() * 100.0).round() as u64
    }

    /// Appends a picture.
    pub(super) fn push(&mut self, picture: Frame) -> Result<(), String> {
        let due = self.pictures.is_multiple_of(self.stride);
        if due {
            self.show(picture)?;
        }
        self.pictures += 1;
        Ok(())
    }

    fn show(&mut self, picture: Frame) -> Result<(), String> {
        let refuse = || {
            format!(
                "expected pictures of one size, each side 1 to 65535, found {} x {}",
                picture.width, picture.height
            )
        };
        let side = |n: usize| u16::try_from(n).ok().filter(|&n| n > 0).ok_or_else(refuse);
        let (width, height) = (side(picture.width)?, side(picture.height)?);
        let changed = match &self.shown {
            None => Some([0, 0, picture.width, picture.height]),
            Some(before) if (before.width, before.height) != (picture.width, picture.height) => {
                return Err(refuse());
            }
            Some(before) => difference(before, &picture),
        };
        if self.encoder.is_none() {
            let mut encoder = Encoder::new(Vec::new(), width, height, &[]).map_err(|e| e.to_string())?;
            encoder.set_repeat(Repeat::Infinite).map_err(|e| e.to_string())?;
            self.encoder = Some(encoder);
        }
        // Where nothing changed, the picture before stays for longer.
        if let Some(rectangle) = changed {
            let now = self.now();
            self.store(now)?;
            self.pending = Some((cut(&picture, rectangle), now));
        }
        self.shown = Some(picture);
        Ok(())
    }

    /// Stores what is pending, to be seen until `time`.
    fn store(&mut self, time: u64) -> Result<(), String> {
        if let (Some(encoder), Some((mut frame, since))) = (&mut self.encoder, self.pending.take()) {
            frame.delay = u16::try_from(time - since).unwrap_or(u16::MAX);
            encoder.write_frame(&frame).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// The file.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, String> {
        self.store(self.now() + PAUSE)?;
        let encoder = self.encoder.ok_or("no picture")?;
        encoder.into_inner().map_err(|e| e.to_string())
    }
}

/// The smallest rectangle that holds every difference: left, top, width, height.
fn difference(before: &Frame, after: &Frame) -> Option<[usize; 4]> {
    let row = after.width * 3;
    let (mut left, mut right, mut rows) = (after.width, 0, None);
    for (y, (a, b)) in before.rgb.chunks_exact(row).zip(after.rgb.chunks_exact(row)).enumerate() {
        if let Some(first) = a.iter().zip(b).position(|(a, b)| a != b) {
            let last = a.iter().zip(b).rposition(|(a, b)| a != b).unwrap_or(first);
            (left, right) = (left.min(first / 3), right.max(last / 3));
            rows = Some((rows.map_or(y, |(top, _)| top), y));
        }
    }
    rows.map(|(top, bottom)| [left, top, right - left + 1, bottom - top + 1])
}

/// A part of a picture that fits a GIF.
fn cut(picture: &Frame, [left, top, width, height]: [usize; 4]) -> gif::Frame<'static> {
    let row = picture.width * 3;
    let rows = picture.rgb.chunks_exact(row).skip(top).take(height);
    let rgb: Vec<u8> = rows.flat_map(|row| &row[left * 3..(left + width) * 3]).copied().collect();
    // All sides are known to fit.
    let mut frame = gif::Frame::from_rgb_speed(width as u16, height as u16, &rgb, PALETTE_SPEED);
    (frame.left, frame.top) = (left as u16, top as u16);
    frame.dispose = DisposalMethod::Keep;
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(pixels: [[u8; 3]; 6]) -> Frame {
        Frame { width: 3, height: 2, rgb: pixels.concat() }
    }

    /// The pictures of a GIF, with their delays.
    fn play(bytes: &[u8]) -> Vec<(Vec<u8>, u16)> {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(bytes).unwrap();
        let width = usize::from(decoder.width());
        let mut canvas = vec![0; width * usize::from(decoder.height()) * 3];
        let mut all = vec![];
        while let Some(part) = decoder.read_next_frame().unwrap() {
            for (i, pixel) in part.buffer.chunks_exact(4).enumerate() {
                let (x, y) = (i % usize::from(part.width), i / usize::from(part.width));
                let at = (usize::from(part.top) + y) * width + usize::from(part.left) + x;
                canvas[at * 3..][..3].copy_from_slice(&pixel[..3]);
            }
            all.push((canvas.clone(), part.delay));
        }
        all
    }

    const A: [u8; 3] = [255, 255, 255];
    const B: [u8; 3] = [10, 20, 30];

    #[test]
    fn pictures_come_back_at_their_time() {
        let first = frame([A; 6]);
        let second = frame([A, A, B, A, A, A]);
        let third = frame([B, A, B, A, A, B]);
        let mut reel = Reel::new(15.0);
        for picture in [&first, &second, &second, &third] {
            reel.push(picture.clone()).unwrap();
        }
        assert_eq!(reel.seconds(), 4.0 / 15.0);
        // 0, 6.67, 13.3, 20, 26.7 hundredths of a second.
        let expected = [(first.rgb, 7), (second.rgb, 13), (third.rgb, 7 + 100)];
        assert_eq!(play(&reel.finish().unwrap()), expected);
    }

    #[test]
    fn a_fast_film_leaves_pictures_out() {
        let mut reel = Reel::new(125.0);
        for i in 0..7 {
            reel.push(frame([[i, 0, 0]; 6])).unwrap();
        }
        // Every third, of 8 milliseconds each.
        let delays: Vec<(u8, u16)> =
            play(&reel.finish().unwrap()).iter().map(|(rgb, delay)| (rgb[0], *delay)).collect();
        assert_eq!(delays, [(0, 2), (3, 3), (6, 1 + 100)]);
    }

    #[test]
    fn many_colours_are_brought_down_to_256() {
        let gradient: Vec<u8> =
            (0..64 * 64).flat_map(|i| [(i % 64 * 4) as u8, (i / 64 * 4) as u8, 128]).collect();
        let mut reel = Reel::new(50.0);
        reel.push(Frame { width: 64, height: 64, rgb: gradient.clone() }).unwrap();
        let shown = &play(&reel.finish().unwrap())[0].0;
        let worst = shown.iter().zip(&gradient).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(48), "{worst:?}");
    }

    #[test]
    fn what_is_no_film_is_refused() {
        assert_eq!(Reel::new(50.0).finish().unwrap_err(), "no picture");
        let mut reel = Reel::new(50.0);
        assert!(reel.push(Frame { width: 0, height: 2, rgb: vec![] }).unwrap_err().contains("found 0 x 2"));
        reel.push(frame([A; 6])).unwrap();
        let other = Frame { width: 2, height: 3, rgb: vec![0; 18] };
        assert!(reel.push(other).unwrap_err().contains("pictures of one size"));
    }
}
