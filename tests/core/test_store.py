"""What a lake keeps for good comes whole, moves and goes, in a directory as in an object store; trouble with a store has its kind."""

import os

import obstore
import pytest
from obstore.store import S3Store

from broadsheet.errors import ConfigurationError, TransientError
from broadsheet.lake import BINDING, RAW, TABLES, Lake, store_url, working_directory
from broadsheet.store import FEW_READS, EndsBefore, ObjectStore, Store, _client, require_usable, store_of

ANY_KEY = "tables/captures/capture_month=2026-03/manual__2026-03-01T08:00:00+08:00-000.parquet"


@pytest.fixture(params=["directory", "object store"])
def store(request, tmp_path):
    if request.param == "directory":
        return Store(tmp_path / "lake")
    return store_of(Lake.at(request.getfixturevalue("s3_url")))


@pytest.fixture
def in_s3(s3_url):
    """An object store, and the bare client of another program for what it holds."""
    store = store_of(Lake.at(s3_url))
    return store, S3Store.from_url(s3_url, client_options={"allow_http": True})


def put(store, key, content):
    with store.new(key) as aside:
        aside.write_bytes(content)


def test_files_come_move_and_go(store):
    put(store, ANY_KEY, b"rows")
    put(store, "tables/captures.txt", b"no part")
    local = store.root / "staging" / "part"
    local.parent.mkdir(parents=True)
    local.write_bytes(b"more rows")
    store.take_all({"tables/sites/a.parquet": local})
    assert not local.exists()
    assert store.keys(TABLES, ".parquet") == [ANY_KEY, "tables/sites/a.parquet"]
    assert [path.read_bytes() for path in store.files(TABLES, ".parquet")] == [b"rows", b"more rows"]

    store.move(ANY_KEY, "withdrawn/x.parquet")
    assert store.keys(TABLES, ".parquet") == ["tables/sites/a.parquet"]
    assert (store.exists(ANY_KEY), store.read("withdrawn/x.parquet")) == (False, b"rows")
    assert store.read_range("withdrawn/x.parquet", 1, 2) == b"ow"
    store.delete("withdrawn/x.parquet")
    store.delete("withdrawn/x.parquet")
    for asked in (store.read, store.file, lambda key: store.read_range(key, 0, 1)):
        with pytest.raises(FileNotFoundError):
            asked("withdrawn/x.parquet").stat()


def test_what_is_not_finished_is_not_there(store):
    with pytest.raises(RuntimeError), store.new(ANY_KEY) as aside:
        aside.write_bytes(b"half")
        raise RuntimeError("power cut")
    assert store.keys(TABLES, ".parquet") == [] and not store.exists(ANY_KEY)


def test_a_large_file_comes_back_as_it_was(store):
    content = os.urandom(18 << 20)  # sent and fetched in several pieces
    put(store, "raw/large.warc.gz", content)
    (store.root / "raw" / "large.warc.gz").unlink() if isinstance(store, ObjectStore) else None
    assert store.file("raw/large.warc.gz").read_bytes() == content


def test_a_few_bytes_are_read_as_they_are_and_the_file_is_fetched_when_more_are_wanted(in_s3):
    store, bucket = in_s3
    obstore.put(bucket, "raw/a.warc.gz", bytes(range(256)))
    copy = store.root / "raw" / "a.warc.gz"
    read = [store.read_range("raw/a.warc.gz", number, 1) for number in range(FEW_READS)]
    assert not copy.exists()
    read += [store.read_range("raw/a.warc.gz", number, 1) for number in range(FEW_READS, 256)]
    assert copy.exists() and b"".join(read) == bytes(range(256))


@pytest.mark.parametrize("reads", [0, FEW_READS])
def test_bytes_beyond_the_end_are_not_made_up(in_s3, reads):
    store, bucket = in_s3
    obstore.put(bucket, "raw/a.warc.gz", b"short")
    for _ in range(reads):
        store.read_range("raw/a.warc.gz", 0, 1)
    assert store.read_range("raw/a.warc.gz", 3, 9) == b"rt"
    try:
        assert store.read_range("raw/a.warc.gz", 9, 9) == b""
    except EndsBefore as error:
        assert not reads and "ends before" in str(error)


