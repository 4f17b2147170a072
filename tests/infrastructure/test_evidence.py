"""Evidence files: taken in under rules, sealed, proved whole before they are served, and gone with their holder."""

import hashlib
import io
import pickle
import tracemalloc
import zipfile
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from application.ports import Purpose
from infrastructure.evidence import (
    EvidenceAltered,
    EvidenceMissing,
    EvidenceRefused,
    EvidenceStore,
    StoredEvidence,
    local_bucket,
    s3_bucket,
)
from infrastructure.sealing.errors import HolderErased, HolderKeyMissingError, SealBrokenError
from infrastructure.sealing.stream import CHUNK, open_stream, seal_stream
from tests.keys_in_memory import InMemoryKeyring

MINE = Purpose(uploader="somebody")

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 1000
KEY = b"k" * 32


@pytest.fixture
def keyring():
    return InMemoryKeyring()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "evidence"


@pytest.fixture
def store(folder, keyring):
    return EvidenceStore(local_bucket(folder), keyring)


def pieces(content, size=10_000):
    return [content[i : i + size] for i in range(0, len(content), size)]


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


class TestPut:
    """What is taken in, and what is not."""

    def test_answers_what_a_case_records(self, store):
        """Digest, size and type are those of the content, however it was cut."""
        expected = StoredEvidence(hashlib.sha256(PDF).hexdigest(), len(PDF), "application/pdf")
        holder = uuid4()
        for size in (1_000, 4, len(PDF)):
            assert store.put(pieces(PDF, size), holder, "application/pdf", MINE, sha256=expected.sha256) == expected

    @pytest.mark.parametrize(
        ("media_type", "head"),
        [
            ("application/pdf", b"%PDF-1.4"),
            ("image/png", b"\x89PNG\r\n\x1a\n"),
            ("image/jpeg", b"\xff\xd8\xff\xe0"),
            ("image/tiff", b"II*\x00"),
            ("image/tiff", b"MM\x00*"),
        ],
    )
    def test_takes_scans_and_documents(self, store, media_type, head):
        """PDF, PNG, JPEG and both kinds of TIFF, also when they arrive byte by byte or are very short."""
        assert store.put([bytes([byte]) for byte in head], uuid4(), media_type, MINE).media_type == media_type

    def test_takes_no_archive_under_any_name(self, store, folder):
        """A zip bomb is refused by its first bytes: it is never opened, and nothing of it is kept."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bomb", b"\0" * (10 << 20))
        for media_type in ("application/pdf", "application/zip", "image/png"):
            with pytest.raises(EvidenceRefused) as refused:
                store.put([buffer.getvalue()], uuid4(), media_type, MINE)
            assert refused.value.code == "evidence-type"
        assert files(folder) == []

    @pytest.mark.parametrize(
        ("content", "media_type"),
        [
            (PDF, "image/png"),
            (PDF, "text/html"),
            (PDF, "APPLICATION/PDF; x=1"),
            (PDF, ""),
            (b"<html><script>", "application/pdf"),
            (b" %PDF-1.7", "application/pdf"),
            (b"%PD", "application/pdf"),
            (b"\x1f\x8b\x08\0\0\0\0\0", "image/jpeg"),
            (b"MZ", "image/tiff"),
        ],
    )
    def test_takes_nothing_that_is_not_what_it_says(self, store, folder, content, media_type):
        """The declared type must be accepted and be the one the content shows."""
        with pytest.raises(EvidenceRefused) as refused:
            store.put([content], uuid4(), media_type, MINE)
        assert refused.value.code == "evidence-type"
        assert files(folder) == []

    def test_stops_reading_what_is_too_large(self, store, folder):
        """One byte beyond the limit is refused, and an endless sender is not read to the end; the limit itself is fine."""
        store.put([PDF], uuid4(), "application/pdf", MINE, max_size=len(PDF))
        taken = []

        def endless():
            while True:
                taken.append(1)
                yield PDF

        for source in ([PDF + b"x"], endless()):
            with pytest.raises(EvidenceRefused) as refused:
                store.put(source, uuid4(), "application/pdf", MINE, max_size=len(PDF))
            assert refused.value.code == "evidence-too-large"
        assert len(taken) == 2
        assert len(files(folder)) == 1

    def test_never_raises_the_installations_limit(self, folder, keyring):
        """A caller may ask for less than the installation allows, not for more."""
        small = EvidenceStore(local_bucket(folder), keyring, max_size=100)
        with pytest.raises(EvidenceRefused, match="larger"):
            small.put([PDF], uuid4(), "application/pdf", MINE, max_size=1 << 30)

    def test_takes_no_empty_file(self, store):
        """Nothing is no evidence."""
        for source in ([], [b"", b""]):
            with pytest.raises(EvidenceRefused) as refused:
                store.put(source, uuid4(), "application/pdf", MINE)
            assert refused.value.code == "evidence-empty"

    def test_compares_with_what_was_announced(self, store, folder):
        """Content that isn't what the sender announced is refused and not kept."""
        with pytest.raises(EvidenceRefused) as refused:
            store.put([PDF], uuid4(), "application/pdf", MINE, sha256="0" * 64)
        assert refused.value.code == "evidence-digest"
        assert files(folder) == []

    def test_keeps_nothing_of_an_interrupted_upload(self, store, folder):
        """A sender that breaks off leaves no file."""

        def broken():
            yield PDF
            raise ConnectionError

        with pytest.raises(ConnectionError):
            store.put(broken(), uuid4(), "application/pdf", MINE)
        assert files(folder) == []

    def test_refuses_an_erased_holder(self, store, keyring):
        """Nothing more is kept about somebody who was erased."""
        holder = uuid4()
        keyring.destroy(holder)
        with pytest.raises(HolderErased):
            store.put([PDF], holder, "application/pdf", MINE)

    def test_shows_neither_content_nor_holder_nor_digest(self, store, folder):
        """Names and bytes in the folder tell nothing: no content, no reference, no digest; the folder is its owner's."""
        holder = uuid4()
        stored = store.put([PDF], holder, "application/pdf", MINE)
        (path,) = files(folder)
        for telling in (str(holder), holder.hex, stored.sha256, "pdf"):
            assert telling not in str(path.relative_to(folder))
        assert b"%PDF" not in path.read_bytes()
        assert PDF[1000:1032] not in path.read_bytes()
        assert folder.stat().st_mode & 0o077 == 0

    def test_keeps_two_holders_apart(self, store, folder):
        """The same file of two holders is two files under two keys."""
        one, other = uuid4(), uuid4()
        for holder in (one, other, one):
            store.put([PDF], holder, "application/pdf", MINE)
        first, second = files(folder)
        assert first.read_bytes() != second.read_bytes()


