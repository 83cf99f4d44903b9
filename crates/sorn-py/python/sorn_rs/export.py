"""Recorded activity for other tools: Neo (extra ``[neo]``), which Elephant analyses, and NWB files (extra ``[nwb]``).

A step has no duration of its own; `dt` says how many milliseconds it stands for. A neuron that fires in step `k`, from 0, spikes at
time ``k * dt``.
"""

import datetime
import os
import uuid

import numpy as np

from ._arguments import converted
from ._extras import needed
from ._files import write_whole

__all__ = ["neo_block", "neo_spike_trains", "write_nwb"]

# Names of `Network.run` and of `Simulator.run`.
SPIKES = {
    "x": "excitatory",
    "ExcitatoryActivation": "excitatory",
    "y": "inhibitory",
    "InhibitoryActivation": "inhibitory",
}
SERIES = {
    "te": "excitatory thresholds",
    "TE": "excitatory thresholds",
    "recurrent": "recurrent drive",
    "ee_connections": "E-to-E synapses",
    "EEConnectionCounts": "E-to-E synapses",
    "ei_connections": "I-to-E synapses",
    "EIConnectionCounts": "I-to-E synapses",
    "births": "E-to-E synapses born",
    "deaths": "E-to-E synapses pruned",
}


def neo_spike_trains(spikes, dt=1.0, **annotations):
    """Neo's spike trains of a population.

    Parameters
    ----------
    spikes : array_like, shape (steps, neurons)
        Nonzero where a neuron fires.
    dt : float
        Milliseconds per step.
    **annotations
        Of every train, beside `neuron`, its index.

    Returns
    -------
    list of neo.SpikeTrain
        One per neuron, silent ones as well, from 0 to ``steps * dt``.
    """
    neo, quantities = needed("neo", "neo"), needed("quantities", "neo")
    spikes, dt = _spikes("spikes", spikes), _dt(dt)
    rate = 1000.0 / dt * quantities.Hz
    return [
        neo.SpikeTrain(
            times * dt,
            units="ms",
            t_stop=len(spikes) * dt,
            sampling_rate=rate,
            neuron=neuron,
            **annotations,
        )
        for neuron, times in enumerate(_trains(spikes))
    ]


def neo_block(record, dt=1.0, *, name="SORN"):
    """A Neo block of one segment with everything in a record that has a place there.

    Parameters
    ----------
    record : dict
        What `Network.run` returned, or the second of what `Simulator.run` returned. `x` and `y` become spike trains, annotated
        with their `population`; thresholds, recurrent drive and counts of synapses analog signals. Weights stay out.
    dt : float
        Milliseconds per step.
    name : str

    Returns
    -------
    neo.Block
    """
    neo, quantities = needed("neo", "neo"), needed("quantities", "neo")
    trains, series = _parts(record)
    dt = _dt(dt)
    block = neo.Block(name=name)
    segment = neo.Segment(name="run")
    block.segments.append(segment)
    for population, spikes in trains.items():
        segment.spiketrains.extend(neo_spike_trains(spikes, dt, population=population))
    for label, values in series.items():
        period = dt * quantities.ms
        signal = neo.AnalogSignal(values, units="dimensionless", sampling_period=period, name=label)
        segment.analogsignals.append(signal)
    return block


def write_nwb(
    path,
    record,
    dt=1.0,
    *,
    session_description="Simulation of a self-organizing recurrent neural network",
    session_start_time=None,
    identifier=None,
    **fields,
):
    """Write an NWB file, whole or not at all.

    Parameters
    ----------
    path : path
        It ends in ``.nwb``; a file there is replaced.
    record : dict
        As of `neo_block`. `x` and `y` become units, with the columns `population` and `neuron`; thresholds, recurrent drive and counts of
        synapses time series of the processing module `misc`. Weights stay out.
    dt : float
        Milliseconds per step.
    session_description : str
    session_start_time : datetime.datetime, optional
        With a time zone; now if not given.
    identifier : str, optional
        A random UUID if not given.
    **fields
        Others of `pynwb.NWBFile`, e.g. `experimenter`, `keywords`; `subject` too, which nwbinspector asks for and a simulated
        network has not.
    """
    pynwb = needed("pynwb", "nwb")
    trains, series = _parts(record)
    seconds = _dt(dt) / 1000
    path = os.fspath(path)
    if not path.endswith(".nwb"):
        raise ValueError(f"path: expected a name that ends in .nwb, found {path!r}")
    start = session_start_time or datetime.datetime.now().astimezone()
    if not isinstance(start, datetime.datetime) or start.tzinfo is None:
        raise ValueError(f"session_start_time: expected a datetime with a time zone, found {start!r}")
    file = pynwb.NWBFile(session_description, identifier or str(uuid.uuid4()), start, **fields)
    if trains:
        file.units = _units(pynwb, trains, seconds)
    if series:
        module = file.create_processing_module("misc", "state of the network after each step")
    for label, values in series.items():
        module.add(
            pynwb.TimeSeries(
                name=label.replace(" ", "_"),
                description=f"{label}, one value per step" + (" and neuron" if values.ndim > 1 else ""),
                data=values,
                unit="n.a.",
                starting_time=0.0,
                rate=1 / seconds,
            )
        )
    write_whole(path, lambda temporary: _write(pynwb, file, temporary))


