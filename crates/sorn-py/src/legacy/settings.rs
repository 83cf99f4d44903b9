//! Hyperparameters by upstream's names.

use pyo3::prelude::*;
use sorn_lab::sorn_core::{NetworkType, NoiseLaw, Params, Rules};

/// Upstream's hyperparameters, checked for type by the Python side.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    pub(crate) ne: usize,
    pub(crate) nu: usize,
    network_type_ee: String,
    network_type_ei: String,
    network_type_ie: String,
    lambda_ee: f64,
    lambda_ei: f64,
    lambda_ie: f64,
    eta_stdp: f64,
    eta_inhib: f64,
    eta_ip: f64,
    pub(crate) te_min: f64,
    pub(crate) te_max: f64,
    pub(crate) ti_min: f64,
    pub(crate) ti_max: f64,
    mu_ip: f64,
    pub(crate) sigma_ip: f64,
}

const DENSE: &str = "Dense";

impl Settings {
    /// `int(0.2 * ne)`.
    pub(crate) fn ni(&self) -> usize {
        (0.2 * self.ne as f64) as usize
    }

    pub(crate) fn lambda_ee(&self) -> Option<f64> {
        (self.network_type_ee != DENSE).then_some(self.lambda_ee)
    }

    pub(crate) fn lambda_ei(&self) -> Option<f64> {
        (self.network_type_ei != DENSE).then_some(self.lambda_ei)
    }

    pub(crate) fn lambda_ie(&self) -> Option<f64> {
        (self.network_type_ie != DENSE).then_some(self.lambda_ie)
    }

    /// Mean target rate of intrinsic plasticity. Not limited to 1: with more inputs than `ne / 2` upstream aims above it.
    pub(crate) fn h_ip(&self) -> f64 {
        2.0 * self.nu as f64 / self.ne as f64
    }

    /// The same for the reservoir. `ni` is that of the state where there is one.
    pub(crate) fn params(&self, ni: usize, noise: bool, freeze: Rules) -> Params {
        let network_type = |lambda: Option<f64>| match lambda {
            Some(_) => NetworkType::Sparse,
            None => NetworkType::Dense,
        };
        Params {
            ne: self.ne,
            ni: Some(ni),
            nu: self.nu,
            network_type_ee: network_type(self.lambda_ee()),
            network_type_ei: network_type(self.lambda_ei()),
            network_type_ie: network_type(self.lambda_ie()),
            lambda_ee: self.lambda_ee.into(),
            lambda_ei: self.lambda_ei.into(),
            lambda_ie: self.lambda_ie.into(),
            eta_stdp: self.eta_stdp,
            eta_inhib: self.eta_inhib,
            eta_ip: self.eta_ip,
            te_min: self.te_min,
            te_max: self.te_max,
            ti_min: self.ti_min,
            ti_max: self.ti_max,
            mu_ip: self.mu_ip,
            sigma_ip: self.sigma_ip,
            noise: if noise { NoiseLaw::Gaussian } else { NoiseLaw::None },
            freeze,
            ..Params::default()
        }
    }

    /// [`params`](Self::params) of a network whose weights are given, so that how they would be drawn does not matter.
    pub(crate) fn params_of_given_weights(&self, ni: usize, noise: bool, freeze: Rules) -> Params {
        let dense = NetworkType::Dense;
        Params {
            network_type_ee: dense,
            network_type_ei: dense,
            network_type_ie: dense,
            ..self.params(ni, noise, freeze)
        }
    }
}
