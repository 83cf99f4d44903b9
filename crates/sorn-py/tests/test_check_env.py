"""Every registered environment, bare and wrapped, passes the checkers of Gymnasium and of stable-baselines3."""

import warnings

import pytest

gymnasium = pytest.importorskip("gymnasium")
from gymnasium.utils.env_checker import check_env  # noqa: E402

import sorn_rs.envs  # noqa: E402
from sorn_rs.wrappers import SornObservation  # noqa: E402

IDS = [spec["id"] for spec in sorn_rs._native.env_specs()]
NOT_OURS = [
    # The bounds are those of Gymnasium's own environments.
    ".*Box observation space.*(minimum|maximum) value is -?infinity",
    ".*symmetric and normalized",
    # CartPole-v0 is.
    ".*is out of date",
    ".*is different from the unwrapped version",
]


def wrapped(id):
    return SornObservation(gymnasium.make(f"sorn_rs/{id}"), seed=1, ne=50, lambda_ei=20)


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for message in NOT_OURS:
            warnings.filterwarnings("ignore", message=message)
        yield


@pytest.mark.parametrize("id", IDS)
def test_gymnasiums(id):
    check_env(gymnasium.make(f"sorn_rs/{id}", render_mode="rgb_array").unwrapped)
    check_env(wrapped(id), skip_render_check=True)


@pytest.mark.parametrize("id", IDS)
def test_stable_baselines3s(id):
    checker = pytest.importorskip(
        "stable_baselines3.common.env_checker",
        reason="stable-baselines3 IS NOT INSTALLED: ITS CHECKER DID NOT RUN",
    )
    checker.check_env(gymnasium.make(f"sorn_rs/{id}", render_mode="rgb_array"), warn=True)
    checker.check_env(wrapped(id), warn=True)