class TestOpen:
    """Whole, or not at all."""

    def test_serves_what_it_was_uploaded_for(self, store):
        """Whoever knows a digest and a person gets no file with it: it serves its case, or its uploader's submissions, alone."""
        holder, case = uuid4(), Purpose(case_id=uuid4())
        stored = store.put([PDF], holder, "application/pdf", MINE)
        for other in (case, Purpose(uploader="somebody else"), Purpose(case_id=uuid4())):
            assert store.size_of(stored.sha256, holder, [other]) is None
            with pytest.raises(EvidenceMissing):
                store.open(stored.sha256, holder, [other])
        store.adopt(stored.sha256, holder, MINE, case)
        assert store.size_of(stored.sha256, holder, [case]) == len(PDF)
        store.adopt("0" * 64, holder, MINE, case)
        assert store.forget(holder) == 2

    @pytest.mark.parametrize("bucket", [MemoryStore, None])
    def test_gives_back_what_was_put(self, folder, keyring, bucket):
        """The content comes back, from a folder and from another kind of store."""
        store, holder = EvidenceStore(bucket() if bucket else local_bucket(folder), keyring), uuid4()
        stored = store.put(pieces(PDF), holder, "application/pdf", MINE)
        with store.open(stored.sha256, holder, [MINE]) as found:
            assert found.size == len(PDF)
            assert b"".join(found) == PDF

    @pytest.mark.parametrize("place", [0, 10, 40, CHUNK, -1])
    def test_serves_nothing_altered(self, store, folder, place):
        """One flipped bit anywhere, the last chunk included, is found before the first byte is served."""
        holder = uuid4()
        stored = store.put([PDF], holder, "application/pdf", MINE)
        (path,) = files(folder)
        content = bytearray(path.read_bytes())
        content[place] ^= 1
        path.write_bytes(content)
        with pytest.raises(EvidenceAltered):
            store.open(stored.sha256, holder, [MINE])

    @pytest.mark.parametrize("length", [0, 10, 36, 36 + CHUNK + 16, -1])
    def test_serves_nothing_cut_short(self, store, folder, length):
        """A file cut anywhere, at the end of a chunk too, is altered."""
        holder = uuid4()
        stored = store.put([PDF], holder, "application/pdf", MINE)
        (path,) = files(folder)
        path.write_bytes(path.read_bytes()[:length])
        with pytest.raises(EvidenceAltered):
            store.open(stored.sha256, holder, [MINE])

    def test_serves_no_other_file(self, store, folder):
        """Another file of the same holder in its place is altered; a file of another holder too."""
        holder, other = uuid4(), uuid4()
        stored = store.put([PDF], holder, "application/pdf", MINE)
        (path,) = files(folder)
        own = path.read_bytes()
        for owner in (holder, other):
            store.put([PDF + b"more"], owner, "application/pdf", MINE)
        for another in set(files(folder)) - {path}:
            path.write_bytes(another.read_bytes())
            with pytest.raises(EvidenceAltered):
                store.open(stored.sha256, holder, [MINE])
        path.write_bytes(own)
        with store.open(stored.sha256, holder, [MINE]) as found:
            assert b"".join(found) == PDF

    def test_serves_what_it_proved(self, store, folder):
        """A file that is exchanged after it was proved doesn't change what is served."""
        holder = uuid4()
        stored = store.put([PDF], holder, "application/pdf", MINE)
        with store.open(stored.sha256, holder, [MINE]) as found:
            files(folder)[0].write_bytes(b"something else")
            assert b"".join(found) == PDF

    def test_says_what_is_missing(self, store, folder):
        """A file that is gone, was never there, is another holder's, or has an impossible digest."""
        holder, other = uuid4(), uuid4()
        stored = store.put([PDF], holder, "application/pdf", MINE)
        store.put([PDF + b"x"], other, "application/pdf", MINE)
        for digest, owner in ((stored.sha256, other), ("0" * 64, holder), ("../../etc/passwd", holder), ("", holder)):
            with pytest.raises(EvidenceMissing):
                store.open(digest, owner, [MINE])
        for path in files(folder):
            path.unlink()
        with pytest.raises(EvidenceMissing):
            store.open(stored.sha256, holder, [MINE])

    def test_takes_a_missing_key_for_no_erasure(self, store):
        """A holder whose key was never there is a failure of the key table, not an erased holder."""
        with pytest.raises(HolderKeyMissingError):
            store.open("0" * 64, uuid4(), [MINE])


