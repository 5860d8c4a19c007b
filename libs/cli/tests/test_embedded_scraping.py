"""Where Prometheus finds the processes of a stack that `setu up` started."""

import json
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from setu_cli.embedded.home import Home
from setu_cli.embedded.scraping import save_targets
from setu_cli.embedded.stack import embedded_stack
from setu_cli.embedded.state import ProcessState, StackState


def test_each_process_that_counts_is_a_job_of_its_own_name_where_it_answers_prometheus(tmp_path: Path):
    servers = {"DATABASE_URL": "postgresql://x@127.0.0.1/x", "REDIS_URL": "redis://127.0.0.1"}
    stack = embedded_stack(Home(tmp_path), gateway_port=8080, environment=servers)
    state = StackState(
        supervisor_pid=1,
        supervisor_started="now",
        started_at=datetime.now(UTC),
        ready=True,
        gateway_url=stack.gateway_url,
        service_token=SecretStr("token"),
        database_url=SecretStr("postgresql://x"),
        redis_url=SecretStr("redis://x"),
        processes=tuple(
            ProcessState(name=process.name, port=process.port, metrics_port=process.metrics_port) for process in stack.processes
        ),
    )
    save_targets(tmp_path / "targets.json", state)

    found = {each["labels"]["job"]: each["targets"] for each in json.loads((tmp_path / "targets.json").read_text())}

    environments = {process.name: process.launch.environment for process in stack.processes}
    ports = {process.name: process.port for process in stack.processes}
    assert found.keys() == {name for name in environments if name.endswith(("-api", "-worker", "-fetcher", "-learner"))}
    for name, targets in found.items():
        assert targets == [f"127.0.0.1:{environments[name].get('SETU_PROMETHEUS_PORT', ports[name])}"], name
    assert found["gateway-api"] != ["127.0.0.1:8080"], "strangers may reach that one"