def test_copies_of_what_is_no_longer_there_go(in_s3):
    store, bucket = in_s3
    put(store, ANY_KEY, b"rows")
    obstore.delete(bucket, ANY_KEY)
    assert store.files(TABLES, ".parquet") == [] and not (store.root / ANY_KEY).exists()


def test_what_changes_is_read_as_it_is_now(in_s3):
    store, bucket = in_s3
    assert not store.current("tombstones.jsonl").exists()
    for content in (b"one", b"two"):  # of the same length
        obstore.put(bucket, "tombstones.jsonl", content)
        assert store.current("tombstones.jsonl").read_bytes() == content
    obstore.delete(bucket, "tombstones.jsonl")
    assert not store.current("tombstones.jsonl").exists()


def test_strays_go_and_unfinished_files_stay(in_s3):
    store, bucket = in_s3
    keys = [ANY_KEY, "withdrawn/x.parquet", "raw/a.warc.gz", "raw/index/a.warc.gz.parquet"]
    for key in keys:
        put(store, key, b"rows")
    (store.root / "raw" / "b.warc.gz.part").write_bytes(b"half")
    for key in keys[:-1]:
        obstore.delete(bucket, key)
    store.remove_strays()
    assert [key for key in keys if (store.root / key).exists()] == keys[-1:]
    assert (store.root / "raw" / "b.warc.gz.part").exists()


def test_copies_of_before_another_directory_published_go(in_s3):
    store, bucket = in_s3
    store.claim()
    put(store, "raw/a.warc.gz", b"forgotten")
    obstore.put(bucket, "raw/a.warc.gz", b"blanked\n\n")  # as the other one leaves it, of the same length
    store.claim()
    assert store.file("raw/a.warc.gz").read_bytes() == b"forgotten"
    obstore.put(bucket, "writer.json", OTHER)
    store.claim(is_taken_over=True)
    assert store.file("raw/a.warc.gz").read_bytes() == b"blanked\n\n"


OTHER = b'{"directory_id": "other", "since": "", "directory": "/srv/work", "host": "press2"}'


def test_of_two_directories_that_begin_at_once_one_publishes(in_s3, monkeypatch):
    store, bucket = in_s3
    read, turns = store.read, iter([True])

    def read_before_the_other_began(key):
        try:
            return read(key)
        finally:
            if next(turns, False):
                obstore.put(bucket, "writer.json", OTHER)

    monkeypatch.setattr(store, "read", read_before_the_other_began)
    with pytest.raises(ConfigurationError, match="/srv/work of press2"):
        store.claim()
    assert read("writer.json") == OTHER
    with pytest.raises(TransientError, match="/srv/work of press2"):
        store.require_claim()


def test_a_store_that_knows_no_conditions_is_claimed_all_the_same(in_s3, monkeypatch):
    store, _ = in_s3
    monkeypatch.setenv("AWS_CONDITIONAL_PUT", "disabled")
    monkeypatch.setattr("broadsheet.store._client", _client.__wrapped__)
    store.claim()
    store.claim()
    store.require_claim()


def test_a_takeover_that_dies_lets_go_of_copies_all_the_same(in_s3, monkeypatch):
    store, bucket = in_s3
    store.claim()
    put(store, "raw/a.warc.gz", b"forgotten")
    obstore.put(bucket, "raw/a.warc.gz", b"blanked\n\n")
    obstore.put(bucket, "writer.json", OTHER)
    monkeypatch.setattr(ObjectStore, "_remove_but", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        store.claim(is_taken_over=True)
    monkeypatch.undo()
    store.claim(is_taken_over=True)
    assert store.file("raw/a.warc.gz").read_bytes() == b"blanked\n\n"


def test_copies_take_no_more_than_they_may(in_s3, monkeypatch):
    store, _ = in_s3
    keys = [f"raw/{number}.warc.gz" for number in range(4)]
    for number, key in enumerate(keys):
        put(store, key, bytes(400_000))
        os.utime(store.root / key, (number, number))
    store.trim(RAW)
    assert [key for key in keys if (store.root / key).exists()] == keys
    monkeypatch.setenv("BROADSHEET_STORE_CACHE_MB", "1")
    store.trim(RAW)
    assert [key for key in keys if (store.root / key).exists()] == keys[2:]
    assert store.keys(RAW, ".warc.gz") == keys and store.file(keys[0]).stat().st_size == 400_000
    monkeypatch.setenv("BROADSHEET_STORE_CACHE_MB", "0")
    store.trim(RAW)
    assert [key for key in keys if (store.root / key).exists()] == [keys[0]]  # it was just fetched to be read


# --- which lake is meant ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "url"),
    [
        ("lake", None),
        ("/srv/s3/lake", None),
        ("s3://archive/news", "s3://archive/news"),
        ("S3://archive/news/", "s3://archive/news"),
        ("s3:/archive/news", "s3://archive/news"),  # what a path makes of it
        ("s3://archive", "s3://archive"),
    ],
)
def test_places_of_lakes(place, url):
    assert store_url(place) == url


