"""What TensorBoard's HParams dashboard finds in the folder named by the first argument: the experiment, and its groups of sessions."""

import json
import sys

from tensorboard import context
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups


def main():
    events = EventMultiplexer()
    events.AddRunsFromDirectory(sys.argv[1])
    events.Reload()
    backend = backend_context.Context(TBContext(data_provider=MultiplexerDataProvider(events, sys.argv[1])))
    asked = context.RequestContext()
    metadata = backend.hparams_metadata(asked, "0")
    experiment = backend.experiment_from_metadata(asked, "0", True, metadata, [])
    request = api_pb2.ListSessionGroupsRequest(
        allowed_statuses=[api_pb2.STATUS_SUCCESS, api_pb2.STATUS_UNKNOWN],
        aggregation_type=api_pb2.AGGREGATION_AVG,
        start_index=0,
        slice_size=1000,
    )
    found = list_session_groups.Handler(asked, backend, "0", request).run()
    json.dump(
        {
            "name": experiment.name,
            "keys": [info.name for info in experiment.hparam_infos],
            "metrics": [info.name.tag for info in experiment.metric_infos],
            "groups": [
                {
                    "name": group.name,
                    "values": {
                        name: getattr(value, value.WhichOneof("kind"))
                        for name, value in group.hparams.items()
                    },
                    "metrics": {value.name.tag: value.value for value in group.metric_values},
                    "sessions": len(group.sessions),
                }
                for group in found.session_groups
            ],
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
