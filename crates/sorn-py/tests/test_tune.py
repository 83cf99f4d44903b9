"""`sorn tune`: searches with Optuna."""

import csv
import json
import signal
import subprocess
import sys
import time

import pytest

optuna = pytest.importorskip("optuna")
pytestmark = pytest.mark.filterwarnings("ignore")

FILE = """
name = "poles"
[env]
id = "CartPole-v1"
[agent.encoder]
kind = "random_projection"
[agent.reservoir.params]
ne = 50
[agent.plasticity]
mode = "first_steps"
steps = 20
[agent.learner]
kind = "actor_critic"
[run]
episodes = 8
[eval]
episodes = 1
[sweep]
seeds = [3, 4, 5]
measure = "area"
[sweep.grid]
agent.learner.kind = ["actor_critic", "sarsa"]
[[sweep.together]]
run.window = [4, 5]
run.checkpoint_every = [2, 3]
[sweep.random]
count = 1
[sweep.random.keys]
agent.encoder.gain = { log_uniform = [0.5, 5.0] }
agent.learner.lambda = { uniform = [0.1, 0.9] }
agent.plasticity.steps = { integer = [10, 90] }
"""


def command(*args):
    return [sys.executable, "-m", "sorn_rs", *args]


def sorn(*args, cwd):
    return subprocess.run(command(*args), capture_output=True, text=True, timeout=600, cwd=cwd)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "poles.toml").write_text(FILE)
    return tmp_path


def rows(place, out="runs"):
    with open(place / out / "poles-tune" / "trials.csv") as file:
        return list(csv.DictReader(file))


def mean(place, trial, out="runs"):
    folders = sorted((place / out / "poles-tune" / f"trial-{trial:04}").glob("seed-*"))
    return [json.loads((folder / "summary.json").read_text())["area"] for folder in folders]


def test_a_search_is_the_mean_over_the_seeds_and_the_same_each_time(place):
    arguments = ["tune", "poles.toml", "--jobs", "1", "--startup", "3", "--seed", "7", "--json"]
    done = sorn(*arguments, "--trials", "6", cwd=place)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    trials = rows(place)
    assert len(trials) == 6 and sum(result["trials"].values()) == 6
    complete = [trial for trial in trials if trial["state"] == "complete"]
    for trial in complete:
        values = mean(place, int(trial["trial"]))
        assert len(values) == 3
        assert float(trial["mean"]) == pytest.approx(sum(values) / 3, rel=1e-12)
    for trial in trials:
        if trial["state"] == "pruned":
            assert len(mean(place, int(trial["trial"]))) == int(trial["seeds"]) < 3
    best = max(complete, key=lambda trial: float(trial["mean"]))
    assert result["best"]["trial"] == int(best["trial"])
    # Its values are those of the run directories, and of a file that runs.
    config = (place / "runs/poles-tune" / f"trial-{int(best['trial']):04}" / "seed-3/config.toml").read_text()
    assert f"gain = {float(best['agent.encoder.gain'])!r}" in config
    assert (
        sorn("run", "runs/poles-tune/best.toml", "--seed", "9", "--out", "claim", cwd=place).returncode == 0
    )
    # Optuna's own tools read the study.
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(place / "runs/poles-tune/study.journal"))
    )
    assert len(optuna.load_study(study_name="poles", storage=storage).trials) == 6

    # More trials are added to those that are there, and it is the same search as one of so many from its beginning.
    done = sorn(*arguments, "--trials", "6", cwd=place)
    assert done.returncode == 0 and len(rows(place)) == 6
    done = sorn(*arguments, "--trials", "6", "--out", "again", cwd=place)
    assert done.returncode == 0 and rows(place, "again") == trials


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "random"])
@pytest.mark.parametrize("pruner", ["none", "median", "percentile", "successive-halving", "hyperband"])
def test_samplers_and_pruners_by_name(place, sampler, pruner):
    if sampler != "tpe" and pruner != "hyperband":
        pytest.skip("each name once")
    # CMA-ES has no choices: they are drawn at random.
    arguments = ["--sampler", sampler, "--pruner", pruner, "--startup", "2", "--trials", "4", "--jobs", "2"]
    done = sorn("tune", "poles.toml", *arguments, cwd=place)
    assert done.returncode == 0, done.stderr
    assert "optimistic" in done.stdout and "--seeds 6..26" in done.stdout
    assert done.stderr.count("choices are drawn at random: ") == (sampler == "cmaes")
    assert "RandomSampler" not in done.stderr
    assert len(rows(place)) == 4


