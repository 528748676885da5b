"""Page records -> rows. One capture after the other; what a row means is in `fields.py` and `schema.py`."""

import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from broadsheet.ids import content_sha256, make_id
from broadsheet.records import (
    Absence,
    Capture,
    HeadlineRole,
    LinkItem,
    Module,
    ModuleKind,
    Page,
    PageKind,
    PageResult,
    PersonCredit,
    PublishedTime,
    SiteBasis,
)
from broadsheet.tables.batch import Batch
from broadsheet.tables.outlets import Outlet, Outlets, load_outlets, normal_name
from broadsheet.tables.schema import UNKNOWN_SITE
from broadsheet.tables.signatures import signature_of
from broadsheet.tables.zones import Zone, zone_of
from broadsheet.text import fold_blanks, headline_key
from broadsheet.urls import canonical, is_site_host, page_url, site_of, url_key


class Context(NamedTuple):
    """What the rows of one capture share."""

    capture: Capture
    page: Page
    site: str
    site_basis: SiteBasis
    url: str | None  # canonical
    zone: Zone
    published_at: datetime | None
    run_id: str
    run_started_at: datetime
    outlets: Outlets

    @property
    def captured_before(self) -> datetime | None:
        """Where the capture time is unknown: a page that a run read was captured before the run began."""
        return (self.capture.captured_before or self.run_started_at) if self.capture.captured_at is None else None

    @property
    def captured_after(self) -> datetime | None:
        """Where the capture time is unknown: a page that shows its article was captured after the article came out. A publication time
        later than the run is a wrong one and bounds nothing."""
        is_bound = self.captured_before is not None and self.published_at is not None and self.published_at <= self.captured_before
        return self.published_at if is_bound else None

    @property
    def place(self) -> str:
        """What identifies things of a site. Where it is unknown, captures share nothing unless they are the same page."""
        return self.site if self.site_basis != SiteBasis.NONE else f"{UNKNOWN_SITE} {self.capture.content_sha256}"

    @property
    def house(self) -> Outlet | None:
        """The outlet that runs the site, where its host is listed or its masthead's name is all that is known of it."""
        if is_site_host(self.site.lower()):
            return self.outlets.of_host(self.site.lower())
        return self.outlets.of_name(self.site) if self.site_basis == SiteBasis.MASTHEAD else None

    def link_url(self, url: str | None) -> str | None:
        return canonical(url, self.capture.url or self.url)


def add_page(batch: Batch, result: PageResult, *, run_id: str, default_zone: str, run_started_at: datetime, outlets: Outlets | None = None) -> None:
    """Add all rows of one read capture to `batch`.

    Parameters
    ----------
    outlets : which names are one outlet's; the bundled table without it.
    """
    context = _context(result.capture, result.page, run_id, default_zone, run_started_at, outlets or load_outlets())
    article_id, version_id = _add_article(batch, context) if _is_article(context.page) else (None, None)
    _add_capture(batch, context, article_id, version_id)
    _add_blocks(batch, context)
    _add_modules(batch, context)


def add_absence(batch: Batch, absence: Absence, *, run_id: str, run_started_at: datetime) -> None:
    """Add the row of an answer that a page is not there. Its site gets no row of its own: no page tells of it."""
    batch.add(
        "page_absences",
        absence_id=absence.absence_id,
        absence_kind=absence.absence_kind,
        site=absence.site,
        url=absence.url,
        canonical_url=canonical(absence.url),
        observed_at=absence.observed_at,
        observed_at_basis=absence.observed_at_basis,
        observed_before=run_started_at if absence.observed_at is None else None,
        http_status=absence.http_status,
        redirect_url=absence.redirect_url,
        input_path=absence.input_path,
        raw_file=absence.raw_file,
        raw_offset=absence.raw_offset,
        raw_length=absence.raw_length,
        run_id=run_id,
    )


def instant(published: PublishedTime | None, zone: Zone) -> datetime | None:
    """A displayed wall clock as an instant: by the offset that the page states, else in the site's zone."""
    if published is None:
        return None
    if published.utc_offset_minutes is not None:
        return (published.local - timedelta(minutes=published.utc_offset_minutes)).replace(tzinfo=UTC)
    return published.local.replace(tzinfo=zone.info).astimezone(UTC)


def _context(capture: Capture, page: Page, run_id: str, default_zone: str, run_started_at: datetime, outlets: Outlets) -> Context:
    url = page_url(capture.url, page.canonical_url)
    site, basis = _site(capture, page, url)
    zone = Zone(page.time_zone, "site") if page.time_zone else zone_of(site, page.language, default_zone, stated=capture.time_zone)
    return Context(capture, page, site, basis, url, zone, instant(page.published, zone), run_id, run_started_at, outlets)


