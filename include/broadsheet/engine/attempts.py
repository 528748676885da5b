"""Shards that are done elsewhere, some of them more than once, and brought into staging once.

    attempts/open/shard-003/<token>/   an attempt: what its stages leave, then `done.json`
    attempts/won/shard-003/            the attempt that counts, chosen by a rename; its stages are moved on to where any engine leaves them

An executor that is thought lost may go on beside the one that has its shard now: neither writes where the other does, nor into staging. One
driver at a time chooses and moves. What another driver left finished counts, as long as all that a shard's rows depend on is the same.
"""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import msgspec

from broadsheet import PARSER_VERSION, __version__
from broadsheet.engine.faults import Told, told
from broadsheet.errors import ConfigurationError, TransientError
from broadsheet.lake import ABSENCES, ATTEMPTS, CAPTURES, Lake, read_records, write_records
from broadsheet.pipeline import BY_SHARD
from broadsheet.records import Record
from broadsheet.runs import Run, shards_of
from broadsheet.tombstones import tombstones_of
from broadsheet.transient import room_needed

DONE = "done.json"
_STAGES = tuple(stage.__name__ for stage in BY_SHARD)


class Done(Record, frozen=True):
    """How an attempt at a shard ended; `basis` is what its rows depend on, `fault` why there are none."""

    shard: int
    basis: str
    fault: Told | None = None


class Attempt(Run, frozen=True):
    """A run as one attempt at a shard sees it: what the stages in the middle leave lies in a folder of the attempt's own."""

    folder: str

    @property
    def where(self) -> Lake:
        return _AttemptLake(Path(self.lake), Path(self.folder))


@dataclass(frozen=True, slots=True)
class _AttemptLake(Lake):
    folder: Path

    def shard(self, run_id: str, stage: str, shard: int) -> Path:
        return self.folder / stage if stage in _STAGES else Lake.shard(self, run_id, stage, shard)


def program() -> str:
    """What must be the same wherever a run's shards are read."""
    from broadsheet.tables.schema import SCHEMA_VERSION

    return f"broadsheet {__version__}, parser {PARSER_VERSION}, schema {SCHEMA_VERSION}"


def require_same_program(other: str, where: str) -> None:
    """Raises ConfigurationError where `other`, the program that asks, is not this one."""
    if other != program():
        raise ConfigurationError(f"{where} has {program()}, and was asked by {other}: install the same on all machines")


def attempt(run: Run, shard: int, basis: str) -> Done:
    """Take a shard through its stages, in a folder of this attempt's own, and say so there.

    Raises TransientError, since another attempt may succeed; any other error is the answer.
    """
    if not (run.where.staging(run.run_id) / "run.json").exists():
        raise ConfigurationError(f"an executor does not see {run.lake}: lakes, and working directories of those in object stores, must lie on a file "
                                 "system that all machines share, at the same path")  # fmt: skip
    folder = _attempts(run) / "open" / _name(shard) / token_hex(6)
    try:
        own = Attempt(**msgspec.structs.asdict(run), folder=str(folder))
        for stage in BY_SHARD:
            stage(own, shard)
        done = Done(shard, basis)
        write_records(folder / DONE, [done])
    except Exception as error:
        fault = told(error)
        if fault.kind == "transient":
            shutil.rmtree(folder, ignore_errors=True)
            raise TransientError(fault.message) from error
        done = Done(shard, basis, fault)
        write_records(folder / DONE, [done])
    return done


