//! Published SORNs by name.

use std::fmt::Display;

use serde::{Deserialize, Deserializer};

use super::switches::{
    Degree, Firing, Inhibition, InitialActivity, InputMap, NetworkType, NoiseLaw, ThresholdInit,
};
use crate::{ParamError, Params, Rule};

impl Params {
    /// Names that [`Params::preset`] knows.
    pub const PRESETS: &[&str] =
        &["upstream", "lazar2009", "counting", "zheng2013", "hartmann2015", "delpapa2017"];

    /// The parameters of a published SORN.
    ///
    /// - `upstream`: the Python package `sorn` 0.7.4, the default.
    /// - `lazar2009`: Lazar, Pipa & Triesch 2009 (10.3389/neuro.10.023.2009).
    /// - `counting`: SORN_V2, code of the counting task of that paper.
    /// - `zheng2013`: Zheng, Dimitrakakis & Triesch 2013 (10.1371/journal.pcbi.1002848).
    /// - `hartmann2015`: Hartmann, Lazar, Nessler & Triesch 2015 (10.1371/journal.pcbi.1004640).
    /// - `delpapa2017`: Del Papa, Priesemann & Triesch 2017 (10.1371/journal.pone.0178683).
    ///
    /// # Errors
    /// Any other name.
    pub fn preset(name: &str) -> Result<Params, ParamError> {
        match name {
            "upstream" => Ok(Params::default()),
            "lazar2009" => Ok(lazar2009()),
            "counting" => Ok(counting()),
            "zheng2013" => Ok(zheng2013()),
            "hartmann2015" => Ok(hartmann2015()),
            "delpapa2017" => Ok(delpapa2017()),
            _ => Err(ParamError::new(
                "preset",
                format!("{name:?}"),
                format!("one of {}", Params::PRESETS.join(", ")),
            )),
        }
    }

    /// All parameters as a table: the preset named by the key `preset` of `given`, or `base` without that key, overridden by the
    /// other keys of `given`. `table` converts parameters to a table.
    ///
    /// # Errors
    /// The preset is not a string, or is not a known name.
    pub fn with_preset<T, V>(
        given: T,
        base: &Params,
        table: impl FnOnce(&Params) -> T,
    ) -> Result<T, ParamError>
    where
        T: IntoIterator<Item = (String, V)> + Extend<(String, V)>,
        V: for<'de> Deserializer<'de> + Display,
    {
        let (mut preset, mut others) = (None, Vec::new());
        for (key, value) in given {
            match key.as_str() {
                "preset" => preset = Some(value),
                _ => others.push((key, value)),
            }
        }
        let mut all = match preset {
            None => table(base),
            Some(value) => {
                let found = value.to_string();
                let name = String::deserialize(value);
                table(&Params::preset(&name.map_err(|_| ParamError::new("preset", found, "a name"))?)?)
            }
        };
        all.extend(others);
        Ok(all)
    }
}

/// The rules are STDP, IP and scaling of `Wee`. IP only changes thresholds, so its place in the order has no effect. Every I
/// neuron reaches every E neuron. There is no noise, and one pool of neurons per symbol.
fn lazar2009() -> Params {
    Params {
        lambda_ee: Degree::Count(10.0),
        network_type_ei: NetworkType::Dense,
        te_max: 0.5,
        eta_stdp: 0.001,
        eta_ip: 0.001,
        h_ip: Some(0.1),
        clip_te: false,
        noise: NoiseLaw::None,
        firing: Firing::Inclusive,
        inhibition: Inhibition::Fast,
        rules: vec![Rule::Stdp, Rule::Ip, Rule::Ss],
        scale_wei: false,
        input: InputMap::Pools { size: 10, overlap: false },
        ..Params::default()
    }
}

fn counting() -> Params {
    Params {
        initial_activity: InitialActivity::Half,
        rules: vec![Rule::Ip, Rule::Stdp, Rule::Ss],
        ..lazar2009()
    }
}

/// Noise of variance 0.05 instead of input. As in the authors' code (chrhartm/SORN, `zheng2013`), a weak inhibitory synapse is
/// kept at 0.001, both matrices are scaled, and densities are shares of the neurons.
fn zheng2013() -> Params {
    Params {
        network_type_ee: NetworkType::Bernoulli,
        lambda_ee: Degree::fraction(0.1),
        network_type_ei: NetworkType::Bernoulli,
        lambda_ei: Degree::fraction(0.2),
        initial_activity: InitialActivity::Target,
        istdp_floor: 0.001,
        h_ip: Some(0.1),
        clip_te: false,
        sp_batch: 11,
        noise_sd: 0.05_f64.sqrt(),
        firing: Firing::Inclusive,
        rules: vec![Rule::Ip, Rule::Stdp, Rule::Sp, Rule::Istdp, Rule::Ss],
        ..Params::default()
    }
}

/// Pools overlap, as in three of the paper's four experiments.
fn hartmann2015() -> Params {
    Params {
        network_type_ei: NetworkType::Dense,
        te_max: 0.5,
        ti_max: 0.35,
        threshold_init: ThresholdInit::Ordered,
        initial_activity: InitialActivity::Target,
        eta_stdp: 0.001,
        eta_ip: 0.001,
        h_ip: Some(0.1),
        h_ip_spread: 0.01,
        clip_te: false,
        always_ip: true,
        prune: false,
        scaling_both_ways: 0.1,
        noise: NoiseLaw::None,
        firing: Firing::Inclusive,
        inhibition: Inhibition::Fast,
        rules: vec![Rule::Ip, Rule::Stdp, Rule::Ss],
        input: InputMap::Pools { size: 10, overlap: true },
        input_gain: 0.5,
        ..Params::default()
    }
}

/// As in the authors' code (delpapa/SORN), a weak inhibitory synapse is kept at 0.001, and densities are shares of the
/// neurons, so that another `ne` keeps them.
fn delpapa2017() -> Params {
    Params {
        network_type_ee: NetworkType::Bernoulli,
        lambda_ee: Degree::fraction(0.1),
        network_type_ei: NetworkType::Bernoulli,
        lambda_ei: Degree::fraction(0.2),
        initial_activity: InitialActivity::Target,
        istdp_floor: 0.001,
        h_ip: Some(0.1),
        clip_te: false,
        sp_scales_with_ne: true,
        sp_batch: 11,
        noise_sd: 0.05_f64.sqrt(),
        firing: Firing::Inclusive,
        inhibition: Inhibition::Fast,
        rules: vec![Rule::Ip, Rule::Stdp, Rule::Sp, Rule::Istdp, Rule::Ss],
        ..Params::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_valid_and_named_in_the_error() {
        for name in Params::PRESETS {
            Params::preset(name).unwrap().validate().unwrap();
        }
        assert_eq!(Params::preset("upstream").unwrap(), Params::default());
        let error = Params::preset("zheng").unwrap_err().to_string();
        assert!(error.contains("zheng2013") && error.contains("\"zheng\""), "{error}");
    }

    #[test]
    fn presets_round_trip_through_toml() {
        for name in Params::PRESETS {
            let params = Params::preset(name).unwrap();
            let text = toml::to_string(&params).unwrap();
            assert_eq!(toml::from_str::<Params>(&text).unwrap(), params);
        }
    }

    #[test]
    fn unknown_keys_are_errors() {
        assert!(toml::from_str::<Params>("eta_sdtp = 0.1").is_err());
        assert!(toml::from_str::<Params>("input = { pools = { size = 3, color = 1 } }").is_err());
    }
}