@pytest.mark.parametrize(
    "place", ["s3://", "gs://archive/news", "https://archive.example/news", "s3://key:secret@archive/news", "s3://archive/a b", "s3://archive/../x"]
)
def test_urls_that_are_no_lakes(place):
    with pytest.raises(ConfigurationError, match="BUCKET/FOLDER"):
        store_url(place)


def test_a_working_directory_is_found_by_the_url_and_belongs_to_it(s3_url, monkeypatch, tmp_path):
    monkeypatch.setenv("BROADSHEET_WORK", str(tmp_path))
    lake = Lake.at(s3_url)
    assert lake == Lake.at(f"{s3_url}/") and lake.root.parent == tmp_path
    assert (lake.name, Lake(lake.root).name) == (s3_url, s3_url)
    assert working_directory("s3://a/b-c") != working_directory("s3://a/b/c")
    stored = (lake.root / BINDING).read_text()
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in stored
    (lake.root / BINDING).write_text(stored.replace("lakes", "others"))
    with pytest.raises(ConfigurationError, match="is the working directory of s3://press-archive/others"):
        Lake.at(s3_url)


def test_a_lake_of_its_own_is_made_no_working_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("BROADSHEET_WORK", str(tmp_path))
    (working_directory("s3://archive/news") / RAW).mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="a lake of its own"):
        Lake.at("s3://archive/news")


# --- trouble ---------------------------------------------------------------------------------------------------------------


def test_a_bucket_that_is_not_there_is_named(s3_server):
    with pytest.raises(ConfigurationError, match="s3://no-such-bucket/news: there is no such bucket"):
        require_usable(Lake.at("s3://no-such-bucket/news"))


def test_a_store_that_does_not_answer_may_do_so_later(s3_url, monkeypatch):
    lake = Lake.at(s3_url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # the discard service, which nobody runs
    monkeypatch.setenv("BROADSHEET_STORE_RETRY_SECONDS", "0.2")
    with pytest.raises(TransientError, match=s3_url):
        require_usable(lake)


@pytest.mark.parametrize(
    ("status", "kind"), [(500, TransientError), (503, TransientError), (429, TransientError), (403, ConfigurationError), (400, ConfigurationError)]
)
def test_kinds_of_answers(s3_url, monkeypatch, answering, status, kind):
    lake = Lake.at(s3_url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", answering(status))
    monkeypatch.setenv("BROADSHEET_STORE_RETRY_SECONDS", "0.2")
    store = store_of(lake)
    (lake.root / "a").write_bytes(b"x")
    for ask in (store.require, lambda: store.read("raw/a"), lambda: store.take(lake.root / "a", "raw/a")):
        with pytest.raises(kind, match=s3_url):
            ask()


@pytest.fixture
def answering():
    """`answering(status)`: URL of a server that answers so, whatever it is asked."""
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    servers = []

    def serve(status: int) -> str:
        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_PUT = do_HEAD = do_POST = answer

            def log_message(self, *_):
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("endpoint", ["s3.example", "ftp://s3.example", "http://s3.example"])
def test_an_endpoint_that_is_wrong_or_in_the_open_is_refused(s3_url, monkeypatch, endpoint):
    lake = Lake.at(s3_url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(ConfigurationError, match=f"AWS_ENDPOINT_URL is .?{endpoint}"):
        require_usable(lake)


def test_a_forked_process_is_told_instead_of_waiting_for_ever(in_s3):
    store, _ = in_s3
    store.require()
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        try:
            store.require()
        except RuntimeError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as told:
        assert "before this process was forked" in told.read()