class Attempts:
    """The attempts at a run's shards, for its one driver."""

    def __init__(self, run: Run, shards: Sequence[int]):
        self.run = run
        self.bases = dict(zip(shards, _bases(run, shards), strict=True))
        self._placed: set[int] = set()

    @property
    def left(self) -> list[int]:
        """Shards that are to be done."""
        return [shard for shard in self.bases if shard not in self._placed]

    @room_needed()
    def take_up(self) -> None:
        """Go on where another driver of the run ended: complete what it chose, and bring in what else was finished."""
        for folder in sorted((_attempts(self.run) / "won").glob("shard-*")):
            done = _read(folder)
            if done is None or self.bases.get(done.shard) != done.basis:
                shutil.rmtree(folder)
                continue
            self._place(folder, done.shard)
        for folder, done in self._finished():
            if done.fault is not None:
                shutil.rmtree(folder)
        self.settle()

    @room_needed()
    def settle(self) -> None:
        """Bring in what has finished. Raises the error that an attempt ended with."""
        for folder, done in self._finished():
            if self.bases.get(done.shard) != done.basis or done.shard in self._placed:
                shutil.rmtree(folder)
            elif done.fault is not None:
                raise done.fault.error()
            elif not all((folder / stage).exists() for stage in _STAGES):  # else what an earlier input left would count for what is missing
                shutil.rmtree(folder)
            else:
                won = _attempts(self.run) / "won" / _name(done.shard)
                won.parent.mkdir(parents=True, exist_ok=True)
                folder.rename(won)
                self._place(won, done.shard)

    def clear(self) -> None:
        """Leave nothing of attempts that did not count; an executor that is thought lost may still leave some, which goes with the staging."""
        shutil.rmtree(_attempts(self.run) / "open", ignore_errors=True)

    def is_whole(self, shard: int) -> bool:
        """Whether staging has what a shard's input, as it is now, gives."""
        done = _read(_attempts(self.run) / "won" / _name(shard))
        return done is not None and done.basis == self.bases[shard] and self._is_there(shard)

    def _finished(self) -> Iterator[tuple[Path, Done]]:
        for file in sorted((_attempts(self.run) / "open").glob(f"shard-*/*/{DONE}")):
            if done := _read(file.parent):
                yield file.parent, done

    def _place(self, won: Path, shard: int) -> None:
        """Move what was not moved yet. Where a stage is in neither place, the attempt does not count."""
        for stage in _STAGES:
            if (won / stage).exists():
                target = self._target(stage, shard)
                shutil.rmtree(target, ignore_errors=True)  # of an earlier input or program
                target.parent.mkdir(parents=True, exist_ok=True)
                (won / stage).rename(target)
        if self._is_there(shard):
            self._placed.add(shard)
        else:
            shutil.rmtree(won)

    def _is_there(self, shard: int) -> bool:
        return all(self._target(stage, shard).exists() for stage in _STAGES)

    def _target(self, stage: str, shard: int) -> Path:
        return self.run.where.shard(self.run.run_id, stage, shard)


def undone(run: Run) -> list[int]:
    """Shards of a run of whose input, as it is now, no attempt was brought in."""
    attempts = Attempts(run, shards_of(run))
    return [shard for shard in attempts.bases if not attempts.is_whole(shard)]


def _attempts(run: Run) -> Path:
    return run.where.staging(run.run_id, ATTEMPTS)


def _name(shard: int) -> str:
    return f"shard-{shard:03d}"


def _read(folder: Path) -> Done | None:
    try:
        return next(iter(read_records(folder / DONE, Done)))
    except FileNotFoundError:
        return None


def _bases(run: Run, shards: Sequence[int]) -> Iterator[str]:
    """What the rows of each shard depend on, as a digest: its captures and absences, the program, the settings and the files that they name, and what
    was forgotten."""
    common = hashlib.sha256()
    _add(common, program().encode(), run.run_id.encode(), str(run.started_at).encode(), msgspec.json.encode(run.settings, order="sorted"))
    options = run.options
    named = [file for file in (options.policy_file, options.outlets_file) if file]
    for file in (*named, *(sorted(options.sites_dir.glob("*")) if options.sites_dir else ())):
        _add(common, file.name.encode(), file.read_bytes() if file.is_file() else b"")
    forgotten = sorted((stone.kind, stone.target, sorted(stone.urls)) for stone in tombstones_of(run.where))
    _add(common, msgspec.json.encode(forgotten))
    for shard in shards:
        digest = common.copy()
        for name in (CAPTURES, ABSENCES):
            file = run.where.shard(run.run_id, "capture", shard) / name
            _add(digest, file.read_bytes() if file.exists() else b"")
        yield digest.hexdigest()


def _add(digest: "hashlib._Hash", *fields: bytes) -> None:
    """Each with its length before it, so that none can be taken for two, or two for one."""
    for field in fields:
        digest.update(len(field).to_bytes(8, "big"))
        digest.update(field)
