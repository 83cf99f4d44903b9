"""Everything public is documented, the documentation's examples run, and the stubs know the native classes."""

import ast
import doctest
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sorn_rs
from sorn_rs import _native, datasets, export, statistics

gymnasium = pytest.importorskip("gymnasium")
import sorn_rs.envs  # noqa: E402
import sorn_rs.parts  # noqa: E402
import sorn_rs.ray_tune  # noqa: E402
import sorn_rs.tracking  # noqa: E402
import sorn_rs.wrappers  # noqa: E402

ROOT = Path(__file__).parent.parent
MODULES = [
    sorn_rs,
    statistics,
    datasets,
    export,
    sorn_rs.envs,
    sorn_rs.parts,
    sorn_rs.ray_tune,
    sorn_rs.tracking,
    sorn_rs.wrappers,
    sorn_rs.sorn,
    sorn_rs.utils,
]
CLASSES = [sorn_rs.Network, sorn_rs.Agent, sorn_rs.StepContext, sorn_rs.Reservoir]


def public(owner):
    names = getattr(owner, "__all__", None) or [name for name in dir(owner) if not name.startswith("_")]
    return [(name, getattr(owner, name)) for name in names]


def test_everything_public_has_a_docstring():
    bare = [
        f"{owner.__name__}.{name}"
        for owner in [*MODULES, *CLASSES]
        for name, what in public(owner)
        if (callable(what) or inspect.ismodule(what) or inspect.isdatadescriptor(what))
        and not inspect.getdoc(what)
    ]
    assert not bare


@pytest.mark.parametrize("owner", [*CLASSES, datasets], ids=lambda owner: owner.__name__)
def test_examples_in_docstrings(owner):
    texts = {owner.__name__: owner.__doc__} | {
        f"{owner.__name__}.{name}": what.__doc__ for name, what in public(owner) if callable(what)
    }
    runner = doctest.DocTestRunner()
    for name, text in texts.items():
        if text and ">>>" in text:
            runner.run(doctest.DocTestParser().get_doctest(text, {}, name, None, None))
    assert runner.summarize(verbose=False).failed == 0


def test_the_stubs_know_every_native_name():
    tree = ast.parse(Path(_native.__file__).with_name("_native.pyi").read_text())
    known = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            known[node.name] = {
                member.name if isinstance(member, ast.FunctionDef) else member.target.id
                for member in node.body
            }
        elif isinstance(node, ast.FunctionDef):
            known[node.name] = set()
        elif isinstance(node, ast.AnnAssign):
            known[node.target.id] = set()
    there = {name: what for name, what in vars(_native).items() if not name.startswith("__")}
    assert set(there) <= set(known)
    for name, what in there.items():
        if inspect.isclass(what):
            members = {member for member in vars(what) if not member.startswith("_")}
            assert members == {member for member in known[name] if not member.startswith("__")}, name


def test_the_package_needs_numpy_alone():
    """So that it is imported quickly, and without extras."""
    heavy = [
        "matplotlib",
        "gymnasium",
        "scipy",
        "pandas",
        "neo",
        "pynwb",
        "tqdm",
        "torch",
        "ray",
        "mlflow",
        "wandb",
        "optuna",
    ]
    code = f"import sys, sorn_rs; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize(
    "extra, module, code",
    [
        ("gym", "gymnasium", "import sorn_rs.envs"),
        ("gym", "gymnasium", "import sorn_rs.wrappers"),
        ("plot", "matplotlib.pyplot", "sorn_rs.Plotter.scatter_plot([[0, 1]], False)"),
        ("neo", "neo", "from sorn_rs import export; export.neo_spike_trains([[True]])"),
        ("ray", "ray.tune", "from sorn_rs.ray_tune import trainable; trainable('x.toml')"),
        ("mlflow", "mlflow", "from sorn_rs.tracking import track; track('runs')"),
        ("wandb", "wandb", "from sorn_rs.tracking import track; track('runs', 'wandb')"),
        ("results", "pandas", "sorn_rs.results('runs')"),
        ("nwb", "pynwb", "from sorn_rs import export; export.write_nwb('x.nwb', {'x': [[True]]})"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(extra, module, code):
    code = f"import sys, sorn_rs; sys.modules[{module!r}] = None; {code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    said = f"ImportError: {module} is needed for this: pip install 'sorn-rs[{extra}]'"
    assert done.stderr.splitlines()[-1] == said


PAGES = [
    ROOT / "README.md",
    ROOT / "docs" / "migration.md",
    ROOT.parent.parent / "docs" / "own-python.md",
    *sorted((ROOT.parent.parent / "docs" / "start").glob("*.md")),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_of_the_pages(page, tmp_path, monkeypatch):
    """Every block of a page runs, in the order in which they stand, in one folder.

    A first line ``# file: NAME`` or ``# NAME.toml`` makes a block a file.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    blocks = re.findall(r"```(python|toml|sh)\n(.*?)```", page.read_text(), re.DOTALL)
    assert blocks
    names = {}
    for language, block in blocks:
        file = re.match(r"# (?:file: (\S+)|(\S+\.toml))\n", block)
        if file:
            Path(file[1] or file[2]).write_text(block)
        elif language == "python":
            exec(compile(block, str(page), "exec"), names)
        elif language == "sh":
            done = subprocess.run(["bash", "-euc", block], capture_output=True, text=True)
            assert done.returncode == 0, block + done.stdout + done.stderr
        else:
            pytest.fail(f"{page}: a block of TOML without the name of its file in the first line")


@pytest.mark.parametrize(
    ("page", "file", "sets", "score"),
    [
        ("series", "series/narma", [], "nrmse"),
        ("sequences", "counting", ["--set", "task.n=8"], "accuracy"),
    ],
)
def test_the_reservoirs_of_the_pages_have_the_numbers_of_the_command(
    page, file, sets, score, tmp_path, capsys
):
    text = (ROOT.parent.parent / f"docs/{page}.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(block, page, "exec"), {})
    file = str(ROOT.parent.parent / f"experiments/{file}.toml")
    command = [sys.executable, "-m", "sorn_rs", "run", file, "--seed", "0", "--out", str(tmp_path), "--quiet"]
    subprocess.run([*command, *sets], check=True, capture_output=True)
    scores = json.loads(next(tmp_path.rglob("summary.json")).read_text())["scores"]
    name, value = capsys.readouterr().out.split()
    assert name == score and float(value) == pytest.approx(scores[score], rel=1e-12)
