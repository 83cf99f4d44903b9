//! What every network keeps, whatever its parameters and inputs.

use proptest::prelude::*;
use sorn_core::{
    Firing, Inhibition, InitialActivity, InputMap, Network, NetworkType, NoiseLaw, Params, Precision, Rule,
    Rules, State, Supplied,
};

/// A presets' network with random sizes and switches.
fn params() -> impl Strategy<Value = Params> {
    let sizes = (0..Params::PRESETS.len(), 5_usize..70, 1_usize..12, 1_usize..5);
    let switches = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), 0_usize..3, 0.0..0.5_f64);
    let rules = (Just(Rule::ALL.to_vec()).prop_shuffle(), any::<bool>());
    (sizes, switches, rules).prop_map(|((preset, ne, ni, nu), switches, (rules, exact))| {
        let (dense_ee, dense_ie, strict, slow, input, eta) = switches;
        let nu = nu.min(ne);
        Params {
            ne,
            ni: Some(ni),
            nu,
            lambda_ee: (ne as f64 / 4.0).max(1.0).into(),
            lambda_ei: (ne as f64 / 5.0).max(1.0).into(),
            lambda_ie: (ne as f64 / 2.0).max(1.0).into(),
            network_type_ee: if dense_ee { NetworkType::Dense } else { NetworkType::Sparse },
            network_type_ie: if dense_ie { NetworkType::Dense } else { NetworkType::Bernoulli },
            firing: if strict { Firing::Strict } else { Firing::Inclusive },
            inhibition: if slow { Inhibition::Slow } else { Inhibition::Fast },
            input: match input {
                0 => InputMap::First,
                1 => InputMap::Direct,
                _ => InputMap::Pools { size: (ne / nu).min(10), overlap: false },
            },
            eta_stdp: eta,
            eta_inhib: eta / 2.0,
            initial_activity: InitialActivity::Half,
            sp_probability: 0.9,
            rules,
            precision: if exact { Precision::Exact } else { Precision::Fast },
            ..Params::preset(Params::PRESETS[preset]).unwrap()
        }
    })
}

fn drive(network: &mut Network, steps: usize, scale: f64) {
    let n = network.params().input_len();
    for step in 0..steps {
        let input: Vec<f64> = (0..n).map(|i| scale * ((i * 7 + step * 3) % 5) as f64).collect();
        network.step(&input).unwrap();
    }
}

