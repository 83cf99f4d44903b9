//! Changes to the parameters and activity of a running network.

use crate::error::StateError;
use crate::{Error, InputMap, Network, ParamError, Params, State};

impl Params {
    /// Converts the state of a network with these parameters for a network with the parameters `other`. Target rates move with
    /// their mean; everything else stays.
    ///
    /// # Errors
    /// [`ParamError`] naming a parameter that is only used when a network is made, and so cannot change later.
    pub fn hand_over(&self, other: &Params, mut state: State) -> Result<State, ParamError> {
        let same = |key: &str, found: &dyn ToString, holds: bool| match holds {
            true => Ok(()),
            false => Err(ParamError::new(
                key,
                format!("{}; it decides how a network is made: make another one", found.to_string()),
                "what it was",
            )),
        };
        let text = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
        same("ne", &other.ne, self.ne == other.ne)?;
        same("ni", &other.ni(), self.ni() == other.ni())?;
        same("nu", &other.nu, self.nu == other.nu)?;
        for (key, own, found) in [
            ("network_type_ee", self.network_type_ee, other.network_type_ee),
            ("network_type_ei", self.network_type_ei, other.network_type_ei),
            ("network_type_ie", self.network_type_ie, other.network_type_ie),
        ] {
            same(key, &text(&found), own == found)?;
        }
        for (key, own, found) in [
            ("lambda_ee", self.lambda_ee, other.lambda_ee),
            ("lambda_ei", self.lambda_ei, other.lambda_ei),
            ("lambda_ie", self.lambda_ie, other.lambda_ie),
        ] {
            same(key, &text(&found), own == found)?;
        }
        for (key, own, found) in [
            ("ti_min", self.ti_min, other.ti_min),
            ("ti_max", self.ti_max, other.ti_max),
            ("sigma_ip", self.sigma_ip, other.sigma_ip),
            ("h_ip_spread", self.h_ip_spread, other.h_ip_spread),
        ] {
            same(key, &found, own == found)?;
        }
        // Without limits they are those of the initial thresholds alone.
        if !other.clip_te {
            same("te_min", &other.te_min, self.te_min == other.te_min)?;
            same("te_max", &other.te_max, self.te_max == other.te_max)?;
        }
        same("threshold_init", &text(&other.threshold_init), self.threshold_init == other.threshold_init)?;
        let activity = self.initial_activity == other.initial_activity;
        same("initial_activity", &text(&other.initial_activity), activity)?;
        let direct = other.input == InputMap::Direct || other.input == InputMap::First;
        same("input", &text(&other.input), self.input == other.input || (direct && state.pools.is_empty()))?;
        if self.freeze != other.freeze {
            let found = format!("{:?}; it is what a network begins with: set its frozen rules", other.freeze);
            return Err(ParamError::new("freeze", found, "what it was"));
        }
        let moved = other.mean_h_ip() - self.mean_h_ip();
        if moved != 0.0 {
            let spread = self.sigma_ip > 0.0 || self.h_ip_spread > 0.0;
            for rate in &mut state.h_ip {
                *rate = if spread { (*rate + moved).clamp(0.0, 1.0) } else { other.mean_h_ip() };
            }
        }
        Ok(state)
    }
}

impl Network {
    /// Changes the parameters. Weights, thresholds, activity, generators and frozen rules stay; target rates move with their mean.
    /// Custom rules ([`add_rule`](Self::add_rule)) are removed and have to be added again.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::Param`] naming a parameter that is only used when a network is made, such as `ne` or
    /// `lambda_ee`. The network is then unchanged.
    pub fn set_params(&mut self, params: &Params) -> Result<(), Error> {
        params.validate()?;
        let state = self.params().hand_over(params, self.state())?;
        *self = Network::from_state(params, state)?;
        Ok(())
    }

