//! `sorn eval --gif`: what is in the film.

use std::fs::File;

use crate::common::{Place, stderr};

/// The pictures of a GIF as RGB, one after the other, with their delays in hundredths of a second.
fn play(place: &Place, name: &str) -> (usize, usize, Vec<(Vec<u8>, u64)>) {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(File::open(place.path(name)).unwrap()).unwrap();
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    let mut canvas = vec![0; width * height * 3];
    let mut pictures = vec![];
    while let Some(part) = decoder.read_next_frame().unwrap() {
        for (i, pixel) in part.buffer.chunks_exact(4).enumerate() {
            let (x, y) = (i % usize::from(part.width), i / usize::from(part.width));
            let at = (usize::from(part.top) + y) * width + usize::from(part.left) + x;
            canvas[at * 3..][..3].copy_from_slice(&pixel[..3]);
        }
        pictures.push((canvas.clone(), u64::from(part.delay)));
    }
    (width, height, pictures)
}

/// Steps and seconds that the command tells of its film.
fn told(text: &str) -> (usize, f64) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let before = |word: &str| words[words.iter().position(|w| *w == word).unwrap() - 1];
    (before("steps").parse().unwrap(), before("seconds").parse().unwrap())
}

#[test]
fn an_episode_is_filmed_with_its_spikes() {
    let place = Place::new();
    place.done(&["run", "quick.toml"]);
    let dir = "runs/quick/seed-0";
    let plain = place.output(&["eval", dir, "--episodes", "1", "--gif", "plain.gif"]);
    let (steps, seconds) = told(&stderr(&plain));
    let (width, height, pictures) = play(&place, "plain.gif");
    // The pole moves in every step: no two pictures are the same.
    assert_eq!((width, height, pictures.len()), (600, 400, steps + 1));
    let time: u64 = pictures.iter().map(|(_, delay)| delay).sum();
    assert_eq!(time, 2 * (steps as u64 + 1) + 100, "50 pictures a second, and a pause");
    assert!((seconds - 0.02 * (steps + 1) as f64).abs() < 0.051, "{seconds}");
    let result = String::from_utf8(plain.stdout).unwrap();
    assert!(result.contains(&format!("mean return {steps}.00")), "{result}");

    place.done(&["eval", dir, "--episodes", "1", "--gif", "spikes.gif", "--spikes"]);
    let (width, height, both) = play(&place, "spikes.gif");
    assert_eq!((width, height, both.len()), (841, 400, steps + 1));
    let column = |picture: &[u8], x: usize| -> Vec<[u8; 3]> {
        (0..400).map(|y| picture[(y * 841 + x) * 3..][..3].try_into().unwrap()).collect()
    };
    let white = [255; 3];
    for ((one, _), (other, _)) in pictures.iter().zip(&both) {
        let left: Vec<u8> = other.chunks(841 * 3).flat_map(|row| &row[..600 * 3]).copied().collect();
        assert!(*one == left, "the environment looks as it does alone");
    }
    // Nothing has spiked at the reset; then the columns wander to the left. 50 neurons of 8 pixels.
    assert!(column(&both[0].0, 840).iter().all(|pixel| *pixel == white));
    let mut spikes = 0;
    for pair in both.windows(2) {
        let last = column(&pair[0].0, 840);
        assert_eq!(last, column(&pair[1].0, 838));
        assert!(last.chunks(8).all(|neuron| neuron.iter().all(|pixel| pixel == &neuron[0])));
        spikes += last.chunks(8).filter(|neuron| neuron[0] != white).count();
    }
    // h_ip is 0.2, the training was short.
    let rate = spikes as f64 / (50 * (steps - 1)) as f64;
    assert!((0.02..0.6).contains(&rate), "{rate}");

    place.done(&["eval", dir, "--episodes", "1", "--gif", "again.gif", "--spikes"]);
    let bytes = |name: &str| std::fs::read(place.path(name)).unwrap();
    assert_eq!(bytes("again.gif"), bytes("spikes.gif"));
}

#[test]
fn what_cannot_be_filmed_is_told() {
    let place = Place::new();
    place.done(&["run", "quick.toml", "--seeds", "0..2", "--set", "run.episodes=2"]);
    let text = place.fails(2, &["eval", "runs/quick", "--gif", "a.gif"]);
    assert!(text.contains("--gif films one run") && text.contains("runs/quick/seed-0"), "{text}");
    assert!(place.fails(2, &["eval", "runs/quick/seed-0", "--spikes"]).contains("--gif"));
    let text = place.fails(2, &["eval", "runs/quick/seed-0", "--gif", "a.png"]);
    assert!(text.contains("--gif a.png: expected a name that ends in .gif"), "{text}");
    // So many episodes would never end: it is told before the first.
    let endless = ["--episodes", "1000000000000"];
    for path in ["no/folder/a.gif", "folder.gif"] {
        std::fs::create_dir_all(place.path("folder.gif")).unwrap();
        let text = place.fails(2, &[&["eval", "runs/quick/seed-0", "--gif", path], &endless[..]].concat());
        assert!(text.contains(&format!("--gif {path}: expected a file")), "{text}");
    }
}

/// The evaluation is told all the same.
#[cfg(target_os = "linux")]
#[test]
fn a_film_that_fails_costs_no_result() {
    let place = Place::new();
    place.done(&["run", "quick.toml", "--set", "run.episodes=2"]);
    let output = place.on_a_full_disk(&["eval", "runs/quick/seed-0", "--gif", "a.gif", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let eval: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(eval["episodes"], 3);
    assert!(stderr(&output).contains("a.gif: cannot be written"), "{}", stderr(&output));
}
