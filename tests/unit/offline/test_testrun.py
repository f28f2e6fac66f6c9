"""Cases of rule tests come to the outcome that the rules and events give, with explain's reason."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from matcher import RuleSet
from matcher.offline import Outcome, RuleTests, RuleTestsError, find_tests, load_rules, load_tests, run_tests
from matcher.offline.junit import junit
from matcher.offline.testselect import selects
from matcher.offline.testtext import describe, plain

RULES = {
    "big": {"source": ["shop"], "detail": {"total": [{"numeric": [">=", 1000]}]}},
    "gift": {"detail": {"wrap": [True]}},
    "all": {"source": [{"exists": True}]},
}
SMALL = {"source": "shop", "detail": {"total": 5}}
BIG = {"source": "shop", "detail": {"total": 5000}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("rules.json").write_text(json.dumps(RULES))
    Path("log.jsonl").write_text("\n".join(map(json.dumps, [SMALL, BIG, SMALL])) + "\n")
    return tmp_path


def run(*cases: dict[str, Any], **top: Any) -> list[Outcome]:
    named = [{"name": f"case {number}", **case} for number, case in enumerate(cases)]
    rules = {} if "rule" in top else {"rules": "rules.json"}
    Path("test_x.rules.json").write_text(json.dumps({**rules, "cases": named, **top}))
    return list(run_tests("test_x.rules.json"))


def told(case: dict[str, Any], **top: Any) -> list[str]:
    """What is wrong with one case; each problem as place: message."""
    (outcome,) = run(case, **top)
    assert (outcome.status == "passed") == (not outcome.problems)
    kinds = {problem.kind for problem in outcome.problems}
    assert outcome.status == ("error" if "error" in kinds else "failed" if kinds else "passed")
    return [f"{problem.place}: {problem.message}" for problem in outcome.problems]


@pytest.mark.parametrize(
    ("case", "wrong"),
    [
        ({"event": SMALL, "matches": ["all"]}, []),
        ({"event": BIG, "matches": ["all", "big"]}, []),
        ({"event": BIG, "matches": ["all"]}, ["big should not match and does"]),
        ({"event": SMALL, "matches": ["all", "big", "gift"]}, ["big, gift should match and do not"]),
        ({"event": SMALL, "matches": ["big"]}, ["big should match and does not; all should not match and does"]),
        ({"event": SMALL, "matches": []}, ["all should not match and does"]),
        ({"event": {}, "matches": []}, []),
        ({"event": {}, "match": False}, []),
        ({"event": SMALL, "match": False}, ["all should not match and does"]),
        ({"event": SMALL, "match": True}, []),
        ({"event": {}, "match": True}, ["expected that a rule matches, and none does"]),
        ({"event": SMALL, "match": False, "rule": "big"}, []),
        ({"event": SMALL, "match": True, "rule": "big"}, ["big should match and does not"]),
        ({"event": BIG, "match": False, "rule": "big"}, ["big should not match and does"]),
        ({"event": json.dumps(BIG), "match": True, "rule": "big"}, []),
        ({"event": [BIG, json.dumps(SMALL), BIG], "match": True, "rule": "big"}, ["big should match and does not"]),
    ],
)
def test_expectations(case: dict[str, Any], wrong: list[str]) -> None:
    assert [one.partition(": ")[2] for one in told(case)] == wrong


@pytest.mark.parametrize(
    ("because", "event", "wrong"),
    [
        ({"big": "detail.total"}, SMALL, None),
        ({"big": "/detail/total", "gift": "detail.wrap"}, SMALL, None),
        ({"big": ["detail.total"]}, SMALL, None),
        ({"big": "source"}, SMALL, "source of big is met; the reason is detail.total"),
        ({"big": "source"}, {"source": "x", "detail": {"total": 1}}, None),
        ({"big": ["source"]}, {"source": "x", "detail": {"total": 1}}, "detail.total kept big from matching, too; the reason is detail.total, source"),
        ({"big": ["source", "detail.total"]}, {"source": "x", "detail": {"total": 1}}, None),
        ({"big": "detail.totl"}, SMALL, "detail.totl is no field of big, or not of the branch that came nearest (did you mean 'detail.total'?); the reason is detail.total"),
        ({"big": "detail"}, SMALL, "detail is no field of big, or not of the branch that came nearest (did you mean 'detail.total'?); the reason is detail.total"),
    ],
)  # fmt: skip
def test_reasons_of_misses(because: Any, event: Any, wrong: str | None) -> None:
    (outcome,) = run({"event": event, "matches": ["all"], "because": because})
    assert [one.message for one in outcome.problems] == ([] if wrong is None else [f"because: {wrong}"])
    for problem in outcome.problems:
        (reason,) = problem.reasons
        assert reason.explanation == RuleSet(RULES).explain(json.dumps(event), "big")
        assert reason.text == f"big: {reason.explanation}"


def test_a_reason_of_the_rule_that_is_named_or_is_the_only_one() -> None:
    case = {"event": SMALL, "match": False, "rule": "big", "because": "detail.total"}
    assert told(case) == []
    only = {"detail": {"total": [1]}}
    assert told({"event": SMALL, "match": False, "because": "detail.total"}, rule=only) == []
    assert told({"event": SMALL, "matches": [], "because": "detail.total"}, rule=json.dumps(only)) == []
    assert told({"event": SMALL, "match": True}, rule={"detail": {"total": [5]}}) == []


def test_array_elements_in_a_reason() -> None:
    rule = {"items": {"sku": ["a"], "weight": [{"numeric": [">", 10]}]}}
    event = {"items": [{"sku": "a", "weight": 1}, {"sku": "b", "weight": 20}]}
    assert told({"event": event, "match": False, "because": "items.weight"}, rule=rule) == []
    light = {"items": [{"sku": "a", "weight": 1}]}
    for path in ("items.weight", "/items/weight", "/items/0/weight"):
        assert told({"event": light, "match": False, "because": path}, rule=rule) == []
    assert len(told({"event": light, "match": False, "because": "/items/1/weight"}, rule=rule)) == 1


@pytest.mark.parametrize(
    ("case", "error"),
    [
        ({"event": {}, "matches": ["bg"]}, "no rule 'bg'; did you mean 'big'?"),
        ({"event": {}, "match": True, "rule": "zzz"}, "no rule 'zzz'"),
        ({"event": {}, "matches": [], "because": {"gft": "a"}}, "no rule 'gft'; did you mean 'gift'?"),
        ({"event": {}, "match": False, "because": "a"}, "because: which of 3 rules? write {rule: path}, or name it with 'rule'"),
        ({"event": {}, "match": False, "rule": "big", "because": {"gift": "a"}}, "because: 'gift' is not the rule of this case"),
        ({"event": "none.jsonl", "match": True}, "none.jsonl: No such file or directory"),
        ({"event": "none*.jsonl", "match": True}, "no file fits none*.jsonl"),
        ({"event": "empty.jsonl", "match": True}, "empty.jsonl holds no event"),
        ({"event": "void", "match": True}, "void holds no file of events"),
        ({"event": "log.jsonl", "line": 4, "match": True}, "log.jsonl holds no event at 4"),
        ({"event": "*.jsonl", "line": 1, "match": True}, "*.jsonl names 2 files; 'line' needs one"),
        ({"event": "-", "match": True}, "./-: No such file or directory"),
    ],
)  # fmt: skip
def test_what_a_case_needs_and_can_not_have(case: dict[str, Any], error: str) -> None:
    Path("empty.jsonl").write_text("\n\n")
    Path("void").mkdir()
    assert told(case) == [f"test_x.rules.json:1: {error}"]


def test_events_of_files() -> None:
    (outcome,) = run({"event": "log.jsonl", "matches": ["all"]})
    assert (outcome.events, outcome.status) == (3, "failed")
    assert [one.place for one in outcome.problems] == ["log.jsonl:2"]
    assert told({"event": "log.jsonl", "line": 2, "matches": ["big", "all"]}) == []
    Path("log").mkdir()
    Path("log/a.json.gz").write_bytes(gzip.compress(json.dumps({"Records": [SMALL, BIG]}, indent=1).encode()))
    Path("log/b.json").write_text(json.dumps([BIG]))
    for name in ("log", "log/*", ["log/a.json.gz", "log/b.json"]):
        (outcome,) = run({"event": name, "match": False, "rule": "big"})
        assert outcome.events == 3
        assert [one.place for one in outcome.problems] == [f"{Path('log/a.json.gz')}:2", f"{Path('log/b.json')}:1"]
    assert told({"event": str(Path("log.jsonl").resolve()), "match": True}) == []


def test_a_refused_event_and_a_damaged_file_are_errors_and_the_rest_is_checked() -> None:
    Path("bad.jsonl").write_text('{"source": tru}\n' + json.dumps(BIG))
    (outcome,) = run({"event": "bad.jsonl", "match": False, "rule": "big"})
    assert [one.place for one in outcome.problems] == ["bad.jsonl:1", "bad.jsonl:2"]
    assert (outcome.status, outcome.events) == ("error", 2)
    assert outcome.summary.startswith("an event that is refused at byte 14: ")
    packed = gzip.compress((json.dumps(BIG) + "\n").encode() * 10_000)
    Path("cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    (outcome,) = run({"event": "cut.jsonl.gz", "match": True})
    assert outcome.status == "error"
    assert outcome.events > 0
    assert "cut.jsonl.gz: line" in outcome.summary


def test_many_problems_are_counted_and_a_few_told() -> None:
    Path("log.jsonl").write_text((json.dumps(BIG) + "\n") * 1000)
    (outcome,) = run({"event": "log.jsonl", "matches": ["all"]})
    assert (outcome.events, len(outcome.problems), outcome.more) == (1000, 5, 995)
    assert list(describe(outcome))[-1] == ("note", "and 995 more, of 1,000 events")
    assert plain(outcome)["more"] == 995


def test_the_answer_is_that_of_matching_on_every_event_of_the_examples() -> None:
    orders = Path(__file__).parents[3] / "examples" / "orders"
    rules = RuleSet(json.loads((orders / "rules.json").read_text()))
    events = (orders / "events.jsonl").read_bytes().splitlines()
    cases = [
        {"event": str(orders / "events.jsonl"), "line": number, "matches": rules.match(event)}
        for number, event in enumerate(events, 1)
    ]
    outcomes = run(*cases, rules=str(orders / "rules.json"))
    assert [one.status for one in outcomes] == ["passed"] * 200
    for case in cases:
        case["matches"] = case["matches"][1:] if case["matches"] else ["archive"]
    outcomes = run(*cases, rules=str(orders / "rules.json"))
    assert [one.status for one in outcomes] == ["failed"] * 200


def test_reasons_tell_why_of_each_name_that_differs() -> None:
    (outcome,) = run({"event": SMALL, "matches": ["big"]})
    (problem,) = outcome.problems
    assert (problem.expected, problem.got) == (("big",), ("all",))
    assert [(one.rule, one.explanation and one.explanation.matched) for one in problem.reasons] == [
        ("big", False),
        ("all", True),
    ]
    lines = list(describe(outcome))
    assert ("missing", "  - big") in lines
    assert ("unexpected", "  + all") in lines
    assert ("", "  expected: [big]") in lines
    assert any("detail.total: found 5 at /detail/total; want" in text for _, text in lines)


def test_structural_validation_is_that_of_the_file() -> None:
    event = '{"source": "shop", "other": [1, 01]}'
    Path("loose.jsonl").write_text(event)
    assert "malformed number" in told({"event": "loose.jsonl", "matches": ["all"]})[0]
    assert told({"event": "loose.jsonl", "matches": ["all"]}, validate="structural") == []
    (outcome,) = run({"event": "loose.jsonl", "matches": []}, validate="structural")
    (reason,) = outcome.problems[0].reasons
    assert reason.explanation is None
    assert "no reason can be told at byte" in reason.text
    assert plain(outcome)["problems"][0]["reasons"] == [{"rule": "all", "text": reason.text}]


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        ("none.json", "none.json: the rules can't be read: No such file or directory"),
        ("broken.json", "broken.json: at line 1, column 1: found 'nope'; want JSON (Expecting value)"),
        (["rules.json", "faulty.json"], "faulty.json: the rules don't compile\nrule 'q': at /x/0/prefx: found the operator"),
        ("-", "./-: the rules can't be read: No such file or directory"),
    ],
)  # fmt: skip
def test_rules_that_can_not_be_had_are_an_error_of_each_case(rules: Any, error: str) -> None:
    Path("broken.json").write_text("nope")
    Path("faulty.json").write_text('{"q": {"x": [{"prefx": "y"}]}}')
    outcomes = run({"event": {}, "match": False}, {"event": {}, "match": False}, rules=rules)
    assert [one.status for one in outcomes] == ["error", "error"]
    for outcome in outcomes:
        (problem,) = outcome.problems
        assert f"{problem.place}: {problem.message}".startswith(error)


def test_rules_of_several_files_and_of_one_pattern() -> None:
    Path("more.json").write_text('{"more": {"source": ["shop"]}, "gift": {"source": ["shop"]}}')
    assert told({"event": SMALL, "matches": ["all", "more", "gift"]}, rules=["rules.json", "more.json"]) == []
    Path("one.json").write_text('{"source": ["shop"]}')
    assert told({"event": SMALL, "matches": ["one"]}, rule="one.json") == []
    assert told({"event": SMALL, "matches": ["rule"]}, rule={"source": ["shop"]}) == []
    lines = '{"name": "a", "pattern": {"source": ["shop"]}}\n'
    Path("lines.jsonl").write_text(lines)
    assert told({"event": SMALL, "matches": ["a"]}, rules="lines.jsonl", **{"rules-format": "lines"}) == []


def test_numbers_keep_their_spelling_in_inline_rules_and_events() -> None:
    text = "rule: {x: [1234567890.12345678]}\ncases: [{name: n, event: {x: 1234567890.12345678}, match: true}]\n"
    Path("test_n.rules.yaml").write_text(text)
    (outcome,) = run_tests("test_n.rules.yaml")
    assert outcome.status == "passed"
    assert outcome.case.events[0].text == '{"x": 1234567890.12345678}'  # type: ignore[union-attr]


def test_paths_are_those_beside_the_test_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run({"event": "log.jsonl", "match": True})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (outcome,) = run_tests("../test_x.rules.json")
    assert (outcome.status, outcome.events) == ("passed", 3)
    (outcome,) = run_tests([load_tests(tmp_path / "test_x.rules.json")], threads=2)
    assert outcome.status == "passed"


def test_outcomes_come_one_by_one_and_a_broken_file_ends_them_where_it_stands() -> None:
    run({"event": SMALL, "match": True})
    Path("test_y.rules.yaml").write_text("rules: rules.json\ncases: []\n")
    outcomes = run_tests(".")
    assert next(outcomes).status == "passed"
    with pytest.raises(RuleTestsError, match="found no case"):
        next(outcomes)
    with pytest.raises(FileNotFoundError):
        list(run_tests("nowhere"))


def test_a_selection_of_cases() -> None:
    run({"event": SMALL, "match": True}, {"event": BIG, "match": True})
    assert [one.case.name for one in run_tests("test_x.rules.json", only="case 1")] == ["case 1"]
    with pytest.raises(ValueError, match="want a closing parenthesis"):
        run_tests("test_x.rules.json", only="(case")


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("big", ["a::Big order", "a::big gift"]),
        ("big and not gift", ["a::Big order"]),
        ("order or small", ["a::Big order", "b::small"]),
        ("not (big or small)", ["b::and so on"]),
        ("b::", ["b::small", "b::and so on"]),
        ("big order", ["a::Big order"]),
        ("'and so'", ["b::and so on"]),
        ('"and" and not big', ["b::and so on"]),
        ("not not small", ["b::small"]),
    ],
)
def test_expressions(expression: str, names: list[str]) -> None:
    question = selects(expression)
    assert [name for name in ("a::Big order", "a::big gift", "b::small", "b::and so on") if question(name)] == names


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "found the end; want a text"),
        ("a and", "found the end; want a text"),
        ("and", "found 'and'; want a text"),
        ("(a", "found the end; want a closing parenthesis"),
        ("a)", r"found '\)'; want and, or, or the end"),
        ("'a", "a quote that does not end"),
        ("a not b", "found 'not'; want and, or, or the end"),
        ("(" * 1000 + "a", "more than 50 parentheses"),
    ],
)
def test_expressions_that_are_none(expression: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        selects(expression)


def test_files_are_found() -> None:
    for name in ("test_a.rules.yaml", "sub/test_b.rules.yml", "sub/test_c.rules.json", "sub/d.rules.yaml", "sub/e.rules.json",
                 ".hidden/test_f.rules.yaml", "node_modules/test_g.rules.yaml", "env/test_h.rules.yaml", "test_i.yaml"):  # fmt: skip
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("")
    Path("env/pyvenv.cfg").write_text("")
    below = ["sub/d.rules.yaml", "sub/test_b.rules.yml", "sub/test_c.rules.json"]
    assert [Path(one).as_posix() for one in find_tests(["."])] == ["test_a.rules.yaml", *below]
    assert [Path(one).as_posix() for one in find_tests(["sub", "sub/d.rules.yaml"])] == below
    assert [Path(one).as_posix() for one in find_tests(["s*/*.json", "test_i.yaml"])] == [
        "sub/e.rules.json", "sub/test_c.rules.json", "test_i.yaml"]  # fmt: skip
    with pytest.raises(FileNotFoundError, match="no glob that fits any"):
        find_tests(["*.toml"])


def test_rules_are_loaded() -> None:
    assert load_rules("rules.json").match(json.dumps(BIG)) == ["big", "all"]


def test_junit_tells_every_case() -> None:
    outcomes = run(
        {"name": "good", "event": SMALL, "match": True},
        {"name": "bad \x07<&>", "event": SMALL, "matches": ["big"]},
        {"name": "broken", "event": "none", "match": True},
    )
    root = ET.fromstring(junit(outcomes, {"test_z.rules.yaml": "it's <broken>"}))
    assert {key: root.get(key) for key in ("tests", "failures", "errors")} == {"tests": "4", "failures": "1", "errors": "2"}
    first, second = root
    assert (first.get("name"), first.get("tests"), first.get("failures"), first.get("errors")) == (
        "test_x.rules.json", "3", "1", "1")  # fmt: skip
    good, bad, broken = first
    assert (good.get("classname"), good.get("line"), list(good)) == ("test_x.rules", "1", [])
    assert bad.get("name") == "bad �<&>"
    assert bad[0].tag == "failure"
    assert "detail.total: found 5 at /detail/total" in (bad[0].text or "")
    assert (broken[0].tag, broken[0].get("message")) == ("error", "none: No such file or directory")
    assert second[0][0].text == "it's <broken>"
    assert float(root.get("time", "")) == pytest.approx(sum(one.seconds for one in outcomes), abs=1e-5)


def test_a_folder_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("closed").mkdir()
    scandir = os.scandir

    def refused(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    assert find_tests(["."]) == ["./closed"]


def test_events_in_another_folder_have_a_short_name() -> None:
    Path("cases/link").mkdir(parents=True)
    tests = RuleTests("cases/test_x.rules.json", ())
    assert tests.beside("../log.jsonl") == "./log.jsonl"
    assert tests.beside("../*.jsonl") == "./*.jsonl"
    assert tests.beside("../../up/log.jsonl") == "../up/log.jsonl"
    assert tests.beside("link/../log.jsonl") == "cases/log.jsonl"
    Path("far/below").mkdir(parents=True)
    Path("cases/link").rmdir()
    Path("cases/link").symlink_to(Path("far/below").absolute())
    assert tests.beside("link/../log.jsonl") == "cases/link/../log.jsonl"
