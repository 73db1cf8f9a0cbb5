"""The store: versions, pointers, files, the audit trail and the doctor."""

import io
import multiprocessing
import sqlite3
from pathlib import Path

import pytest
import shapely
import sqlalchemy as sa

from layers import migrations
from layers.catalogue import layer_id_of, slug
from layers.embedded import EmbeddedStore
from layers.findings import Finding
from layers.store import HOME_VARIABLE, Store, StoreError, home_path, open_store
from tests.layers.samples import add, canonical, new_version, parquet, square

WELL = [{"feature_id": "w1", "name": "Bonsa", "geometry": shapely.Point(-2.0, 5.3)}]
TWO = [
    {"feature_id": "w1", "name": "Bonsa", "geometry": shapely.Point(-2.0, 5.3)},
    {"feature_id": "w2", "name": "Ankobra", "geometry": shapely.Point(-2.1, 5.4)},
]
WATER = {"region_id": "tarkwa", "kind": "water", "name": "Rivers"}


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    return EmbeddedStore(tmp_path / "home")


def test_home_is_the_argument_then_the_variable_then_var(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, "/from/variable")
    assert home_path("/given") == Path("/given")
    assert home_path() == Path("/from/variable")
    monkeypatch.delenv(HOME_VARIABLE)
    assert home_path() == Path("var")


def test_a_new_store_has_the_newest_schema_and_no_layers(store: Store) -> None:
    assert store.layers() == ()
    with store.engine.connect() as connection:
        assert migrations.current_revision(connection) == migrations.HEAD


def test_head_is_the_newest_migration_there_is() -> None:
    files = sorted((Path(migrations.__file__).parent / "versions").glob("[0-9]*.py"))
    assert files[-1].name.startswith(migrations.HEAD)


def test_the_schema_in_code_is_the_one_the_migrations_make(store: EmbeddedStore) -> None:
    from layers import schema

    there = sa.inspect(store.engine)
    for table in schema.metadata.sorted_tables:
        columns = {column["name"] for column in there.get_columns(table.name)}
        assert columns == {column.name for column in table.columns}, table.name


def test_a_current_catalogue_is_opened_without_alembic(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(connection: sa.Connection) -> None:
        raise AssertionError("the migrations ran on a current catalogue")

    monkeypatch.setattr(migrations, "upgrade", refuse)
    EmbeddedStore(store.home)


def test_a_catalogue_of_a_newer_program_is_refused(store: EmbeddedStore) -> None:
    with sqlite3.connect(store.home / "catalogue.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version of this program"):
        EmbeddedStore(store.home)


def test_a_damaged_catalogue_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "catalogue.sqlite").write_bytes(b"not a database at all, but long enough" * 99)
    with pytest.raises(StoreError, match="damaged"):
        open_store(tmp_path)


def test_a_home_that_is_a_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "home"
    path.write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(path)


def test_the_first_import_makes_a_layer_that_shows_version_one(store: Store) -> None:
    version = add(store, WELL, **WATER)
    (layer,) = store.layers("tarkwa")
    assert layer.layer_id == "tarkwa.water.rivers"
    assert layer.current == version
    assert (version.number, version.features) == (1, 1)
    assert store.layers("ituri") == ()


def test_an_import_of_the_same_name_is_the_next_version_of_the_layer(store: Store) -> None:
    first, second = add(store, WELL, **WATER), add(store, TWO, **WATER)
    (layer,) = store.layers()
    assert second.number == 2
    assert layer.current == second
    assert [one.version_id for one in store.versions(layer.layer_id)] == [
        second.version_id,
        first.version_id,
    ]


def test_the_same_content_is_never_kept_twice(store: EmbeddedStore) -> None:
    first = add(store, WELL, **WATER)
    stream = parquet(canonical(WELL))
    again = new_version(canonical(WELL), sha256=first.sha256, **WATER)
    version, added = store.add_version(again, stream)
    assert not added
    assert version == first
    assert len(list(store.files.names("layers"))) == 1
    assert len(list(store.files.names("originals"))) == 1


def test_another_data_date_is_another_version(store: Store) -> None:
    import datetime as dt

    first = add(store, WELL, **WATER)
    second = add(store, WELL, data_date=dt.date(2020, 1, 1), **WATER)
    assert (first.number, second.number) == (1, 2)


def test_a_version_id_is_the_same_in_every_store(store: Store, tmp_path: Path) -> None:
    other = EmbeddedStore(tmp_path / "other")
    assert add(store, WELL, **WATER).version_id == add(other, WELL, **WATER).version_id


def test_findings_come_back_in_their_order(store: Store) -> None:
    findings = (
        Finding(code="b_first", message="First.", fix="Do.", rows=(3, 5), row_count=2),
        Finding(code="a_second", message="Second."),
    )
    version = add(store, WELL, findings=findings, **WATER)
    assert store.version(version.version_id).findings == findings


