"""Metrics have the names and labels that are agreed on: whoever watches us builds on them."""

from typing import Any

from prometheus_client import REGISTRY

from .expressions import exported

MESSAGING = "messaging_operation_name messaging_destination_name error_type"
AGREED = {
    "mvidarr_publish_seconds": "exchange outcome",
    "mvidarr_publish_inflight": "",
    "mvidarr_unrouted": "",
    "mvidarr_amqp_connected": "role",
    "mvidarr_amqp_blocked": "role",
    "mvidarr_amqp_reconnects": "role reason",
    "mvidarr_live_seconds": "",
    "mvidarr_live_dropped": "reason",
    "mvidarr_live_gaps": "",
    "mvidarr_query_seconds": "query outcome",
    "mvidarr_log_head_offset": "",
    "mvidarr_log_offset": "",
    "mvidarr_log_lag_seconds": "",
    "mvidarr_log_identity_errors": "error",
    "mvidarr_loop_seconds": "phase",
    "mvidarr_loop_batch_size": "",
    "mvidarr_messages": "type outcome",
    "mvidarr_rejected": "type code",
    "mvidarr_upcasts": "type from",
    "mvidarr_outbox_pending": "",
    "mvidarr_outbox_oldest_seconds": "",
    "mvidarr_parked": "kind",
    "mvidarr_held_subjects": "",
    "mvidarr_timers_pending": "",
    "mvidarr_timers_late_seconds": "",
    "mvidarr_leader": "",
    "mvidarr_leader_changes": "",
    "mvidarr_jobs": "queue state",
    "mvidarr_job_window": "queue",
    "mvidarr_job_slots": "queue",
    "mvidarr_jobs_running": "queue",
    "mvidarr_job_wait_seconds": "queue",
    "mvidarr_job_seconds": "kind outcome",
    "mvidarr_job_cancel_seconds": "",
    "mvidarr_job_deliveries": "queue outcome",
    "mvidarr_job_lease_lost": "queue reason",
    "messaging_client_operation_duration_seconds": MESSAGING,
    "messaging_client_sent_messages": MESSAGING,
    "messaging_client_consumed_messages": MESSAGING,
    "messaging_process_duration_seconds": MESSAGING,
}
"""Without the endings that Prometheus gives them."""


def test_metrics_have_the_names_and_labels_that_are_agreed_on() -> None:
    labels = {metric._name: " ".join(metric._labelnames) for metric in _metrics()}
    assert {name: labels.get(name) for name in AGREED} == AGREED


def test_no_id_is_a_label() -> None:
    labels = {label for metric in _metrics() for label in metric._labelnames}
    assert {label for label in labels if label.endswith("id")} == set()


def _metrics() -> list[Any]:
    """Ours, and those of the libraries below."""
    assert exported()
    return [each for each in REGISTRY._collector_to_names if hasattr(each, "_labelnames")]
