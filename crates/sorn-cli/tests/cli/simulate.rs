//! `sorn simulate`: recorded arrays, states in both formats, and errors.

use std::fs;

use crate::common::Place;
#[cfg(unix)]
use crate::common::{send, start, stderr, wait_for};

const SMALL: [&str; 8] =
    ["--set", "ne=50", "--set", "nu=4", "--set", "lambda_ee=10", "--set", "lambda_ei=20"];

fn small<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["simulate"], &SMALL[..], arguments].concat()
}

/// The bytes of one array's numbers in an uncompressed `.npz`, and its header.
fn array(npz: &[u8], name: &str) -> (String, Vec<u8>) {
    // Local header: 30 bytes, the name, extra; sizes stand at 18 unless they are in the extra field.
    let needle = format!("{name}.npy");
    let at = npz.windows(needle.len()).position(|w| w == needle.as_bytes()).unwrap();
    let begin = npz[at..].windows(6).position(|w| w == b"\x93NUMPY").unwrap() + at;
    let length = u16::from_le_bytes([npz[begin + 8], npz[begin + 9]]) as usize;
    let header = String::from_utf8_lossy(&npz[begin + 10..begin + 10 + length]).into_owned();
    let size = u32::from_le_bytes(npz[at - 12..at - 8].try_into().unwrap()) as usize;
    (header, npz[begin + 10 + length..begin + size].to_vec())
}

#[test]
fn half_and_half_is_the_whole_to_the_bit() {
    let place = Place::new();
    let probes = [
        "--probe",
        "ExcitatoryActivation",
        "--probe",
        "InhibitoryActivation",
        "--probe",
        "RecurrentDrive",
        "--probe",
        "WEE:50",
        "--probe",
        "TE",
        "--probe",
        "EEConnectionCounts",
        "--probe",
        "SynapseDeaths:7",
    ];
    let record = |rest: &[&str]| place.done(&[rest, &probes[..]].concat());
    record(&small(&[
        "--steps",
        "300",
        "--seed",
        "3",
        "--out",
        "whole.npz",
        "--save-state",
        "whole.safetensors",
    ]));
    for (format, half) in [("safetensors", "half.safetensors"), ("npz", "half.npz")] {
        let (one, two, end) =
            (format!("{format}-1.npz"), format!("{format}-2.npz"), format!("{format}.safetensors"));
        record(&small(&["--steps", "130", "--seed", "3", "--out", &one, "--save-state", half]));
        record(&["simulate", "--state", half, "--steps", "170", "--out", &two, "--save-state", &end]);
        assert_eq!(fs::read(place.path("whole.safetensors")).unwrap(), fs::read(place.path(&end)).unwrap());
        let [whole, one, two] = ["whole.npz", &one, &two].map(|name| fs::read(place.path(name)).unwrap());
        for probe in probes.iter().skip(1).step_by(2) {
            let name = probe.split(':').next().unwrap();
            let both = [array(&one, name).1, array(&two, name).1].concat();
            assert_eq!(array(&whole, name).1, both, "{name}");
        }
        assert!(array(&whole, "ExcitatoryActivation").0.contains("'shape': (300, 50)"));
        assert!(array(&whole, "WEE").0.contains("'<f8', 'fortran_order': False, 'shape': (6, 50, 50)"));
        assert!(array(&whole, "EEConnectionCounts").0.contains("'shape': (300,)"));
        assert_eq!(array(&two, "first_step").1, 130_i64.to_le_bytes());
    }
    // No temporary file stays.
    let names: Vec<_> = fs::read_dir(place.path("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().ends_with(".tmp")), "{names:?}");
}

#[test]
fn bits_are_the_same_activity() {
    let place = Place::new();
    let run = ["--steps", "100", "--probe", "ExcitatoryActivation", "--out"];
    place.done(&small(&[&run[..], &["bytes.npz"]].concat()));
    place.done(&small(&[&run[..], &["bits.npz", "--bits"]].concat()));
    let bytes = array(&fs::read(place.path("bytes.npz")).unwrap(), "ExcitatoryActivation").1;
    let (header, bits) = array(&fs::read(place.path("bits.npz")).unwrap(), "ExcitatoryActivation");
    assert!(header.contains("'shape': (100, 7)"), "{header}");
    let unpacked: Vec<u8> = bits
        .chunks(7)
        .flat_map(|row| (0..50).map(move |neuron| row[neuron / 8] >> (7 - neuron % 8) & 1))
        .collect();
    assert_eq!(bytes, unpacked);
    assert!(bytes.contains(&1));
}

#[test]
fn parameters_come_from_files_presets_and_flags() {
    let place = Place::new();
    place.write("zheng.toml", "preset = \"zheng2013\"\nne = 60\n");
    let json = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&place.done(&[&["simulate", "--steps", "20", "--json"], arguments].concat()))
            .unwrap()
    };
    assert_eq!(json(&["zheng.toml"])["steps"], 20);
    // 100 neurons with all 99 others.
    let dense = json(&[
        "--preset",
        "zheng2013",
        "--set",
        "ne=100",
        "--set",
        "network_type_ee=dense",
        "--freeze",
        "stdp,sp",
    ]);
    assert_eq!(dense["ee_connections"], 9900);
    assert_eq!(dense["synapse_births"], 0);
}

