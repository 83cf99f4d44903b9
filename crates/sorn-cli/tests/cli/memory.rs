//! What needs more memory than there is, is refused by its key with exit code 2. A failed allocation would end the process.

use std::process::{Command, Output};

use crate::common::{Place, stderr};
use crate::sequence::COUNTING;

impl Place {
    /// The command in this folder, with no more than 600 MB of memory.
    fn in_little_memory(&self, arguments: &[&str]) -> Output {
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -v 600000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_sorn")]);
        shell.args(arguments).current_dir(self.path("")).env_remove("SORN_LOG").output().unwrap()
    }

    fn refused(&self, arguments: &[&str], parts: &[&str]) {
        let output = self.in_little_memory(arguments);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        for part in parts {
            assert!(text.contains(part), "{arguments:?}: {part:?} is missing in {text}");
        }
        assert!(!text.contains("panicked"), "{text}");
    }
}

const LARGE: [&str; 8] =
    ["--set", "ne=30000", "--set", "ni=10", "--set", "network_type_ie=sparse", "--set", "lambda_ee=2"];

#[test]
fn a_simulation() {
    let place = Place::new();
    let simulate = |arguments: &[&str], parts: &[&str]| {
        place.refused(&[&["simulate", "--steps", "2"], arguments].concat(), parts);
    };
    let dense = ["--set", "ne=20000", "--set", "network_type_ee=dense"];
    simulate(&dense, &["--set ne=20000: ne: expected what fits in memory", "needs 34.3 GB"]);
    simulate(&["--set", "ne=1000000000"], &["ne=1000000000", "needs 5.6 EB"]);
    simulate(
        &["--set", "ne=100000"],
        &["ne=100000: ne: ", "with network_type_ie = \"sparse\" it needs 3", "MB"],
    );
    let window = ["--set", "rules=[\"rmstdp\"]", "--set", "reward_window=100000000000"];
    simulate(&window, &["--set reward_window=100000000000: reward_window: ", "needs 800.0 GB"]);
    let pools =
        ["--set", "nu=100000000000", "--set", "input={pools={size=5,overlap=true}}", "--set", "h_ip=0.1"];
    simulate(&pools, &["--set nu=100000000000: nu: "]);
    let probe = ["--probe", "WEE", "--out", "o.npz"];
    simulate(
        &[&LARGE[..], &probe].concat(),
        &["o.npz: probe WEE: expected what fits in memory, found a row that needs 7.2 GB"],
    );
    let save = ["--save-state", "s.npz"];
    simulate(
        &[&LARGE[..], &save].concat(),
        &["s.npz: expected what fits in memory, found dense matrices that need 7.2 GB", ".safetensors"],
    );
    assert!(!place.path("o.npz").exists() && !place.path("s.npz").exists());
    // In the same memory the network itself is simulated and saved.
    let done =
        place.in_little_memory(&[&["simulate", "--steps", "2"], &LARGE[..], &["--save-state", "s"]].concat());
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
}

#[test]
fn a_file_that_grows_when_it_is_read() {
    let place = Place::new();
    // Zeros without an end within the file: 1.5 GB of them, of one byte each.
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (10, 150000000), }";
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    std::fs::write(place.path("in.npy"), &npy).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(place.path("in.npy")).unwrap();
    file.set_len(npy.len() as u64 + 100_000_000).unwrap();
    place.refused(
        &["simulate", "--input", "in.npy"],
        &["in.npy: expected what fits in memory, found numbers that need 800.0 MB"],
    );
    file.set_len(npy.len() as u64 + 1_500_000_000).unwrap();
    place.refused(&["simulate", "--input", "in.npy"], &["in.npy: "]);
    place.refused(&["simulate", "--state", "in.npy", "--steps", "1"], &["in.npy: cannot be read"]);
}

#[test]
fn an_agent() {
    let place = Place::new();
    let run = |settings: &[&str], parts: &[&str]| {
        let set = settings.iter().flat_map(|setting| ["--set", setting]);
        let arguments: Vec<&str> = ["run", "quick.toml"].into_iter().chain(set).collect();
        place.refused(&arguments, parts);
        assert!(!place.path("runs").exists(), "nothing is made for what is refused");
    };
    let dense = "agent.reservoir.params.network_type_ee=\"dense\"";
    run(
        &["agent.reservoir.params.ne=20000", dense],
        &["agent.reservoir.params: ", "`ne`: expected what fits in memory, found 20000", "GB"],
    );
    run(&["agent.encoder={kind=\"thermometer\",cells=1000000000000000000}"], &["encoder.kind"]);
    run(
        &["agent.learner={kind=\"ars\",directions=100000000000,best=1}"],
        &["agent.learner.directions: expected what fits in memory, found 100000000000, which needs"],
    );
    run(&["agent.learner={kind=\"rm_sorn\",window=100000000000}"], &["agent.learner.window: ", "800.0 GB"]);
    let anneal = "agent.learner.anneal={target_return=500.0,window=100000000000}";
    run(&["agent.learner.kind=\"actor_critic\"", anneal], &["agent.learner.anneal.window: ", "800.0 GB"]);
    run(&["agent.learner={kind=\"ppo\",n_steps=100000000000}"], &["agent.learner.n_steps: ", "4.8 TB"]);
    let many = ["run.num_envs=1000", "run.episodes=1000", "agent.reservoir.kind=\"static\""];
    run(&[&many[..], &["agent.reservoir.params.ne=3000"]].concat(), &["run.num_envs: ", "GB"]);
    let names = format!("agent.features.names=[{}\"bias\"]", "\"activity\",".repeat(400));
    let wide = ["agent.reservoir.params.network_type_ie=\"sparse\"", "agent.reservoir.params.lambda_ie=20.0"];
    run(
        &[&wide[..], &["agent.reservoir.params.ne=20000", &names]].concat(),
        &[
            "agent.features.names: expected what fits in memory, found 8000001 features for 2 scores, which need ",
        ],
    );
}

#[test]
fn a_sequence_task() {
    let place = Place::new();
    place.write("counting.toml", COUNTING);
    let run = |settings: &[&str], parts: &[&str]| {
        let set = settings.iter().flat_map(|setting| ["--set", setting]);
        let arguments: Vec<&str> = ["run", "counting.toml"].into_iter().chain(set).collect();
        place.refused(&arguments, parts);
    };
    run(
        &["network.ne=100000", "network.network_type_ie=\"dense\""],
        &["`ne`: expected what fits in memory, found 100000", "GB"],
    );
    let sparse = ["network.network_type_ie=\"sparse\"", "network.network_type_ei=\"sparse\""];
    let few = ["network.ne=20000", "network.lambda_ie=20.0", "network.lambda_ei=20.0"];
    run(&[&few[..], &sparse].concat(), &["task.readout.features", "20000 features, which needs 6.4 GB"]);
    let words = "kind = \"words\"\nwords = [\"A B*n C\", \"D E*n F\"]";
    let repeated = COUNTING
        .replace(words, "kind = \"repeated\"\nsymbols = 6\nlength = 1000000000")
        .replace("n = 4\n", "")
        .replace("key = \"task.n\"\nvalues = [4, 6]", "key = \"network.eta_ip\"\nvalues = [0.01]");
    place.write("repeated.toml", &repeated);
    place.refused(&["run", "repeated.toml"], &["task.source.length", "which needs 4.0 GB"]);
    let phases = "task.phases=[{name=\"fit\",role=\"fit\",steps=100000000000}]";
    run(
        &[phases],
        &["task.phases[0].steps: expected what fits in memory, found 100000000000, which needs 4.0 TB"],
    );
}
