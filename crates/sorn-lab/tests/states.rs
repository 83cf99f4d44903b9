//! Saved networks: files of earlier versions are read, damage of any kind is refused, no file takes more memory than there is.

use std::path::{Path, PathBuf};

use sorn_lab::sorn_core::{Network, Params, State};
use sorn_lab::{LabError, SavedNetwork, check_room_to_save, load_network, save_network};

fn network() -> Network {
    let params = Params {
        ne: 12,
        nu: 2,
        lambda_ee: 3.0.into(),
        lambda_ei: 4.0.into(),
        eta_stdp: 0.05,
        ..Params::default()
    };
    let mut network = Network::new(&params, 5).unwrap();
    for step in 0..60 {
        network.step(&[f64::from(step % 2), 0.5]).unwrap();
    }
    network
}

fn whole(path: &Path) -> (Params, State) {
    match load_network(path).unwrap() {
        SavedNetwork::Whole(whole) => *whole,
        SavedNetwork::Upstream(_) => panic!("{}: expected a whole state", path.display()),
    }
}

/// Files that version 1 of the format wrote, which had no checksum: `network` after 60 steps.
fn old(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old").join(name)
}

#[test]
fn states_of_earlier_versions_are_read() {
    let expected = network();
    for name in ["state.safetensors", "state.npz"] {
        let bytes = std::fs::read(old(name)).unwrap();
        assert!(!bytes.windows(8).any(|part| part == b"checksum"), "{name} has a checksum");
        let (params, state) = whole(&old(name));
        assert_eq!(&params, expected.params(), "{name}");
        assert_eq!(state, expected.state(), "{name}");
    }
}

#[test]
fn a_flipped_bit_anywhere_is_refused_by_the_name_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.safetensors", "a.npz"] {
        let path = dir.path().join(name);
        save_network(&path, &network()).unwrap();
        assert_eq!(whole(&path).1, network().state());
        let bytes = std::fs::read(&path).unwrap();
        // The first and last bytes, where the files say what they are, bit by bit; of the rest some.
        let ends = |bit: &usize| bit / 8 < 1000 || bit / 8 + 200 > bytes.len() || bit.is_multiple_of(7);
        for bit in (0..8 * bytes.len()).filter(ends) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &flipped).unwrap();
            match load_network(&path) {
                Err(error) => assert!(error.is_usage() && error.to_string().contains(name), "{error}"),
                Ok(_) => panic!("{name}: accepted with bit {} of byte {} flipped", bit % 8, bit / 8),
            }
        }
    }
}

#[test]
fn a_state_that_says_it_has_a_checksum_must_have_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.npz");
    save_network(&path, &network()).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let comment = bytes.len() - "sorn checksum 0123456789abcdef".len();
    bytes[comment] = b'S';
    std::fs::write(&path, &bytes).unwrap();
    let error = load_network(&path).unwrap_err().to_string();
    assert!(error.ends_with("a.npz: sorn_network: expected a checksum, found none"), "{error}");
}

#[test]
fn a_network_too_large_for_dense_matrices_is_not_saved_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.npz");
    let params = Params {
        ne: 1_000_000,
        ni: Some(1),
        lambda_ee: 1.0.into(),
        lambda_ei: 1.0.into(),
        lambda_ie: 1.0.into(),
        network_type_ie: sorn_lab::sorn_core::NetworkType::Sparse,
        ..Params::default()
    };
    let network = Network::new(&params, 1).unwrap();
    let error = check_room_to_save(&path, &network).unwrap_err();
    assert!(matches!(error, LabError::Memory { .. }) && error.is_usage());
    let text = error.to_string();
    assert!(
        text.contains("large.npz: expected what fits in memory, found dense matrices that need 8.0 TB")
            && text.contains(".safetensors"),
        "{text}"
    );
    check_room_to_save(&dir.path().join("large.safetensors"), &network).unwrap();
}