    /// Replaces the current activity. The arguments list the active excitatory and inhibitory neurons by ascending index. The
    /// activity of the step before stays. Empty lists silence the network.
    ///
    /// # Errors
    /// [`Error::State`] if an index is out of range or the indices do not ascend. The network is then unchanged.
    pub fn set_activity(&mut self, excitatory: &[u32], inhibitory: &[u32]) -> Result<(), Error> {
        let mut state = self.state();
        for (name, list, n) in [("x", excitatory, self.ne()), ("y", inhibitory, self.ni())] {
            let ascending = list.windows(2).all(|pair| pair[0] < pair[1]);
            if !ascending || list.last().is_some_and(|&last| last as usize >= n) {
                let allowed = format!("ascending indices below {n}");
                return Err(StateError::new(name, "other indices", allowed).into());
            }
        }
        state.x[1] = excitatory.to_vec();
        state.y[1] = inhibitory.to_vec();
        *self = Network::from_state(&self.params().clone(), state)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> Network {
        let params = Params { ne: 60, nu: 4, ..Params::preset("delpapa2017").unwrap() };
        let mut network = Network::new(&params, 5).unwrap();
        for _ in 0..200 {
            network.step(&[0.0; 4]).unwrap();
        }
        network
    }

    #[test]
    fn the_same_parameters_change_nothing_and_others_act() {
        let (mut network, mut other) = (network(), network());
        let params = network.params().clone();
        network.set_params(&params).unwrap();
        assert_eq!(network.state(), other.state());
        let changed = Params { noise_sd: 0.0, eta_stdp: 0.01, h_ip: Some(0.2), ..params.clone() };
        network.set_params(&changed).unwrap();
        assert_eq!(network.params(), &changed);
        assert_eq!((network.steps(), network.wee()), (other.steps(), other.wee()));
        assert!(network.h_ip().iter().all(|rate| *rate == 0.2));
        for _ in 0..20 {
            network.step(&[0.0; 4]).unwrap();
            other.step(&[0.0; 4]).unwrap();
        }
        assert_ne!(network.te(), other.te());
        let spread = Params { h_ip_spread: 0.05, ..params };
        let mut spread = Network::new(&spread, 1).unwrap();
        let before = spread.h_ip().to_vec();
        spread.set_params(&Params { h_ip: Some(0.15), ..spread.params().clone() }).unwrap();
        assert!(before.iter().zip(spread.h_ip()).all(|(old, new)| (new - old - 0.05).abs() < 1e-12));
    }

    #[test]
    fn how_a_network_is_made_cannot_change() {
        let mut network = network();
        let own = network.params().clone();
        for (key, params) in [
            ("ne", Params { ne: 70, ..own.clone() }),
            ("nu", Params { nu: 5, ..own.clone() }),
            ("lambda_ee", Params { lambda_ee: 3.0.into(), ..own.clone() }),
            ("ti_max", Params { ti_max: 0.7, ..own.clone() }),
            ("te_max", Params { te_max: 0.7, ..own.clone() }),
            ("input", Params { input: InputMap::Pools { size: 3, overlap: true }, ..own.clone() }),
            ("h_ip_spread", Params { h_ip_spread: 0.1, ..own.clone() }),
            ("freeze", Params { freeze: crate::Rules::all(), ..own.clone() }),
        ] {
            let error = network.set_params(&params).unwrap_err().to_string();
            assert!(error.starts_with(&format!("parameter `{key}`: expected ")), "{key}: {error}");
        }
        assert_eq!(network.params(), &own);
    }

    #[test]
    fn activity_can_be_set_alone() {
        let mut network = network();
        let before = network.state();
        network.set_activity(&[1, 7, 30], &[2]).unwrap();
        assert_eq!((network.activity().spikes_e, network.activity().spikes_i), (&[1, 7, 30][..], &[2][..]));
        let state = network.state();
        assert_eq!(State { x: before.x.clone(), y: before.y.clone(), ..state }, before);
        network.set_activity(&[], &[]).unwrap();
        let params = Params { noise_sd: 0.0, ..network.params().clone() };
        network.set_params(&params).unwrap();
        network.step(&[0.0; 4]).unwrap();
        // Without active neurons, the recurrent drive is the negative threshold.
        assert!(network.activity().recurrent.iter().zip(&before.te).all(|(drive, te)| *drive == -te));
        assert!(network.set_activity(&[60], &[]).unwrap_err().to_string().contains('x'));
        assert!(network.set_activity(&[3, 2], &[]).is_err());
    }
}
