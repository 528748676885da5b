"""The typed, frozen records that stages hand on.

`Capture` is what stage 1 knows about one delivered page; `Page` is what stage 2 understood of it. Both are msgspec structs:
immutable, quick to make, and written to JSON and back without loss, which is how they cross task boundaries.

All text is as displayed, with whitespace runs folded to one space; a field ending in `_raw` keeps the text it was read from.
"""

from datetime import datetime
from enum import StrEnum

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all records."""


class PageKind(StrEnum):
    """What a page is, as a whole."""

    ARTICLE = "article"
    LIST = "list"  # a front page, a section page: what it has to say are lists of stories
    FEED = "feed"  # a feed file: RSS, Atom, JSON Feed
    OTHER = "other"


class BlockLabel(StrEnum):
    """What a visible text block is on its page. `UNKNOWN` is the only label that explains nothing."""

    MASTHEAD = "masthead"
    NAV = "nav"
    BREADCRUMB = "breadcrumb"
    KICKER = "kicker"
    TITLE = "title"
    SUBTITLE = "subtitle"
    INFO_LINE = "info_line"
    ORIGINAL_TITLE = "original_title"
    BYLINE = "byline"
    STANDFIRST = "standfirst"
    BODY = "body"
    CAPTION = "caption"
    CREDIT = "credit"  # the closing （责任编辑：…） line, as opposed to the info line above the body
    RIGHTS_NOTICE = "rights_notice"
    MODULE_HEADING = "module_heading"
    FEED = "feed"
    RELATED = "related"
    LINKS = "links"  # a list of links that is neither navigation nor a module (friend links, tags' targets)
    TAGS = "tags"
    SHARE = "share"
    FOLLOW = "follow"  # 关注我们, app downloads, QR codes
    PAGINATION = "pagination"
    NEIGHBOURS = "neighbours"  # previous / next story
    COMMENT = "comment"
    AD = "ad"
    FORM = "form"
    FOOTER = "footer"
    UNKNOWN = "unknown"


class HeadlineRole(StrEnum):
    MAIN = "main"
    SUBTITLE = "subtitle"
    KICKER = "kicker"
    CAMPAIGN_TAG = "campaign_tag"
    ORIGINAL = "original"
    ORIGINAL_SUBTITLE = "original_subtitle"


class PersonRole(StrEnum):
    REPORTER = "reporter"
    CORRESPONDENT = "correspondent"
    AUTHOR = "author"
    PHOTOGRAPHER = "photographer"
    EDITOR = "editor"
    RESPONSIBLE_EDITOR = "responsible_editor"


class SourceRole(StrEnum):
    """`ORIGIN` wrote it; `VIA` is where this site took it from. A single credited outlet is the origin."""

    ORIGIN = "origin"
    VIA = "via"


class ModuleKind(StrEnum):
    HEADLINE_FEED = "headline_feed"
    RELATED_LINKS = "related_links"


class RightsApplicability(StrEnum):
    """Whether a page's rights notice covers this article: a *conditional* notice ("all pieces marked 来源：X …")
    is compared with the credited sources."""

    APPLIES = "applies"
    DOES_NOT_APPLY = "does_not_apply"
    AMBIGUOUS = "ambiguous"


class TimeBasis(StrEnum):
    """Where a capture time comes from. `NONE` goes with NULL, never with now()."""

    MANIFEST = "manifest"
    WARC = "warc"
    HTTP = "http"
    MTIME = "mtime"
    NONE = "none"


class SiteBasis(StrEnum):
    """Where a capture's site comes from."""

    MANIFEST = "manifest"
    URL = "url"
    MASTHEAD = "masthead"  # the page's own name for its site: breadcrumb root, og:site_name, canonical host
    NONE = "none"


class AbsenceKind(StrEnum):
    """How an answer says that a page is not there."""

    GONE_404 = "gone_404"
    GONE_410 = "gone_410"
    REDIRECTED_HOME = "redirected_home"  # to the front page of its site
    REDIRECTED_TO_ERROR_PAGE = "redirected_to_error_page"


