"""Recorders of one value per time step, by the names that the argument `callbacks` of a run takes."""


class _Recorder:
    what = ""

    def __init__(self, timesteps: int = 0):
        self.values = [0] * timesteps

    def __setitem__(self, index, value):
        self.values[index] = value

    def __getitem__(self, index):
        return f"{self.what} at time_step {index}: {self.values[index]}"

    def __str__(self):
        return str(self.values)


class ExcitatoryActivation(_Recorder):
    """Excitatory activity `x`, shape (ne,)."""

    what = "Excitatory network state"


class InhibitoryActivation(_Recorder):
    """Inhibitory activity `y`, shape (ni,)."""

    what = "Inhibitory network state"


class RecurrentActivation(_Recorder):
    """Who would fire without external input, shape (ne, 1)."""

    what = "Recurrent network state"


class WEE(_Recorder):
    """Weights from excitatory to excitatory neurons, shape (ne, ne)."""

    what = "Excitatory to Excitatory Connection strength"


class WEI(_Recorder):
    """Weights from inhibitory to excitatory neurons, shape (ni, ne)."""

    what = "Inhibitory to Excitatory Connection strength"


class WIE(_Recorder):
    """Weights from excitatory to inhibitory neurons, shape (ne, ni)."""

    what = "Excitatory to Inhibitory Connection strength"


class TE(_Recorder):
    """Thresholds of excitatory neurons, shape (ne, 1)."""

    what = "Excitatory neurons firing threshold values"


class TI(_Recorder):
    """Thresholds of inhibitory neurons, shape (ni, 1)."""

    what = "Inhibitory neurons firing threshold values"


class EEConnectionCounts(_Recorder):
    """Number of synapses between excitatory neurons, before the step."""

    what = "Number active connections in the Excitatory pool"


class EIConnectionCounts(_Recorder):
    """Number of synapses from inhibitory to excitatory neurons, before the step."""

    what = "Number active connections from Inhibitory to Excitatory pool"


class IEConnectionCounts(_Recorder):
    """Number of synapses from excitatory to inhibitory neurons."""

    what = "Number active connections from Excitatory to Inhibitory pool"


AVAILABLE = {
    recorder.__name__: recorder
    for recorder in (
        ExcitatoryActivation,
        InhibitoryActivation,
        RecurrentActivation,
        WEE,
        WEI,
        TE,
        TI,
        EIConnectionCounts,
        EEConnectionCounts,
        WIE,
        IEConnectionCounts,
    )
}
"""Every recorder by name."""
