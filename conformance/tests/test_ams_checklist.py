"""Every public name of the original is used by some test: a new release cannot slip past unnoticed."""

import re

import argo_ams_library
import pytest
from argo_ams_library import ams, amsuser

from pentad.names import public_methods, sources

CLASSES = [
    ams.AmsHttpRequests,
    argo_ams_library.ArgoMessagingService,
    argo_ams_library.AmsTopic,
    argo_ams_library.AmsSubscription,
    argo_ams_library.AmsMessage,
    amsuser.AmsUser,
    amsuser.AmsUserProject,
]
EXPORTED = {
    *("ArgoMessagingService", "AmsMessage", "AmsTopic", "AmsSubscription", "AmsUser", "AmsUserProject"),
    *("AmsException", "AmsServiceException", "AmsBalancerException", "AmsTimeoutException"),
    *("AmsConnectionException", "AmsMessageException"),
}
SOURCES = sources(__file__, "test_ams_*.py")
OWNERS = [(owner.__name__, owner) for owner in CLASSES]


@pytest.mark.parametrize("name", list(public_methods(OWNERS)))
def test_every_public_method_is_exercised(name):
    assert re.search(rf"\.{name}\b|\"{name}\"", SOURCES)


@pytest.mark.parametrize("name", sorted(EXPORTED))
def test_every_export_is_exercised(name):
    assert hasattr(argo_ams_library, name)
    assert re.search(rf"\b{name}\b", SOURCES)


def test_the_original_has_the_41_routes_and_the_exchange():
    client = ams.AmsHttpRequests("127.0.0.1", 8443, token="t")
    assert len(client.routes) == 42
    assert sum(1 for name in client.routes if name != "auth_x509") == 41
