//! State files and probes against upstream: its saved arrays go on here to the same bits, and NumPy reads ours.

use sorn_core::{NoiseLaw, Params, Rule, Rules};
use sorn_lab::{
    Inputs, Probe, ProbeKind, Recording, SavedNetwork, SpikeFormat, load_network, save_network, simulate,
};
use sorn_tests::Peer;

#[test]
fn upstreams_state_goes_on_here_to_the_same_bits() {
    let peer = Peer::from_env().unwrap();
    for (ne, before, after) in [(50, 60, 200), (200, 100, 100)] {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let at = folder.path().to_str().unwrap();
        let sizes = [ne, before, after].map(|n: usize| n.to_string());
        peer.bytes("state_file.py", &[at, &sizes[0], &sizes[1], &sizes[2]], b"").unwrap();

        let SavedNetwork::Upstream(saved) = load_network(&path("before.npz")).unwrap() else {
            panic!("upstream's arrays alone");
        };
        assert_eq!(saved.neurons(), (ne, ne / 5));
        let params = Params { ne, noise: NoiseLaw::None, ..Params::default() };
        let mut network = saved.network(&params, 0).unwrap();
        network.set_frozen(Rules::none().with(Rule::Sp));
        let probes = [ProbeKind::ExcitatoryActivation, ProbeKind::RecurrentActivation]
            .map(|kind| Probe { kind, every: 1 });
        let inputs = Inputs::load(&path("in.npy"), 10).unwrap();
        assert_eq!(inputs.steps(), after);
        let mut recording =
            Recording::begin(&path("probes.npz"), &probes, SpikeFormat::Bool, &network).unwrap();
        simulate(&mut network, &inputs, Some(&mut recording), |_| true).unwrap();
        recording.finish().unwrap();
        save_network(&path("ours.npz"), &network).unwrap();

        let differing = peer.bytes("state_file_compare.py", &[at], b"").unwrap();
        assert_eq!(String::from_utf8_lossy(&differing).trim(), "[]", "ne = {ne}");
    }
}