def test_a_killed_search_goes_on_with_the_trials_it_left(place):
    arguments = command("tune", "poles.toml", "--trials", "8", "--jobs", "2", "--pruner", "none", "--quiet")
    for _ in range(3):
        child = subprocess.Popen(arguments, cwd=place, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        journal = place / "runs/poles-tune/study.journal"
        deadline = time.monotonic() + 120
        while not (journal.exists() and list(place.glob("runs/poles-tune/trial-*/seed-*"))):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.2)
        child.send_signal(signal.SIGKILL)
        child.wait()
    others = [
        subprocess.Popen(arguments, cwd=place, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for other in others:
        _, said = other.communicate(timeout=600)
        assert other.returncode == 0, said
    done = sorn("tune", "poles.toml", "--trials", "8", "--jobs", "2", "--pruner", "none", cwd=place)
    assert done.returncode == 0, done.stderr
    trials = rows(place)
    complete = [trial for trial in trials if trial["state"] == "complete"]
    # At most those are lost whose values were being drawn.
    assert len(trials) == 8 and len(complete) >= 7, trials
    for trial in complete:
        values = mean(place, int(trial["trial"]))
        assert len(values) == 3 and float(trial["mean"]) == pytest.approx(sum(values) / 3, rel=1e-12)


def test_a_journal_with_half_a_line_is_gone_on_with(place):
    """As a full disk leaves it."""
    arguments = ["tune", "poles.toml", "--jobs", "1", "--pruner", "none"]
    assert sorn(*arguments, "--trials", "2", cwd=place).returncode == 0
    journal = place / "runs/poles-tune/study.journal"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code": 4, "worker_')
    done = sorn(*arguments, "--trials", "4", cwd=place)
    assert done.returncode == 0, done.stderr
    assert len(rows(place)) == 4 and journal.read_bytes().startswith(whole + b"{")
    assert b"worker_{" not in journal.read_bytes()
    # What is damaged within is named.
    journal.write_bytes(whole.replace(b'"op_code"', b'"op_', 1))
    done = sorn(*arguments, "--trials", "5", cwd=place)
    assert done.returncode == 2 and "study.journal: expected a journal" in done.stderr, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files")
def test_a_full_disk_is_named_and_loses_nothing(place):
    arguments = command("tune", "poles.toml", "--jobs", "1", "--pruner", "none", "--quiet", "--trials", "40")
    limited = ["bash", "-c", 'trap \'\' XFSZ; ulimit -f 10; exec "$0" "$@"', *arguments]
    done = subprocess.run(limited, capture_output=True, text=True, timeout=600, cwd=place)
    assert done.returncode == 1, done.stderr
    assert "poles-tune" in done.stderr and "File too large" in done.stderr
    done = sorn("tune", "poles.toml", "--jobs", "2", "--pruner", "none", "--trials", "20", cwd=place)
    assert done.returncode == 0, done.stderr
    assert len(rows(place)) == 20


def test_running_returns_end_a_trial_within_a_run(place):
    arguments = ["tune", "poles.toml", "--jobs", "1", "--startup", "1", "--seed", "3", "--json"]
    changes = ["--set", "run.episodes=60", "--set", "run.stop_when_solved=false"]
    done = sorn(*arguments, *changes, "--trials", "8", "--prune-every", "5", cwd=place)
    assert done.returncode == 0, done.stderr
    pruned = [trial for trial in rows(place) if trial["state"] == "pruned"]
    assert pruned
    # At least one was ended within a run: it has no summary, and its episodes are those of a report.
    ended = [
        folder
        for trial in pruned
        for folder in (place / f"runs/poles-tune/trial-{int(trial['trial']):04}").glob("seed-*")
        if not (folder / "summary.json").exists()
    ]
    assert ended
    for folder in ended:
        episodes = len((folder / "metrics.jsonl").read_text().splitlines())
        assert 0 < episodes < 60 and episodes % 5 == 0
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(place / "runs/poles-tune/study.journal"))
    )
    runs = optuna.load_study(study_name="poles-runs", storage=storage)
    states = [trial.state.name for trial in runs.trials]
    assert states.count("PRUNED") == len(ended) and "RUNNING" not in states
    for trial in runs.trials:
        # The values are the mean returns of the metrics.
        place_of = (
            place
            / f"runs/poles-tune/trial-{trial.user_attrs['trial']:04}"
            / f"seed-{trial.user_attrs['seed']}"
        )
        lines = [json.loads(line)["return"] for line in (place_of / "metrics.jsonl").read_text().splitlines()]
        window = 4 if "window = 4" in (place_of / "config.toml").read_text() else 5
        for step, value in trial.intermediate_values.items():
            last = lines[max(0, 5 * step - window) : 5 * step]
            assert value == pytest.approx(sum(last) / len(last), rel=1e-12)
    # The same call goes on, another distance is another search.
    assert sorn(*arguments, *changes, "--trials", "9", "--prune-every", "5", cwd=place).returncode == 0
    done = sorn(*arguments, *changes, "--trials", "10", "--prune-every", "7", cwd=place)
    assert done.returncode == 2 and "--prune-every: expected 5" in done.stderr