/// Rules in an order that ends in scaling leave columns that sum to 1.
fn assert_sound(state: &State, params: &Params) {
    let scaled = params.rules.last() == Some(&Rule::Ss);
    let by_columns = params.scaling_both_ways == 0.0;
    let tolerance = if params.precision == Precision::Exact { 1e-12 } else { 1e-5 };
    for (name, matrix, scaled) in [
        ("wee", &state.wee, scaled && by_columns),
        ("wei", &state.wei, scaled && params.scale_wei),
        ("wie", &state.wie, true),
    ] {
        for post in 0..matrix.n_post() {
            let column: Vec<(u32, f64)> = matrix.column(post).collect();
            assert!(column.windows(2).all(|w| w[0].0 < w[1].0));
            assert!(column.iter().all(|(_, w)| (0.0..=1.0).contains(w)), "{name} {column:?}");
            assert!(name != "wee" || column.iter().all(|&(pre, _)| pre as usize != post));
            let sum: f64 = column.iter().map(|(_, w)| w).sum();
            assert!(
                !scaled || sum == 0.0 || (sum - 1.0).abs() < tolerance,
                "{name} column {post} sums to {sum}"
            );
        }
    }
    assert!(state.te.iter().all(|t| t.is_finite()));
    if params.clip_te {
        assert!(state.te.iter().all(|t| (params.te_min..=params.te_max).contains(t)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn state_stays_sound(params in params(), seed: u64, scale in -2.0..2.0_f64) {
        let mut network = Network::new(&params, seed).unwrap();
        let before = network.ee_connections() as i64;
        drive(&mut network, 150, scale);
        let state = network.state();
        assert_sound(&state, &params);
        prop_assert_eq!(state.wee.len(), network.ee_connections());
        prop_assert_eq!(state.wei.len(), network.ei_connections());
        prop_assert_eq!(before + state.births as i64 - state.deaths as i64, state.wee.len() as i64);
    }

    #[test]
    fn a_saved_run_goes_on_to_the_bit(params in params(), seed: u64) {
        let mut whole = Network::new(&params, seed).unwrap();
        drive(&mut whole, 70, 0.4);
        let json = serde_json::to_string(&whole.state()).unwrap();
        let mut resumed = Network::from_state(&params, serde_json::from_str(&json).unwrap()).unwrap();
        prop_assert_eq!(resumed.activity(), whole.activity());
        drive(&mut whole, 70, 0.3);
        drive(&mut resumed, 70, 0.3);
        prop_assert!(whole.state() == resumed.state(), "the resumed run differs");
    }

    #[test]
    fn any_input_works_or_is_refused(values in prop::collection::vec(any::<f64>(), 0..20), seed: u64) {
        let params = Params { ne: 30, nu: 8, lambda_ee: 5.0.into(), lambda_ei: 5.0.into(), ..Params::default() };
        let mut network = Network::new(&params, seed).unwrap();
        let good = values.len() == 8 && values.iter().all(|v| v.is_finite());
        let before = network.state();
        prop_assert_eq!(network.step(&values).is_ok(), good);
        if !good {
            prop_assert!(network.state() == before, "a refused input changed the network");
        }
    }
}

#[test]
fn the_seed_decides_everything() {
    let run = |seed| {
        let mut network = Network::new(&Params::default(), seed).unwrap();
        drive(&mut network, 100, 0.3);
        network.state()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn frozen_rules_change_nothing() {
    let mut network = Network::new(&Params::default(), 3).unwrap();
    drive(&mut network, 50, 1.0);
    let start = network.state();
    network.set_frozen(Rules::all());
    drive(&mut network, 50, 1.0);
    let end = network.state();
    assert_eq!((&start.wee, &start.wei, &start.te), (&end.wee, &end.wei, &end.te));
    assert_ne!(start.x, end.x);

    network.set_frozen(Rules::all().without(Rule::Ip));
    drive(&mut network, 50, 1.0);
    let state = network.state();
    assert_eq!(state.wee, end.wee);
    assert_ne!(state.te, end.te);
}

#[test]
fn a_network_whose_rules_are_all_frozen_is_static_whatever_the_preset() {
    for name in Params::PRESETS {
        let params = Params { initial_activity: InitialActivity::Half, ..Params::preset(name).unwrap() };
        let mut network = Network::new(&params, 3).unwrap();
        network.set_frozen(Rules::all());
        let before = network.state();
        drive(&mut network, 50, 1.0);
        let after = network.state();
        assert_eq!((after.te, after.wee, after.wei), (before.te, before.wee, before.wei), "{name}");
    }
}

#[test]
fn a_density_holds_for_every_number_of_neurons() {
    for name in ["zheng2013", "delpapa2017"] {
        for ne in [100, 200, 400, 800] {
            let params = Params { ne, ..Params::preset(name).unwrap() };
            let network = Network::new(&params, 1).unwrap();
            let share = network.ee_connections() as f64 / (ne * (ne - 1)) as f64;
            assert!((share - 0.1).abs() < 0.01, "{name}, {ne} neurons: {share}");
            let share = network.ei_connections() as f64 / (ne * network.ni()) as f64;
            assert!((share - 0.2).abs() < 0.02, "{name}, {ne} neurons: {share}");
        }
    }
}

/// The authors' code keeps an inhibitory synapse that iSTDP takes to 0.
#[test]
fn published_networks_keep_their_inhibition() {
    for name in ["zheng2013", "delpapa2017"] {
        for ne in [200, 400] {
            let params = Params { ne, ..Params::preset(name).unwrap() };
            let mut network = Network::new(&params, 2).unwrap();
            let synapses = network.ei_connections();
            drive(&mut network, 30_000, 0.0);
            assert_eq!(network.ei_connections(), synapses, "{name}, {ne} neurons");
            assert_eq!(network.health().without_inhibition, 0);
        }
    }
}

#[test]
fn always_ip_survives_the_freezing_of_some_rules() {
    let params =
        Params { initial_activity: InitialActivity::Half, ..Params::preset("hartmann2015").unwrap() };
    let mut network = Network::new(&params, 3).unwrap();
    network.set_frozen(Rules::none().with(Rule::Ip).with(Rule::Stdp));
    let before = network.te().to_vec();
    drive(&mut network, 5, 1.0);
    assert_ne!(network.te(), before);
}

#[test]
fn a_neuron_without_synapses_divides_nothing_by_zero() {
    // A step size of 1 prunes a synapse at its first depression.
    let params = Params {
        ne: 20,
        nu: 2,
        lambda_ee: 2.0.into(),
        lambda_ei: 4.0.into(),
        eta_stdp: 1.0,
        eta_inhib: 1.0,
        ..Params::default()
    };
    let mut network =
        Network::new(&Params { rules: vec![Rule::Stdp, Rule::Istdp, Rule::Ss], ..params }, 1).unwrap();
    drive(&mut network, 2000, 1.0);
    let state = network.state();
    assert!((0..20).any(|post| state.wee.column(post).count() == 0), "some neuron is unconnected");
    assert_sound(&state, network.params());
    assert!(state.recurrent.iter().all(|r| r.is_finite()));
}

#[test]
fn supplied_randomness_is_checked_and_used() {
    let mut network = Network::new(&Params::default(), 1).unwrap();
    let input = [0.0; 10];
    let short = Supplied { noise_e: Some(&[0.0; 3]), ..Supplied::default() };
    assert!(network.step_supplied(&input, short).is_err());
    let itself = Supplied { grown: Some((4, 4)), ..Supplied::default() };
    assert!(network.step_supplied(&input, itself).is_err());

    let wee = network.wee().to_dense();
    let absent = (0..200_u32).find(|&pre| pre != 9 && wee[[pre as usize, 9]] == 0.0).unwrap();
    network.step_supplied(&input, Supplied { grown: Some((absent, 9)), ..Supplied::default() }).unwrap();
    assert_eq!(network.births(), 1);
    assert!(network.wee().to_dense()[[absent as usize, 9]] > 0.0);

    let noise = [10.0; 200];
    let activity =
        network.step_supplied(&input, Supplied { noise_e: Some(&noise), ..Supplied::default() }).unwrap();
    assert_eq!(activity.spikes_e.len(), 200);
    assert!(activity.recurrent.iter().all(|&r| r > 8.0));
}

#[test]
fn a_state_that_does_not_fit_is_refused() {
    let params = Params::default();
    let state = Network::new(&params, 1).unwrap().state();
    let refused = |change: &dyn Fn(&mut State)| {
        let mut state = state.clone();
        change(&mut state);
        Network::from_state(&params, state).unwrap_err().to_string()
    };
    assert!(refused(&|s| s.te[3] = f64::NAN).contains("`te`: expected finite numbers, found [3] = NaN"));
    assert!(refused(&|s| s.wee.weights[0] = 2.0).contains("`wee`"));
    assert!(refused(&|s| s.x[1] = vec![200]).contains("`x`"));
    assert!(refused(&|s| s.steps = u64::MAX - 1).contains("`steps`"));
    assert!(refused(&|s| s.births = u64::MAX).contains("`births`"));
    assert!(refused(&|s| s.deaths = u64::MAX).contains("`deaths`"));
    assert!(refused(&|s| s.ti.truncate(39)).contains("`ti`: expected 40 values, found 39"));
    let smaller = Params { ne: 100, ..params.clone() };
    assert!(Network::from_state(&smaller, state.clone()).is_err());
}

/// A column of which one synapse has everything: rounding leaves its weight a last bit above the sum.
#[test]
fn a_saved_run_with_a_sole_synapse_goes_on_to_the_bit() {
    let params = Params {
        ne: 45,
        ni: Some(8),
        nu: 4,
        lambda_ee: 11.25.into(),
        lambda_ei: 9.0.into(),
        network_type_ei: NetworkType::Dense,
        eta_stdp: 0.083_803,
        eta_inhib: 0.041_9,
        h_ip_spread: 0.01,
        clip_te: false,
        always_ip: true,
        sp_probability: 0.9,
        prune: false,
        noise: NoiseLaw::None,
        precision: Precision::Fast,
        ..Params::default()
    };
    for seed in 0..20 {
        let mut whole = Network::new(&params, seed).unwrap();
        for k in 0..30 {
            drive(&mut whole, 7, 0.4);
            let mut resumed = Network::from_state(&params, whole.state()).unwrap();
            drive(&mut whole, 3, 0.3);
            drive(&mut resumed, 3, 0.3);
            assert!(whole.state() == resumed.state(), "seed {seed}, stop {k}");
        }
    }
}

/// Neurons that would never fire do so as often as the noise says, and inhibitory neurons are left alone.
#[test]
fn noise_of_spikes_makes_neurons_fire_with_its_probability() {
    for precision in [Precision::Exact, Precision::Fast] {
        let params = Params {
            noise: NoiseLaw::Spikes,
            noise_sd: 0.05,
            te_min: 40.0,
            te_max: 50.0,
            ti_min: 40.0,
            ti_max: 50.0,
            freeze: Rules::all(),
            precision,
            ..Params::default()
        };
        let mut network = Network::new(&params, 3).unwrap();
        let mut fired = 0;
        for _ in 0..5000 {
            let activity = network.step(&[0.0; 10]).unwrap();
            fired += activity.spikes_e.len();
            assert!(activity.spikes_i.is_empty());
        }
        // 50,000 of a million expected; the standard deviation is 218.
        assert!((49_000..51_000).contains(&fired), "{fired}");
    }
    let wrong = Params { noise: NoiseLaw::Spikes, noise_sd: 1.5, ..Params::default() };
    let error = wrong.validate().unwrap_err().to_string();
    assert!(error.contains("noise_sd") && error.contains("probability"), "{error}");
}

/// The same neurons fire in every step, and nobody else does.
#[test]
fn noise_that_is_always_there_makes_the_same_neurons_fire() {
    for precision in [Precision::Exact, Precision::Fast] {
        let params = Params {
            noise: NoiseLaw::Always,
            noise_sd: 0.05,
            te_min: 40.0,
            te_max: 50.0,
            ti_min: 40.0,
            ti_max: 50.0,
            freeze: Rules::all(),
            precision,
            ..Params::default()
        };
        let mut network = Network::new(&params, 3).unwrap();
        for _ in 0..20 {
            let activity = network.step(&[0.0; 10]).unwrap();
            assert_eq!(activity.spikes_e, (0..10).collect::<Vec<u32>>());
            assert!(activity.spikes_i.is_empty());
        }
    }
    let wrong = Params { noise: NoiseLaw::Always, noise_sd: 1.5, ..Params::default() };
    let error = wrong.validate().unwrap_err().to_string();
    assert!(error.contains("noise_sd") && error.contains("a share of the neurons"), "{error}");
}

#[test]
fn threads_change_no_bit() {
    for precision in [Precision::Exact, Precision::Fast] {
        let end = |threads| {
            let params = Params {
                ne: 330,
                nu: 4,
                precision,
                threads,
                sp_probability: 1.0,
                eta_stdp: 0.05,
                ..Params::default()
            };
            let mut network = Network::new(&params, 8).unwrap();
            drive(&mut network, 300, 1.0);
            network.state()
        };
        let one = end(1);
        assert!(one.births > 200 && one.deaths > 100, "{} {}", one.births, one.deaths);
        assert!(one == end(2) && one == end(3) && one == end(64));
    }
}

/// Large enough for the forms in which large matrices are kept; one is for networks that are nearly silent.
fn large(precision: Precision, h_ip: f64) -> Params {
    Params {
        ne: 1100,
        nu: 20,
        lambda_ee: 30.0.into(),
        lambda_ei: 60.0.into(),
        network_type_ie: NetworkType::Sparse,
        precision,
        h_ip: Some(h_ip),
        eta_stdp: 0.02,
        sp_probability: 1.0,
        ..Params::default()
    }
}

#[test]
fn large_networks_go_on_and_split_to_the_bit() {
    for (precision, h_ip) in [(Precision::Exact, 0.02), (Precision::Exact, 0.2), (Precision::Fast, 0.1)] {
        let params = large(precision, h_ip);
        let mut whole = Network::new(&params, 4).unwrap();
        drive(&mut whole, 130, 1.0);
        let text = serde_json::to_string(&whole.state()).unwrap();
        let threads = Params { threads: 3, ..params.clone() };
        let mut resumed = Network::from_state(&threads, serde_json::from_str(&text).unwrap()).unwrap();
        assert!(resumed.state() == whole.state(), "{precision:?}: the state itself");
        drive(&mut whole, 150, 1.0);
        drive(&mut resumed, 150, 1.0);
        let state = whole.state();
        assert!(state == resumed.state(), "{precision:?}, {h_ip}: the resumed run differs");
        assert!(state.births > 200 && state.deaths > 100, "{} {}", state.births, state.deaths);
        assert_sound(&state, &params);
    }
}

/// The columns of one block are more than the caches hold, those of three are not: then changes wait for no column.
#[test]
fn very_large_networks_split_to_the_bit() {
    let end = |threads| {
        let params = Params {
            ne: 21_000,
            nu: 20,
            lambda_ee: 8.0.into(),
            lambda_ei: 8.0.into(),
            network_type_ie: NetworkType::Sparse,
            lambda_ie: 40.0.into(),
            eta_stdp: 0.05,
            eta_inhib: 0.02,
            sp_probability: 1.0,
            precision: Precision::Fast,
            threads,
            ..Params::default()
        };
        let mut network = Network::new(&params, 4).unwrap();
        drive(&mut network, 25, 1.0);
        network.state()
    };
    let whole = end(1);
    assert!(whole.deaths > 100, "{}", whole.deaths);
    assert!(whole == end(3));
}

/// Above 512 neurons a dense matrix has a place for every pair, in shards of at most 512 columns.
#[test]
fn dense_networks_split_and_go_on_to_the_bit() {
    let run = |threads| {
        let params = Params {
            ne: 700,
            nu: 20,
            network_type_ee: NetworkType::Dense,
            network_type_ei: NetworkType::Dense,
            eta_stdp: 0.002,
            sp_probability: 1.0,
            precision: Precision::Fast,
            threads,
            ..Params::default()
        };
        let mut network = Network::new(&params, 4).unwrap();
        assert_eq!(network.ee_connections(), 700 * 699);
        drive(&mut network, 60, 1.0);
        let mut copy = Network::from_state(&params, network.state()).unwrap();
        drive(&mut network, 60, 1.0);
        drive(&mut copy, 60, 1.0);
        assert!(copy.state() == network.state());
        network.state()
    };
    let whole = run(1);
    assert!(whole.deaths > 100 && whole.births > 0, "{} {}", whole.deaths, whole.births);
    assert!(whole == run(3));
}

#[test]
fn fast_stays_near_exact_while_the_spikes_agree() {
    let run = |precision| {
        // Each precision draws noise of its own.
        let params = Params { noise: NoiseLaw::None, ..large(precision, 0.1) };
        let mut network = Network::new(&params, 4).unwrap();
        drive(&mut network, 40, 1.0);
        network.state()
    };
    let (exact, fast) = (run(Precision::Exact), run(Precision::Fast));
    assert_eq!(exact.x, fast.x);
    assert_eq!(exact.wee.indices, fast.wee.indices);
    for (exact, fast) in [(&exact.wee, &fast.wee), (&exact.wei, &fast.wei)] {
        let far = exact.weights.iter().zip(&fast.weights).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(far < 1e-5, "{far}");
    }
}

/// A copy from a saved state has to read a matrix at rest as the network does that came to rest long ago.
#[test]
fn a_frozen_network_goes_on_as_its_copy() {
    for precision in [Precision::Exact, Precision::Fast] {
        let params = Params {
            ne: 120,
            nu: 20,
            lambda_ee: 5.0.into(),
            lambda_ei: 6.0.into(),
            eta_stdp: 0.02,
            precision,
            ..Params::default()
        };
        let mut network = Network::new(&params, 6).unwrap();
        drive(&mut network, 100, 0.3);
        network.set_frozen(Rules::all());
        drive(&mut network, 200, 0.3);
        let mut copy = Network::from_state(&params, network.state()).unwrap();
        for _ in 0..50 {
            drive(&mut network, 1, 0.3);
            drive(&mut copy, 1, 0.3);
            assert_eq!(network.activity(), copy.activity(), "{precision:?}");
        }
    }
}

/// Synapses that make up nearly all of a column die at once, and what rounding has added to its sum must not stay.
#[test]
fn columns_that_shrink_to_little_still_sum_to_one() {
    for seed in 0..40 {
        let params = Params {
            ne: 5,
            ni: Some(1),
            nu: 1,
            lambda_ee: 1.25.into(),
            lambda_ei: 1.0.into(),
            lambda_ie: 2.5.into(),
            eta_stdp: 0.378,
            eta_inhib: 0.189,
            sp_probability: 0.9,
            initial_activity: InitialActivity::Half,
            input: InputMap::Direct,
            precision: Precision::Fast,
            firing: Firing::Inclusive,
            inhibition: Inhibition::Fast,
            network_type_ie: NetworkType::Bernoulli,
            te_max: 1.0,
            ti_max: 0.5,
            noise_targets: sorn_core::NoiseTargets::Both,
            noise_sd: 0.04,
            scale_wei: true,
            rules: vec![Rule::Stdp, Rule::Ip, Rule::Istdp, Rule::Sp, Rule::Ss],
            ..Params::default()
        };
        let mut network = Network::new(&params, seed).unwrap();
        drive(&mut network, 150, 1.46);
        assert_sound(&network.state(), &params);
    }
}

#[test]
fn a_state_edited_by_hand_is_normalised_again() {
    let params = large(Precision::Fast, 0.1);
    let mut network = Network::new(&params, 4).unwrap();
    drive(&mut network, 20, 1.0);
    let mut state = network.state();
    assert_eq!(state.wee_units.len(), 1100);
    state.wee.weights.iter_mut().for_each(|weight| *weight *= 0.25);
    let mut network = Network::from_state(&params, state.clone()).unwrap();
    drive(&mut network, 1, 1.0);
    assert_sound(&network.state(), &params);

    state.wee_units.pop();
    assert!(Network::from_state(&params, state.clone()).unwrap_err().to_string().contains("wee_units"));
    state.wee_units.push([0.0, 1.0]);
    assert!(Network::from_state(&params, state).unwrap_err().to_string().contains("positive unit"));
}

#[test]
fn rules_from_outside_reach_large_networks() {
    let rules = vec![Rule::Rmstdp, Rule::Ip, Rule::Sp, Rule::Istdp, Rule::Ss];
    for precision in [Precision::Exact, Precision::Fast] {
        let params = Params { rules: rules.clone(), eta_rmstdp: 0.05, ..large(precision, 0.1) };
        let mut network = Network::new(&params, 4).unwrap();
        let before = network.wee();
        for step in 0..60 {
            network.set_reward(f64::from(step % 4 == 0)).unwrap();
            drive(&mut network, 1, 1.0);
        }
        assert_ne!(before, network.wee());
        assert_sound(&network.state(), &params);
        assert_eq!(network.state().wee.len(), network.ee_connections());
    }
}
