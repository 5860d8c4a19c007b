"""What is kept too long goes; what is named or young stays."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from probe.kinds import Task
from probe.rig import FRONT, Rig
from setu_common.contracts import Submission
from setu_common.errors import DependencyUnavailable
from setu_common.operations import Keepsakes
from setu_common.operations.connection import HealingConnection
from setu_common.operations.retention import Retention
from setu_common.settings import DatabaseSettings, OperationSettings, StoreSettings
from setu_common.store import Store

SETTINGS = OperationSettings(retention_days=30, retention_days_by_tenant={"brief": 2, "long": 300})
JOBS = Keepsakes(
    retire="DELETE FROM job WHERE ended_at < now() - make_interval(days => coalesce((%(by_tenant)s::jsonb ->> tenant)::int, %(days)s))",
    named="SELECT uri FROM job, unnest(objects) AS uri WHERE uri = ANY(%(uris)s)",
)


class Shelf:
    """A service's store, with objects of any day."""

    def __init__(self, settings: StoreSettings) -> None:
        self.store = Store(settings, "probe")
        self.folder = Path(settings.url.removeprefix("file://"))
        self._count = 0

    def put(self, days_ago: int, owner: str = "probe", tenant: str = "acme") -> str:
        self._count += 1
        path = f"{owner}/{tenant}/{today() - timedelta(days=days_ago)}/{self._count:064x}-{self._count:08x}"
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(b"bytes")
        return f"setu://{path}"

    def left(self) -> set[str]:
        return {f"setu://{path.relative_to(self.folder)}" for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture
def shelf(store_settings: StoreSettings) -> Iterator[Shelf]:
    started = today()
    yield Shelf(store_settings)
    if today() != started:
        pytest.skip("midnight came in between")


def today() -> date:
    return datetime.now(UTC).date()


def retain(rig: Rig, shelf: Shelf, keepsakes: Sequence[Keepsakes] = ()) -> None:
    Retention(rig.connection(), shelf.store, SETTINGS, keepsakes).run()


def ended(rig: Rig, name: str, days_ago: float, tenant: str = "acme", objects: Sequence[str] = ()) -> None:
    rig.execute(
        """INSERT INTO operation (id, tenant, kind, queue, state, request, request_sha256, max_attempts, timeout_s, ended_at, note, objects)
           VALUES (gen_random_uuid(), %(tenant)s, 'fronts', 'front', 'succeeded', '{}', '', 3, 60,
                   now() - make_interval(secs => %(age_s)s), %(name)s, %(objects)s)""",
        tenant=tenant,
        age_s=days_ago * 86400,
        name=name,
        objects=list(objects),
    )


def kept(rig: Rig) -> set[str]:
    return {row["note"] for row in rig.execute("SELECT note FROM operation")}


def test_rows_stay_for_the_days_that_their_tenant_has(rig: Rig, shelf: Shelf) -> None:
    ended(rig, "young", 29.9)
    ended(rig, "old", 30.1)
    ended(rig, "young of brief", 1.9, "brief")
    ended(rig, "old of brief", 2.1, "brief")
    ended(rig, "young of long", 299.9, "long")
    ended(rig, "old of long", 300.1, "long")
    retain(rig, shelf)

    assert kept(rig) == {"young", "young of brief", "young of long"}


def test_what_has_not_ended_stays_however_old(rig: Rig, shelf: Shelf) -> None:
    for _ in range(3):
        rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="brief")))
    claims = rig.claims()
    assert claims.next("front") is not None
    cancelling = claims.next("front")
    assert cancelling is not None
    rig.run(rig.operations.cancel("brief", cancelling.id))
    rig.execute("UPDATE operation SET created_at = now() - interval '1 year', claimed_at = now() - interval '1 year'")
    retain(rig, shelf)

    states = sorted(row["state"] for row in rig.execute("SELECT state FROM operation"))
    assert states == ["cancelling", "queued", "running"]


def test_a_run_leaves_nothing_over_however_much_there_is(rig: Rig, shelf: Shelf) -> None:
    ended(rig, "old", 31)
    rig.execute(
        """INSERT INTO operation (id, tenant, kind, queue, state, request, request_sha256, max_attempts, timeout_s, ended_at)
           SELECT gen_random_uuid(), tenant, kind, queue, state, request, request_sha256, max_attempts, timeout_s, ended_at
           FROM operation, generate_series(1, 2500)"""
    )
    retain(rig, shelf)

    assert kept(rig) == set()


def test_objects_go_with_the_last_row_that_names_them(rig: Rig, shelf: Shelf) -> None:
    of_old, of_young, of_both = (shelf.put(days_ago=31) for _ in range(3))
    ended(rig, "old", 31, objects=[of_old, of_both])
    ended(rig, "young", 3, objects=[of_young, of_both])
    retain(rig, shelf)
    assert shelf.left() == {of_young, of_both}

    rig.execute("UPDATE operation SET ended_at = now() - interval '31 days'")
    retain(rig, shelf)
    assert shelf.left() == set()


def test_objects_that_no_row_names_go_once_their_day_is_over_for_a_day(rig: Rig, shelf: Shelf) -> None:
    of_today, of_yesterday = shelf.put(days_ago=0), shelf.put(days_ago=1)
    shelf.put(days_ago=2)
    shelf.put(days_ago=400, tenant="brio")
    foreign = shelf.put(days_ago=400, owner="other")
    retain(rig, shelf)

    assert shelf.left() == {of_today, of_yesterday, foreign}


def test_objects_that_a_row_at_work_names_stay_however_old(rig: Rig, shelf: Shelf) -> None:
    named = shelf.put(days_ago=400)
    rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="acme")))
    rig.execute("UPDATE operation SET objects = %(objects)s", objects=[named])
    retain(rig, shelf)

    assert shelf.left() == {named}


def test_a_services_own_tables_age_and_keep_objects_as_well(rig: Rig, shelf: Shelf) -> None:
    rig.execute("CREATE TABLE job (tenant text, ended_at timestamptz, objects text[])")
    of_old, of_young, of_running, shared = (shelf.put(days_ago=50) for _ in range(4))
    for age, objects in (("31 days", [of_old, shared]), ("29 days", [of_young]), (None, [of_running])):
        rig.execute("INSERT INTO job VALUES ('acme', now() - %(age)s::interval, %(objects)s)", age=age, objects=objects)
    ended(rig, "young", 1, objects=[shared])
    retain(rig, shelf, [JOBS])

    assert shelf.left() == {of_young, of_running, shared}
    assert len(rig.execute("SELECT * FROM job")) == 2


def test_nothing_is_swept_while_nobody_can_say_what_is_named(rig: Rig, shelf: Shelf) -> None:
    named = shelf.put(days_ago=5)
    nowhere = HealingConnection(DatabaseSettings(url="postgresql://postgres@127.0.0.1:1/none", connect_timeout_s=1), "probe")

    with pytest.raises(DependencyUnavailable):
        Retention(nowhere, shelf.store, SETTINGS).run()
    assert shelf.left() == {named}


def test_two_runs_at_once_do_no_harm(rig: Rig, shelf: Shelf) -> None:
    named = [shelf.put(days_ago=5) for _ in range(50)]
    for _ in range(50):
        shelf.put(days_ago=5)
    ended(rig, "young", 1, objects=named)
    ended(rig, "old", 31)
    runs = [Retention(rig.connection(), shelf.store, SETTINGS) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(Retention.run, runs))

    assert shelf.left() == set(named)
    assert kept(rig) == {"young"}
