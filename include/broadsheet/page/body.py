"""Where the article stands: the box that holds most of the running text, and which of its blocks are paragraphs."""

import re
from itertools import islice

from broadsheet.page import mentions, words
from broadsheet.page.blocks import BESIDE, OUTSIDE, UNKNOWN, Document, Hint, RawBlock
from broadsheet.page.times import is_time_alone
from broadsheet.records import BlockLabel

# One set of characters in front, so that the engine skips to the next of them: `[。！？；，、：…”]|[.!?,;:](?:\s|$)|[.!?]”`.
_STOPS = re.compile(r"[。！？；，、：…”،؛؟।۔.!?,;:](?:(?<=[。！？；，、：…”،؛؟।۔])|\s|$|(?<=[.!?])”)")
_ENOUGH_STOPS = 4  # to be running text
_ENDS = re.compile(r"[。！？…；：؟।۔.!?:;][”’\"'）)」』»]?$")
_WIDEST_HEADING = 44  # display columns of a heading of links inside the text
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
NARROWEST = 14  # display columns of running text
_NARROWEST_ALONE = 36  # display columns of a paragraph that speaks for itself
_LITTLE = 150.0  # of a page's running text: less than an article has
_DESCEND = 0.72  # of a box's running text in one of its children: the article is in there
_CLOSING = re.compile(r"[\s(（【\[]{0,3}(?:责任编辑|责编|编辑|責任編輯|編輯)\s?[:：]", re.IGNORECASE)
# A template's command that nothing replaced, a script's data
_SHORTCODE = re.compile(r"\[[a-z_]{2,20} [a-z]{2,12}=|\{ ?\"[a-z_]{2,30}\" ?: ?[\[{\"]")
_CAPTION = re.compile(
    r"In (?:this|a) .{0,40}\bphoto\b|©|Photos? (?:by|courtesy)\b|(?:Photo|Image|Picture|Credit|Foto|Bild)s?:|Фото:|Ảnh:|Fotoğraf:|صورة:|تصوير:|عکس:"
)
# Who took the picture that a line describes: `… — Foto: A. B.`, `… (Foto: A. B.)`, `… | PHOTO : EXAMPLE / A. B.`
_CREDITED = re.compile(
    r"(?:[(|—–]|\.\s|\s-)\s{0,3}"
    r"(?:fotos?|photos?|bild|image|picture|imagen|immagine|crédits?(?: photos?)?|zdjęcie|фото|ảnh|fotoğraf|صورة|تصوير|عکس|फोटो)(?: di| by| de)?"
    r"\s?:\s?[^.:]{2,60}\)?\.?$",
    re.IGNORECASE,
)
_CONTACT_ALONE = re.compile(r"[\w.+-]{1,40}@[\w-]{1,40}(?:\.[\w-]{1,20}){1,3}")
_PICTURED = re.compile(r"[\s\[(<【（/]{0,3}(?:사진|写真)\s?(?:제공|출처|提供)?\s?[=＝:：]")  # [사진=뉴스1]
_FURNITURE = frozenset(("share", "follow", "comment", "neighbours", "pagination", "ad", "more", "form", "tags"))


def weight(block: RawBlock) -> float:
    """How much a block speaks for being running text, in display columns; 0 for lists, links and short lines."""
    width = block.width
    density = block.link_density
    if density > 0.5 or width < NARROWEST:
        return 0.0
    stops = len(list(islice(_STOPS.finditer(block.text, 0, 1500), _ENOUGH_STOPS)))
    if width < _NARROWEST_ALONE:
        value = 0.5 * width if stops and ends_a_sentence(block.text) else 0.0
    elif not stops:
        value = 0.15 * width
    else:
        value = min(width, 1200) * min(1.0, 0.4 + 0.15 * stops) * (1 - density)
    if block.level:
        value *= 0.3
    if block.hints & OUTSIDE:
        value *= 0.05
    elif block.hints & BESIDE:
        value *= 0.3
    if block.tag in ("li", "td", "dd") and density > 0.2:
        value *= 0.4
    return value if value and not _is_of_the_site(block) else 0.0


def _is_of_the_site(block: RawBlock) -> bool:
    """Cookie notes, closing credits and the footer's lines."""
    text, width = block.text, block.width
    if words.is_boilerplate(block) or (width <= 64 and _CLOSING.match(text) is not None):
        return True
    return width < 600 and words.is_of_footer(block) and "©" not in text[40:]


def find_body(document: Document, weights: list[float]) -> tuple[int, int, int] | None:
    """(box, first, last): the box of the article's text and its first and last paragraph; None without running text."""
    boxes = document.boxes
    mass = [0.0] * len(boxes)
    for block, value in zip(document.blocks, weights, strict=True):
        mass[block.box] += value
    children: dict[int, list[int]] = {}
    for index in range(len(boxes) - 1, 0, -1):
        if mass[index]:
            parent = boxes[index].parent
            mass[parent] += mass[index]
            children.setdefault(parent, []).append(index)
    if mass[0] < _LITTLE and (named := _named_content(document)) is not None:
        return named
    if mass[0] < 60:
        return None
    box = 0
    while True:
        inner = max(children.get(box, ()), key=lambda child: mass[child], default=None)
        if inner is None or mass[inner] < _DESCEND * mass[box]:
            break
        box = inner
    # A single paragraph is no container: its box's parent is.
    while boxes[box].tag in ("p", "li", "blockquote", "td", "dd") and boxes[box].parent > 0:
        box = boxes[box].parent
    return _range(document, weights, box)


