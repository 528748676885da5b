"""The pages' texts in English and Chinese (`texts.yaml`), and which of the two a request is answered in."""

from collections.abc import Callable
from functools import cache
from importlib import resources

import yaml
from starlette.requests import Request

ENGLISH, CHINESE = "en", "zh"
COOKIE = "broadsheet_language"  # written by static/language.js: the language that is chosen in Airflow's UI


@cache
def texts() -> dict[str, dict[str, str]]:
    """key -> language -> text, which may have `{places}` for values."""
    return yaml.safe_load(resources.files("broadsheet.ui").joinpath("texts.yaml").read_text("utf-8"))


def language_of(request: Request) -> str:
    """The language that is asked for by `?lang=`, else that of Airflow's UI, else the first known one of the browser's."""
    wanted = [request.query_params.get("lang"), request.cookies.get(COOKIE), *_accepted(request.headers.get("accept-language", ""))]
    for name in filter(None, wanted):
        if (language := name[:2].lower()) in (ENGLISH, CHINESE):
            return language
    return ENGLISH


def _accepted(header: str) -> list[str]:
    """Languages of an `Accept-Language` header, the most wanted first."""
    ranked = []
    for number, part in enumerate(header.split(",")[:20]):
        name, _, weight = part.partition(";q=")
        try:
            ranked.append((-float(weight or 1), number, name.strip()))
        except ValueError:
            continue
    return [name for *_, name in sorted(ranked)]


def teller(language: str) -> Callable[..., str]:
    """`tell(key, **values)`: a text in this language."""
    known = texts()

    def tell(key: str, /, **values: object) -> str:
        return known[key][language].format(**values)

    return tell
