"""Every block of docs/sweeps.md, by the command of the wheel, in the order in which they stand; where Ray, trackers and submitit are."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

for package in ("ray", "mlflow", "wandb", "submitit", "optuna", "pandas"):
    pytest.importorskip(package)
pytestmark = pytest.mark.filterwarnings("ignore")

PAGE = Path(__file__).parent.parent.parent.parent / "docs" / "sweeps.md"


def test_the_page_on_sweeps(tmp_path):
    env = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db",
        "WANDB_MODE": "offline",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AIR_NEW_OUTPUT": "0",
    }
    blocks = re.findall(r"```(toml|sh|bash|python)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    said = []
    for language, block in blocks:
        if language == "toml":
            (tmp_path / "poles.toml").write_text(block)
            continue
        # A Slurm that is installed need not run.
        block = block.replace(
            'AutoExecutor(folder="submitted/logs")', 'AutoExecutor("submitted/logs", cluster="local")'
        )
        command = [sys.executable, "-c", block] if language == "python" else ["bash", "-euc", block]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env, timeout=600)
        assert done.returncode == 0, block + done.stdout + done.stderr
        said.append(done.stdout)
    assert len(blocks) > 9
    said = "".join(said)
    # Eight tasks, and three runs of the claim.
    for part in [
        "12 tasks in 3 parts",
        "11 runs handed to mlflow",
        "11 runs handed to wandb",
        "runs/poles-tune/best.toml",
    ]:
        assert part in said, said
    # Everything that did the same came to the same.
    table = (tmp_path / "carried/poles/ranking.json").read_text()
    assert table == (tmp_path / "runs/poles/ranking.json").read_text()
    assert len(list((tmp_path / "submitted").glob("poles/*/seed-*/summary.json"))) == 8
    assert (tmp_path / "confirmed/poles-tune/finalists.csv").read_text().count("\n") == 4
    assert "-runs" in (tmp_path / "pruned/poles-tune/study.journal").read_text()
