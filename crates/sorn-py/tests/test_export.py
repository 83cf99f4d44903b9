"""What is exported is read back by the tools it is for."""

import datetime

import numpy as np
import pytest

from sorn_rs import Network, Simulator, export, statistics

RECORD = Network(seed=3, ne=50, nu=4, lambda_ei=10, te_max=0.5).run(
    np.random.default_rng(1).random((400, 4)), record=["x", "y", "te", "ee_connections", "wee"]
)


def test_neo_and_elephant():
    pytest.importorskip("neo")
    import elephant.spike_train_correlation
    import elephant.statistics
    import quantities as pq
    from elephant.conversion import BinnedSpikeTrain

    block = export.neo_block(RECORD, dt=2.0)
    (segment,) = block.segments
    trains = segment.spiketrains
    assert len(trains) == 60 and {train.annotations["population"] for train in trains} == {
        "excitatory",
        "inhibitory",
    }
    assert trains[0].t_start == 0 and trains[0].t_stop.rescale("s").item() == pytest.approx(0.8)
    excitatory = [train for train in trains if train.annotations["population"] == "excitatory"]
    binned = BinnedSpikeTrain(excitatory, bin_size=2 * pq.ms)
    np.testing.assert_array_equal(binned.to_bool_array().T, RECORD["x"])
    # Its analysis agrees with ours.
    busiest = int(RECORD["x"].sum(0).argmax())
    ours = np.flatnonzero(RECORD["x"][:, busiest])
    assert elephant.statistics.cv(elephant.statistics.isi(excitatory[busiest]).magnitude) == pytest.approx(
        statistics.cv(ours)
    )
    assert elephant.statistics.mean_firing_rate(excitatory[busiest]).rescale(
        "1/ms"
    ).item() * 2 == pytest.approx(statistics.rate(ours, 400))
    active = RECORD["x"].any(0) & ~RECORD["x"].all(0)
    theirs = elephant.spike_train_correlation.correlation_coefficient(
        BinnedSpikeTrain([excitatory[k] for k in np.flatnonzero(active)], bin_size=2 * pq.ms)
    )
    np.testing.assert_allclose(
        statistics.correlations(RECORD["x"])[np.ix_(active, active)], theirs, atol=1e-12
    )
    te, connections = segment.analogsignals
    np.testing.assert_array_equal(te.magnitude, RECORD["te"])
    assert connections.name == "E-to-E synapses" and te.sampling_period == 2 * pq.ms


def test_neo_of_a_run_of_simulator():
    pytest.importorskip("neo")
    _, recorded = Simulator.run(
        np.random.rand(10, 30), seed=1, callbacks=["ExcitatoryActivation", "TE", "EEConnectionCounts", "WEE"]
    )
    (segment,) = export.neo_block(recorded).segments
    assert len(segment.spiketrains) == 200
    assert sum(map(len, segment.spiketrains)) == np.sum(recorded["ExcitatoryActivation"])
    assert segment.analogsignals[0].shape == (30, 200) and segment.analogsignals[1].shape == (30, 1)


def test_nwb(tmp_path):
    pynwb = pytest.importorskip("pynwb")
    inspector = pytest.importorskip("nwbinspector")
    path = tmp_path / "run.nwb"
    export.write_nwb(path, RECORD, dt=0.5, keywords=["SORN"])
    assert [p.name for p in tmp_path.iterdir()] == ["run.nwb"]
    with pynwb.NWBHDF5IO(path, "r") as io:
        file = io.read()
        units = file.units.to_dataframe()
        assert len(units) == 60 and (units.population == "excitatory").sum() == 50
        spikes = np.zeros((400, 60), dtype=bool)
        for column, times in enumerate(units.spike_times):
            spikes[np.rint(np.asarray(times) / 0.0005).astype(int), column] = True
        np.testing.assert_array_equal(spikes[:, :50], RECORD["x"])
        np.testing.assert_array_equal(spikes[:, 50:], RECORD["y"])
        te = file.processing["misc"]["excitatory_thresholds"]
        np.testing.assert_array_equal(te.data[:], RECORD["te"])
        assert te.rate == 2000
    assert not pynwb.validate(path=str(path))
    found = list(inspector.inspect_nwbfile(nwbfile_path=str(path)))
    serious = {m.check_function_name for m in found if m.importance.name != "BEST_PRACTICE_SUGGESTION"}
    # A simulated network has neither age nor sex nor species.
    assert serious == {"check_subject_exists"}


def test_an_nwb_file_is_written_whole_or_not_at_all(tmp_path):
    pytest.importorskip("pynwb")
    path = tmp_path / "run.nwb"
    export.write_nwb(path, RECORD)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        export.write_nwb(path, RECORD, subject="a neuron")
    with pytest.raises(OSError):
        export.write_nwb(tmp_path / "no" / "run.nwb", RECORD)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "kwargs, error, message",
    [
        (dict(record=[1]), TypeError, "record: expected .*, found list"),
        (
            dict(record={"wee": 1}),
            ValueError,
            r"record: expected at least one of x.*, found the keys \['wee'\]",
        ),
        (dict(record={"x": np.zeros(3)}), ValueError, r"record\['x'\]: expected .*, found \(3,\)"),
        (dict(record={"x": "spikes"}), TypeError, r"record\['x'\]: expected .*, found dtype"),
        (dict(dt=0), ValueError, "dt: expected a number above 0, found 0"),
        (dict(dt="1 ms"), TypeError, "dt: expected .*, found '1 ms'"),
    ],
)
def test_wrong_arguments(kwargs, error, message, tmp_path):
    pytest.importorskip("neo")
    with pytest.raises(error, match=message):
        export.neo_block(**({"record": RECORD} | kwargs))
    pytest.importorskip("pynwb")
    with pytest.raises(error, match=message):
        export.write_nwb(tmp_path / "run.nwb", **({"record": RECORD} | kwargs))


def test_wrong_files(tmp_path):
    pytest.importorskip("pynwb")
    with pytest.raises(ValueError, match="path: expected a name that ends in .nwb, found "):
        export.write_nwb(tmp_path / "run.h5", RECORD)
    with pytest.raises(ValueError, match="session_start_time: expected a datetime with a time zone, found "):
        export.write_nwb(tmp_path / "run.nwb", RECORD, session_start_time=datetime.datetime(2020, 1, 1))


def test_spikes_in_nwb_are_one_column_with_an_index(tmp_path):
    """Neuron by neuron, every spike would be looked at: 84 s for ten million."""
    pynwb = pytest.importorskip("pynwb")
    spikes = np.random.default_rng(0).random((50, 7)) < 0.3
    spikes[:, 2] = False
    export.write_nwb(tmp_path / "run.nwb", {"x": spikes, "y": spikes[:, :2]}, dt=2.0)
    with pynwb.NWBHDF5IO(tmp_path / "run.nwb", "r") as io:
        units = io.read().units
        assert len(units) == 9 and units.resolution == 0.002
        for row, train in enumerate([*spikes.T, *spikes[:, :2].T]):
            np.testing.assert_array_equal(units["spike_times"][row], np.flatnonzero(train) * 0.002)
            np.testing.assert_array_equal(units["obs_intervals"][row], [[0.0, 0.1]])
        assert units["neuron"][:].tolist() == [*range(7), 0, 1]
        assert list(units["population"][:]) == ["excitatory"] * 7 + ["inhibitory"] * 2
        assert len(units.spike_times.data) == spikes.sum() + spikes[:, :2].sum()
