"""What openapi.yaml cannot say of a good request, for schemathesis: REPRISE_RECEIVER is where a webhook may point, REPRISE_FROM and
REPRISE_TO are a range of the last days, REPRISE_VERSION and REPRISE_FILE a file of the page. Bad requests go out as they were made."""

import gzip
import os
from datetime import datetime

import schemathesis
from schemathesis import GenerationMode

RECEIVER, FROM, TO, VERSION, FILE = (os.environ["REPRISE_" + name] for name in ("RECEIVER", "FROM", "TO", "VERSION", "FILE"))
MILLIS = int(datetime.fromisoformat(FROM).timestamp() * 1000)


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    """A body of lines is a text: whatever else was made is none. A good one is in gzip where it says so."""
    text = value if isinstance(value, bytes) else str(value).encode()
    return gzip.compress(text) if good(ctx.case) and "gzip" in ctx.case.headers.get("Content-Encoding", "") else text


def good(case):
    return case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE


@schemathesis.hook
def before_call(ctx, case, kwargs):
    if not good(case):
        # Nobody outside is called, however bad the rest of the request is.
        if case.method == "PATCH" and isinstance(case.body, dict) and str(case.body.get("endpoint")).startswith("http"):
            case.body["endpoint"] = RECEIVER
        return
    if "Reprise-Region" in case.headers:  # one of the stack's own
        case.headers["Reprise-Region"] = "us"
    if "file" in case.path_parameters:
        case.path_parameters.update(version=VERSION, file=FILE)
    if case.path.endswith("/estimate"):  # a range of the last week
        case.query.update(start_at=FROM, end_at=TO)
    elif case.method == "PUT":
        case.body.update(start_at=FROM, end_at=TO)
    elif case.method == "PATCH":  # enabling needs both, an endpoint is dialled, and a PUT wants it enabled
        case.body["endpoint"] = RECEIVER
        case.body["authorization"] = (case.body.get("authorization") or "").strip() or "Bearer x"
        case.body["enabled"] = True
    elif case.path.endswith("/audit-log-events") and isinstance(case.body, list):
        case.headers.pop("Content-Encoding", None)
        for entry in case.body:  # of this organization, and of the last week
            entry.pop("org_id", None)
            entry.pop("event_ts", None)
            entry["rt"] = MILLIS
    elif case.path.endswith("/audit-log-events"):
        case.body = '{"event_class_id":"c","name":"n","rt":%d}\n' % MILLIS
