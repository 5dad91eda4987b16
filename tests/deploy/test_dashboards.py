"""Dashboards and rules show what is really exported."""

import json
import runpy
from pathlib import Path
from typing import Any

from .conftest import DEPLOY, Object
from .expressions import (
    BROKER,
    PROCESS,
    Expression,
    exported,
    of_dashboards,
    of_rules,
    recorded,
)

GRAFANA = DEPLOY / "grafana"


def test_what_is_made_is_as_it_would_be_made_now() -> None:
    files: dict[Path, str] = runpy.run_path(str(GRAFANA / "make_dashboards.py"))["files"]()
    assert {path for path in files if path.read_text() != files[path]} == set()
    assert {path for path in files if path.suffix == ".json"} == set(_paths())


def test_every_expression_names_only_what_there_is() -> None:
    known = exported() | recorded() | BROKER | PROCESS
    unknown = {each.where: each.metrics - known for each in _all() if each.metrics - known}
    assert unknown == {}


def test_the_scalers_ask_for_what_there_is(tree: Path) -> None:
    text = (tree / "k8s" / "components" / "keda" / "scaling.yaml").read_text()
    queries = [part.split("threshold")[0] for part in text.split("query: >-")[1:]]
    assert queries
    for query in queries:
        assert Expression("keda", " ".join(query.split())).metrics == {"mvidarr_jobs"}


def test_a_misspelled_metric_is_found() -> None:
    assert Expression("x", "sum(rate(mvidarr_jobz[5m])) / 2").metrics - exported()


def test_everything_that_matters_is_watched() -> None:
    """A metric of ours that nobody looks at is either missing here or not worth having."""
    used = {name for each in _all() for name in each.metrics}
    looked_at = {name.rsplit("_", 1)[0] if name.endswith("_bucket") else name for name in used}
    ours = {
        n for n in exported() if n.startswith("mvidarr_") and not n.endswith(("_sum", "_count"))
    }
    families = {name.removesuffix("_bucket") for name in ours}
    assert families - looked_at == {
        "mvidarr_leader_changes_total",
        "mvidarr_live_gaps_total",
        "mvidarr_log_head_offset",
        "mvidarr_loop_batch_size",
        "mvidarr_publish_inflight",
        "mvidarr_upcasts_total",
    }


def test_dashboards_are_found_by_uid_and_bound_to_no_installation() -> None:
    boards = [_board(path) for path in _paths()]
    assert len({board["uid"] for board in boards}) == len(boards)
    for board in boards:
        assert "id" not in board
        sources = {target["datasource"]["uid"] for p in board["panels"] for target in p["targets"]}
        assert sources == {"${source}"}
        ids = [panel["id"] for panel in board["panels"]]
        assert ids == sorted(set(ids))
        assert all(panel["fieldConfig"]["defaults"]["unit"] for panel in board["panels"])


def test_kubernetes_gets_the_same_dashboards(render: Any) -> None:
    objects: list[Object] = render("prod")
    kept = [each for each in objects if each["metadata"].get("labels", {}).get("grafana_dashboard")]
    shown = {name: text for each in kept for name, text in each["data"].items()}
    assert shown == {path.name: path.read_text() for path in _paths()}


def _all() -> list[Expression]:
    return [*of_dashboards(), *of_rules()]


def _paths() -> list[Path]:
    return sorted((GRAFANA / "dashboards").glob("*.json"))


def _board(path: Path) -> Object:
    loaded: Object = json.loads(path.read_text())
    return loaded
