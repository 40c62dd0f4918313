#!/usr/bin/env python3
"""Breaks the code on purpose, one thing at a time, and sees the fault checker or a test catch it (`make mutants`).

Works on a copy of the tracked files below target/mutants, with a target folder of its own; the tree itself is never touched. Without
arguments every mutant of tests/mutants.toml, otherwise those whose name contains one of the arguments. First the same run on the code as
it is, which must find nothing (`--trust` leaves that out). Ends with a failure where a mutant survives, or is caught for another reason; one
that does not build is not caught.
"""

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "mutants"
TREE = WORK / "tree"
TARGET = WORK / "target"
BOUND = 900  # seconds a run may take


def copy():
    """The tracked files and the new ones, as they stand; what did not change keeps its time, and is not built again."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    names = {name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()}
    for name in names:
        source, copied = ROOT / name, TREE / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        if not copied.is_file() or copied.read_bytes() != source.read_bytes():
            shutil.copyfile(source, copied)
    for left in [path for path in TREE.rglob("*") if path.is_file() and str(path.relative_to(TREE)) not in names]:
        left.unlink()


def cargo(*arguments, **options):
    lock = ["flock", os.environ["CARGO_LOCK"]] if "CARGO_LOCK" in os.environ else []
    return subprocess.run([*lock, "cargo", *arguments], cwd=TREE, env={**os.environ, "CARGO_TARGET_DIR": str(TARGET)}, **options)


def build(mutant):
    """Builds what must catch it. Of a test that does not build nothing could be said."""
    if "catch" in mutant:
        cargo("test", "--locked", "--quiet", "--no-run", *mutant["catch"].split(), check=True)
    else:
        cargo("build", "--locked", "--quiet", "-p", "livline-tests", "--bin", "faults", "--bin", "program", check=True)


def test(mutant):
    """Which tests failed, and the whole text."""
    ended = cargo("test", "--locked", *mutant["catch"].split(), timeout=BOUND, capture_output=True, text=True)
    text = ended.stdout + ended.stderr
    if not re.search(r"^running [1-9]", text, re.M):
        raise SystemExit(f"{mutant['name']}: no test is called so:\n{text[-3000:]}")
    return {name: 1 for name in re.findall(r"^test (\S+) \.\.\. FAILED$", text, re.M)}, text


def caught_by(mutant):
    """What was found, and whether that catches it."""
    if "catch" in mutant:
        found, text = test(mutant)
        return found, text, bool(found)
    found, text = run(mutant["run"])
    return found, text, any(kind in found for kind in mutant["caught"])


def run(arguments):
    """What the checker complains of, by kind, and its whole text."""
    command = [TARGET / "debug" / "faults", *arguments.split()]
    ended = subprocess.run(command, cwd=TREE, timeout=BOUND, capture_output=True, text=True)
    text = ended.stdout + ended.stderr
    kinds = {kind: int(many) for kind, many in re.findall(r"^  (lost|doubled|invented|torn|reordered|skipped|changed|ended|idle) +(\d+) ", text, re.M)}
    if len(kinds) != 9:
        raise SystemExit(f"the run did not come to its end:\n{text[-3000:]}")
    return {kind: many for kind, many in kinds.items() if many}, text


def change(mutant):
    for part in mutant["change"]:
        path = TREE / part["file"]
        text = path.read_text()
        if text.count(part["find"]) != 1:
            raise SystemExit(f"{mutant['name']}: its text does not stand exactly once in {part['file']}:\n{part['find']}")
        path.write_text(text.replace(part["find"], part["with"]))
        if path.suffix == ".sql":  # cargo does not see these
            (TREE / "services/engine/src/database.rs").touch()


def main():
    mutants = tomllib.loads((ROOT / "tests" / "mutants.toml").read_text())["mutant"]
    wanted = [argument for argument in sys.argv[1:] if argument != "--trust"]
    mutants = [mutant for mutant in mutants if not wanted or any(word in mutant["name"] for word in wanted)]
    copy()
    lines, survived = [], 0
    runs = {mutant.get("run", mutant.get("catch")): mutant for mutant in mutants if "--trust" not in sys.argv}
    for named, mutant in runs.items():
        build(mutant)
        found, text, _ = caught_by(mutant)
        if found:
            raise SystemExit(f"{mutant['name']}: the code as it is does not pass its run:\n{text}")
        print(f"  as it is: {named}", flush=True)
    for mutant in mutants:
        change(mutant)
        build(mutant)
        begun = time.monotonic()
        found, text, caught = caught_by(mutant)
        survived += not caught
        (WORK / (mutant["name"].replace(" ", "-") + ".log")).write_text(text)
        by = ", ".join(kind if "catch" in mutant else f"{many} {kind}" for kind, many in found.items()) or "NOTHING"
        lines.append(f"  {mutant['name']:<48}{by:<48}{time.monotonic() - begun:4.0f} s{'' if caught else '  SURVIVED'}")
        print(lines[-1], flush=True)
        copy()
        (TREE / "services/engine/src/database.rs").touch()
    print(f"\n  {'mutation':<48}{'caught by':<48}\n" + "\n".join(lines))
    sys.exit(1 if survived else 0)


main()
