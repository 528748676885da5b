"""Every regular expression that the page kernel compiles: `python kernel_patterns.py` prints them as JSON.

In a process of its own: `re.compile` is watched from before the kernel is imported. Patterns that are compiled on first use show up by
calling every function of the kernel that returns one, and by reading the bundled sample.
"""

import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def kernel_patterns() -> list[re.Pattern]:
    """Patterns over text and over bytes, each once."""
    listed = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True)
    return [re.compile(source.encode("latin-1") if is_bytes else source, flags) for source, flags, is_bytes in json.loads(listed.stdout)]


def _watch() -> dict[tuple[str, int, bool], None]:
    found: dict[tuple[str, int, bool], None] = {}
    compile_ = re.compile

    def watched(pattern, flags=0):
        made = compile_(pattern, flags)
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.startswith(("broadsheet.page", "broadsheet.text", "broadsheet.urls")):
            is_bytes = isinstance(made.pattern, bytes)
            found[made.pattern.decode("latin-1") if is_bytes else made.pattern, made.flags & ~re.UNICODE, is_bytes] = None
        return made

    re.compile = watched  # type: ignore[assignment]
    return found


def _call_makers() -> None:
    import broadsheet.page

    for info in pkgutil.iter_modules(broadsheet.page.__path__):
        module = importlib.import_module(f"broadsheet.page.{info.name}")
        for function in vars(module).values():
            if (
                hasattr(function, "cache_info")
                and "Pattern" in str(inspect.signature(function).return_annotation)
                and not inspect.signature(function).parameters
            ):
                function()


def _read_sample() -> None:
    sys.path[:0] = [str(ROOT / "tests" / "page"), str(ROOT / "tests" / "fuzz")]
    from invented_pages import HTML, TEXT
    from mutation import bundled
    from record_rules import read_bytes

    read_bytes(HTML.encode())
    read_bytes(TEXT.encode(), media_type="text/plain")
    for content, media_type in bundled():
        read_bytes(content, media_type=media_type)


if __name__ == "__main__":
    patterns = _watch()
    _call_makers()
    _read_sample()
    print(json.dumps(list(patterns)))