def _site(capture: Capture, page: Page, url: str | None) -> tuple[str, SiteBasis]:
    if capture.site:
        return capture.site, capture.site_basis
    if host := site_of(url):
        return host, SiteBasis.MASTHEAD
    if page.site_name:
        return page.site_name, SiteBasis.MASTHEAD
    return UNKNOWN_SITE, SiteBasis.NONE


def _is_article(page: Page) -> bool:
    return page.page_kind == PageKind.ARTICLE and page.headline() is not None


# --- articles --------------------------------------------------------------------------------------------------------


def _add_article(batch: Batch, context: Context) -> tuple[str, str]:
    """Add article, version and the version's headlines, people, sources and channels; returns article and version id."""
    page, capture = context.page, context.capture
    headline = page.headline() or ""
    body = "\n".join(page.body)
    article_id, basis = _article_id(context, headline, body)
    # The displayed headline, tag and subtitle included: a changed campaign tag is an edit too.
    version_id = make_id("version", article_id, *(_folded(h.text) for h in page.headlines if h.role not in _ORIGINAL), _folded(body))
    published = {
        "published_at": context.published_at,
        "published_at_local": page.published.local if page.published else None,
        "published_at_precision": page.published.precision if page.published else None,
        "published_at_raw": page.published.raw if page.published else None,
        "published_at_rule": page.published.rule if page.published else None,
    }
    shared = {"site": context.site, "headline": headline, "first_capture_id": capture.capture_id, "run_id": context.run_id, **published}
    is_known = batch.has("article_versions", version_id)
    signature = None if is_known else signature_of(body)
    batch.add("articles", article_id=article_id, article_id_basis=basis, canonical_url=context.url,
              url_key=url_key(context.url) if context.url else None, **shared)  # fmt: skip
    batch.add(
        "article_versions",
        version_id=version_id,
        article_id=article_id,
        channel_id=_add_channels(batch, context),
        language=page.language,
        dateline=page.dateline,
        body_text=body,
        body_sha256=content_sha256(body.encode("utf-8", "surrogatepass")),
        paragraph_count=len(page.body),
        char_count=_non_blank(body),
        text_id=signature.text_id if signature else None,
        body_signature=signature.minima if signature else None,
        shingle_count=signature.shingle_count if signature else None,
        rights_notice=page.rights_notice,
        rights_applies=page.rights_applies,
        **shared,
    )
    if not is_known:
        _add_headlines(batch, context, version_id)
    _add_credits(batch, context, version_id)
    return article_id, version_id


_ORIGINAL = (HeadlineRole.ORIGINAL, HeadlineRole.ORIGINAL_SUBTITLE)


def _article_id(context: Context, headline: str, body: str) -> tuple[str, str]:
    """A publication is known by its URL; without one by site, displayed time and headline; else only by its content."""
    if context.url:
        return make_id("article", context.url), "url"
    if context.page.published and context.site_basis != SiteBasis.NONE:
        return make_id("article", context.site, context.page.published.local.isoformat(), headline_key(headline)), "site_published_headline"
    return make_id("article", context.place, headline_key(headline), body), "content"


def _add_headlines(batch: Batch, context: Context, version_id: str) -> None:
    positions: Counter[str] = Counter()
    for headline in context.page.headlines:
        positions[headline.role] += 1
        batch.add("article_headlines", version_id=version_id, headline_role=headline.role, position=positions[headline.role], site=context.site,
                  headline_text=headline.text, headline_raw=headline.raw)  # fmt: skip


def _add_credits(batch: Batch, context: Context, version_id: str) -> None:
    """Add the credits that no earlier capture of the version showed: an AMP page, say, has fewer than its article's page."""
    page, common = context.page, {"version_id": version_id, "site": context.site}
    places = batch.positions("article_people", [(version_id, person.role, person.name) for person in page.people])
    for person, position in zip(page.people, places, strict=True):
        if position:
            batch.add("article_people", person_role=person.role, position=position, person_name=person.name, affiliation=person.affiliation,
                      person_id=_add_person(batch, context, person), credit_raw=person.raw, **common)  # fmt: skip
    places = batch.positions("article_sources", [(version_id, source.role, source.name) for source in page.sources])
    for source, position in zip(page.sources, places, strict=True):
        if position:
            batch.add("article_sources", source_role=source.role, position=position, outlet_name=source.name,
                      outlet_id=_add_outlet(batch, context, context.outlets.of_name(source.name)), url=context.link_url(source.url),
                      credit_raw=source.raw, **common)  # fmt: skip


