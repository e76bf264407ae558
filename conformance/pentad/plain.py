"""Requests without a client: what the original cannot say, and exact answers."""

import json

import requests


class Plain:
    """Speaks to the messaging service with one token, over the same TLS listener as the original."""

    def __init__(self, server, token=None):
        self._base = f"https://{server.endpoints['ams']}/v1"
        self._token = token

    def __call__(self, method, path, body=None, **options):
        """Sends one request; `body` is a text as it is, or a value to be written as JSON."""
        headers = {} if self._token is None else {"x-api-key": self._token}
        data = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        return requests.request(
            method, self._base + path, data=data, headers=headers, allow_redirects=False, timeout=30, **options
        )


def error_of(answer):
    """`(code, message, status)` of an error answer, whose code must be the HTTP status."""
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    return error["code"], error["message"], error["status"]