#[test]
fn wrong_simulations_are_refused() {
    let place = Place::new();
    place.write("wrong.toml", "ne = 50\nlamda_ee = 5.0\n");
    place.write("not.npy", "numbers");
    place.done(&small(&["--steps", "5", "--save-state", "s.safetensors"]));
    let cases: &[(&[&str], &[&str])] = &[
        (&[], &["--input FILE.npy or --steps N"]),
        (
            &["wrong.toml", "--steps", "5"],
            &["wrong.toml:2: lamda_ee: unknown key; did you mean `lambda_ee`?"],
        ),
        (&["gone.toml", "--steps", "5"], &["gone.toml: cannot be read"]),
        (&["--preset", "lazar", "--steps", "5"], &["preset", "\"lazar\"", "lazar2009"]),
        (&["--set", "ne=1", "--steps", "5"], &["--set ne=1: ne: expected 2 to 2^31 - 1, found 1"]),
        (&["--set", "ne=few", "--steps", "5"], &["--set ne=few: ne: expected a non-negative integer"]),
        (&["--steps", "0"], &["--steps"]),
        (&["--steps", "5", "--freeze", "hebb"], &["--freeze", "hebb", "istdp"]),
        (&["--steps", "5", "--probe", "Wee", "--out", "o.npz"], &["WEE"]),
        (&["--steps", "5", "--probe", "WEE"], &["--out"]),
        (&["--steps", "5", "--probe", "TE", "--probe", "TE:2", "--out", "o.npz"], &["TE is named twice"]),
        (&["--input", "not.npy"], &["not.npy: not an .npy file"]),
        (
            &["--steps", "5", "--probe", "TE", "--out", "o.txt"],
            &["--out o.txt: expected a name that ends in .npz"],
        ),
        (&["--state", "gone", "--steps", "5"], &["gone: cannot be read"]),
        #[cfg(unix)]
        (&["--state", "/dev/zero", "--steps", "5"], &["/dev/zero: expected a file, found a device"]),
        #[cfg(unix)]
        (&["--input", "/dev/zero"], &["/dev/zero: expected a file, found a device"]),
        (
            &["--state", "not.npy", "--steps", "5"],
            &["not.npy: neither a whole safetensors file nor an NPZ file"],
        ),
        (&["--state", "s.safetensors", "--steps", "5", "--seed", "1"], &["--seed have no place"]),
        (&["--state", "s.safetensors", "--steps", "5", "--set", "ne=60"], &["s.safetensors", "wee"]),
        (
            &["--state", "s.safetensors", "--steps", "5", "--set", "eta_ip=2.0"],
            &["--set eta_ip=2.0: eta_ip: expected 0 to 1, found 2"],
        ),
        (
            &[
                "--state",
                "s.safetensors",
                "--steps",
                "5",
                "--set",
                "nu=20",
                "--set",
                "input={pools={size=9}}",
            ],
            &["--set input={pools={size=9}}: input.pools.size: expected size * nu"],
        ),
        (&["--steps", "5", "--save-state", "s.safetensors"], &["s.safetensors: exists already"]),
    ];
    for (arguments, parts) in cases {
        let text = place.fails(2, &[&["simulate"], *arguments].concat());
        for part in *parts {
            assert!(text.contains(part), "{part:?} is missing in {text}");
        }
    }
    assert!(!place.path("o.npz").exists());
}

