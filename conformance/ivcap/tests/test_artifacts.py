"""Artifacts through the original clients (IVCAP reference 8.7, 9.6 and 9.7)."""

import io
import os
import urllib.request

import pytest

ivcap_client = pytest.importorskip("ivcap_client")
OLD = hasattr(ivcap_client.IVCAP, "add_metadata")


def state(artifact):
    """Name, state, size and type, whichever client tells them."""
    if OLD:
        status = artifact.status
        return status.name, str(status.status), status.size, status.mime_type
    return artifact.name, artifact.status, artifact.size, artifact.mime_type


def content(artifact, credentials):
    if not OLD:
        opened = artifact.open()
        return opened if isinstance(opened, bytes) else opened.read()
    request = urllib.request.Request(artifact.status.data.self_)
    request.add_header("Authorization", "Bearer " + credentials["jwt"])
    return urllib.request.urlopen(request).read()


@pytest.mark.parametrize("chunk_size", [1000, 1024, 4096, 1 << 20])
def test_a_file_arrives_as_it_is(ivcap, credentials, tmp_path, chunk_size):
    data = os.urandom(10_000)
    (tmp_path / "map.json").write_bytes(data)
    artifact = ivcap.upload_artifact(name="mäp", file_path=str(tmp_path / "map.json"), chunk_size=chunk_size)
    assert state(artifact) == ("mäp", "ready", 10_000, "application/json")
    assert content(artifact, credentials) == data


def test_a_stream_of_unknown_length_arrives_as_it_is(ivcap, credentials):
    data = os.urandom(5000)
    artifact = ivcap.upload_artifact(name="s", io_stream=io.BytesIO(data), content_type="image/tiff", chunk_size=1024)
    assert state(artifact) == ("s", "ready", 5000, "image/tiff")
    assert content(artifact, credentials) == data


def test_nothing_is_complete_at_once(ivcap, tmp_path):
    (tmp_path / "empty.csv").write_bytes(b"")
    artifact = ivcap.upload_artifact(file_path=str(tmp_path / "empty.csv"))
    assert state(artifact)[1:] == ("ready", 0, "text/csv")


def test_artifacts_are_listed_and_read(ivcap):
    artifact = ivcap.upload_artifact(name="listed", io_stream=io.BytesIO(b"abc"), content_type="text/plain")
    urn = artifact.urn
    listed = list(ivcap.list_artifacts(order_desc=True))
    assert urn in [found.urn for found in listed]
    assert state(ivcap.get_artifact(urn))[:2] == ("listed", "ready")
    assert repr(artifact).startswith(f"<Artifact id={urn}, status=")
    assert repr(listed[0]).startswith("<Artifact id=")


def test_metadata_is_attached_to_an_artifact(ivcap):
    artifact = ivcap.upload_artifact(name="labelled", io_stream=io.BytesIO(b"abc"), content_type="text/plain")
    artifact.add_metadata({"label": "cat"}, schema="urn:conformance:schema:label.1")
    assert [record.schema for record in artifact.metadata] == ["urn:conformance:schema:label.1"]


def test_an_upload_that_breaks_is_resumed(ivcap, credentials, monkeypatch):
    from tusclient.uploader import uploader

    data, broken = os.urandom(8000), []
    original = uploader.TusRequest.perform

    def fragile(self):
        original(self)
        if len(broken) < 2:
            broken.append(self)
            # What the server stored, it stored; the client hears of a failure.
            self.status_code = 500

    monkeypatch.setattr(uploader.TusRequest, "perform", fragile)
    artifact = ivcap.upload_artifact(
        name="resumed",
        io_stream=io.BytesIO(data),
        content_type="text/plain",
        content_size=len(data),
        chunk_size=3000,
        retries=3,
        retry_delay=0,
    )
    assert len(broken) == 2
    assert content(artifact, credentials) == data


def test_a_policy_and_a_collection_are_taken_note_of(ivcap):
    if "policy" not in ivcap_client.IVCAP.upload_artifact.__code__.co_varnames:
        pytest.skip("this client has no policies")
    policy = "urn:ivcap:policy:ivcap.open.artifact"
    artifact = ivcap.upload_artifact(
        io_stream=io.BytesIO(b"abc"), content_type="text/plain", policy=policy, collection="urn:conformance:collection:1"
    )
    assert (artifact.status.policy.id if OLD else artifact.policy) == policy


@pytest.mark.skipif(OLD, reason="the newest")
def test_a_tar_is_streamed(ivcap, tmp_path):
    from ivcap_client import TarMember

    (tmp_path / "a.txt").write_text("from a file")
    members = [TarMember.from_bytes(b"from memory", "b.txt"), TarMember.from_file(str(tmp_path / "a.txt"), "a.txt")]
    artifact = ivcap.upload_tar_artifact(members, name="both")
    assert (artifact.status, artifact.mime_type) == ("ready", "application/gzip")
    artifact.untar(str(tmp_path / "out"))
    assert (tmp_path / "out" / "a.txt").read_text() == "from a file"
    assert (tmp_path / "out" / "b.txt").read_text() == "from memory"


@pytest.mark.skipif(OLD, reason="the newest")
def test_a_file_that_was_uploaded_is_not_uploaded_again(ivcap, tmp_path):
    path = tmp_path / "once.txt"
    path.write_text("once")
    first = ivcap.upload_artifact(file_path=str(path))
    assert ivcap.upload_artifact(file_path=str(path)).id == first.id
    assert ivcap.upload_artifact(file_path=str(path), force_upload=True).id != first.id
