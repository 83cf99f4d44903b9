//! Checks whether memory suffices before it is allocated, because a failed allocation would end the process.

use crate::{InputMap, NetworkType, ParamError, Params, Rule};

/// Whether the system can allocate `bytes` more memory now. The memory is released again.
///
/// Call this before an allocation whose size depends on user input. A system that overcommits memory, as Linux does within
/// limits, may still end a process that uses the memory.
///
/// ```
/// assert!(sorn_core::room::fits(1_000_000));
/// assert!(!sorn_core::room::fits(1 << 100));
/// ```
pub fn fits(bytes: u128) -> bool {
    usize::try_from(bytes).is_ok_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok())
}

/// Bytes as text, e.g. `3.2 GB`.
///
/// ```
/// assert_eq!(sorn_core::room::size(3_210_000_000), "3.2 GB");
/// ```
pub fn size(bytes: u128) -> String {
    const UNITS: [&str; 7] = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut number = bytes as f64;
    let mut unit = 0;
    while number >= 999.95 && unit + 1 < UNITS.len() {
        number /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{number:.1} {}", UNITS[unit]) }
}

impl Params {
    /// The largest number of bytes that a network with these [valid](Self::validate) parameters takes while it is made. Synapses
    /// that grow later are not included.
    pub fn memory(&self) -> u128 {
        self.synapse_memory(self.network_type_ie).saturating_add(self.other_memory())
    }

    /// Returns an error if there is not enough memory for the network. A failed allocation would end the process instead.
    ///
    /// [`Network::new`](crate::Network::new) and [`Network::from_state`](crate::Network::from_state) call it.
    ///
    /// # Errors
    /// The parameter that causes the memory demand, with the bytes that the network takes.
    pub fn check_memory(&self) -> Result<(), ParamError> {
        let (synapses, rest) = (self.synapse_memory(self.network_type_ie), self.other_memory());
        let all = synapses.saturating_add(rest);
        if fits(all) {
            return Ok(());
        }
        let (key, found) = if self.window_memory() > all / 2 {
            ("reward_window", self.reward_window)
        } else if rest > synapses && self.nu > self.ne {
            ("nu", self.nu)
        } else {
            ("ne", self.ne)
        };
        let sparse = self.synapse_memory(NetworkType::Sparse).saturating_add(rest);
        let advice = match key {
            // A sparse network has at least as many synapses as neurons, so not every network fits when made sparse.
            "ne" if sparse < all / 2 && fits(sparse) && self.in_degree_ie() <= self.ne as f64 => {
                format!("; with network_type_ie = \"sparse\" it needs {}", size(sparse))
            }
            _ => String::new(),
        };
        let found = format!("{found}, for which the network needs {}{advice}", size(all));
        Err(ParamError::new(key, found, "what fits in memory"))
    }

    fn synapse_memory(&self, network_type_ie: NetworkType) -> u128 {
        let (ne, ni) = (self.ne as f64, self.ni() as f64);
        let count = |kind, sparse: f64, dense: f64| match kind {
            NetworkType::Dense => dense,
            // The numbers of synapses are random, and every neuron has at least one.
            NetworkType::Sparse | NetworkType::Bernoulli => (sparse + ne).min(dense),
        };
        let ee = count(self.network_type_ee, self.in_degree_ee() * ne, ne * ne);
        let ei = count(self.network_type_ei, self.out_degree_ei() * ni, ni * ne);
        let ie = count(network_type_ie, self.in_degree_ie() * ni, ne * ni);
        (PLASTIC * ee + PLASTIC * ei + FIXED * ie) as u128
    }

    /// Bytes of the whole network except the synapses.
    fn other_memory(&self) -> u128 {
        let pools = match self.input {
            InputMap::Pools { size, .. } => (self.nu as u128) * (24 + 8 * size as u128),
            InputMap::First | InputMap::Direct => 0,
        };
        let neurons = PER_NEURON * (self.ne as u128 + self.ni() as u128);
        neurons + pools + self.window_memory() + BASE
    }

    /// Bytes of the rewards that reward-modulated STDP stores.
    fn window_memory(&self) -> u128 {
        if self.rules.contains(&Rule::Rmstdp) { 8 * self.reward_window as u128 } else { 0 }
    }
}

/// Most bytes of a plastic synapse: as plain data, in the list in which it is drawn, and in the working layout.
const PLASTIC: f64 = 80.0;
/// Most bytes of a synapse that never changes.
const FIXED: f64 = 28.0;
/// Most bytes of a neuron without its synapses.
const PER_NEURON: u128 = 400;
/// Bytes that do not depend on the number of neurons.
const BASE: u128 = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Network;

    #[test]
    fn a_network_without_memory_for_it_is_refused_by_its_key() {
        let refused = |params: &Params| Network::new(params, 0).unwrap_err().to_string();
        let error = refused(&Params { ne: 2_000_000_000, ..Params::default() });
        assert!(error.contains(", found 2000000000, for which the network needs 22.4 EB"), "{error}");
        assert!(error.starts_with("parameter `ne`: expected what fits in memory, found "), "{error}");
        let window = Params { rules: vec![Rule::Rmstdp], reward_window: 1 << 60, ..Params::default() };
        let error = refused(&window);
        assert!(error.starts_with(
            "parameter `reward_window`: expected what fits in memory, found 1152921504606846976,"
        ));
        let pools = InputMap::Pools { size: 20, overlap: true };
        let nu = Params { nu: 1 << 50, input: pools, ..Params::default() };
        let error = refused(&nu);
        assert!(error.starts_with("parameter `nu`: expected what fits in memory, found 1125899906842624,"));
        Params::default().check_memory().unwrap();
    }

    #[test]
    fn advice_is_of_what_is_allowed() {
        for ne in [100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000] {
            let dense = Params { ne, ..Params::default() };
            let Err(error) = dense.check_memory() else { continue };
            let sparse = Params { network_type_ie: NetworkType::Sparse, ..dense };
            assert_eq!(error.found.contains("sparse"), sparse.check_memory().is_ok(), "{error}");
        }
    }

    #[test]
    fn sizes_have_three_digits_or_so() {
        assert_eq!([999, 1000, 999_999].map(size), ["999 bytes", "1.0 kB", "1.0 MB"]);
        assert_eq!(size(2_500_000_000_000_000_000_000), "2500.0 EB");
    }
}
