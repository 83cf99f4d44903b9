//! Synaptic scaling of incoming and outgoing weights together.

use super::custom::{PlasticityRule, RuleContext};

/// Lower limit of the sums, as in the code of Hartmann et al. 2015.
const LEAST: f64 = 1e-6;

/// Moves each E-to-E weight towards the weight divided by the mean of two sums: the postsynaptic neuron's incoming weights and
/// the presynaptic neuron's outgoing weights, `w <- (1 - rate) w + rate w / ((in_i + out_j) / 2)`. The rate is `eta_ds` in the
/// code of Hartmann, Lazar, Nessler & Triesch 2015 (10.1371/journal.pcbi.1004640).
#[derive(Clone, Debug)]
pub(crate) struct BidirectionalScaling {
    rate: f64,
    incoming: Vec<f64>,
    outgoing: Vec<f64>,
}

impl BidirectionalScaling {
    pub(crate) fn new(ne: usize, rate: f64) -> Self {
        BidirectionalScaling { rate, incoming: vec![0.0; ne], outgoing: vec![0.0; ne] }
    }
}

impl PlasticityRule for BidirectionalScaling {
    fn name(&self) -> &str {
        "ss"
    }

    fn apply(&mut self, context: &mut RuleContext<'_>) {
        let BidirectionalScaling { rate, incoming, outgoing } = self;
        outgoing.fill(0.0);
        for (post, incoming) in incoming.iter_mut().enumerate() {
            *incoming = 0.0;
            context.for_each_ee(post, &mut |pre, weight| {
                *incoming += *weight;
                outgoing[pre as usize] += *weight;
            });
        }
        for sum in incoming.iter_mut().chain(outgoing.iter_mut()) {
            *sum = sum.max(LEAST);
        }
        for (post, &incoming) in incoming.iter().enumerate() {
            context.for_each_ee(post, &mut |pre, weight| {
                let mean = 0.5 * incoming + 0.5 * outgoing[pre as usize];
                *weight = (1.0 - *rate) * *weight + *rate * (*weight / mean);
            });
        }
    }

    fn clone_box(&self) -> Box<dyn PlasticityRule> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Network, Params, Rule, Rules};

    #[test]
    fn scales_as_a_dense_matrix_would() {
        let params = Params { rules: vec![Rule::Ss], ..Params::preset("hartmann2015").unwrap() };
        assert_eq!(params.scaling_both_ways, 0.1);
        let mut network = Network::new(&params, 5).unwrap();
        let start = network.wee().to_dense();
        let mut expected = start.clone();
        for _ in 0..40 {
            let (incoming, outgoing) =
                (expected.sum_axis(ndarray::Axis(0)), expected.sum_axis(ndarray::Axis(1)));
            for ((pre, post), weight) in expected.indexed_iter_mut() {
                *weight = 0.9 * *weight + 0.1 * *weight / (0.5 * incoming[post] + 0.5 * outgoing[pre]);
            }
            network.step(&[0.0; 10]).unwrap();
        }
        let found = network.wee().to_dense();
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12));
        // Incoming sums stay near 1, and outgoing ones come nearer.
        let far = |matrix: &ndarray::Array2<f64>, axis| {
            matrix.sum_axis(ndarray::Axis(axis)).iter().map(|sum| (sum - 1.0).abs()).fold(0.0, f64::max)
        };
        assert!(far(&found, 0) < far(&found, 1));
        assert!(far(&found, 1) < 0.5 * far(&start, 1), "{} {}", far(&found, 1), far(&start, 1));
        // Inhibitory columns are divided by their sums, as ever.
        let wei = network.wei().to_dense();
        assert!(wei.sum_axis(ndarray::Axis(0)).iter().all(|sum| (sum - 1.0).abs() < 1e-12));

        network.set_frozen(Rules::none().with(Rule::Ss));
        network.step(&[0.0; 10]).unwrap();
        assert_eq!(network.wee().to_dense(), found);
    }
}
