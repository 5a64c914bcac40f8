"""Verify the archive of a run: `python3 verify.py` in the folder where it was unpacked. Needs Python alone."""

import hashlib
import json
import pathlib
import sys


def main(folder: pathlib.Path) -> int:
    """0 when every event follows the one before it and every artifact is what was stored; else 1."""
    manifest = json.loads((folder / "manifest.json").read_text())
    if manifest["format"] != 1:
        return report(f"the archive has format {manifest['format']}, which this script does not know")
    before, count = bytes(32), 0
    for count, line in enumerate((folder / "events.jsonl").read_text().splitlines(), 1):
        row = json.loads(line)
        rule = [1, manifest["stream"], row["seq"], row["at"], row["actor"], row["epoch"], row["type"], row["body"]]
        text = json.dumps(rule, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
        if row["seq"] != count or row["prev"] != before.hex():
            return report(f"event {count} is missing or does not follow the one before it")
        before = hashlib.sha256(before + text).digest()
        if before.hex() != row["hash"]:
            return report(f"event {count} was changed")
        for artifact in json.loads(row["body"]).get("artifacts", ()) if row["type"] == "step.settled" else ():
            path = folder / "artifacts" / (artifact["sha256"] or "-")
            if artifact["sha256"] and (not path.exists() or digest(path) != artifact["sha256"]):
                return report(f"event {count}: artifact {artifact['sha256']} is missing or was changed")
    if (count, before.hex()) != (manifest["seq"], manifest["hash"]):
        return report(f"the run should end with event {manifest['seq']}, and ends with {count}")
    sys.stdout.write(f"{manifest['stream']}: {count} events, the chain holds\n")
    return 0


def digest(path: pathlib.Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def report(problem: str) -> int:
    """Say what does not hold."""
    sys.stdout.write(f"{problem}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
