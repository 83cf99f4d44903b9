//! Figures: an SVG, and a PNG of the same drawing, in one style and a palette safe for the colour-blind.
//!
//! ```
//! use sorn_report::figure::{Arm, CurveOptions, learning_curve};
//!
//! # fn main() -> Result<(), sorn_report::figure::FigureError> {
//! let runs = vec![(0..300).map(f64::from).collect()];
//! let arm = Arm { name: "SORN".to_owned(), runs, ..Arm::default() };
//! let figure = learning_curve(&[arm], &CurveOptions { threshold: Some(195.0), ..Default::default() })?;
//! assert!(figure.svg().starts_with("<svg"));
//! let png: Vec<u8> = figure.png(2.0)?;
//! # Ok(())
//! # }
//! ```
//!
//! The same data gives the same bytes.

mod bars;
mod error;
mod frame;
mod graph;
mod heat_map;
mod histogram;
mod learning_curve;
mod matrix;
mod parallel;
mod path;
mod raster;
mod scale;
mod scores;
mod solve;
mod spreads;
mod style;
mod swarm;
mod tail;
mod timeline;
mod traces;

use std::sync::{Arc, OnceLock};

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use resvg::{tiny_skia, usvg};

pub use bars::{BarOptions, bars};
pub use error::FigureError;
pub use graph::{GraphOptions, graph};
pub use heat_map::{HeatMapOptions, heat_map};
pub use histogram::{Fit, HistogramOptions, histogram};
pub use learning_curve::{Arm, CurveOptions, Over, learning_curve};
pub use matrix::{MatrixOptions, matrix};
pub use parallel::{ParallelAxis, ParallelKind, ParallelLine, ParallelOptions, parallel};
pub use raster::{RasterGroup, RasterOptions, SpikeMark, raster};
pub use scores::{Scores, ScoresOptions, scores};
pub use solve::{Outcomes, SolveOptions, episodes_to_solve};
pub use spreads::{SpreadLine, SpreadOptions, SpreadPoint, spreads};
pub use tail::{Tail, TailOptions, tail, tails};
pub use timeline::{Panel, TimelineOptions, timeline};
pub use traces::{Trace, TraceOptions, traces};

/// What figures are drawn on.
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Smallest and largest width and height of a figure in pixels.
const SIDES: std::ops::RangeInclusive<u32> = 240..=8000;

/// A gigabyte of memory while drawing.
const MOST_DOTS: u64 = 1 << 28;

/// A finished drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    svg: String,
    width: u32,
    height: u32,
}

impl Figure {
    /// Runs `draw` on an empty white area of the given size. What it returns is SVG that goes on top.
    fn draw(
        (width, height): (u32, u32),
        draw: impl FnOnce(&Area<'_>) -> Result<String, FigureError>,
    ) -> Result<Self, FigureError> {
        for (argument, found) in [("width", width), ("height", height)] {
            if !SIDES.contains(&found) {
                return Err(FigureError::Size { argument, found, least: *SIDES.start(), most: *SIDES.end() });
            }
        }
        style::register_font()?;
        let mut svg = String::new();
        let fine = (style::fine(width), style::fine(height));
        let top = {
            let area = SVGBackend::with_string(&mut svg, fine).into_drawing_area();
            area.fill(&plotters::style::WHITE).map_err(FigureError::drawing)?;
            let top = draw(&area)?;
            area.present().map_err(FigureError::drawing)?;
            top
        };
        // Plotters draws on whole units. The drawing is made with several units per pixel; here it is
        // told its size in pixels.
        let sized = svg.replacen(
            &format!("<svg width=\"{}\" height=\"{}\"", fine.0, fine.1),
            &format!("<svg width=\"{width}\" height=\"{height}\""),
            1,
        );
        let svg = match sized.rfind("</svg>") {
            Some(end) => format!("{}{top}{}", &sized[..end], &sized[end..]),
            None => return Err(FigureError::Drawing("the drawing has no end".to_owned())),
        };
        Ok(Self { svg, width, height })
    }

    /// The drawing as one SVG document.
    #[must_use]
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// Width and height in pixels.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The drawing as a PNG file with `scale` dots per pixel of the figure (1 or 2 for a screen, more for print).
    ///
    /// # Errors
    /// [`FigureError::Scale`] where `scale` is not within 0.1 to 10, [`FigureError::OutOfRange`] where the picture would
    /// have more than 2^28 dots.
    pub fn png(&self, scale: f32) -> Result<Vec<u8>, FigureError> {
        if !(0.1..=10.0).contains(&scale) {
            return Err(FigureError::Scale(scale));
        }
        let tree = usvg::Tree::from_str(&self.svg, options()).map_err(FigureError::drawing)?;
        let dots = |side: u32| ((side as f32 * scale).round() as u32).max(1);
        let (across, down) = (dots(self.width), dots(self.height));
        if u64::from(across) * u64::from(down) > MOST_DOTS {
            return Err(FigureError::OutOfRange {
                place: "the size of the picture".to_owned(),
                found: format!("{across} x {down} dots"),
                allowed: format!("{MOST_DOTS} dots"),
            });
        }
        let mut pixels = tiny_skia::Pixmap::new(across, down)
            .ok_or_else(|| FigureError::Drawing("too large for a picture".to_owned()))?;
        resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
        pixels.encode_png().map_err(FigureError::drawing)
    }
}

/// How SVG becomes pixels: with the embedded font alone, whatever the system has.
fn options() -> &'static usvg::Options<'static> {
    static OPTIONS: OnceLock<usvg::Options<'static>> = OnceLock::new();
    OPTIONS.get_or_init(|| {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_source(usvg::fontdb::Source::Binary(Arc::new(style::FONT)));
        fonts.set_sans_serif_family("DejaVu Sans");
        usvg::Options { fontdb: Arc::new(fonts), font_family: "DejaVu Sans".to_owned(), ..Default::default() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty(size: (u32, u32)) -> Result<Figure, FigureError> {
        Figure::draw(size, |_| Ok(String::new()))
    }

    #[test]
    fn size_and_scale_are_kept_and_checked() {
        let figure = empty((400, 300)).unwrap();
        assert!(figure.svg().starts_with("<svg width=\"400\" height=\"300\" viewBox=\"0 0 1600 1200\""));
        let png = figure.png(2.0).unwrap();
        // Width and height stand big-endian at byte 16 of a PNG.
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(png[16..24], [0, 0, 3, 32, 0, 0, 2, 88]);
        assert!(matches!(empty((4, 300)), Err(FigureError::Size { argument: "width", found: 4, .. })));
        assert!(matches!(empty((400, 9000)), Err(FigureError::Size { argument: "height", .. })));
        for scale in [0.0, -1.0, 11.0, f32::NAN] {
            assert!(matches!(figure.png(scale), Err(FigureError::Scale(_))));
        }
        let huge = empty((8000, 8000)).unwrap().png(10.0).unwrap_err().to_string();
        assert!(huge.contains("80000 x 80000 dots"), "{huge}");
    }
}
