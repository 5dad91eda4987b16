"""Servers that the processes of one test run share: each is started once, when the first asks.

The process that leads the run lends them. They are its children and end with it.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Client, Connection, Listener

from .servers import Server


class Lender:
    """Starts servers for others and, at the end, ends them."""

    def __init__(self, kinds: Mapping[str, Callable[[], Server]]) -> None:
        self._kinds = kinds
        self._locks = {name: threading.Lock() for name in kinds}
        self._lent: dict[str, Server] = {}
        self._listener = Listener(family="AF_UNIX", backlog=16)
        self.address = str(self._listener.address)
        """Give it to `borrow`."""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):  # at the end
            while True:
                asked = (self._listener.accept(),)
                threading.Thread(target=self._lend, args=asked, daemon=True).start()

    def _lend(self, connection: Connection) -> None:
        with connection:
            try:
                connection.send(self._server(connection.recv()))
            except Exception as error:
                connection.send(error)

    def _server(self, name: str) -> Server:
        with self._locks[name]:
            if name not in self._lent:
                self._lent[name] = self._kinds[name]().__enter__()
            return self._lent[name]

    def close(self) -> None:
        """End them all."""
        self._listener.close()
        for server in self._lent.values():
            server.close()


def borrow(address: str, name: str) -> Server:
    """One of the lender's servers, once it runs; raises what kept it from starting."""
    with Client(address) as connection:
        connection.send(name)
        answer: Server | Exception = connection.recv()
    if isinstance(answer, Exception):
        raise answer
    return answer
