//! Pictures of cards on a table.

use serde::{Deserialize, Serialize};
use sorn_env::Frame;

use super::deck::Card;
use crate::draw::{BLACK, Canvas, Rgb, rectangle};

const RED: Rgb = [200, 30, 30];
const FELT: Rgb = [205, 225, 210];
const BACK: Rgb = [120, 140, 190];
const RIGHT: Rgb = [40, 150, 60];
const WIDTH: f64 = 90.0;
const HEIGHT: f64 = 130.0;

/// What was answered last, and whether it was right.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) right: Option<bool>,
}

/// 500 x 300 pixels: the pile that is left, the cards on view and a sign that is green or red after an answer.
pub(super) fn draw(shown: &[Card], left: usize, all: usize, answer: Answer) -> Frame {
    let mut canvas = Canvas::new(500, 300);
    canvas.polygon(&rectangle([0.0, 0.0], [500.0, 90.0], 0.0, [0.0, 0.0]), FELT);
    // The pile loses height as it is dealt.
    let height = 60.0 * left as f64 / all.max(1) as f64;
    canvas.polygon(&rectangle([0.0, 0.0], [70.0, height + 2.0], 0.0, [20.0, 60.0]), BACK);
    for (place, &card) in shown.iter().enumerate() {
        draw_card(&mut canvas, card, [130.0 + place as f64 * (WIDTH + 30.0), 100.0]);
    }
    if let Some(right) = answer.right {
        canvas.circle([450.0, 250.0], 18.0, if right { RIGHT } else { RED });
    }
    canvas.frame()
}

fn draw_card(canvas: &mut Canvas, card: Card, corner @ [x, y]: [f64; 2]) {
    let color = if card.color() == 0 { BLACK } else { RED };
    let outline = rectangle([0.0, 0.0], [WIDTH, HEIGHT], 0.0, corner);
    canvas.line(&[outline[0], outline[1], outline[2], outline[3], outline[0]], 2.0, BLACK);
    suit(canvas, card.suit(), [x + WIDTH / 2.0, y + HEIGHT / 2.0 + 8.0], color);
    // The rank as dots, for there are no fonts.
    for dot in 0..=card.rank() {
        canvas.circle([x + 8.0 + dot as f64 * 6.1, y + 9.0], 2.2, color);
    }
}

fn suit(canvas: &mut Canvas, suit: i64, [x, y]: [f64; 2], color: Rgb) {
    let stalk = [[x, y], [x - 9.0, y - 28.0], [x + 9.0, y - 28.0]];
    match suit {
        0 => {
            canvas.polygon(&[[x, y + 30.0], [x - 24.0, y - 4.0], [x + 24.0, y - 4.0]], color);
            for side in [-12.0, 12.0] {
                canvas.circle([x + side, y - 6.0], 12.5, color);
            }
            canvas.polygon(&stalk, color);
        }
        1 => canvas.polygon(&[[x, y + 30.0], [x - 22.0, y], [x, y - 30.0], [x + 22.0, y]], color),
        2 => {
            for [a, b] in [[0.0, 16.0], [-14.0, -4.0], [14.0, -4.0]] {
                canvas.circle([x + a, y + b], 13.0, color);
            }
            canvas.polygon(&stalk, color);
        }
        _ => {
            for side in [-12.0, 12.0] {
                canvas.circle([x + side, y + 10.0], 13.0, color);
            }
            canvas.polygon(&[[x, y - 28.0], [x - 24.0, y + 6.0], [x + 24.0, y + 6.0]], color);
        }
    }
}
