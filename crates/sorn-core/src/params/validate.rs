//! Range checks of [`Params`].

use super::switches::{Degree, Fraction, InputMap, NetworkType, NoiseLaw};
use crate::network::reward;
use crate::{ParamError, Params, Rule};

impl Params {
    /// Checks the range of every parameter, and that parameters are consistent with one another.
    ///
    /// # Errors
    /// The first parameter that is out of range, with the value found and the values allowed.
    pub fn validate(&self) -> Result<(), ParamError> {
        // A neuron's index is kept in 32 bits.
        let most = u32::MAX as usize / 2;
        check("ne", self.ne, (2..=most).contains(&self.ne), "2 to 2^31 - 1")?;
        check("ni", self.ni(), (1..=most).contains(&self.ni()), "1 to 2^31 - 1 (none means int(0.2 * ne))")?;
        check("nu", self.nu, self.nu >= 1 || self.input == InputMap::Direct, "1 or more")?;
        let ne = self.ne;
        lambda("lambda_ee", self.network_type_ee, self.lambda_ee, ne - 1)?;
        lambda("lambda_ei", self.network_type_ei, self.lambda_ei, ne)?;
        lambda("lambda_ie", self.network_type_ie, self.lambda_ie, ne)?;

        finite("te_min", self.te_min)?;
        finite("te_max", self.te_max)?;
        finite("ti_min", self.ti_min)?;
        finite("ti_max", self.ti_max)?;
        check(
            "te_max",
            self.te_max,
            self.te_max >= self.te_min,
            format!("te_min ({}) or more", self.te_min),
        )?;
        check(
            "ti_max",
            self.ti_max,
            self.ti_max >= self.ti_min,
            format!("ti_min ({}) or more", self.ti_min),
        )?;

        range("eta_stdp", self.eta_stdp, 0.0, 1.0)?;
        range("eta_ip", self.eta_ip, 0.0, 1.0)?;
        range("eta_inhib", self.eta_inhib, 0.0, 1.0)?;
        check("mu_ip", self.mu_ip, self.mu_ip > 0.0 && self.mu_ip <= 1.0, "a number above 0 and up to 1")?;
        if let Some(h_ip) = self.h_ip {
            range("h_ip", h_ip, 0.0, 1.0)?;
        }
        range("sigma_ip", self.sigma_ip, 0.0, 1.0)?;
        range("h_ip_spread", self.h_ip_spread, 0.0, 1.0)?;
        let one_law = self.sigma_ip == 0.0 || self.h_ip_spread == 0.0;
        check("h_ip_spread", self.h_ip_spread, one_law, "0 if sigma_ip is not 0")?;

        reward::check(self.eta_rmstdp, self.trace_decay, self.reward_window)?;

        range("sp_probability", self.sp_probability, 0.0, 1.0)?;
        check(
            "sp_weight",
            self.sp_weight,
            self.sp_weight > 0.0 && self.sp_weight <= 1.0,
            "a number above 0 and up to 1",
        )?;
        check("sp_batch", self.sp_batch, (1..=10_000).contains(&self.sp_batch), "1 to 10000")?;
        range("istdp_floor", self.istdp_floor, 0.0, 1.0)?;
        range("scaling_both_ways", self.scaling_both_ways, 0.0, 1.0)?;
        check(
            "noise_sd",
            self.noise_sd,
            self.noise_sd >= 0.0 && self.noise_sd.is_finite(),
            "a finite number, 0 or more",
        )?;
        match self.noise {
            NoiseLaw::Spikes => {
                let expected = "a probability, 0 to 1, if noise = \"spikes\"";
                check("noise_sd", self.noise_sd, self.noise_sd <= 1.0, expected)?;
            }
            NoiseLaw::Always => {
                let expected = "a share of the neurons, 0 to 1, if noise = \"always\"";
                check("noise_sd", self.noise_sd, self.noise_sd <= 1.0, expected)?;
            }
            NoiseLaw::None | NoiseLaw::Gaussian | NoiseLaw::Uniform => {}
        }
        finite("input_gain", self.input_gain)?;
        check("threads", self.threads, (1..=1024).contains(&self.threads), "1 to 1024")?;
        check("rules", self.rules.len(), self.rules.len() <= 16, "at most 16 rules")?;
        let sp = self.rules.iter().filter(|&&rule| rule == Rule::Sp).count();
        check("rules", format!("sp {sp} times"), sp <= 1, "sp at most once")?;
        let rmstdp = self.rules.iter().filter(|&&rule| rule == Rule::Rmstdp).count();
        check("rules", format!("rmstdp {rmstdp} times"), rmstdp <= 1, "rmstdp at most once")?;

        if let InputMap::Pools { size, overlap } = self.input {
            check("input.pools.size", size, (1..=ne).contains(&size), format!("1 to ne ({ne})"))?;
            let fits = overlap || size.checked_mul(self.nu).is_some_and(|all| all <= ne);
            let allowed = format!(
                "size * nu ({} inputs) at most ne ({ne}) if pools do not overlap (input = {{ pools = {{ size, overlap = true }} }})",
                self.nu
            );
            check("input.pools.size", size, fits, allowed)?;
        }
        if self.input == InputMap::First {
            check("nu", self.nu, self.nu <= ne, format!("at most ne ({ne}) if input = \"first\""))?;
        }
        Ok(())
    }
}

