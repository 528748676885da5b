"""What is wrong with a folder of sources, and what is likely to be: all of it, before anything runs."""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from broadsheet.capture.durations import duration_text
from broadsheet.capture.remote import is_remote
from broadsheet.capture.source_list import FileSource, Source, WrongSource, read_source, source_names, unread
from broadsheet.capture.source_scaffold import is_contact
from broadsheet.capture.warc_source import WarcSource
from broadsheet.capture.web.source import WebSource
from broadsheet.errors import ConfigurationError
from broadsheet.lake import Lake
from broadsheet.records import Record
from broadsheet.tombstones import Tombstones
from broadsheet.urls import hosts_above

_HOST = re.compile(r"//((?:[\w-]|\\?\.|\\-)+)")  # as a pattern spells one
_HASTY = 1.0  # seconds between two requests that a site may take amiss


class Finding(Record, frozen=True):
    """Something about a source.

    Attributes
    ----------
    key : in the file; empty: the file itself.
    told : what is wrong and expected.
    is_warning : the source can be used all the same.
    """

    file: str
    key: str
    told: str
    is_warning: bool = False


def check(
    folder: str | Path, only: Sequence[str] = (), sites_dir: Path | None = None, lake: Path | None = None
) -> tuple[list[Source], list[Finding]]:
    """Read the sources of a folder, or those of `only`. Returns those that can be used, and all findings, by file.

    What sources share is looked for in the whole folder. Raises ConfigurationError for a folder or a name that there is not, and for a site
    profile that cannot be read where a source names any.

    Parameters
    ----------
    sites_dir : folder of site profiles beside the bundled ones.
    lake : whose tombstones tell what was forgotten.
    """
    chosen = source_names(folder, only)
    sources: list[Source] = []
    findings: list[Finding] = []
    for name in source_names(folder):
        try:
            source = read_source(folder, name)
            if isinstance(source, WebSource):
                source.listed  # noqa: B018  # reads the list
            if isinstance(source, WebSource) and (faults := list(_private(source))):
                findings += [Finding(file=str(Path(folder) / f"{name}.yaml"), key=key, told=told) for key, told in faults]
            else:
                sources.append(source)
        except WrongSource as error:
            findings += [Finding(file=str(error.file), key=key, told=told) for key, told in error.problems]
        except ConfigurationError as error:
            findings.append(Finding(file=str(Path(folder) / f"{name}.yaml"), key="page_list", told=str(error).partition(": ")[2]))
    doubts = [(source.name, *doubt) for source in sources for doubt in doubts_of(source)] + list(_shared(sources))
    doubts += [(source.name, "urls", told) for source in sources if lake and (told := forgotten_whole(source, lake))]
    findings += [Finding(file=str(Path(folder) / f"{name}.yaml"), key=key, told=told, is_warning=True) for name, key, told in doubts]
    findings += [Finding(file=str(Path(folder) / f"{name}.yaml"), key="profile", told=told) for name, told in _unknown_profiles(sources, sites_dir)]
    files: dict[str, str] = {} if only else {str(told.partition(" is not read")[0]): told for told in unread(folder)}
    findings += [Finding(file=file, key="", told=told.removeprefix(f"{file} "), is_warning=True) for file, told in files.items()]
    files |= {str(Path(folder) / f"{name}.yaml"): name for name in chosen}
    return [source for source in sources if source.name in chosen], sorted(
        (finding for finding in findings if finding.file in files), key=lambda finding: (finding.file, finding.is_warning)
    )


def forgotten_whole(source: Source, lake: Path) -> str | None:
    """What is told of a source all of whose sites or URLs were forgotten in a lake, so that it brings nothing; None of any other."""
    if not isinstance(source, WebSource):
        return None
    covered = Tombstones(Lake(lake)).covered
    asked = (*source.urls, *source.listed)
    return "all of its URLs were forgotten: it brings nothing (`broadsheet forget --list`)" if all(map(covered.has_url, asked)) else None


def doubts_of(source: Source) -> Iterator[tuple[str, str]]:
    """Key and text of what is likely to be a mistake in a source, by itself."""
    if isinstance(source, WebSource):
        yield from _web_doubts(source)
        return
    if not (found := source.named() if isinstance(source, WarcSource) else source.found()) and source.paths:
        yield "paths", "lead to no file now"
    yield from (("paths", f"{path} is not there now") for path in found if not is_remote(str(path)) and not Path(path).exists())
    if isinstance(source, FileSource):
        yield from _manifest_doubts(source)
        return
    yield from (("path_lists", f"{path} is not there now") for path in source.path_lists if not is_remote(path) and not Path(path).is_file())
    if not source.contact and any(path.startswith("http") for path in (*source.paths, *source.path_lists, source.base or "")):
        yield "contact", "is missing: without it, the people of the servers that are asked cannot reach you"


def _manifest_doubts(source: FileSource) -> Iterator[tuple[str, str]]:
    from broadsheet.capture.manifest import unmatched

    if not source.manifest:
        return
    if not Path(source.manifest).is_file():
        yield "manifest", f"{source.manifest} is not there now"
        return
    try:
        fit = unmatched(Path(source.manifest), source.found())
    except ConfigurationError as error:
        yield "manifest", str(error)
        return
    if fit.missing_count:
        yield "manifest", fit.told


