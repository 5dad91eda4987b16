"""A private RabbitMQ node for tests, benches and chaos: own folder, ports, cookie and epmd.

Works as root and as an ordinary user, beside a system-wide broker that it never touches. Calls
block; from a coroutine use `asyncio.to_thread(node.kill)`.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .servers import Server, end, free_ports, new_name, require, spawn, wait_until

# The wrappers in /usr/sbin switch root to the user rabbitmq and refuse everybody else.
_PLACES = ("/usr/lib/rabbitmq/bin", "/opt/rabbitmq/sbin", "/usr/local/opt/rabbitmq/sbin")
Process = subprocess.Popen[bytes]

_STARTED = b" completed with "
"""What it prints once it takes connections; to ask rabbitmqctl costs a second of a core."""

_THRIFTY = " +sbwt none +sbwtdcpu none +sbwtdio none"
"""Its threads sleep when there is no work, and do not look out for some first."""


def rabbitmq_programs() -> Path:
    """The folder of rabbitmq-server and rabbitmqctl; raises MissingServer."""
    found = (Path(each) for each in _PLACES if (Path(each) / "rabbitmq-server").exists())
    return require(next(found, None), "RabbitMQ")


def erl_call() -> Path:
    """The program that speaks with a running Erlang; it lies beside the one that starts it."""
    erl = shutil.which("erl")
    beside = Path(erl).resolve().with_name("erl_call") if erl else None
    return require(beside if beside and beside.exists() else None, "Erlang")


class RabbitNode(Server):
    """One node; `with RabbitNode() as node:` starts it and removes every trace afterwards.

    `thrifty` is for tests: it takes less time from what runs beside it, and answers a bit later.
    """

    def __init__(
        self,
        *,
        config: Sequence[str] = (),
        plugins: Sequence[str] = (),
        thrifty: bool = False,
    ) -> None:
        self._programs, self._erl_call = rabbitmq_programs(), erl_call()
        self._folder = Path(tempfile.mkdtemp(prefix="mvidarr-rabbit-"))
        self.port, dist, self._epmd_port = free_ports(3)
        self.name = f"t{self.port}@localhost"
        self._env = _environment(self._folder, self.name, self.port, dist, self._epmd_port)
        self._env["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] += _THRIFTY if thrifty else ""
        self._write_configuration(config, plugins)
        self._server: Process | None = None
        self._epmd: Process | None = None
        self._before = 0

    def _write_configuration(self, config: Sequence[str], plugins: Sequence[str]) -> None:
        lines = [
            f"listeners.tcp.1 = 127.0.0.1:{self.port}",
            "consumer_timeout = 43200000",
            "log.console = false",
            "disk_free_limit.absolute = 50MB",
            *config,
        ]
        (self._folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (self._folder / "enabled_plugins").write_text(f"[{','.join(plugins)}].\n")

    def url(self, vhost: str = "/") -> str:
        """Where a client connects."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/{vhost.replace('/', '%2F')}"

    def new_vhost(self) -> str:
        """An empty virtual host of its own; give it to `url`."""
        name = new_name()
        self.eval(
            f'rabbit_vhost:add(<<"{name}">>, <<"guest">>), rabbit_auth_backend_internal:'
            f'set_permissions(<<"guest">>, <<"{name}">>, <<".*">>, <<".*">>, <<".*">>, <<"t">>).'
        )
        return name

    def drop_vhost(self, name: str) -> None:
        """Remove a virtual host with all that is in it."""
        self.ctl("delete_vhost", name)

    def start(self) -> None:
        """Start and wait until it takes connections."""
        if self._epmd is None:
            # Ours and in the foreground, so that none is left behind when the node has gone.
            self._epmd = self._spawn("epmd", "-port", str(self._epmd_port))
        self._before = self._output.stat().st_size
        self._server = self._spawn(str(self._programs / "rabbitmq-server"))
        wait_until(self._is_up, "the start of RabbitMQ", 90)

    def _spawn(self, *command: str) -> Process:
        return spawn(command, self._output, folder=self._folder, cwd=self._folder, env=self._env)

    @property
    def _output(self) -> Path:
        return self._folder / "output.txt"

    def _is_up(self) -> bool:
        assert self._server is not None
        if self._server.poll() is not None:
            raise RuntimeError(f"RabbitMQ did not start: {self.output()}")
        return _STARTED in self._output.read_bytes()[self._before :]

    def settle(self) -> None:
        """Write to disk what was declared; otherwise a kill within half a second of a declaration
        makes the broker forget it, or leaves a queue without a leader."""
        self.eval("[dets:sync(Table) || Table <- dets:all()], mnesia:sync_log().")

    def stop(self) -> None:
        """Stop politely, as an upgrade would."""
        end(self._server, signal.SIGTERM)
        self._server = None

    def kill(self) -> None:
        """SIGKILL: the process is gone at once, what the kernel has cached stays."""
        end(self._server, signal.SIGKILL)
        self._server = None

    def close(self) -> None:
        """Stop everything and remove the folder."""
        self.kill()
        end(self._epmd, signal.SIGKILL)
        self._epmd = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def stop_app(self) -> None:
        """Stop the broker inside the running Erlang node."""
        self.ctl("stop_app")

    def start_app(self) -> None:
        """Start it again, and wait."""
        self.ctl("start_app")
        self.ctl("await_startup", "--timeout", "60")

    def close_connections(self, vhost: str = "/", reason: str = "closed by a test") -> None:
        """The broker closes every connection to this virtual host."""
        self.eval(
            f'[rabbit_networking:close_connection(Pid, "{reason}") || [{{pid, Pid}}, {{vhost, V}}]'
            f' <- rabbit_networking:connection_info_all([pid, vhost]), V =:= <<"{vhost}">>].'
        )

    def close_connection(self, name: str, reason: str = "closed by a test") -> None:
        """The broker closes the connections whose client-given name contains this."""
        rows = self.ctl("list_connections", "pid", "client_properties").splitlines()
        for row in rows:
            if f'"{name}' in row or name in row:
                self.ctl("close_connection", row.split("\t")[0], reason)

    def mislay(self, vhost: str, stream: str) -> None:
        """As right after a start: the stream is on the disk, and no message finds the way to it
        until its leader is known."""
        self.eval(f"mnesia:dirty_delete(rabbit_queue, {_resource(vhost, stream)}).")

    def find(self, vhost: str, stream: str) -> None:
        """The broker knows the way again."""
        self.eval(
            f"[Q] = mnesia:dirty_read(rabbit_durable_queue, {_resource(vhost, stream)}),"
            "{ok, _} = rabbit_amqqueue:ensure_rabbit_queue_record_is_initialized(Q), ok."
        )

    def memory_alarm(self, on: bool) -> None:
        """Raise or clear the memory alarm: while it is on, the broker reads from no publisher."""
        self.eval(f"vm_memory_monitor:set_vm_memory_high_watermark({0.00001 if on else 0.4:f}).")
        raised = "rabbit_alarm:get_alarms() =/= []."
        wait_until(lambda: (self.eval(raised) == "true") is on, "the memory alarm")

    def consumer_timeout(self, seconds: float) -> None:
        """How long a delivery may stay unacknowledged; for channels opened from now on."""
        self.eval(
            "application:set_env(rabbit,channel_tick_interval,1000),"
            f"application:set_env(rabbit,consumer_timeout,{int(seconds * 1000)})."
        )

    def eval(self, expression: str) -> str:
        """Run an Erlang expression, ending in a full stop, in the node. No rabbitmqctl: an Erlang
        of its own would cost a hundred times as much."""
        command = [str(self._erl_call), "-R", "-sname", self.name, "-e"]
        done = self._call(command, f"{expression}\n")
        if not done.stdout.startswith("{ok, "):
            raise RuntimeError(f"{expression}: {done.stdout}{done.stderr}")
        return done.stdout.removeprefix("{ok, ").removesuffix("}")

    def ctl(self, *arguments: str) -> str:
        """Run rabbitmqctl; raises with its output when it fails."""
        done = self._run(*arguments)
        if done.returncode != 0:
            raise RuntimeError(f"rabbitmqctl {arguments[0]}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._call([str(self._programs / "rabbitmqctl"), "-q", *arguments])

    def _call(self, command: list[str], told: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=self._env, cwd=self._folder, input=told,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def output(self) -> str:
        """The end of what the server has printed and logged."""
        files = [self._output, *sorted(self._folder.glob("log/*.log"))]
        return "\n".join(each.read_text()[-2000:] for each in files if each.exists())


def _resource(vhost: str, queue: str) -> str:
    """How the broker calls it."""
    return f'{{resource, <<"{vhost}">>, queue, <<"{queue}">>}}'


def _environment(folder: Path, name: str, port: int, dist: int, epmd: int) -> dict[str, str]:
    """Everything own, and nothing read from /etc/rabbitmq; HOME holds the Erlang cookie."""
    inherited = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG")}
    return inherited | {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": name,
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(dist),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none.conf"),
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }
