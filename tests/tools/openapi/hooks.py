"""Gives each request a client address of its own: the service blocks an address that sends many wrong keys."""

import itertools

from requests.adapters import HTTPAdapter

numbers = itertools.count(1)
send = HTTPAdapter.send


def send_from(adapter, request, **how):
    # Added after schemathesis has recorded the request, by which it judges the response.
    number = next(numbers)
    request.headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return send(adapter, request, **how)


HTTPAdapter.send = send_from