def _private(source: WebSource) -> Iterator[tuple[str, str]]:
    """Addresses that a crawl would be refused, as far as the file tells."""
    from broadsheet.capture.addresses import is_public
    from broadsheet.capture.web.addresses import stated_address
    from broadsheet.capture.web.failures import PRIVATE

    if source.is_private_allowed:
        return
    hosts = {urlsplit(url).hostname or "": key for key, urls in (("pages", source.listed), ("urls", source.urls)) for url in urls}
    for host, key in hosts.items():
        stated = stated_address(host, source.resolve)
        if stated and not is_public(stated[0]):
            yield "resolve", PRIVATE.format(f"{host}, at {stated[0]},")
        elif not stated and (host == "localhost" or host.endswith(".localhost") or (_is_address(host) and not is_public(host))):
            yield key, PRIVATE.format(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _web_doubts(source: WebSource) -> Iterator[tuple[str, str]]:
    if blank := next((url for url in (*source.urls, *source.pages) if "%20" in url), None):
        yield "urls", f"{blank} has a blank: are these two URLs?"
    if source.every == timedelta():
        yield "every", "0s: everything in `urls` is asked for in every run, however soon after the last"
    if list(source.revisit) != sorted(source.revisit):
        yield "revisit", "is not in the order of time: each is counted since a page was first seen"
    for key, patterns in (("allow", source.follow.allow), ("deny", source.follow.deny)):
        for number, pattern in enumerate(patterns):
            if told := _doubt_of_pattern(source, key, pattern):
                yield f"follow.{key}.{number}", told
    if foreign := [url for url in (*source.urls, *source.pages) if not source.is_own(url)]:
        yield "follow.hosts", f"{foreign[0]} is of none of them"
    if source.urls and (hasty := [wait for wait in source.revisit if wait < source.every]):
        yield "revisit", f"{duration_text(hasty[0])} is shorter than `every`, {duration_text(source.every)}: nothing is asked for that often"
    if source.limits.delay < _HASTY and not source.is_private_allowed:
        yield "limits.delay", f"{source.limits.delay:g} s between two requests: ask the site's people first"
    if source.limits.concurrency > 1 and not source.is_private_allowed:
        yield "limits.concurrency", f"{source.limits.concurrency} requests to a host at a time: ask the site's people first"
    if source.limits.pages == 0:
        yield "limits.pages", "0: no page is ever asked for"
    if source.is_private_allowed:
        yield "allow_private", "addresses of private networks are asked if a link or a name leads there: for trials and for an intranet"
    elif not is_contact(source.contact):
        yield "contact", f"{source.contact!r} is neither an e-mail address nor a URL"


def _doubt_of_pattern(source: WebSource, key: str, pattern: str) -> str | None:
    """Why a pattern can hardly be meant as it is."""
    spelt = _HOST.search(pattern)
    if spelt and "." in spelt[1] and not source.is_own(f"https://{spelt[1].replace(chr(92), '')}/"):
        return f"{pattern!r} is of a host whose pages are not the source's: it fits none of them"
    fitting = [url for url in source.listed if re.search(pattern, url)]
    if key == "deny" and (against := [url for url in source.urls if re.search(pattern, url)]):
        return f"{pattern!r} fits {against[0]}, which is asked for all the same"
    if key == "allow" and source.listed and not source.urls and not fitting:
        return f"{pattern!r} fits none of the source's own pages"
    return None


def _unknown_profiles(sources: Sequence[Source], sites_dir: Path | None) -> Iterator[tuple[str, str]]:
    if not any(source.profile for source in sources):
        return
    from broadsheet.sites.load import load_profiles

    known = load_profiles(sites_dir).by_host
    for source in sources:
        if source.profile and source.profile not in known:
            where = f"{sites_dir} or bundled" if sites_dir else "bundled; `--sites` or BROADSHEET_SITES_DIR names a folder of them"
            yield source.name, f"there is no site profile {source.profile}, {where}: pages would be read by those of their own hosts"


def _shared(sources: Sequence[Source]) -> Iterator[tuple[str, str, str]]:
    """Hosts that several crawls ask, by themselves or as one below those of another: while one asks, the others cannot begin."""
    by_host: defaultdict[str, set[str]] = defaultdict(set)
    by_above: defaultdict[str, set[str]] = defaultdict(set)
    crawls = [source for source in sources if isinstance(source, WebSource)]
    for source in crawls:
        for host in source.hosts:
            by_host[host].add(source.name)
            for above in hosts_above(host):
                by_above[above].add(source.name)
    for source in crawls:
        for host in sorted(source.hosts):
            names = by_host[host].union(by_above[host], *(by_host[above] for above in hosts_above(host)))
            if others := ", ".join(sorted(names - {source.name})):
                told = f"{host} is asked by {others} too: while one asks, no other can begin, and what both lead to is asked for twice"
                yield source.name, "urls", told