fn check(key: &str, found: impl ToString, holds: bool, allowed: impl ToString) -> Result<(), ParamError> {
    if holds { Ok(()) } else { Err(ParamError::new(key, found, allowed)) }
}

fn finite(key: &str, value: f64) -> Result<(), ParamError> {
    check(key, value, value.is_finite(), "a finite number")
}

fn range(key: &str, value: f64, low: f64, high: f64) -> Result<(), ParamError> {
    check(key, value, (low..=high).contains(&value), format!("{low} to {high}"))
}

fn lambda(key: &str, network_type: NetworkType, value: Degree, most: usize) -> Result<(), ParamError> {
    if let Degree::Fraction(Fraction { fraction }) = value {
        range(&format!("{key}.fraction"), fraction, 0.0, 1.0)?;
    }
    let value = value.of(most);
    if network_type == NetworkType::Dense {
        return finite(key, value);
    }
    range(key, value, if network_type == NetworkType::Sparse { 1.0 } else { 0.0 }, most as f64)
}

#[cfg(test)]
mod tests {
    use crate::{Degree, InputMap, Params};

    #[test]
    fn names_what_is_wrong() {
        let wrong = [
            ("ne", Params { ne: 1, ..Params::default() }),
            ("ni", Params { ni: Some(0), ..Params::default() }),
            ("nu", Params { nu: 201, ..Params::default() }),
            ("lambda_ee", Params { lambda_ee: 200.0.into(), ..Params::default() }),
            ("lambda_ei", Params { lambda_ei: f64::NAN.into(), ..Params::default() }),
            ("lambda_ee.fraction", Params { lambda_ee: Degree::fraction(1.5), ..Params::default() }),
            ("te_max", Params { te_max: -1.0, ..Params::default() }),
            ("eta_stdp", Params { eta_stdp: -0.1, ..Params::default() }),
            ("mu_ip", Params { mu_ip: 0.0, ..Params::default() }),
            ("sp_weight", Params { sp_weight: 0.0, ..Params::default() }),
            ("noise_sd", Params { noise_sd: f64::INFINITY, ..Params::default() }),
            ("sp_batch", Params { sp_batch: 0, ..Params::default() }),
            ("scaling_both_ways", Params { scaling_both_ways: 1.5, ..Params::default() }),
            ("h_ip_spread", Params { sigma_ip: 0.1, h_ip_spread: 0.1, ..Params::default() }),
            (
                "input.pools.size",
                Params { input: InputMap::Pools { size: 21, overlap: false }, ..Params::default() },
            ),
        ];
        for (key, params) in wrong {
            assert_eq!(params.validate().unwrap_err().key, key);
        }
    }
}
