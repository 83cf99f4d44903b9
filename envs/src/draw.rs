//! A canvas for the environments' frames. It needs no window system, fonts or system library.

use sorn_env::Frame;
use tiny_skia::{Color, FillRule, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};

/// Red, green, blue.
pub(crate) type Rgb = [u8; 3];

pub(crate) const BLACK: Rgb = [0, 0, 0];

/// A white picture; `y` points upwards, as in Gymnasium's drawings.
pub(crate) struct Canvas(Pixmap);

impl Canvas {
    pub(crate) fn new(width: u16, height: u16) -> Self {
        let mut pixels =
            Pixmap::new(u32::from(width), u32::from(height)).expect("both sides are constants above 0");
        pixels.fill(Color::WHITE);
        Canvas(pixels)
    }

    fn upright(&self) -> Transform {
        // Whole coordinates are the centres of pixels.
        Transform::from_row(1.0, 0.0, 0.0, -1.0, 0.5, self.0.height() as f32 - 0.5)
    }

    fn fill(&mut self, path: Option<Path>, color: Rgb) {
        // The path is `None` if a coordinate is not finite; then nothing is drawn.
        if let Some(path) = path {
            let upright = self.upright();
            self.0.fill_path(&path, &paint(color), FillRule::Winding, upright, None);
        }
    }

    fn stroke(&mut self, path: Option<Path>, width: f64, color: Rgb) {
        if let Some(path) = path {
            let (upright, stroke) = (self.upright(), Stroke { width: width as f32, ..Stroke::default() });
            self.0.stroke_path(&path, &paint(color), &stroke, upright, None);
        }
    }

    pub(crate) fn polygon(&mut self, corners: &[[f64; 2]], color: Rgb) {
        self.fill(path(corners, true), color);
    }

    pub(crate) fn circle(&mut self, [x, y]: [f64; 2], radius: f64, color: Rgb) {
        self.fill(PathBuilder::from_circle(x as f32, y as f32, radius as f32), color);
    }

    pub(crate) fn line(&mut self, points: &[[f64; 2]], width: f64, color: Rgb) {
        self.stroke(path(points, false), width, color);
    }

    pub(crate) fn frame(self) -> Frame {
        let (width, height) = (self.0.width() as usize, self.0.height() as usize);
        // Everything is opaque, so the premultiplied colours are the colours.
        let rgb = self.0.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        Frame { width, height, rgb }
    }
}

fn paint(color: Rgb) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(color[0], color[1], color[2], 255);
    paint
}

fn path(points: &[[f64; 2]], close: bool) -> Option<Path> {
    let (&[x, y], rest) = points.split_first()?;
    let mut path = PathBuilder::new();
    path.move_to(x as f32, y as f32);
    for &[x, y] in rest {
        path.line_to(x as f32, y as f32);
    }
    if close {
        path.close();
    }
    path.finish()
}

/// The corners of a rectangle from `low` to `high`, turned by `angle` (rad, anticlockwise) about the origin and moved to `to`.
pub(crate) fn rectangle(low: [f64; 2], high: [f64; 2], angle: f64, to: [f64; 2]) -> [[f64; 2]; 4] {
    [[low[0], low[1]], [low[0], high[1]], [high[0], high[1]], [high[0], low[1]]].map(|p| place(p, angle, to))
}

/// A point turned by `angle` (rad, anticlockwise) about the origin and moved to `to`.
pub(crate) fn place([x, y]: [f64; 2], angle: f64, to: [f64; 2]) -> [f64; 2] {
    let (sin, cos) = angle.sin_cos();
    [x * cos - y * sin + to[0], x * sin + y * cos + to[1]]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixel(frame: &Frame, x: usize, y: usize) -> &[u8] {
        &frame.rgb[(y * frame.width + x) * 3..][..3]
    }

    #[test]
    fn shapes_are_where_they_belong() {
        let mut canvas = Canvas::new(60, 40);
        canvas.polygon(&rectangle([0.0, 0.0], [10.0, 5.0], 0.0, [20.0, 30.0]), [200, 10, 30]);
        canvas.circle([50.0, 5.0], 3.0, [0, 0, 255]);
        let frame = canvas.frame();
        assert_eq!((frame.width, frame.height, frame.rgb.len()), (60, 40, 7200));
        // y = 30..35 from below is row 5..10 from above.
        assert_eq!(pixel(&frame, 25, 7), [200, 10, 30]);
        assert_eq!(pixel(&frame, 25, 11), [255; 3]);
        assert_eq!(pixel(&frame, 50, 34), [0, 0, 255]);
    }

    #[test]
    fn places_no_picture_can_show_draw_nothing() {
        let mut canvas = Canvas::new(10, 10);
        canvas.circle([f64::NAN, 0.0], 3.0, BLACK);
        canvas.line(&[[0.0, f64::INFINITY], [1e300, 0.0]], 1.0, BLACK);
        canvas.polygon(&[], BLACK);
        assert!(canvas.frame().rgb.iter().all(|&byte| byte == 255));
    }
}