class Capture(Record, frozen=True):
    """One delivered page, before it is read. Identified by content, url and time: not by where the file lay."""

    capture_id: str
    content_sha256: str
    byte_count: int
    media_type: str  # one of `media_types.ALL`
    input_path: str  # as the user named it, `archive.warc.gz#12345` for a record inside a WARC
    url: str | None = None
    site: str | None = None  # from manifest or url; None lets the page's masthead decide
    site_basis: SiteBasis = SiteBasis.NONE
    captured_at: datetime | None = None  # aware, UTC
    captured_at_basis: TimeBasis = TimeBasis.NONE
    captured_before: datetime | None = None  # bound of an unknown time, from an earlier run; None at the first
    http_status: int | None = None
    http_charset: str | None = None  # from the Content-Type header, if any
    time_zone: str | None = None  # of its site, as the source that it came from states it
    stated_profile: str | None = None  # site profile to read it by, by its host, as that source names it
    raw_file: str = ""  # WARC file in the raw zone, relative to the lake
    raw_offset: int = 0
    raw_length: int = 0


class Absence(Record, frozen=True):
    """An answer that a page is not there. Identified by url, time and what was answered: not by where it was found."""

    absence_id: str
    absence_kind: AbsenceKind
    url: str
    site: str
    http_status: int
    input_path: str
    redirect_url: str | None = None  # canonical
    observed_at: datetime | None = None  # aware, UTC
    observed_at_basis: TimeBasis = TimeBasis.NONE
    # where the raw zone keeps the HTTP header; None where only a manifest tells of the answer
    raw_file: str | None = None
    raw_offset: int | None = None
    raw_length: int | None = None


class Rejection(Record, frozen=True):
    """One input, page or row that did not go on, with every reason; becomes a quarantine row."""

    stage: str
    scope: str  # input, page or row
    reasons: tuple[str, ...]
    detail: str
    input_path: str | None = None
    capture_id: str | None = None
    site: str | None = None
    table_name: str | None = None
    row_key: str | None = None
    row_json: str | None = None
    raw_excerpt: str | None = None


class Decoded(Record, frozen=True):
    """A page's bytes as text, and how the charset was found."""

    text: str
    charset: str  # Python codec name, lower case: utf-8, gb18030, big5, …
    charset_basis: str  # bom, utf8_valid, http, declared, detected, fallback
    charset_declared: str | None = None  # as the page's own meta says
    replaced_count: int = 0  # U+FFFD that decoding had to put in


class Block(Record, frozen=True):
    """A visible text block. `Page.text` is the blocks' text joined by newlines; the span counts characters in it."""

    text: str
    label: BlockLabel = BlockLabel.UNKNOWN
    rule: str = ""  # name of the rule that gave the label
    module_index: int | None = None  # position in Page.modules
    char_start: int = 0
    char_end: int = 0


class Headline(Record, frozen=True):
    role: HeadlineRole
    text: str
    raw: str = ""


class PublishedTime(Record, frozen=True):
    """A publication time as displayed. `local` is the page's wall clock; only `utc_offset_minutes` or the site's zone
    makes it an instant."""

    local: datetime  # naive
    precision: str  # day, minute or second
    raw: str
    rule: str
    utc_offset_minutes: int | None = None  # when the page itself states it


class PersonCredit(Record, frozen=True):
    role: PersonRole
    name: str
    affiliation: str | None = None
    raw: str = ""


class SourceCredit(Record, frozen=True):
    role: SourceRole
    name: str
    raw: str = ""
    url: str | None = None


class LinkItem(Record, frozen=True):
    """One entry of a module. `rank` counts from 1 in displayed order; text is undoubled and without its rank number."""

    rank: int
    text: str
    raw: str = ""
    url: str | None = None  # as written in the page
    full_text: str | None = None  # a longer headline that the page itself gives (a[title], image alt)
    has_image: bool = False
    display_width: int = 0  # columns: ASCII 1, wide and ambiguous 2
    is_truncated: bool = False
    published: PublishedTime | None = None  # as a feed file says, or as it stands beside the entry


