"""The house itself: commands documented, requirements in step, nothing of a machine in the files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def names(file: str) -> set[str]:
    """Normalised names of the packages that a requirements file lists."""
    found = re.findall(r"^([A-Za-z][A-Za-z0-9_.-]*)", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    return {name.lower().replace("_", "-").replace(".", "-") for name in found}


def test_the_readme_begins_with_the_two_commands():
    commands = [line.split()[1] for line in (ROOT / "README.md").read_text("utf-8").splitlines()[:8] if line.startswith("make ")]
    assert commands == ["run", "test"]


def test_every_target_of_the_makefile_is_in_its_help():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[1].split()
    documented = re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE)
    assert {"run", "test", "up", "lint", "lock", "clean", "help"} <= set(phony)
    assert set(phony) <= set(documented)


@pytest.mark.parametrize("kind", ["", "-dev", "-compose", "-bench"])
def test_locked_requirements_hold_what_is_chosen_with_hashes(kind):
    locked = (ROOT / f"requirements{kind}.txt").read_text("utf-8")
    assert names(f"requirements{kind}.in") <= names(f"requirements{kind}.txt")
    pins = re.findall(r"^[A-Za-z0-9_.-]+==", locked, re.MULTILINE)
    blocks = re.split(r"^(?=[A-Za-z0-9_.-]+==)", locked, flags=re.MULTILINE)[1:]
    assert len(pins) == len(blocks) > 0
    assert all("--hash=sha256:" in block for block in blocks)


def test_no_file_names_a_registry_or_a_path_of_a_machine():
    needles = ["pypi" + ".org", "python" + "hosted", "registry." + "npmjs", "deb." + "debian.org", "/root" + "/", "/home" + "/runner"]
    found = []
    for file in tracked():
        if file.suffix in (".gz", ".warc") or "broken" in file.parts:
            continue
        text = file.read_text("utf-8", "replace")
        found += [f"{file.relative_to(ROOT)}: {needle}" for needle in needles if needle in text]
    assert found == []


def test_the_library_imports_no_airflow():
    importing = [
        file for file in (ROOT / "include").rglob("*.py") if re.search(r"^\s*(?:import|from) airflow\b", file.read_text("utf-8"), re.MULTILINE)
    ]
    assert importing == []


def test_the_command_line_starts_without_heavy_imports():
    code = "import sys, broadsheet.cli; print(sorted({'great_expectations', 'duckdb', 'pandas', 'turbohtml', 'airflow'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_capturing_loads_neither_the_page_kernel_nor_what_later_stages_need(tmp_path):
    """Each Airflow task is a process of its own: what it imports it pays for. Byte order marks are known to `page.decode` alone."""
    page = next((ROOT / "examples" / "sample" / "pages").glob("*.html"))
    code = (
        "import sys; from broadsheet.pipeline import capture; from broadsheet.runs import Run;"
        "assert capture(Run.start(sys.argv[1], shards=1), [sys.argv[2]]) == [0]; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "lake"), str(page)], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {name for name in loaded if name.startswith("broadsheet.page.")} <= {"broadsheet.page.decode"}
    assert not loaded & {"broadsheet.engine.shards", "turbohtml", "great_expectations", "airflow"}


def checked(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_compose_file_is_valid():
    schema = checked(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yaml")
    assert schema.returncode == 0, schema.stdout + schema.stderr


def test_the_compose_file_has_no_known_weakness():
    lint = checked(sys.executable, "-m", "compose_lint", "--fail-on", "low", "--strict-config", "--no-env", "docker-compose.yaml")
    assert lint.returncode == 0, lint.stdout + lint.stderr


def test_the_dockerfile_has_no_known_weakness():
    lint = checked(str(Path(sys.executable).with_name("hadolint")), "--failure-threshold", "style", "Dockerfile")
    assert lint.returncode == 0, lint.stdout + lint.stderr
