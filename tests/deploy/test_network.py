"""Who reaches whom, by the policies of the overlays."""

from collections.abc import Callable

import pytest

from .conftest import Object
from .network import Address, Network, Pod

SERVICES = ("api-gateway", "catalog", "downloader", "transcoder", "notifier")


def pod(name: str, namespace: str = "mvidarr") -> Pod:
    """A pod of ours, or a whole namespace's."""
    return Pod({"app.kubernetes.io/name": name}, namespace)


RABBITMQ, PLAIN_POSTGRES = pod("mvidarr-rabbitmq"), pod("mvidarr-postgres")
POSTGRES = Pod({"cnpg.io/cluster": "mvidarr-postgres"})
MYSQL = pod("mvidarr-mysql")
DNS = Pod({"k8s-app": "kube-dns"}, "kube-system")
WORLD, WORLD6, METADATA = (
    Address("93.184.215.14"),
    Address("2606:2800:21f::1"),
    Address("169.254.169.254"),
)
PRIVATE = (Address("10.1.2.3"), Address("192.168.1.1"), Address("fd00::1"), METADATA)
PROMETHEUS, INGRESS = pod("prometheus", "monitoring"), pod("nginx", "ingress-nginx")


@pytest.fixture(params=["dev", "prod"])
def network(request: pytest.FixtureRequest, render: Callable[[str], list[Object]]) -> Network:
    """The policies of an overlay."""
    return Network([each for each in render(request.param) if each["kind"] == "NetworkPolicy"])


def test_every_service_reaches_the_broker_and_the_names(network: Network) -> None:
    for name in SERVICES:
        assert network.lets(pod(name), RABBITMQ, 5672)
        assert network.lets(pod(name), DNS, 53, udp=True)


def test_only_the_catalog_reaches_the_database(network: Network) -> None:
    for database, port in ((POSTGRES, 5432), (PLAIN_POSTGRES, 5432), (MYSQL, 3306)):
        assert [name for name in SERVICES if network.lets(pod(name), database, port)] == ["catalog"]


def test_only_downloader_and_notifier_reach_the_world(network: Network) -> None:
    for outside in (WORLD, WORLD6):
        reaching = [name for name in SERVICES if network.lets(pod(name), outside, 443)]
        assert reaching == ["downloader", "notifier"]


def test_with_its_component_the_gateway_reaches_login_providers_and_nothing_else(
    render: Callable[[str], list[Object]],
) -> None:
    objects = render("without-operators")
    network = Network([each for each in objects if each["kind"] == "NetworkPolicy"])
    gateway = pod("api-gateway")
    for outside in (WORLD, WORLD6):
        assert network.lets(gateway, outside, 443)
        assert not network.lets(gateway, outside, 80)
        assert not network.lets(pod("catalog"), outside, 443)
    assert not [target for target in PRIVATE if network.lets(gateway, target, 443)]
    assert not network.lets(gateway, PLAIN_POSTGRES, 5432)


def test_nobody_reaches_private_addresses(network: Network) -> None:
    assert not [
        (name, target)
        for name in SERVICES
        for target in PRIVATE
        for port in (80, 443, 5672)
        if network.lets(pod(name), target, port)
    ]


def test_services_reach_one_another_only_over_the_broker(network: Network) -> None:
    assert not [
        (one, other)
        for one in SERVICES
        for other in SERVICES
        for port in (80, 8080, 9000)
        if network.lets(pod(one), pod(other), port)
    ]


def test_the_gateway_is_reached_by_the_ingress_alone(network: Network) -> None:
    assert network.lets(INGRESS, pod("api-gateway"), 8080)
    assert not network.lets(INGRESS, pod("api-gateway"), 9000)
    assert not network.lets(INGRESS, pod("catalog"), 8080)
    assert not network.lets(pod("anybody", "default"), pod("api-gateway"), 8080)


def test_metrics_are_read_from_monitoring_alone(network: Network) -> None:
    for name in SERVICES:
        assert network.lets(PROMETHEUS, pod(name), 9000)
        assert not network.lets(pod("anybody", "default"), pod(name), 9000)
    assert network.lets(PROMETHEUS, RABBITMQ, 15692)
    assert network.lets(PROMETHEUS, POSTGRES, 9187)


def test_the_broker_is_managed_by_the_scaler_and_its_operator(network: Network) -> None:
    assert network.lets(pod("keda-operator", "keda"), RABBITMQ, 15672)
    assert not network.lets(pod("api-gateway"), RABBITMQ, 15672)
    assert network.lets(RABBITMQ, RABBITMQ, 25672)


def test_only_the_first_install_reaches_the_api_of_the_cluster(
    render: Callable[[str], list[Object]],
) -> None:
    network = Network([each for each in render("prod") if each["kind"] == "NetworkPolicy"])
    api = Address("10.96.0.1")
    assert network.lets(pod("first-install"), api, 443)
    assert not [name for name in SERVICES if network.lets(pod(name), api, 443)]
