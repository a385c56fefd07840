"""Talks to the control endpoint of the supervisor that runs on a data directory."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from cluster.control import CONTROL_FILE
from cluster.datadir import DataDir
from cluster.errors import ClusterError

TIMEOUT_SECONDS = 30


def call(data: DataDir, method: str, path: str) -> dict[str, Any]:
    """The endpoint's answer; raises ClusterError if nothing runs there or it refuses."""
    control = data.read_json(CONTROL_FILE)
    if not data.is_locked():
        raise ClusterError(f"nothing runs on {data.path}: start it with `python -m cluster up`")
    if not control:
        raise ClusterError(f"the supervisor on {data.path} is just starting or stopping")
    # not urllib, which would ask a proxy named in the environment
    connection = http.client.HTTPConnection(urlsplit(control["url"]).netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path, headers={"Authorization": f"Bearer {control['token']}"})
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ClusterError(f"the supervisor on {data.path} does not answer: {error}") from None
    finally:
        connection.close()
    if response.status >= 400:
        raise ClusterError(answer["message"])
    return answer
