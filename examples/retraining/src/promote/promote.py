"""Promote the candidate if it beats the best model so far on the same images.

The best model lies on the default datastore at a fixed place: `retraining/best/best.json` names the model's file and
the run that it came from. It is one small file, written last: whoever reads it sees the old best or the new one, whole.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from pipeyard.core import Datastore, Run, Workspace

BEST = "retraining/best"


def main() -> None:
    """Compare, promote, and write the decision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidate", type=Path, required=True)
    parser.add_argument("--holdout", type=Path, required=True)
    parser.add_argument("--least-gain", type=float, required=True)
    parser.add_argument("--decision", type=Path, required=True)
    args = parser.parse_args()

    run = Run.get_context()
    datastore = Workspace.from_config().get_default_datastore()
    rows = np.loadtxt(args.holdout, delimiter=",", dtype=int)
    candidate = accuracy(args.candidate, rows)
    # The best model is measured again rather than remembered: the hold-out set may be another one by now.
    best = best_accuracy(datastore, rows)
    promoted = best is None or candidate > best + args.least_gain
    if promoted:
        promote(datastore, args.candidate, {"run_id": run.id, "accuracy": candidate})
    decision = {"candidate": candidate, "best_before": best, "promoted": promoted}
    args.decision.write_text(json.dumps(decision, indent=2), encoding="utf-8")
    run.log("candidate", candidate)
    if best is not None:
        run.log("best_before", best)
    run.log("promoted", int(promoted))
    print(f"The candidate has {candidate:.4f}, the best so far {best or 0:.4f}: {'' if promoted else 'not '}promoted.")


def accuracy(model: Path, rows: np.ndarray) -> float:
    """Part of the images that a model reads correctly."""
    return float(joblib.load(model).score(rows[:, :-1], rows[:, -1]))


def best_accuracy(datastore: Datastore, rows: np.ndarray) -> float | None:
    """The best model's accuracy, None while there is none."""
    with tempfile.TemporaryDirectory() as folder:
        datastore.download(folder, prefix=f"{BEST}/best.json", show_progress=False)
        note = Path(folder) / BEST / "best.json"
        if not note.exists():
            return None
        model = str(json.loads(note.read_text(encoding="utf-8"))["model"])
        datastore.download(folder, prefix=model, show_progress=False)
        return accuracy(Path(folder) / model, rows)


def promote(datastore: Datastore, candidate: Path, facts: dict[str, Any]) -> None:
    """Upload the model under a name of its own, then the note that makes it the best one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / BEST
        folder.mkdir(parents=True)
        model = folder / f"{facts['run_id']}.joblib"
        model.write_bytes(candidate.read_bytes())
        note = folder / "best.json"
        note.write_text(json.dumps({"model": f"{BEST}/{model.name}", **facts}, indent=2), encoding="utf-8")
        for file in (model, note):
            datastore.upload_files([str(file)], relative_root=name, overwrite=True, show_progress=False)


if __name__ == "__main__":
    main()