class TestForget:
    """Erasure takes the files along."""

    def test_removes_all_files_of_one_holder(self, store, folder):
        """Every file of the holder goes, in any number; others stay; again finds nothing."""
        gone, kept = uuid4(), uuid4()
        for number in range(7):
            store.put([PDF + bytes([number])], gone, "application/pdf", MINE)
        stored = store.put([PDF], kept, "application/pdf", MINE)
        assert store.forget(gone) == 7
        assert store.forget(gone) == 0
        assert len(files(folder)) == 1
        with store.open(stored.sha256, kept, [MINE]) as found:
            assert b"".join(found) == PDF

    def test_is_not_needed_for_secrecy(self, store, keyring):
        """Once the key is destroyed the file can't be opened, whether or not it was removed."""
        holder = uuid4()
        stored = store.put([PDF], holder, "application/pdf", MINE)
        keyring.destroy(holder)
        with pytest.raises(EvidenceMissing):
            store.open(stored.sha256, holder, [MINE])
        assert store.forget(holder) == 1


def test_memory_does_not_grow_with_the_file(store):
    """A file of 16 MiB passes in and out with at most one part of an upload (5 MiB) in memory."""
    block, holder = bytes(64 * 1024), uuid4()
    tracemalloc.start()
    try:
        stored = store.put([b"%PDF-1.7", *(block for _ in range(255))], holder, "application/pdf", MINE)
        with store.open(stored.sha256, holder, [MINE]) as found:
            assert sum(map(len, found)) == stored.size
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_refusal_crosses_processes():
    """Code and sentence survive pickling."""
    assert pickle.loads(pickle.dumps(EvidenceRefused("evidence-empty"))).code == "evidence-empty"


def test_a_bucket_is_named_by_its_address():
    """An S3 bucket is made from its address without a connection; any other address is refused."""
    s3_bucket("s3://evidence/zj", region="cn-east-1", access_key_id="a", secret_access_key="b")
    with pytest.raises(ValueError, match="s3://"):
        s3_bucket("file:///etc")


class TestStream:
    """The construction itself, at the edges of its chunks."""

    @given(st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7]), st.integers(1, 3 * CHUNK))
    def test_gives_back_what_was_sealed(self, length, cut):
        """Any length, cut in any way on either side, comes back."""
        content = bytes(length)
        sealed = b"".join(seal_stream(KEY, b"bound", pieces(content, cut)))
        assert b"".join(open_stream(KEY, b"bound", pieces(sealed, cut))) == content

    @pytest.mark.parametrize(
        "change",
        [
            lambda head, chunks: [head, *reversed(chunks)],
            lambda head, chunks: [head, *chunks, chunks[-1]],
            lambda head, chunks: [head, *chunks[1:]],
            lambda head, chunks: [head, *chunks[:-1]],
            lambda head, chunks: [head, chunks[0], chunks[0], *chunks[1:]],
            lambda head, chunks: [head, chunks[0], chunks[2]],
            lambda head, chunks: [head, *chunks, b"x"],
            lambda head, _chunks: [head],
            lambda head, _chunks: [head[:20]],
            lambda head, chunks: [b"RRS2" + head[4:], *chunks],
            lambda head, chunks: [head[:4] + bytes(32), *chunks],
            lambda _head, _chunks: [],
        ],
    )
    def test_finds_every_rearrangement(self, change):
        """Chunks that changed places, were doubled, dropped, added or cut off, and another beginning."""
        head, *chunks = seal_stream(KEY, b"bound", [bytes(3 * CHUNK)])
        with pytest.raises(SealBrokenError):
            list(open_stream(KEY, b"bound", change(head, chunks)))

    def test_binds_to_key_and_place(self):
        """Another key or other additional data opens nothing."""
        sealed = list(seal_stream(KEY, b"bound", [b"content"]))
        for key, bound in ((b"K" * 32, b"bound"), (KEY, b"elsewhere")):
            with pytest.raises(SealBrokenError):
                list(open_stream(key, bound, sealed))

    def test_never_repeats_itself(self):
        """Sealing the same content twice gives two different files."""
        assert list(seal_stream(KEY, b"", [b"c"])) != list(seal_stream(KEY, b"", [b"c"]))
