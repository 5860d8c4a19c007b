"""Write Grafana's dashboards as JSON, as ``described`` has them: ``.venv/bin/python deploy/grafana/write.py``.

With ``--check`` nothing is written; it ends with 1 if the JSON that lies there is not what would be written.
"""

# ruff: noqa: INP001  (a script beside what it writes)

import json
import sys
from pathlib import Path

from described import BOARDS

FOLDER = Path(__file__).parent / "dashboards"


def main() -> int:
    """Write or check."""
    made = {f"{board.uid}.json": json.dumps(board.json(), indent=1, ensure_ascii=False) + "\n" for board in BOARDS}
    if "--check" in sys.argv[1:]:
        found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
        stale = sorted(name for name in {*made, *found} if made.get(name) != found.get(name))
        sys.stdout.write("".join(f"{name} is not as described: run deploy/grafana/write.py\n" for name in stale))
        return bool(stale)
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