def _add_outlet(batch: Batch, context: Context, outlet: Outlet) -> str:
    outlet_id = make_id("outlet", outlet.name)
    batch.add("outlets", outlet_id=outlet_id, outlet_name=outlet.name, outlet_basis="listed" if outlet.is_listed else "credited",
              run_id=context.run_id)  # fmt: skip
    return outlet_id


def _add_person(batch: Batch, context: Context, credit: PersonCredit) -> str:
    """One name is one person within an outlet that the credit names, else within the site; elsewhere it may be someone else's."""
    name, outlet = normal_name(credit.name), context.outlets.of_affiliation(credit.affiliation)
    if outlet:
        outlet_id = _add_outlet(batch, context, outlet)
        person_id = make_id("person", "outlet", outlet_id, name)
        batch.add("people", person_id=person_id, person_name=name, person_basis="affiliation", outlet_id=outlet_id, run_id=context.run_id)
    else:
        person_id = make_id("person", "site", context.place, name)
        basis = "page" if context.site_basis == SiteBasis.NONE else "site"
        batch.add("people", person_id=person_id, person_name=name, person_basis=basis, site=context.site, run_id=context.run_id)
    return person_id


def _add_channels(batch: Batch, context: Context) -> str | None:
    """Add the breadcrumb's nodes; returns the id of the lowest."""
    parent, path = None, []
    for depth, name in enumerate(context.page.breadcrumb, start=1):
        path.append(name)
        channel_id = make_id("channel", context.place, *path)
        batch.add("channels", channel_id=channel_id, site=context.site, parent_channel_id=parent, channel_name=name,
                  channel_path=" / ".join(path), depth=depth, run_id=context.run_id)  # fmt: skip
        parent = channel_id
    return parent


# --- captures and blocks -----------------------------------------------------------------------------------------------


def _add_capture(batch: Batch, context: Context, article_id: str | None, version_id: str | None) -> None:
    capture, page, zone = context.capture, context.page, context.zone
    house = context.house
    batch.add("sites", site=context.site, site_basis=context.site_basis, site_name=page.site_name,
              outlet_id=_add_outlet(batch, context, house) if house else None, time_zone=zone.name, time_zone_basis=zone.basis,
              run_id=context.run_id)  # fmt: skip
    batch.add(
        "captures",
        capture_id=capture.capture_id,
        site=context.site,
        site_basis=context.site_basis,
        site_name=page.site_name,
        url=capture.url or page.canonical_url,
        canonical_url=context.url,
        captured_at=capture.captured_at,
        captured_at_basis=capture.captured_at_basis,
        captured_after=context.captured_after,
        captured_before=context.captured_before,
        content_sha256=capture.content_sha256,
        byte_count=capture.byte_count,
        media_type=capture.media_type,
        http_status=capture.http_status,
        http_charset=capture.http_charset,
        charset=page.charset,
        charset_declared=page.charset_declared,
        charset_basis=page.charset_basis,
        replaced_count=page.replaced_count,
        page_kind=page.page_kind,
        language=page.language,
        layout_fingerprint=page.layout_fingerprint,
        coverage_ratio=page.coverage_ratio,
        left_out_char_count=page.left_out_count,
        is_unfinished=page.is_unfinished,
        stated_profile=capture.stated_profile,
        site_profile=page.site_profile,
        site_profile_missed=list(page.profile_missed) if page.site_profile else None,
        block_count=len(page.blocks),
        visible_char_count=sum(_non_blank(block.text) for block in page.blocks),
        article_id=article_id,
        version_id=version_id,
        input_path=capture.input_path,
        raw_file=capture.raw_file,
        raw_offset=capture.raw_offset,
        raw_length=capture.raw_length,
        parser_version=page.parser_version,
        run_id=context.run_id,
    )


def _add_blocks(batch: Batch, context: Context) -> None:
    for index, block in enumerate(context.page.blocks):
        batch.add("page_blocks", capture_id=context.capture.capture_id, block_index=index, site=context.site, block_label=block.label,
                  block_rule=block.rule, block_text=block.text, char_start=block.char_start, char_end=block.char_end,
                  module_index=block.module_index)  # fmt: skip


# --- modules -----------------------------------------------------------------------------------------------------------


