"""Jobs through the newest original client (IVCAP reference 9.4)."""

import asyncio
import io
import json

import pytest
from steps import until

ivcap_client = pytest.importorskip("ivcap_client")
if hasattr(ivcap_client.IVCAP, "add_metadata"):
    pytest.skip("this client has no jobs", allow_module_level=True)

def request(**members):
    return io.StringIO(json.dumps(members))


def ended(job):
    until(lambda: job.finished, "the job did not end")
    return job


def test_a_job_is_accepted_and_asked_for_later(ivcap):
    job = ivcap.get_service_by_name("echo").request_job(request(msg="later"))
    assert job.id.startswith("urn:ivcap:job:")
    assert ended(job).succeeded
    assert job.result == {"msg": "later"}
    assert job.requested_at <= job.started_at <= job.finished_at


def test_a_job_is_waited_for(ivcap):
    echo = ivcap.get_service_by_name("echo")
    job = echo.request_job(echo.request_model(msg="now"), timeout=20)
    assert job.result == {"msg": "now"}


def test_a_job_of_a_service_that_fails_fails(ivcap):
    job = ended(ivcap.get_service_by_name("failing").request_job(request()))
    assert not job.succeeded
    assert job.status().name == "FAILED"


def test_a_job_runs_in_the_background_of_a_program(ivcap):
    echo = ivcap.get_service_by_name("echo")

    async def run():
        job = await echo.request_job_async(request(msg="async"), poll_interval=0.1)
        return await job.wait_for_finished_async(), await job.result_async()

    assert asyncio.run(run())[1] == {"msg": "async"}


def test_a_dictionary_is_no_request(ivcap):
    with pytest.raises(TypeError):
        ivcap.get_service_by_name("echo").request_job({"msg": "x"})