def test_ctrl_c_saves_what_was_done(place):
    long = FILE.replace("episodes = 8", "episodes = 1000000\nstop_when_solved = false")
    (place / "poles.toml").write_text(long)
    child = subprocess.Popen(
        command("tune", "poles.toml", "--jobs", "1"),
        cwd=place,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not list(place.glob("runs/poles-tune/trial-*/seed-3/metrics.jsonl")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130, said
    assert "what was done is saved" in said


def test_what_is_wrong_is_named(place):
    for change, expected in [
        (("actor_critic", "actor_critik"), "did you mean"),
        (("[sweep]\nseeds", "[swep]\nseeds"), "swep: unknown key"),
        (("[0.5, 5.0]", "[5.0, 0.5]"), "log_uniform: expected two finite numbers"),
    ]:
        (place / "wrong.toml").write_text(FILE.replace(*change))
        done = sorn("tune", "wrong.toml", "--trials", "2", cwd=place)
        assert done.returncode == 2 and expected in done.stderr, done.stderr
    assert sorn("tune", "poles.toml", "--sampler", "gp", cwd=place).returncode == 2
    done = sorn("tune", "poles.toml", "--storage", "nowhere/study.journal", cwd=place)
    assert done.returncode == 2 and "--storage: expected a file" in done.stderr
    assert sorn("tune", "poles.toml", "--trials", "1", cwd=place).returncode == 0
    done = sorn("tune", "poles.toml", "--trials", "2", "--set", "run.episodes=9", cwd=place)
    assert done.returncode == 2 and "holds another search (run.episodes was 8, is now 9)" in done.stderr
    # A measure that no summary has ends the search in its first run.
    done = sorn(
        "tune", "poles.toml", "--trials", "1", "--set", "sweep.measure=scores.x", "--out", "other", cwd=place
    )
    assert done.returncode == 2 and "sweep.measure: expected one of" in done.stderr


def test_finalists_are_chosen_by_seeds_that_did_not_choose_them(place):
    arguments = ["tune", "poles.toml", "--trials", "6", "--jobs", "2", "--pruner", "none", "--json"]
    done = sorn(*arguments, "--confirm", "4", "--finalists", "3", cwd=place)
    assert done.returncode == 0, done.stderr
    best = json.loads(done.stdout)["best"]
    with open(place / "runs" / "poles-tune" / "finalists.csv") as file:
        finalists = list(csv.DictReader(file))
    ranked = sorted(rows(place), key=lambda row: (-float(row["mean"]), int(row["trial"])))
    assert [row["trial"] for row in finalists] == [row["trial"] for row in ranked[:3]]
    for row in finalists:
        trial = place / "runs" / "poles-tune" / f"trial-{int(row['trial']):04}"
        found = [
            json.loads((trial / f"seed-{seed}" / "summary.json").read_text())["area"] for seed in range(6, 10)
        ]
        assert float(row["confirmed"]) == pytest.approx(sum(found) / 4) and row["seeds"] == "4"
    winner = max(finalists, key=lambda row: (float(row["confirmed"]), -int(row["trial"])))
    assert best["trial"] == int(winner["trial"])
    assert best["confirmed"] == {"mean": float(winner["confirmed"]), "seeds": [6, 7, 8, 9], "finalists": 3}
    text = (place / "runs" / "poles-tune" / "best.toml").read_text()
    assert "over 4 seeds" in text
    # What is there is not run again, and says the same.
    again = sorn(*arguments, "--confirm", "4", "--finalists", "3", cwd=place)
    assert json.loads(again.stdout)["best"] == best


def test_seeds_of_a_claim_confirm_nothing(place):
    text = (
        (place / "poles.toml").read_text().replace("seeds = [3, 4, 5]", "seeds = [3]\nfresh_seeds = [4, 6]")
    )
    (place / "poles.toml").write_text(text)
    done = sorn("tune", "poles.toml", "--trials", "2", "--confirm", "3", "--json", cwd=place)
    assert json.loads(done.stdout)["best"]["confirmed"]["seeds"] == [5, 7, 8], done.stderr
    refused = sorn("tune", "poles.toml", "--finalists", "3", cwd=place)
    assert refused.returncode == 2 and "--confirm" in refused.stderr


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_search_that_goes_on_draws_other_trials(place, sampler):
    arguments = ["tune", "poles.toml", "--jobs", "1", "--startup", "2", "--sampler", sampler]
    for trials in ("3", "5", "7"):
        sorn(*arguments, "--trials", trials, cwd=place)
    drawn = [tuple(row.items())[4:] for row in rows(place)]
    assert len(set(drawn)) == 7, drawn


def test_processes_together_draw_other_trials(place):
    arguments = ["tune", "poles.toml", "--jobs", "1", "--trials", "8", "--sampler", "random"]
    started = [subprocess.Popen(command(*arguments), cwd=place, stdout=subprocess.PIPE) for _ in range(2)]
    for process in started:
        assert process.wait(timeout=300) == 0
        process.stdout.close()
    drawn = [tuple(row.items())[4:] for row in rows(place)]
    assert len(set(drawn)) == len(drawn) == 8, drawn


def test_a_measure_that_no_run_has_ends_the_search(place):
    done = sorn("tune", "poles.toml", "--trials", "4", "--set", "sweep.measure=areal", cwd=place)
    assert done.returncode != 0 and "sweep.measure: expected one of" in done.stderr
    assert done.stderr.count("areal") == 1, done.stderr