def _named_content(document: Document) -> tuple[int, int, int] | None:
    """The box that is named as the article's and holds most text: a story of a few words beside dialogs and notes of the site."""
    best: tuple[int, int, int, int] | None = None
    for index, box in enumerate(document.boxes):
        if box.own & Hint.CONTENT and box.end and not box.hints & (OUTSIDE | BESIDE):
            lines = [
                i for i in range(box.first, box.end) if document.blocks[i].link_density < 0.5 and not document.blocks[i].hints & (OUTSIDE | BESIDE)
            ]
            width = sum(document.blocks[i].width for i in lines)
            if lines and width >= _NARROWEST_ALONE and (best is None or width > best[0]):
                best = (width, index, lines[0], lines[-1])
    return best[1:] if best else None


def _range(document: Document, weights: list[float], box: int) -> tuple[int, int, int] | None:
    """The stretch of blocks with the greatest sum, where what is no running text costs a little."""
    blocks = document.blocks
    start, end = document.boxes[box].first, document.boxes[box].end
    best, best_range = 0.0, None
    total, begin = 0.0, start
    for index in range(start, end):
        value = weights[index] or -_cost(blocks[index])
        if total <= 0:
            total, begin = 0.0, index
        total += value
        if total > best and weights[index] > 0:
            best, best_range = total, (begin, index)
    if best_range is None:
        return None
    first, last = best_range
    while weights[first] <= 0:
        first += 1
    while first > start and _continues_upward(blocks[first - 1]):
        first -= 1
    return box, first, last


def _continues_upward(block: RawBlock) -> bool:
    """A first paragraph full of links: its names link to their pages."""
    return (
        block.tag == "p" and block.width >= 80 and block.link_density < 0.85 and not block.hints & (OUTSIDE | BESIDE) and ends_a_sentence(block.text)
    )


def _cost(block: RawBlock) -> float:
    if block.label not in (BlockLabel.UNKNOWN, BlockLabel.BODY):
        return 10.0
    if block.hints & OUTSIDE:
        return 6.0
    if block.link_density > 0.5:
        return 30.0
    return 5.0


def ends_a_sentence(text: str) -> bool:
    return _ENDS.search(text[-2:]) is not None


def is_paragraph(document: Document, index: int, box: int, weights: list[float]) -> bool:
    """Whether a block between the first and the last paragraph belongs to the text."""
    block = document.blocks[index]
    if block.label is not UNKNOWN:
        return False
    inner = block.hints & ~document.boxes[box].hints
    if inner & Hint.SHARE and document.is_quoted(block.box, box):
        inner &= ~Hint.SHARE  # a post that the text quotes, in a box named after its network
    if inner & (OUTSIDE | Hint.SHARE | Hint.TAGS | Hint.ASIDE):
        return False
    if inner & Hint.RELATED and block.link_density > 0.2:
        return False
    text = block.text
    if (
        words.is_boilerplate(block)
        or _SHORTCODE.match(text)
        or (block.width < 500 and (_CAPTION.match(text) or (":" in text and _CREDITED.search(text[-90:]))))
    ):
        return False
    if _CONTACT_ALONE.fullmatch(text) or (block.width < 500 and _PICTURED.match(text)):
        return False
    if words.is_read_also(block):
        return False
    if inner & Hint.CAPTION and not weights[index] > 300:
        return False
    if block.link_density > 0.65 and (block.width > 24 or block.link_density > 0.95):
        return ends_a_sentence(block.text) and block.link_density < 0.9 and block.tag == "p"
    if block.width <= 40 and words.groups_of(block.shown) & _FURNITURE:
        return False
    if block.width <= (_WIDEST_HEADING if block.level else 28) and _heads_links(document, index):
        return False
    if block.width <= 28 and index and document.blocks[index - 1].link_density > 0.8 and is_time_alone(block.text):
        return False  # of a story that is linked inside the text
    return _LETTER_OR_DIGIT.search(block.text) is not None


def _heads_links(document: Document, index: int) -> bool:
    """相关新闻：above links to other stories inside the text."""
    block, following = document.blocks[index], document.blocks[index + 1 : index + 2]
    if block.level and block.mentions & mentions.HEADING and words.heading_group(block.text, block.mentions) == "feed":
        return any(other.link_density > 0.8 and len(other.links) > 1 for other in following)
    if not block.mentions & mentions.RELATED_HEADING or words.heading_group(block.text, block.mentions) not in ("related", "feed_first"):
        return False
    return any(other.link_density > 0.8 and other.width > 14 for other in following)
