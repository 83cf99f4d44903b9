"""An environment with several rewards, made one of a single reward."""

import gymnasium
import numpy as np


def deep_sea(**kwargs) -> gymnasium.Env:
    """mo-gymnasium's deep sea treasure, whose rewards, treasure and time, are weighed .7 to .3."""
    import mo_gymnasium
    from mo_gymnasium.wrappers import LinearReward

    return LinearReward(mo_gymnasium.make("deep-sea-treasure-v0", **kwargs), weight=np.array([0.7, 0.3]))
