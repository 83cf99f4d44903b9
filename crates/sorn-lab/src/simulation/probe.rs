//! [`Probe`]: one quantity of a network, recorded at regular steps.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sorn_core::{Firing, Network, room};

use crate::npy::NpyType;

use super::SpikeFormat;

/// A quantity, by the name of upstream's callback where upstream has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeKind {
    /// Activity of the excitatory neurons, `(ne)`.
    ExcitatoryActivation,
    /// Activity of the inhibitory neurons, `(ni)`.
    InhibitoryActivation,
    /// Whether each excitatory neuron would fire without the input, `(ne)`.
    RecurrentActivation,
    /// The drive that decides it, `(ne)`.
    RecurrentDrive,
    /// E-to-E weights, `(ne, ne)`.
    WEE,
    /// I-to-E weights, `(ni, ne)`.
    WEI,
    /// E-to-I weights, `(ne, ni)`.
    WIE,
    /// Excitatory thresholds, `(ne)`.
    TE,
    /// Inhibitory thresholds, `(ni)`.
    TI,
    /// Number of E-to-E synapses.
    EEConnectionCounts,
    /// Number of I-to-E synapses.
    EIConnectionCounts,
    /// Synapses grown since the network was made.
    SynapseBirths,
    /// E-to-E synapses pruned since the network was made.
    SynapseDeaths,
}

impl ProbeKind {
    /// Every quantity.
    pub const ALL: [ProbeKind; 13] = [
        ProbeKind::ExcitatoryActivation,
        ProbeKind::InhibitoryActivation,
        ProbeKind::RecurrentActivation,
        ProbeKind::RecurrentDrive,
        ProbeKind::WEE,
        ProbeKind::WEI,
        ProbeKind::WIE,
        ProbeKind::TE,
        ProbeKind::TI,
        ProbeKind::EEConnectionCounts,
        ProbeKind::EIConnectionCounts,
        ProbeKind::SynapseBirths,
        ProbeKind::SynapseDeaths,
    ];

    /// Shape of one row of the recording, and its type.
    pub(crate) fn layout(self, network: &Network, spikes: SpikeFormat) -> (NpyType, Vec<u64>) {
        let (ne, ni) = (network.ne() as u64, network.ni() as u64);
        let active = |n: u64| match spikes {
            SpikeFormat::Bool => (NpyType::Bool, vec![n]),
            SpikeFormat::Bits => (NpyType::U8, vec![n.div_ceil(8)]),
        };
        match self {
            ProbeKind::ExcitatoryActivation | ProbeKind::RecurrentActivation => active(ne),
            ProbeKind::InhibitoryActivation => active(ni),
            ProbeKind::RecurrentDrive | ProbeKind::TE => (NpyType::F64, vec![ne]),
            ProbeKind::WEE => (NpyType::F64, vec![ne, ne]),
            ProbeKind::WEI => (NpyType::F64, vec![ni, ne]),
            ProbeKind::WIE => (NpyType::F64, vec![ne, ni]),
            ProbeKind::TI => (NpyType::F64, vec![ni]),
            ProbeKind::EEConnectionCounts
            | ProbeKind::EIConnectionCounts
            | ProbeKind::SynapseBirths
            | ProbeKind::SynapseDeaths => (NpyType::I64, vec![]),
        }
    }

    /// Refuses rows for which there is no memory: those of weights have a place for every pair of neurons.
    pub(crate) fn check_room(self, network: &Network, spikes: SpikeFormat) -> Result<(), String> {
        let (dtype, shape) = self.layout(network, spikes);
        let bytes = shape.iter().fold(u128::from(dtype.size()), |bytes, &n| bytes * u128::from(n));
        // The matrix itself, and the row, which grows.
        match room::fits(4 * bytes) {
            true => Ok(()),
            false => {
                let needed = room::size(bytes);
                Err(format!("{self}: expected what fits in memory, found a row that needs {needed}"))
            }
        }
    }

