//! The presets `delpapa2017` and `zheng2013` step as the code of their authors does: written down again here, as it stands there, with
//! dense matrices.

use ndarray::{Array1, Array2};
use sorn_core::rng::{below, stream, uniform};
use sorn_core::{Network, Params, Supplied};

/// delpapa/SORN and chrhartm/SORN, `common/sorn.py` and `common/synapses.py`: rows are postsynaptic.
struct Authors {
    fast_inhibit: bool,
    w_ee: Array2<f64>,
    w_ei: Array2<f64>,
    /// Where inhibitory synapses are.
    mask: Array2<bool>,
    w_ie: Array2<f64>,
    t_e: Array1<f64>,
    t_i: Array1<f64>,
    x: Array1<f64>,
    y: Array1<f64>,
}

impl Authors {
    fn new(network: &Network, fast_inhibit: bool) -> Authors {
        let (ne, ni) = (network.ne(), network.ni());
        let active = |list: &[u32], n| {
            let mut all = Array1::zeros(n);
            list.iter().for_each(|neuron| all[*neuron as usize] = 1.0);
            all
        };
        let activity = network.activity();
        let w_ei = network.wei().to_dense().reversed_axes();
        Authors {
            fast_inhibit,
            w_ee: network.wee().to_dense().reversed_axes(),
            mask: w_ei.mapv(|weight| weight > 0.0),
            w_ei,
            w_ie: network.wie().to_dense().reversed_axes(),
            t_e: Array1::from(network.te().to_vec()),
            t_i: Array1::from(network.ti().to_vec()),
            x: active(activity.spikes_e, ne),
            y: active(activity.spikes_i, ni),
        }
    }

    fn step(&mut self, noise_e: &Array1<f64>, noise_i: &Array1<f64>, grown: Option<(u32, u32)>) {
        let fires = |drive: Array1<f64>| drive.mapv(|drive| f64::from(u8::from(drive >= 0.0)));
        let x_new = fires(self.w_ee.dot(&self.x) - self.w_ei.dot(&self.y) - &self.t_e + noise_e);
        let used = if self.fast_inhibit { &x_new } else { &self.x };
        let y_new = fires(self.w_ie.dot(used) - &self.t_i + noise_i);
        self.t_e.zip_mut_with(&x_new, |t, x| *t += 0.01 * (x - 0.1));
        for ((to, from), weight) in self.w_ee.indexed_iter_mut() {
            if *weight > 0.0 {
                *weight += 0.004 * (x_new[to] * self.x[from] - self.x[to] * x_new[from]);
                *weight = weight.min(1.0);
                if *weight < 1e-10 {
                    *weight = 0.0;
                }
            }
        }
        if let Some((pre, post)) = grown {
            self.w_ee[[post as usize, pre as usize]] = 0.001;
        }
        for ((to, from), weight) in self.w_ei.indexed_iter_mut() {
            if self.mask[[to, from]] {
                *weight -= 0.001 * ((1.0 - x_new[to] * (1.0 + 1.0 / 0.1)) * self.y[from]);
                if *weight <= 0.0 {
                    *weight = 0.001;
                }
                *weight = weight.min(1.0);
            }
        }
        for matrix in [&mut self.w_ee, &mut self.w_ei] {
            for mut row in matrix.rows_mut() {
                let sum = row.sum().max(1e-6);
                row /= sum;
            }
        }
        (self.x, self.y) = (x_new, y_new);
    }
}

#[test]
fn presets_step_as_the_code_of_their_authors_does() {
    for (preset, fast_inhibit) in [("delpapa2017", true), ("zheng2013", false)] {
        let params = Params { ne: 60, ..Params::preset(preset).unwrap() };
        let mut network = Network::new(&params, 4).unwrap();
        let mut authors = Authors::new(&network, fast_inhibit);
        let rng = &mut stream(9, "authors");
        let (ne, ni) = (network.ne(), network.ni());
        let mut floored = 0;
        for step in 0..3000 {
            let mut noise = |n: usize| -> Array1<f64> {
                // Twelve uniform numbers are near enough to a normal one.
                (0..n).map(|_| ((0..12).map(|_| uniform(rng)).sum::<f64>() - 6.0) * params.noise_sd).collect()
            };
            let (noise_e, noise_i) = (noise(ne), noise(ni));
            let pair = (below(rng, ne as u64) as u32, below(rng, ne as u64) as u32);
            let absent = |pair: &(u32, u32)| pair.0 != pair.1;
            // A pair that STDP has just pruned may grow again; both look after it.
            let grown = Some(pair)
                .filter(|pair| step % 10 == 0 && absent(pair))
                .filter(|pair| network.wee().column(pair.1 as usize).all(|(pre, _)| pre != pair.0));
            authors.step(&noise_e, &noise_i, grown);
            let supplied = Supplied { noise_e: noise_e.as_slice(), noise_i: noise_i.as_slice(), grown };
            network.step_supplied(&vec![0.0; params.input_len()], supplied).unwrap();
            floored += authors.w_ei.iter().filter(|weight| **weight > 0.0 && **weight < 0.002).count();
            let activity = network.activity();
            let spikes: Vec<u32> =
                (0..ne as u32).filter(|neuron| authors.x[*neuron as usize] == 1.0).collect();
            assert_eq!(activity.spikes_e, spikes, "{preset}, step {step}");
            if step % 100 == 99 {
                let near = |ours: Array2<f64>, theirs: &Array2<f64>| {
                    ours.reversed_axes().iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-9)
                };
                assert!(near(network.wee().to_dense(), &authors.w_ee), "{preset}, step {step}");
                assert!(near(network.wei().to_dense(), &authors.w_ei), "{preset}, step {step}");
                assert!(network.te().iter().zip(&authors.t_e).all(|(a, b)| (a - b).abs() < 1e-9));
            }
        }
        assert!(floored > 0, "{preset}: no inhibitory weight fell to the floor");
        assert!(network.births() > 100 && network.deaths() > 100, "{preset}");
    }
}
