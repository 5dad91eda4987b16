"""What benchmarks stand on: a folder, private servers with real fsync, and media to work on."""

import tempfile
from contextlib import ExitStack
from functools import cached_property
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from mvidarr_common.demo.samples import Sample, make_samples
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode


class Ground:
    """Everything starts when it is first asked for, and is gone when the block ends."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._folders = count(1)

    def __enter__(self) -> Self:
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._stack.close()

    @cached_property
    def rabbit(self) -> RabbitNode:
        """One broker; each benchmark has a virtual host of its own."""
        return self._stack.enter_context(RabbitNode())

    @cached_property
    def postgres(self) -> PostgresServer:
        """One server; each benchmark has a database of its own."""
        return self._stack.enter_context(PostgresServer())

    @cached_property
    def samples(self) -> list[Sample]:
        """Small videos: an H.264 MP4, a VP9 WebM, and one that is cut off."""
        return make_samples(self.folder("samples"))

    def new_amqp_url(self) -> str:
        """An empty broker, as it were."""
        return self.rabbit.url(self.rabbit.new_vhost())

    def folder(self, name: str) -> Path:
        """An empty folder."""
        made = self._folder / f"{next(self._folders)}-{name}"
        made.mkdir()
        return made