class Feed(NamedTuple):
    """What identifies a headline feed. A list that any page may show is the site's: known by its heading. A page's own list is known by page and
    heading, one without a heading by the place where it stands. A feed file is known by its URL, one of unknown URL by its title."""

    scope: str
    label: str
    url: str | None = None
    place: str = ""

    def id_parts(self, ordinal: int) -> tuple[str | int, ...]:
        if self.scope == "site" or (not self.url and self.scope == "page"):
            return self.label, ordinal
        address = url_key(self.url) if self.url else ""
        if self.scope == "file":
            return "file", address or self.label, ordinal
        return "page", address, self.label, self.place, ordinal


def _feed_of(context: Context, module: Module) -> Feed:
    label = fold_blanks(module.heading or "")
    if not module.is_own:
        return Feed("site", label)
    scope = "file" if context.page.page_kind == PageKind.FEED else "page"
    return Feed(scope, label, context.url, "" if label else module.place)


def _add_modules(batch: Batch, context: Context) -> None:
    """Feeds and related links. A heading with nothing under it stays a labelled block: an unfilled feed has no state."""
    ordinals: Counter[Feed] = Counter()
    for index, module in enumerate(context.page.modules):
        if not module.items:
            continue
        if module.kind == ModuleKind.HEADLINE_FEED:
            feed = _feed_of(context, module)
            ordinals[feed] += 1
            _add_feed(batch, context, index, module, feed, ordinals[feed])
        else:
            for item in module.items:
                batch.add("related_links", capture_id=context.capture.capture_id, module_index=index, position=item.rank,
                          module_heading=module.heading, **_link(context, item))  # fmt: skip


def _add_feed(batch: Batch, context: Context, index: int, module: Module, feed: Feed, ordinal: int) -> None:
    capture, site = context.capture, context.site
    feed_id = make_id("feed", context.place, *feed.id_parts(ordinal))
    links = [_link(context, item) for item in module.items]
    state = [part for item, link in zip(module.items, links, strict=True) for part in _state(context.page, item, link)]
    snapshot_id = make_id("feed_snapshot", feed_id, *state)
    is_known = batch.has("headline_feed_snapshots", snapshot_id)
    batch.add("headline_feeds", feed_id=feed_id, site=site, feed_label=feed.label, feed_ordinal=ordinal, feed_scope=feed.scope, feed_url=feed.url,
              is_ranked=module.is_ranked, run_id=context.run_id)  # fmt: skip
    batch.add("headline_feed_snapshots", feed_snapshot_id=snapshot_id, feed_id=feed_id, site=site, entry_count=len(links),
              cut_count=sum(item.is_truncated for item in module.items), width_limit=module.width_limit,
              first_capture_id=capture.capture_id, run_id=context.run_id)  # fmt: skip
    batch.add("headline_feed_observations", capture_id=capture.capture_id, module_index=index, site=site, feed_id=feed_id,
              feed_snapshot_id=snapshot_id, observed_at=capture.captured_at,
              observed_at_basis="publication" if context.captured_after else capture.captured_at_basis,
              observed_after=context.captured_after)  # fmt: skip
    if is_known:
        return
    for item, link in zip(module.items, links, strict=True):
        feed_headline_id = make_id("feed_headline", feed_id, link["headline_text"], link["canonical_url"] or link["url"])
        batch.add("headline_feed_entries", feed_snapshot_id=snapshot_id, rank=item.rank, feed_headline_id=feed_headline_id,
                  entry_published_at=instant(item.published, context.zone),
                  entry_published_at_raw=item.published.raw if item.published else None, **link)  # fmt: skip


def _state(page: Page, item: LinkItem, link: dict) -> tuple[str | None, ...]:
    """What of an entry tells one state of its feed from another."""
    shown = link["headline_text"], link["canonical_url"] or link["url"]
    # a feed file says a new time for a new piece; beside a list's entry it is the story's, which the link tells already
    return (*shown, item.published.raw) if item.published and page.page_kind == PageKind.FEED else shown


def _link(context: Context, item: LinkItem) -> dict:
    return {
        "site": context.site,
        "headline_text": item.text,
        "headline_raw": item.raw,
        "url": item.url,
        "canonical_url": context.link_url(item.url),
        "display_width": item.display_width,
        "is_truncated": item.is_truncated,
        "shown_full_headline": item.full_text,
        "has_image": item.has_image,
    }


def _folded(text: str) -> str:
    """Text by which versions are told apart: blanks and the width of characters, which a rendered capture changes, do not count."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _non_blank(text: str) -> int:
    return len("".join(text.split()))
