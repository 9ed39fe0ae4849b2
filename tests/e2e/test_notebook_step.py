"""`notebook` steps in a real workspace."""

import json

import nbformat

from tests.e2e.workspace import Api, Flow

CELLS = ["print('alpha is', alpha * 2)", "open(out, 'w').write(open(maker).read() + str(alpha))"]


def notebook(*sources: str) -> str:
    parameters = nbformat.v4.new_code_cell("alpha = 1")
    parameters.metadata["tags"] = ["parameters"]
    cells = [parameters, *(nbformat.v4.new_code_cell(source) for source in sources)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell{number}"
    return str(nbformat.writes(nbformat.v4.new_notebook(cells=cells)))


def notebook_step(flow: Flow, *sources: str, **fields):
    settings = {"notebook": "work/train.ipynb", "parameters": {"alpha": {"parameter": "alpha"}}}
    settings |= fields.pop("settings", {})
    step = flow.step("book", files={"work/train.ipynb": notebook(*sources)}, **fields)
    return {**step, "type": "notebook", "settings": settings}


def submit(api: Api, flow: Flow, *steps, **values):
    parameters = {"alpha": {"type": "int", "default": 2}}
    return api.wait(api.submit(flow.definition(*steps, parameters=parameters), **values), limit=60)


def test_a_notebook_gets_parameters_and_paths_and_leaves_its_executed_self(api: Api, flow: Flow):
    maker = flow.step("maker", "out('made ')")
    outputs: dict[str, dict[str, str]] = {"out": {}, "executed": {}}
    step = notebook_step(flow, *CELLS, data=["maker"], outputs=outputs, settings={"output_notebook": "executed"})
    ended = submit(api, flow, maker, step, parameters={"alpha": 21})
    log = api.log(ended.run_id, "book")
    assert ended.status == "Finished", log
    assert "alpha is 42" in log
    assert api.read_output(ended.run_id, "book") == b"made 21"
    executed = json.loads(api.read_output(ended.run_id, "book", "executed"))
    assert "alpha is 42" in str(executed["cells"])
    files = api.get(f"/api/runs/{ended.run_id}/steps/book/files")["value"]
    assert {"path": "outputs/train.ipynb"} in files


def test_a_failing_cell_fails_the_step_with_its_error(api: Api, flow: Flow):
    ended = submit(api, flow, notebook_step(flow, "print('before')", "raise KeyError('lost')", "print('after')"))
    log = api.log(ended.run_id, "book")
    assert ended.status == "Failed"
    assert "KeyError: 'lost'" in log
    assert "before" in log
    assert "after" not in log
    assert {"path": "outputs/train.ipynb"} in api.get(f"/api/runs/{ended.run_id}/steps/book/files")["value"]


def test_a_cell_that_hangs_is_ended(api: Api, flow: Flow):
    step = notebook_step(flow, "import time; time.sleep(60)", settings={"timeout_seconds": 1})
    ended = submit(api, flow, step)
    assert ended.status == "Failed"
    assert "CellTimeoutError" in api.log(ended.run_id, "book")
