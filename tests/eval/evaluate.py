"""Scores of the page kernel on the evaluation set beside their floors: `python tests/eval/evaluate.py` prints the table."""

import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SHARED = HERE.resolve().parents[2] / "shared" / "evaluation"
FLOORS = json.loads((HERE / "floors.json").read_text("utf-8"))


def scores(dev: Path, score_script: Path) -> dict[str, float]:
    """Figure name (`set/field.measure`) -> value, for every figure that has a floor."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        rendered = Path(folder) / "rendered"
        render(dev / "pages", rendered)
        for source, pages in {"pages": dev / "pages", "text": dev / "text", "rendered": rendered}.items():
            out = Path(folder) / f"{source}.jsonl"
            subprocess.run([sys.executable, "-m", "broadsheet", "extract", "--jsonl", out, pages], check=True, capture_output=True)
            for name, (of, arguments) in SETS.items():
                if of == source:
                    command = [sys.executable, score_script, dev / "truth.jsonl", out, *arguments, "--json"]
                    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                    for field, measures in result.items():
                        if isinstance(measures, dict):
                            value = measures.get("f1", measures.get("exact"))
                            if value is not None:
                                found[f"{name}/{field}"] = value
    return {name: found[name] for name in FLOORS}


def render(pages: Path, to: Path) -> None:
    """Plain-text captures of pages that have none, by the renderer that the others seem to have been made with: most come out the same."""
    from resiliparse.extract.html2text import extract_plain_text

    to.mkdir()
    for page in pages.glob("*.html.gz"):
        html = gzip.decompress(page.read_bytes()).decode("utf-8", "replace")
        text = extract_plain_text(html, preserve_formatting=True, main_content=False, list_bullets=True, alt_texts=True)
        (to / f"{page.name.removesuffix('.html.gz')}.txt").write_text(text.translate(HALF_WIDTH), "utf-8")


HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
SETS = {
    "articles-zh": ("pages", ["--set", "articles", "--lang", "zh"]),
    "scrapinghub": ("pages", ["--group", "scrapinghub"]),
    "fundus": ("pages", ["--group", "fundus"]),
    "furniture": ("pages", ["--set", "furniture"]),
    "text": ("text", ["--set", "furniture"]),
    "rendered-zh": ("rendered", ["--set", "articles", "--lang", "zh"]),
    "rendered-scrapinghub": ("rendered", ["--group", "scrapinghub"]),
    "rendered-fundus": ("rendered", ["--group", "fundus"]),
}

if __name__ == "__main__":
    reached = scores(SHARED / "dev", SHARED / "score.py")
    print(f"{'figure':<34}{'floor':>8}{'now':>8}")
    for name, floor in FLOORS.items():
        print(f"{name:<34}{floor:>8.3f}{reached[name]:>8.3f}{'' if reached[name] >= floor else '  below'}")
    sys.exit(any(reached[name] < floor for name, floor in FLOORS.items()))
