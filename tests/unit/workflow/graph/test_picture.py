"""A workflow draws itself, and what an execution of it did."""

from __future__ import annotations

from pathlib import Path

from matcher.workflow.workflow import Workflow

DEFINITION = {
    "Comment": "Ask once",
    "StartAt": "Ask",
    "States": {"Ask": {"Type": "Task", "Resource": "ask", "Next": "Done"}, "Done": {"Type": "Succeed"}},
}


def test_a_workflow_draws_itself(tmp_path: Path) -> None:
    with Workflow.load(DEFINITION, tasks={"ask": lambda given: given}) as workflow:
        plain = workflow.graph()
        painted = workflow.graph(workflow.run({"a": 1}).name)
    assert (plain.trace, plain.title) == (None, "Ask once")
    assert "classDef" not in plain.mermaid()
    assert "class s0,s1 succeeded" in painted.mermaid()
    painted.save(tmp_path / "run.svg")
    painted.save(str(tmp_path / "run.mmd"))
    assert (tmp_path / "run.svg").read_text() == painted.svg() == painted._repr_svg_()
    assert (tmp_path / "run.mmd").read_text() == painted.mermaid()
