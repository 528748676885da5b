"""SQL functions of the warehouse, stored in the file so that analysts have them too."""

from collections.abc import Iterator

import duckdb

from broadsheet.tables.schema import UNKNOWN_SITE
from broadsheet.warehouse.statements import sql_text
from broadsheet.warehouse.terms import HAN, KANA_AND_HANGUL, LONGEST_WORD, traditional_and_simplified

_FULL = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
_BYTES = "".join(chr(code) for code in range(1, 128)).replace("'", "''")
_HALF = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)).replace("'", "''")


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions, or make them anew."""
    for statement in macro_statements():
        connection.execute(statement)


def macro_statements() -> Iterator[str]:
    """What makes each function, or makes it anew."""
    yield from text_macro_statements()
    yield from _search_statements()


def text_macro_statements() -> Iterator[str]:
    """Functions of texts alone, which ask no table.

    - `is_one_site(site, other)`: pages of unknown sites are not of one.
    - `folded(text)`: full-width ASCII to half-width, as rendered captures show it.
    - `blankless(text)`: folded and without blanks, by which versions are told apart.
    - `headline_key(text)`: letters and digits alone, lower case, folded, as `broadsheet.text.headline_key` does but for rarer compatibility
      characters.
    - `edit_distance(a, b)`: characters to insert, delete or replace; NULL for texts of more than 127 different characters.
    - `title_similarity(key, other_key)`: share of common letter pairs (Dice). `title_change(key, original_key, similarity)`: what became of a title.
    - `in_order(pairs)`: items of structs (position or the like, item) in their order; `list(… order by …)` is ten times as slow.
    """
    yield f"create or replace macro is_one_site(site, other) as site = other and site <> '{UNKNOWN_SITE}'"
    yield f"create or replace macro folded(shown) as translate(shown, '{_FULL}', '{_HALF}')"
    yield "create or replace macro blankless(shown) as folded(regexp_replace(shown, '[\\s\\p{Z}]+', '', 'g'))"
    yield "create or replace macro headline_key(headline) as lower(regexp_replace(folded(headline), '[^\\p{L}\\p{N}]', '', 'g'))"
    # DuckDB's edit distances count bytes, which Chinese characters share: each character gets a byte of its own
    yield (
        "create or replace macro edit_distance(a, b) as list_transform("
        "[array_to_string(list_distinct(string_split(a || b, '')), '')], lambda letters: "
        f"case when length(letters) <= 127 then levenshtein(translate(a, letters, '{_BYTES}'), translate(b, letters, '{_BYTES}')) end)[1]"
    )
    pairs, other_pairs = (
        f"list_distinct(list_transform(range(1, length({key})), lambda place: substr({key}, place, 2)))" for key in ("key", "other_key")
    )
    yield (
        "create or replace macro title_similarity(key, other_key) as case when key = other_key then 1.0 "
        f"else 2.0 * len(list_intersect({pairs}, {other_pairs})) / greatest(len({pairs}) + len({other_pairs}), 1) end"
    )
    yield (
        "create or replace macro title_change(key, original_key, similarity) as case when key = original_key then 'same' "
        "when contains(original_key, key) then 'cut' when contains(key, original_key) then 'extended' "
        "when similarity >= 0.5 then 'edited' else 'rewritten' end"
    )
    yield "create or replace macro in_order(pairs) as list_transform(list_sort(pairs), lambda pair: pair.item)"


def _search_statements() -> Iterator[str]:
    """`search(query_text, site, from_day, to_day, max_rows)`: the articles that a question is about. It asks `query_terms(query_text)` for the
    terms of the index that the question holds; `search_key`, `is_cjk` and `words_of` do in SQL what `terms.py` does when texts are indexed.
    """
    traditional, simplified = traditional_and_simplified()
    cjk = f"[{HAN}{KANA_AND_HANGUL}]+"
    for signature, body in (
        ("id_number(id)", "('0x' || left(id, 14))::bigint"),
        ("term_number(term)", "('0x' || left(md5(term), 15))::bigint"),
        ("search_key(shown)", f"lower(nfc_normalize(folded(translate(shown, '{traditional}', '{simplified}'))))"),
        ("is_cjk(shown)", f"regexp_full_match(shown, '{cjk}')"),
        (
            "words_of(shown)",
            f"[word for word in regexp_extract_all(regexp_replace(shown, '{cjk}', ' ', 'g'), '[\\p{{L}}\\p{{N}}]+') "
            f"if length(word) between 2 and {LONGEST_WORD}]",
        ),
        ("query_terms(query_text)", f"table {sql_text('macros/query_terms.sql')}"),
        ("search(query_text, site := null, from_day := null, to_day := null, max_rows := 10)", f"table {sql_text('macros/search.sql')}"),
    ):
        yield f"create or replace macro {signature} as {body}"
