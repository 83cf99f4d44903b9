//! How symbols are drawn.

use sorn_env::Frame;

use crate::draw::{Canvas, rectangle};

const SHOWN: usize = 8;

/// 400 x 100 pixels: the last symbols, each a bar of its height, the last at the right; a dot, green or red, if an answer was right or wrong.
pub(super) fn draw(symbols: impl DoubleEndedIterator<Item = u32>, of: u64, right: Option<bool>) -> Frame {
    let mut canvas = Canvas::new(400, 100);
    for (back, symbol) in symbols.rev().take(SHOWN).enumerate() {
        let shade = 60 + 15 * back as u8;
        let height = 10.0 + 60.0 * f64::from(symbol) / of as f64;
        let x = 340.0 - 44.0 * back as f64;
        canvas.polygon(&rectangle([0.0, 0.0], [36.0, height], 0.0, [x, 15.0]), [shade, shade + 30, 190]);
    }
    if let Some(right) = right {
        canvas.circle([385.0, 85.0], 8.0, if right { [40, 150, 60] } else { [190, 50, 50] });
    }
    canvas.frame()
}
