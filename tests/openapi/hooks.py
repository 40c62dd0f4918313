"""What schemathesis is told about Livline: who asks, and which cases there are.

The test beside (tests/tests/openapi.rs) keeps a fresh token of every role in a folder, for a token lives 60 seconds, and names
cases that exist. Every operation is asked by each role in turn. How often, and with what answer, is written down for the test.
"""

import atexit
import itertools
import json
import os
import pathlib
import threading
from collections import Counter, defaultdict

import schemathesis
from schemathesis.core.parameters import ParameterLocation

FOLDER = pathlib.Path(os.environ["LIVLINE_TEST_FOLDER"])
SERVICE = os.environ["LIVLINE_TEST_SERVICE"]
GIVEN = json.loads((FOLDER / f"{SERVICE}.given.json").read_text())
ROLES = GIVEN["roles"]
NOBODY = "nobody"

lock = threading.Lock()
turns = defaultdict(lambda: itertools.cycle(ROLES))
keys = itertools.count()
seen = defaultdict(Counter)


def negative(case, location):
    return case.meta is not None and case.meta.is_negative_at(location)


@schemathesis.auth(refresh_interval=None)
class Roles:
    def get(self, case, context):
        with lock:
            role = next(turns[case.operation.label])
        return role, None if role == NOBODY else (FOLDER / "tokens" / role).read_text()

    def set(self, case, data, context):
        role, token = data
        case.headers = case.headers or {}
        case.headers["X-Role"] = role
        if token is not None:
            case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Ids that exist, and a key of its own for each command that should be taken."""
    with lock:
        number = next(keys)
    if not negative(case, ParameterLocation.PATH):
        put_given(case.path_parameters or {}, GIVEN["path"].get(resource(case), {}), number)
    if not negative(case, ParameterLocation.QUERY):
        put_given(case.query or {}, GIVEN["query"], number)
    headers = case.headers or {}
    if "Idempotency-Key" in headers and not negative(case, ParameterLocation.HEADER):
        headers["Idempotency-Key"] = f"schemathesis-{number}"
    # A version that somebody made up is never the case's: nothing would ever be taken. tests/tests/input.rs has the header.
    headers.pop("If-Match", None)


def resource(case):
    """What a path is about: `/v1/cases/{id}/…` about cases."""
    return (case.operation.path.split("/") + ["", ""])[2]


def put_given(parameters, given, number):
    for name, values in given.items():
        if name in parameters and values:
            parameters[name] = values[number % len(values)]
        elif name in parameters:
            # An opaque text that only an answer gives.
            del parameters[name]


@schemathesis.hook
def after_call(context, case, response):
    role = (case.headers or {}).get("X-Role", NOBODY)
    with lock:
        seen[case.operation.label][f"{role} {response.status_code}"] += 1


@atexit.register
def write_down():
    (FOLDER / f"{SERVICE}.seen.json").write_text(json.dumps(seen))
