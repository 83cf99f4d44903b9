//! Mutations of bytes and of text, whatever they mean.

use crate::rng::Rng;

/// What is put where something else stood.
pub(crate) const ODD: [&str; 40] = [
    "0",
    "1",
    "-1",
    "2",
    "7",
    "0.5",
    "-0.0",
    "1e308",
    "1e309",
    "-1e999",
    "5e-324",
    "nan",
    "inf",
    "-inf",
    "true",
    "null",
    "\"\"",
    "\"text\"",
    "[]",
    "{}",
    "[[]]",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "-9223372036854775808",
    "4294967295",
    "4294967296",
    "1e18",
    "0x7f",
    "1_000",
    "1979-05-27",
    "'",
    "\"",
    "\u{0}",
    "\u{feff}",
    "é",
    "../x",
    "a.b",
    "=",
    "#",
];

/// One of the mutations that look at bytes alone.
pub(crate) fn bytes(from: &[u8], seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut to = from.to_vec();
    let len = |to: &[u8]| to.len() as u64;
    for _ in 0..rng.within(1, 3) {
        if to.is_empty() {
            to.push(rng.next() as u8);
        }
        let at = rng.below(len(&to)) as usize;
        match rng.below(9) {
            0..=2 => to[at] ^= 1 << rng.below(8),
            3 => to[at] = rng.next() as u8,
            4 => to.truncate(at),
            5 => {
                let end = (at + rng.within(1, 64) as usize).min(to.len());
                to.drain(at..end);
            }
            6 => {
                let end = (at + rng.within(1, 64) as usize).min(to.len());
                let part = to[at..end].to_vec();
                let place = rng.below(len(&to) + 1) as usize;
                to.splice(place..place, part);
            }
            7 => {
                let word = rng.pick(&ODD).as_bytes().iter().copied();
                to.splice(at..at, word);
            }
            _ => {
                let other = rng.pick(seeds);
                if !other.is_empty() {
                    let start = rng.below(len(other)) as usize;
                    let end = (start + rng.within(1, 200) as usize).min(other.len());
                    to.splice(at..at, other[start..end].iter().copied());
                }
            }
        }
    }
    to
}

/// One bit flipped: what must never be accepted as something else.
pub(crate) fn flip(from: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut to = from.to_vec();
    if !to.is_empty() {
        let at = rng.below(to.len() as u64) as usize;
        to[at] ^= 1 << rng.below(8);
    }
    to
}

/// A word of text (what stands between spaces, brackets, commas and the like) replaced, removed or repeated.
pub(crate) fn words(from: &[u8], rng: &mut Rng) -> Vec<u8> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-+".contains(&byte) || byte >= 0x80;
    let mut spans = Vec::new();
    let mut start = None;
    for (at, &byte) in from.iter().enumerate() {
        match (is_word(byte), start) {
            (true, None) => start = Some(at),
            (false, Some(begin)) => {
                spans.push(begin..at);
                start = None;
            }
            _ => {}
        }
    }
    if let Some(begin) = start {
        spans.push(begin..from.len());
    }
    if spans.is_empty() {
        return from.to_vec();
    }
    let span = rng.pick(&spans).clone();
    let word = match rng.below(5) {
        0 => Vec::new(),
        1 => from[rng.pick(&spans).clone()].to_vec(),
        2 => from[span.clone()].repeat(2),
        _ => rng.pick(&ODD).as_bytes().to_vec(),
    };
    [&from[..span.start], &word, &from[span.end..]].concat()
}

/// A line removed, repeated, moved or taken from another seed.
pub(crate) fn lines(from: &[u8], seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = from.split_inclusive(|&byte| byte == b'\n').collect();
    if lines.is_empty() {
        return from.to_vec();
    }
    let at = rng.below(lines.len() as u64) as usize;
    let place = rng.below(lines.len() as u64) as usize;
    let other: Vec<&[u8]> = rng.pick::<Vec<u8>>(seeds).split_inclusive(|&byte| byte == b'\n').collect();
    match rng.below(4) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(place, lines[at]),
        2 => lines.swap(at, place),
        _ if !other.is_empty() => lines.insert(place, other[rng.below(other.len() as u64) as usize]),
        _ => {}
    }
    lines.concat()
}
