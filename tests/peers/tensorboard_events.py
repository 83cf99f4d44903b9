"""What TensorBoard reads in the folder named by the first argument: of every tag the steps, values and wall times."""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator


def main():
    events = EventAccumulator(sys.argv[1], size_guidance={SCALARS: 0})
    events.Reload()
    found = {}
    for tag in events.Tags()[SCALARS]:
        scalars = events.Scalars(tag)
        found[tag] = {
            "steps": [s.step for s in scalars],
            "values": [s.value for s in scalars],
            "wall_times": [s.wall_time for s in scalars],
        }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
