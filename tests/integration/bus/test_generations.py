"""Two generations of the software at work on one log: each understands what it should."""

import asyncio
import json
import sys
from typing import Any

from mvidarr_common.testing.rabbitmq import RabbitNode

COUNT = 100


async def _process(generation: str, url: str) -> list[dict[str, Any]]:
    """What this generation has understood when both have said everything."""
    words = ("-m", "tests.integration.bus.generation", generation, url, str(COUNT))
    child = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complaint = await child.communicate()
    assert child.returncode == 0, complaint.decode()
    heard: list[dict[str, Any]] = json.loads(said)
    return heard


async def test_older_and_newer_work_side_by_side(rabbit_node: RabbitNode) -> None:
    url = rabbit_node.url(rabbit_node.new_vhost())
    older, newer = await asyncio.gather(_process("older", url), _process("newer", url))
    songs = [f"Song {n} of the {who}" for who in ("newer", "older") for n in range(COUNT)]

    # The older one reads the newer version as its own, and passes over what it does not know.
    assert sorted(each["name"] for each in older if "name" in each) == sorted(songs)
    assert all(set(each) == {"name"} for each in older if "name" in each)
    unknown = [each["unknown"] for each in older if "unknown" in each]
    assert unknown == ["nobody here knows the event 'test.danced'"] * COUNT

    # The newer one reads the older version with what it lacks filled in.
    assert sorted(each["name"] for each in newer if "name" in each) == sorted(songs)
    heard = [each for each in newer if "name" in each]
    assert all(each["key"] == each["name"].casefold() for each in heard)
    moods = {each["mood"] for each in heard if each["name"].endswith("older")}
    assert (moods, {each["mood"] for each in heard}) == ({None}, {None, "glad"})

    # Of the work each has done a part, whoever had asked for it; nothing was left or done twice.
    done = [each["task"] for each in (*older, *newer) if "task" in each]
    assert sorted(each["name"] for each in done) == sorted(songs)
    assert all("key" not in each["task"] for each in older if "task" in each)
    assert all(t["key"] == t["name"].casefold() for each in newer if (t := each.get("task")))