class Module(Record, frozen=True):
    """A headed list of links to other stories. Without items when only its heading is in the page."""

    kind: ModuleKind
    heading: str | None = None
    is_ranked: bool = False
    items: tuple[LinkItem, ...] = ()
    width_limit: int | None = None  # display columns at which this list cuts its headlines; None when none is cut
    rule: str = ""
    is_own: bool = False  # the content of a front page, section page or feed file, as opposed to what any page of the site may show
    place: str = ""  # where a front or section page's list without a heading stands: tags and names of the boxes around it


class Page(Record, frozen=True):
    """Everything that was understood of one page."""

    page_kind: PageKind
    parser_version: str
    language: str | None = None  # ISO 639-1
    charset: str = "utf-8"
    charset_basis: str = ""
    charset_declared: str | None = None
    replaced_count: int = 0
    canonical_url: str | None = None  # as the page states it
    site_name: str | None = None  # the page's own name for its site
    breadcrumb: tuple[str, ...] = ()
    headlines: tuple[Headline, ...] = ()
    published: PublishedTime | None = None
    sources: tuple[SourceCredit, ...] = ()
    people: tuple[PersonCredit, ...] = ()
    dateline: str | None = None
    body: tuple[str, ...] = ()  # paragraphs
    rights_notice: str | None = None
    rights_applies: RightsApplicability | None = None
    modules: tuple[Module, ...] = ()
    blocks: tuple[Block, ...] = ()
    coverage_ratio: float = 0.0  # non-blank characters in labelled blocks / in all blocks and left out; 1.0 for a page without text
    is_unfinished: bool = False  # whether an HTML page opens and is not closed: it was cut in transfer
    left_out_count: int = 0  # non-blank characters beyond the limit of blocks, approximately
    layout_fingerprint: str = ""  # hash of the page's structural skeleton, equal for pages of one template
    warnings: tuple[str, ...] = ()  # reason slugs for `quality.reasons`
    site_profile: str | None = None  # identity of the site profile's layout that the page was read with
    time_zone: str | None = None  # of the site, as its profile says
    profile_missed: tuple[str, ...] = ()  # parts of the layout whose selectors matched nothing; the generic path found these

    @property
    def text(self) -> str:
        """The page's visible text: what block spans count in."""
        return "\n".join(block.text for block in self.blocks)

    def headline(self, role: HeadlineRole = HeadlineRole.MAIN) -> str | None:
        """First headline of a role."""
        return next((h.text for h in self.headlines if h.role == role), None)


class PageResult(Record, frozen=True):
    """A capture with its page: one line of the extract stage's output."""

    capture: Capture
    page: Page


class StageOutcome(Record, frozen=True):
    """What happened to the units of one stage, shard and table: `in_count` = `out_count` + `quarantined_count`."""

    stage: str
    shard: int  # -1 for work that is not sharded
    table_name: str  # empty where the stage counts inputs or pages
    unit: str  # input, page or row
    in_count: int
    out_count: int
    quarantined_count: int
    new_count: int  # of out_count, those that were not known before; of inputs: that are not the same page again
    started_at: datetime
    seconds: float
    absences: dict[str, int] = msgspec.field(default_factory=dict)  # of new_count, those that say that a page is not there, by their kind
    # no units of the stage: records of WARC files that are no pages, by what they are, and what was forgotten
    passed_over: dict[str, int] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.in_count != self.out_count + self.quarantined_count:
            raise AssertionError(f"{self.stage} lost track of its {self.unit}s: {self}")


class ValidateSummary(Record, frozen=True):
    """What became of a shard's rows: `counts` is table -> (in, out, quarantined), `stops` says why the batch must not be published."""

    shard: int
    counts: dict[str, tuple[int, int, int]]
    warnings: dict[str, int]  # reason -> rows that have it and are kept
    stops: tuple[str, ...] = ()
    failed_checks: tuple[str, ...] = ()