def _units(pynwb, trains, seconds):
    """A row per neuron. Spikes are one column with an index: to add neurons one by one is to look at every spike."""
    populations, neurons, times, counts, whole = [], [], [], [], []
    for population, spikes in trains.items():
        found, steps = np.nonzero(spikes.T)
        size = spikes.shape[1]
        populations += [population] * size
        neurons += range(size)
        times.append(steps * seconds)
        counts.append(np.bincount(found, minlength=size))
        whole += [[0.0, len(spikes) * seconds]] * size
    rows = len(neurons)

    def column(name, description, values):
        return pynwb.core.VectorData(name=name, description=description, data=values)

    def index(column, ends):
        return pynwb.core.VectorIndex(name=f"{column.name}_index", data=ends, target=column)

    times = column("spike_times", "the spike times for each unit in seconds", np.concatenate(times))
    whole = np.array(whole).reshape(rows, 2)
    intervals = column("obs_intervals", "the observation intervals for each unit", whole)
    return pynwb.misc.Units(
        name="units",
        description="Autogenerated by NWBFile",
        id=np.arange(rows),
        colnames=["population", "neuron", "spike_times", "obs_intervals"],
        columns=[
            column("population", "excitatory or inhibitory", populations),
            column("neuron", "index of the neuron in its population", neurons),
            index(times, np.cumsum(np.concatenate(counts))),
            times,
            index(intervals, np.arange(1, rows + 1)),
            intervals,
        ],
        resolution=seconds,
    )


def _write(pynwb, file, path):
    with pynwb.NWBHDF5IO(path, "w") as io:
        io.write(file)


def _dt(dt):
    if isinstance(dt, (bool, str, bytes)) or not np.isscalar(dt) or np.iscomplexobj(dt):
        raise TypeError(f"dt: expected a number of milliseconds, found {dt!r}")
    if not 0 < dt < np.inf:
        raise ValueError(f"dt: expected a number above 0, found {dt!r}")
    return float(dt)


def _array(name, values):
    found = converted(name, values)
    if found.dtype.kind not in "fiub":
        raise TypeError(f"{name}: expected real numbers, found dtype {found.dtype}")
    return converted(name, found, found.dtype)


def _spikes(name, values):
    found = _array(name, values)
    if found.ndim != 2:
        raise ValueError(f"{name}: expected shape (steps, neurons), found {found.shape}")
    return found != 0


def _trains(spikes):
    return [np.flatnonzero(train).astype(np.float64) for train in spikes.T]


def _parts(record):
    """Spikes by population, and series by name, of what was recorded."""
    if not isinstance(record, dict):
        raise TypeError(
            f"record: expected a dictionary of Network.run or Simulator.run, found {type(record).__name__}"
        )
    trains = {
        SPIKES[key]: _spikes(f"record[{key!r}]", value) for key, value in record.items() if key in SPIKES
    }
    series = {}
    for key, value in record.items():
        if key in SERIES:
            values = _array(f"record[{key!r}]", value)
            # Simulator.run gives column vectors.
            series[SERIES[key]] = values[..., 0] if values.ndim == 3 else values
    if not trains and not series:
        known = ", ".join([*SPIKES, *SERIES])
        raise ValueError(f"record: expected at least one of {known}, found the keys {list(record)}")
    return trains, series