def test_rolling_back_moves_the_pointer_and_keeps_every_version(store: Store) -> None:
    first, second = add(store, WELL, **WATER), add(store, TWO, **WATER)
    store.set_current(first.layer_id, first.version_id, actor="ama")
    assert store.layer(first.layer_id).current == first
    assert len(store.versions(first.layer_id)) == 2
    assert len(store.read_features(second.version_id)) == 2


def test_a_version_of_another_layer_cannot_become_current(store: Store) -> None:
    water = add(store, WELL, **WATER)
    other = add(store, WELL, region_id="tarkwa", kind="settlements", name="Towns")
    with pytest.raises(StoreError, match="belongs to layer"):
        store.set_current(water.layer_id, other.version_id, actor="ama")


def test_a_deleted_layer_disappears_and_can_be_shown_again(store: Store) -> None:
    version = add(store, WELL, **WATER)
    gone = store.delete_layer(version.layer_id, actor="ama")
    assert gone.current is None
    assert store.layers() == ()
    assert [one.layer_id for one in store.layers(deleted=True)] == [version.layer_id]
    with pytest.raises(StoreError, match="already deleted"):
        store.delete_layer(version.layer_id, actor="ama")
    store.set_current(version.layer_id, version.version_id, actor="ama")
    assert store.layers()[0].current == version
    assert store.layers()[0].deleted_at is None


def test_the_audit_trail_tells_who_did_what_and_cannot_be_edited(store: EmbeddedStore) -> None:
    version = add(store, WELL, **WATER)
    store.delete_layer(version.layer_id, actor="ama")
    store.set_current(version.layer_id, version.version_id, actor="kofi")
    told = [(entry.actor, entry.action) for entry in store.audit(version.layer_id)]
    assert told == [("kofi", "restore"), ("ama", "delete"), ("a test", "import")]
    for statement in ("DELETE FROM audit", "UPDATE audit SET actor = 'nobody'"):
        with (
            pytest.raises(sa.exc.IntegrityError, match="only ever added to"),
            store.engine.begin() as connection,
        ):
            connection.exec_driver_sql(statement)


def test_a_version_cannot_be_changed_in_the_catalogue(store: EmbeddedStore) -> None:
    add(store, WELL, **WATER)
    with (
        pytest.raises(sa.exc.IntegrityError, match="only ever added to"),
        store.engine.begin() as connection,
    ):
        connection.exec_driver_sql("UPDATE layer_version SET rows_read = 7")


def test_rows_that_do_not_add_up_are_refused(store: Store) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="rows_add_up"):
        add(store, WELL, read=5, **WATER)


def test_a_file_with_another_number_of_rows_than_counted_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="counted 2 features"):
        add(store, WELL, imported=2, read=2, **WATER)
    assert store.layers(deleted=True) == ()


def test_a_version_without_its_original_is_refused(store: Store) -> None:
    frame = canonical(WELL)
    new = new_version(frame, sha256="0" * 64, **WATER)
    with pytest.raises(StoreError, match="original"):
        store.add_version(new, parquet(frame))


def test_features_come_back_as_they_were(store: Store) -> None:
    version = add(store, TWO, **WATER)
    frame = store.read_features(version.version_id)
    assert frame.crs.to_epsg() == 4326
    assert list(frame["feature_id"]) == ["w1", "w2"]
    assert frame.geometry.iloc[1].equals(shapely.Point(-2.1, 5.4))
    assert "bbox" not in frame.columns


def test_features_can_be_read_by_column_by_box_and_by_id(store: Store) -> None:
    version = add(store, TWO, **WATER)
    read = store.read_features
    some = read(version.version_id, columns=["name", "not_there"])
    assert list(some.columns) == ["name", "geometry"]
    near = read(version.version_id, bbox=(-2.05, 5.2, -1.9, 5.35))
    assert list(near["feature_id"]) == ["w1"]
    assert list(read(version.version_id, feature_ids=["w2", "x"])["feature_id"]) == ["w2"]
    assert read(version.version_id, feature_ids=[]).empty


def test_what_is_not_there_is_refused_by_name(store: EmbeddedStore) -> None:
    for ask in (store.version, store.read_features, store.layer, store.versions):
        with pytest.raises(StoreError, match=r"nothing\.at\.all"):
            ask("nothing.at.all")
    with pytest.raises(StoreError, match="original"):
        store.open_original("0" * 64)


def test_originals_come_back_byte_for_byte(store: Store) -> None:
    content = bytes(range(256)) * 5_000
    sha256 = store.put_original(io.BytesIO(content))
    with store.open_original(sha256) as file:
        assert file.read() == content


def test_a_name_that_leaves_the_store_is_refused(store: EmbeddedStore) -> None:
    with pytest.raises(ValueError, match="outside the store"):
        store.files.put("../escaped", io.BytesIO(b"x"))


