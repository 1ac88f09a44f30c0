"""Each request comes from an address of its own: of one that shows many wrong keys, the service hears no more."""

import itertools

from requests.adapters import HTTPAdapter

numbers = itertools.count(1)
send = HTTPAdapter.send


def send_from(adapter, request, **how):
    # Behind what schemathesis knows of the request, which it judges the answer by.
    number = next(numbers)
    request.headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return send(adapter, request, **how)


HTTPAdapter.send = send_from