#[test]
fn parameters_that_a_state_holds_are_refused_by_the_name_of_its_file() {
    let place = Place::new();
    // Of a version without checksums, so that a changed parameter is reached.
    let old = concat!(env!("CARGO_MANIFEST_DIR"), "/../sorn-lab/tests/old/state.safetensors");
    let mut bytes = fs::read(old).unwrap();
    let key = br#"\"mu_ip\":"#;
    let at = bytes.windows(key.len()).position(|part| part == key).unwrap() + key.len();
    bytes[at] = b'9';
    fs::write(place.path("forged.safetensors"), bytes).unwrap();
    let text = place.fails(2, &["simulate", "--state", "forged.safetensors", "--steps", "1"]);
    assert!(
        text.starts_with("error: forged.safetensors: mu_ip: expected a number above 0 and up to 1, found 9"),
        "{text}"
    );
}

#[test]
fn inputs_are_columns_of_an_array() {
    let place = Place::new();
    // Neuron 1 of 4 is driven in the second of three steps.
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 3), }\n";
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    npy.extend([0, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0]);
    fs::write(place.path("in.npy"), &npy).unwrap();
    let quiet =
        ["--set", "noise=none", "--probe", "ExcitatoryActivation", "--out", "o.npz", "--input", "in.npy"];
    place.done(&small(&quiet));
    let active = array(&fs::read(place.path("o.npz")).unwrap(), "ExcitatoryActivation").1;
    assert!(active[..50].iter().all(|&x| x == 0) && active[50 + 1] == 1);
    let long = place.fails(2, &small(&["--input", "in.npy", "--steps", "4"]));
    assert!(long.contains("--steps: expected at most 3 (in.npy), found 4"), "{long}");
    let shape = place.fails(2, &["simulate", "--set", "nu=3", "--input", "in.npy"]);
    assert!(shape.contains("expected shape (3, steps)") && shape.contains("transpose it"), "{shape}");
}

/// Bytes of the largest open file of a process that has no name in any folder.
#[cfg(target_os = "linux")]
fn largest_unnamed_file(process: u32) -> u64 {
    let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { return 0 };
    let unnamed = open.flatten().map(|entry| entry.path()).filter(|path| {
        fs::read_link(path).is_ok_and(|target| target.to_string_lossy().ends_with("(deleted)"))
    });
    unnamed.filter_map(|path| fs::metadata(path).ok()).map(|file| file.len()).max().unwrap_or(0)
}

/// Elsewhere the steps of two seconds are as good.
#[cfg(all(unix, not(target_os = "linux")))]
fn largest_unnamed_file(_process: u32) -> u64 {
    std::thread::sleep(std::time::Duration::from_secs(2));
    u64::MAX
}

#[cfg(unix)]
#[test]
fn an_interrupted_simulation_keeps_what_it_has_done() {
    let place = Place::new();
    let recorded = ["--probe", "EEConnectionCounts", "--probe", "ExcitatoryActivation:100"];
    // Without end, as far as this test is concerned.
    let ends = ["--steps", "1000000000", "--out", "stopped.npz", "--save-state", "stopped.safetensors"];
    let child = start(&place, &small(&[&ends[..], &recorded].concat()));
    wait_for("recorded steps", || largest_unnamed_file(child.id()) > 20_000);
    send("INT", child.id());
    let output = child.wait_with_output().unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.contains("stopping after this step"), "{text}");
    let said = text.split("stopped after ").nth(1).unwrap();
    let steps = said.split(' ').next().unwrap();
    // Recording and state are those of a simulation of so many steps.
    let whole = ["--steps", steps, "--out", "whole.npz", "--save-state", "whole.safetensors"];
    place.done(&small(&[&whole[..], &recorded].concat()));
    let [stopped, whole] = ["stopped", "whole"].map(|name| {
        [".npz", ".safetensors"].map(|end| fs::read(place.path(&format!("{name}{end}"))).unwrap())
    });
    for name in ["EEConnectionCounts", "ExcitatoryActivation"] {
        assert_eq!(array(&stopped[0], name), array(&whole[0], name), "{name}");
    }
    assert_eq!(stopped[1], whole[1]);
    let names: Vec<_> = fs::read_dir(place.path("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().ends_with(".tmp")), "{names:?}");
}
