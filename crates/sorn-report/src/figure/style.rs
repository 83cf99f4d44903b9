//! What all figures have in common: font, sizes, colours, numbers on axes.

use plotters::prelude::*;

use super::FigureError;

/// DejaVu Sans, reduced to Latin-1, Greek and the signs figures use; `assets/DejaVu-LICENSE.txt`.
pub(super) const FONT: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");

/// Units of the drawing per pixel, see [`super::Figure::draw`].
const FINENESS: u32 = 4;

/// Font sizes in pixels of the em.
pub(super) const TITLE: f64 = 15.0;
pub(super) const LABEL: f64 = 12.0;

pub(super) const INK: RGBColor = RGBColor(0x26, 0x26, 0x26);
pub(super) const FAINT: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
pub(super) const GREY: RGBColor = RGBColor(0x80, 0x80, 0x80);

/// How many colours there are before they repeat.
pub(super) const COLOURS: usize = 7;

/// The qualitative palette of Okabe and Ito (2008), told apart with any kind of colour vision; without its
/// yellow, too faint on white.
const PALETTE: [RGBColor; COLOURS] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x00, 0x00, 0x00),
];

/// The colour of the `i`th series; they repeat after [`COLOURS`].
pub(super) fn colour(i: usize) -> RGBColor {
    PALETTE[i % PALETTE.len()]
}

/// Pixels in units of the drawing.
pub(super) fn fine(pixels: u32) -> u32 {
    pixels * FINENESS
}

/// A length in pixels in units of the drawing.
pub(super) fn px(pixels: f64) -> i32 {
    (pixels * f64::from(FINENESS)).round() as i32
}

/// A stroke as wide as `pixels`.
pub(super) fn stroke(colour: &impl Color, pixels: f64) -> ShapeStyle {
    colour.stroke_width(px(pixels).max(1) as u32)
}

pub(super) fn register_font() -> Result<(), FigureError> {
    plotters::style::register_font("sans-serif", FontStyle::Normal, FONT)
        .map_err(|_| FigureError::Drawing("the embedded font is damaged".to_owned()))
}

/// Text of an em of `pixels`. Plotters' size is larger than the em by a fixed factor.
pub(super) fn text(pixels: f64, colour: &RGBColor) -> TextStyle<'static> {
    ("sans-serif", pixels * f64::from(FINENESS) * 1.24).into_font().color(colour)
}

/// How wide `words` are, in pixels, as text of an em of `pixels`.
pub(super) fn width(words: &str, pixels: f64) -> Result<f64, FigureError> {
    let ((left, _), (right, _)) = text(pixels, &INK).font.layout_box(words).map_err(FigureError::drawing)?;
    Ok(f64::from(right - left) / f64::from(FINENESS))
}

/// `words`, shortened with an ellipsis until they fit into `room` pixels.
pub(super) fn fit(words: &str, pixels: f64, room: f64) -> Result<String, FigureError> {
    if width(words, pixels)? <= room {
        return Ok(words.to_owned());
    }
    let mut kept: Vec<char> = words.chars().collect();
    loop {
        kept.pop();
        let shortened = format!("{}…", kept.iter().collect::<String>().trim_end());
        if kept.is_empty() || width(&shortened, pixels)? <= room {
            return Ok(shortened);
        }
    }
}

/// A number beside an axis: no more digits than it needs, thousands set apart, a true minus sign.
pub(super) fn number(value: f64) -> String {
    if value != 0.0 && !(1e-4..1e9).contains(&value.abs()) {
        return format!("{value:.3e}").replace(".000e", "e").replace('-', "−");
    }
    // Six significant digits hide the rounding of 0.1 + 0.2.
    let decimals = if value == 0.0 { 0 } else { (5 - value.abs().log10().floor() as i32).clamp(0, 9) };
    let digits = format!("{:.*}", decimals as usize, value.abs());
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        // Four digits read well without a separator, as years and step counts do.
        if i > 0 && whole.len() > 4 && (whole.len() - i) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 && (whole != "0" || !fraction.is_empty()) { "−" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction}")
}

/// Three significant digits.
pub(super) fn short(value: f64) -> String {
    if value == 0.0 {
        return number(0.0);
    }
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    // Rounded up, the largest numbers would be infinite.
    number(if rounded.is_finite() { rounded } else { value })
}

/// A power of ten beside a logarithmic axis.
pub(super) fn power_of_ten(exponent: i32) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    if exponent.unsigned_abs() <= 3 {
        return number(10f64.powi(exponent));
    }
    let raised = exponent
        .unsigned_abs()
        .to_string()
        .bytes()
        .map(|d| RAISED[usize::from(d - b'0')])
        .collect::<String>();
    format!("10{}{raised}", if exponent < 0 { "⁻" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact() {
        for (value, said) in [
            (0.0, "0"),
            (-0.0, "0"),
            (0.1 + 0.2, "0.3"),
            (-200.0, "−200"),
            (1500.0, "1500"),
            (61_700.0, "61,700"),
            (5e6, "5,000,000"),
            (0.025, "0.025"),
            (1e-6, "1e−6"),
            (2.5e12, "2.500e12"),
        ] {
            assert_eq!(number(value), said, "{value}");
        }
    }

    #[test]
    fn digits_and_powers() {
        assert_eq!([short(0.999_915), short(-1234.5), short(0.0)], ["1", "−1230", "0"]);
        assert_eq!([short(f64::MAX), short(5e-324)], ["1.798e308", "4.941e−324"]);
        assert_eq!(
            [power_of_ten(2), power_of_ten(-3), power_of_ten(12), power_of_ten(-4)],
            ["100", "0.001", "10¹²", "10⁻⁴"]
        );
    }

    #[test]
    fn long_words_are_shortened_to_the_room() {
        register_font().unwrap();
        assert_eq!(fit("SORN", LABEL, 100.0).unwrap(), "SORN");
        let short = fit("a name that is much too long for its place", LABEL, 100.0).unwrap();
        assert!(short.ends_with('…') && width(&short, LABEL).unwrap() <= 100.0, "{short}");
        assert_eq!(fit("anything", LABEL, 0.0).unwrap(), "…");
    }
}
