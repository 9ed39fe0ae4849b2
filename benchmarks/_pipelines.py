"""Pipelines of tiny, real script steps, and the same processes spawned plainly: the floor."""

import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SCRIPT_NAME = "tiny.py"
SCRIPT = """\
import sys
text = "".join(open(path).read()[:9] for path in sys.argv[3:])
with open(sys.argv[1], "w") as out:
    out.write(sys.argv[2] + text)
"""
"""Reads its inputs and writes one small file: `tiny.py OUT WORD [IN ...]`."""

type Edges = list[list[int]]


def fan(width: int) -> Edges:
    """1 → width → 1."""
    return [[], *([[0]] * width), list(range(1, width + 1))]


def chain(length: int) -> Edges:
    """One step after the other."""
    return [[], *([step] for step in range(length - 1))]


def definition(edges: Edges, snapshot: str, width: int, salt: str) -> dict[str, Any]:
    """The pipeline of a graph; `salt` makes its keys new."""
    steps = [
        {
            "name": f"s{step}",
            "settings": {"script_name": SCRIPT_NAME},
            "snapshot": snapshot,
            "inputs": {
                f"i{above}": {"kind": "pipeline_data", "step": f"s{above}", "output": "out"} for above in above_
            },
            "outputs": {"out": {}},
            "arguments": [{"output": "out"}, f"{salt}-{step}", *({"input": f"i{above}"} for above in above_)],
        }
        for step, above_ in enumerate(edges)
    ]
    return {"name": "tiny", "steps": steps, "max_parallel_steps": width}


def floor_seconds(edges: Edges, width: int) -> float:
    """Seconds to spawn the same processes plainly, level by level, `width` at a time, with no engine at all."""
    levels: dict[int, list[int]] = {}
    depth: list[int] = []
    for step, above in enumerate(edges):
        depth.append(1 + max((depth[each] for each in above), default=-1))
        levels.setdefault(depth[step], []).append(step)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(width) as pool:
        script = Path(folder, SCRIPT_NAME)
        script.write_text(SCRIPT)

        def spawn(step: int) -> None:
            inputs = [str(Path(folder, f"{above}.txt")) for above in edges[step]]
            subprocess.run([sys.executable, str(script), str(Path(folder, f"{step}.txt")), "x", *inputs], check=True)

        started = time.perf_counter()
        for level in sorted(levels):
            list(pool.map(spawn, levels[level]))
        return time.perf_counter() - started
