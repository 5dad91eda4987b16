"""A broker of our own, to be hurt; every test has its own virtual host and log."""

from collections.abc import Callable, Iterator

import pytest

from mvidarr_common.testing.rabbitmq import RabbitNode


@pytest.fixture(scope="session")
def node() -> Iterator[RabbitNode]:
    with RabbitNode(thrifty=True) as node:
        yield node


@pytest.fixture
def vhost(node: RabbitNode) -> str:
    return node.new_vhost()


@pytest.fixture
def url(node: RabbitNode, vhost: str) -> str:
    return node.url(vhost)


@pytest.fixture
def policy(node: RabbitNode, vhost: str) -> Callable[[str], None]:
    """Set a policy on the log, as an operator would."""

    def set_policy(definition: str) -> None:
        arguments = ("test", r"^mvidarr\.log$", definition, "--apply-to", "queues")
        node.ctl("set_policy", "-p", vhost, *arguments)

    return set_policy