    /// Appends the row of the present step to `out`, little-endian.
    pub(crate) fn write(self, network: &Network, spikes: SpikeFormat, out: &mut Vec<u8>) {
        let activity = network.activity();
        let numbers =
            |out: &mut Vec<u8>, values: &[f64]| values.iter().for_each(|v| out.extend(v.to_le_bytes()));
        let count = |out: &mut Vec<u8>, n: u64| out.extend((n as i64).to_le_bytes());
        match self {
            ProbeKind::ExcitatoryActivation => {
                write_active(activity.spikes_e.iter().copied(), network.ne(), spikes, out);
            }
            ProbeKind::InhibitoryActivation => {
                write_active(activity.spikes_i.iter().copied(), network.ni(), spikes, out);
            }
            ProbeKind::RecurrentActivation => {
                let inclusive = network.params().firing == Firing::Inclusive;
                let fires = |&(_, &drive): &(usize, &f64)| drive > 0.0 || (inclusive && drive == 0.0);
                let neurons = activity.recurrent.iter().enumerate().filter(fires).map(|(k, _)| k as u32);
                write_active(neurons, network.ne(), spikes, out);
            }
            ProbeKind::RecurrentDrive => numbers(out, activity.recurrent),
            ProbeKind::WEE => network.wee().to_dense().iter().for_each(|v| out.extend(v.to_le_bytes())),
            ProbeKind::WEI => network.wei().to_dense().iter().for_each(|v| out.extend(v.to_le_bytes())),
            ProbeKind::WIE => network.wie().to_dense().iter().for_each(|v| out.extend(v.to_le_bytes())),
            ProbeKind::TE => numbers(out, network.te()),
            ProbeKind::TI => numbers(out, network.ti()),
            ProbeKind::EEConnectionCounts => count(out, network.ee_connections() as u64),
            ProbeKind::EIConnectionCounts => count(out, network.ei_connections() as u64),
            ProbeKind::SynapseBirths => count(out, network.births()),
            ProbeKind::SynapseDeaths => count(out, network.deaths()),
        }
    }
}

/// Appends which of `n` neurons are active: a byte each, or a bit each as NumPy's `packbits` has them.
fn write_active(active: impl Iterator<Item = u32>, n: usize, spikes: SpikeFormat, out: &mut Vec<u8>) {
    let start = out.len();
    match spikes {
        SpikeFormat::Bool => {
            out.resize(start + n, 0);
            active.for_each(|neuron| out[start + neuron as usize] = 1);
        }
        SpikeFormat::Bits => {
            out.resize(start + n.div_ceil(8), 0);
            active.for_each(|neuron| out[start + neuron as usize / 8] |= 0x80 >> (neuron % 8));
        }
    }
}

impl fmt::Display for ProbeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A quantity, and how often it is recorded: `TE`, or `TE:100` for every hundredth step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
pub struct Probe {
    /// The quantity.
    pub kind: ProbeKind,
    /// Recorded after each step whose number (from 1, counted since the network was made) this divides.
    pub every: u64,
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.every {
            1 => write!(f, "{}", self.kind),
            every => write!(f, "{}:{every}", self.kind),
        }
    }
}

impl From<Probe> for String {
    fn from(probe: Probe) -> String {
        probe.to_string()
    }
}

impl TryFrom<String> for Probe {
    type Error = String;

    fn try_from(text: String) -> Result<Probe, String> {
        text.parse()
    }
}

impl FromStr for Probe {
    type Err = String;

    fn from_str(text: &str) -> Result<Probe, String> {
        let (name, every) = text.split_once(':').unwrap_or((text, "1"));
        let all: Vec<String> = ProbeKind::ALL.iter().map(ToString::to_string).collect();
        let at = all.iter().position(|known| known == name);
        let at = at.ok_or_else(|| format!("expected one of {}, found {name:?}", all.join(", ")))?;
        match every.parse() {
            Ok(every) if every > 0 => Ok(Probe { kind: ProbeKind::ALL[at], every }),
            _ => Err(format!("{name}: expected a positive number of steps after ':', found {every:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        for kind in ProbeKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(Probe { kind, every: 1 }));
        }
        assert_eq!(Probe { kind: ProbeKind::TE, every: 7 }.to_string(), "TE:7");
        assert_eq!("WEE:50".parse(), Ok(Probe { kind: ProbeKind::WEE, every: 50 }));
        assert!("WEE:0".parse::<Probe>().is_err());
        assert!("wee".parse::<Probe>().unwrap_err().contains("WEE"));
    }

    #[test]
    fn bits_are_numpys() {
        let mut out = Vec::new();
        write_active([0, 9].into_iter(), 10, SpikeFormat::Bits, &mut out);
        assert_eq!(out, [0b1000_0000, 0b0100_0000]);
        write_active([1].into_iter(), 3, SpikeFormat::Bool, &mut out);
        assert_eq!(out[2..], [0, 1, 0]);
    }
}