def test_derived_files_are_kept_replaced_and_absent_when_never_written(store: Store) -> None:
    assert store.read_derived("figures/a.json") is None
    store.write_derived("figures/a.json", b"1")
    store.write_derived("figures/a.json", b"2")
    assert store.read_derived("figures/a.json") == b"2"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Rivières de l'Est", "rivieres-de-l-est"),
        ("../../etc/passwd", "etc-passwd"),
        ("Ɔda ne Ɛkuo", "oda-ne-ekuo"),
        ("  ", "layer"),
        ("水", "layer"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_slug_is_plain_ascii_and_never_a_path(name: str, expected: str) -> None:
    assert slug(name) == expected
    assert layer_id_of("tarkwa", "water", name) == f"tarkwa.water.{expected}"


def test_the_doctor_finds_nothing_wrong_with_a_sound_store(store: Store) -> None:
    add(store, TWO, **WATER)
    assert all(check.ok for check in store.examine())


def test_the_doctor_names_missing_and_changed_files(store: EmbeddedStore) -> None:
    first, second = add(store, WELL, **WATER), add(store, TWO, **WATER)
    (store.home / "layers" / first.layer_id / f"{first.version_id}.parquet").unlink()
    changed = store.home / "layers" / first.layer_id / f"{second.version_id}.parquet"
    changed.write_bytes(changed.read_bytes()[:-1] + b"?")
    (store.home / "originals" / first.sha256).write_bytes(b"something else")
    told = {check.name: check for check in store.examine()}
    assert not told["versions"].ok
    assert any("missing" in line for line in told["versions"].sentences)
    assert any("has changed" in line for line in told["versions"].sentences)
    assert not told["originals"].ok


def test_the_doctor_tells_a_file_that_is_no_parquet_any_more(store: EmbeddedStore) -> None:
    version = add(store, WELL, **WATER)
    file = store.home / "layers" / version.layer_id / f"{version.version_id}.parquet"
    for damage in (b"", b"PAR1 nothing PAR1", file.read_bytes()[:50]):
        file.write_bytes(damage)
        told = {check.name: check for check in store.examine()}
        assert not told["versions"].ok
        assert "has changed" in told["versions"].sentences[0]


def test_features_of_a_damaged_file_are_refused_in_a_sentence(store: EmbeddedStore) -> None:
    version = add(store, WELL, **WATER)
    file = store.home / "layers" / version.layer_id / f"{version.version_id}.parquet"
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(StoreError, match="doctor"):
        store.read_features(version.version_id)
    file.unlink()
    with pytest.raises(StoreError, match="doctor"):
        store.read_features(version.version_id)


def test_an_older_version_can_be_shown_after_the_layer_was_deleted(store: Store) -> None:
    first, second = add(store, WELL, **WATER), add(store, TWO, **WATER)
    store.delete_layer(first.layer_id, actor="ama")
    store.set_current(first.layer_id, first.version_id, actor="kofi")
    layer = store.layer(first.layer_id)
    assert layer.current == first
    assert [each.layer_id for each in store.layers()] == [first.layer_id]
    assert store.versions(first.layer_id)[0] == second
    assert [entry.action for entry in store.audit()][:2] == ["restore", "delete"]


def test_the_doctor_lists_leftovers_and_removes_them_when_asked(store: EmbeddedStore) -> None:
    version = add(store, WELL, **WATER)
    store.put_original(io.BytesIO(b"of an import that was cut off"))
    orphan = store.home / "layers" / version.layer_id / "cut-off.parquet"
    orphan.write_bytes(b"")
    (store.home / ".partial" / "put-x").write_bytes(b"half")

    def leftovers(*, clean: bool) -> str:
        told = {check.name: check for check in store.examine(clean=clean)}
        return "\n".join(told["leftovers"].sentences)

    assert leftovers(clean=False).count("safe to remove") == 3
    assert leftovers(clean=True).count("Removed") == 3
    assert leftovers(clean=False) == "No leftovers."
    assert len(store.read_features(version.version_id)) == 1


def test_the_doctor_leaves_alone_what_a_running_import_is_writing(store: EmbeddedStore) -> None:
    with store.workspace() as folder:
        (folder / "upload").write_bytes(b"being read")
        store.put_original(io.BytesIO(b"not in the catalogue yet"))
        told = {check.name: check for check in store.examine(clean=True)}
        assert "import is running" in told["leftovers"].sentences[0]
        assert (folder / "upload").exists()
    assert not folder.exists()


def test_a_full_disk_is_told_in_a_sentence_and_changes_nothing(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = add(store, WELL, **WATER)

    def full(name: str, stream: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.files, "put", full)
    with pytest.raises(StoreError, match="no space left on device"):
        add(store, TWO, **WATER)
    assert store.layer(first.layer_id).current == first


def _import_many(home: Path, number: int, barrier: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    store = EmbeddedStore(home)
    for turn in range(5):
        rows = [{"feature_id": "s", "geometry": square(number, turn, size=0.1)}]
        add(store, rows, **WATER)


def test_processes_that_open_a_new_store_and_import_at_once_all_succeed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    workers = [
        context.Process(target=_import_many, args=(tmp_path / "home", number, barrier))
        for number in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    store = EmbeddedStore(tmp_path / "home")
    versions = store.versions("tarkwa.water.rivers")
    assert [one.number for one in versions] == list(range(15, 0, -1))
    assert all(check.ok for check in store.examine())
