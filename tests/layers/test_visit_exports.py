"""Exports of the visit form: whatever the export looks like, the same visits come out."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from layers.visits.model import VisitPlan
from tests.layers.visit_samples import (
    ANSWERS,
    codes,
    csv_of,
    kobo,
    odk,
    plan,
    states,
    workbook_of,
)

SECOND = ANSWERS | {"site_id": "S-2", "operations": ["sample_pit"], "processes": "no"}
LANGUAGES = ("names", "en", "fr")


def essence(made: VisitPlan) -> tuple[Any, ...]:
    visits = made.visits.drop(columns=["source_row"]).astype(object)
    seen = made.observations.astype(object)
    return (
        visits.where(visits.notna(), None).to_dict("records"),
        seen.where(seen.notna(), None).to_dict("records"),
    )


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> VisitPlan:
    made = plan(tmp_path_factory.mktemp("plain"), csv_of(kobo(ANSWERS, SECOND)))
    assert not made.blocking
    return made


def test_an_export_of_the_form_needs_no_answer_and_tells_what_it_is(plain: VisitPlan) -> None:
    assert (plain.export, plain.is_form, plain.proposals) == ("KoboToolbox", True, ())
    visit = plain.visits.iloc[0]
    assert (visit["identity"], visit["site_id"], visit["site_name"]) == ("uuid-1", "S-1", "Kokoase")
    assert visit["visited_on"] == pd.Timestamp("2026-02-03")
    assert (visit["round"], visit["selection"]) == ("dry season 2026", "random sample")
    assert (visit["longitude"], visit["latitude"], visit["position_sd_m"]) == (-2.0, 5.3, 6.5)
    assert (visit["women"], visit["men"], visit["led_by"]) == (4, 11, "woman")
    assert visit["operations"] == "alluvial|underground"
    assert visit["share_position"] is False or not visit["share_position"]
    assert (visit["district_id"], visit["district"]) == ("D1", "Tarkwa-Nsuaem")
    assert visit["remarks"] == "a dry day"


def test_states_evidence_and_amounts_are_those_that_were_answered(plain: VisitPlan) -> None:
    told = states(plain)
    assert told["uuid-1", "HG-USE"] == "used"
    assert told["uuid-1", "WA-POND"] == "partly"
    assert told["uuid-1", "LA-FILL"] == "tried-and-stopped"
    assert told["uuid-1", "PE-OP"] == "unknown"
    seen = plain.observations[plain.observations["visit"] == 0].set_index("practice")
    assert (seen.loc["HG-USE", "evidence"], seen.loc["HG-USE", "intensity"]) == ("seen", 12.5)
    assert pd.isna(seen.loc["WA-POND", "intensity"])


def test_a_practice_that_cannot_apply_is_not_applicable_and_never_unknown(
    plain: VisitPlan,
) -> None:
    told = states(plain)
    # a sample pit washes nothing; the first site does, and nobody answered about recycling
    assert told["uuid-2", "WA-POND"] == "partly"
    assert {one.code for one in plain.findings} >= {"practice_out_of_place"}
    assert ("uuid-1", "WA-RECY") not in told  # a column that is not in the export was not asked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("groups", [True, False])
@pytest.mark.parametrize("several", ["single", "split", "both"])
def test_names_or_labels_groups_or_none_split_or_single_are_the_same_visits(
    plain: VisitPlan, tmp_path: Path, language: str, groups: bool, several: str
) -> None:
    rows = kobo(ANSWERS, SECOND, language=language, groups=groups, several=several)
    assert essence(plan(tmp_path, csv_of(rows))) == essence(plain)


def test_labels_in_the_header_and_names_in_the_cells_are_understood(
    plain: VisitPlan, tmp_path: Path
) -> None:
    headers = kobo(ANSWERS, SECOND, language="fr")
    cells = kobo(ANSWERS, SECOND, language="names")
    rows = [
        dict(zip(titles, values.values(), strict=True))
        for titles, values in zip(headers, cells, strict=True)
    ]
    assert essence(plan(tmp_path, csv_of(rows))) == essence(plain)


@pytest.mark.parametrize("several", ["single", "both"])
def test_an_odk_export_gives_the_visits_that_a_kobo_export_gives(
    plain: VisitPlan, tmp_path: Path, several: str
) -> None:
    made = plan(tmp_path, csv_of(odk(ANSWERS, SECOND, several=several)))
    assert made.export == "ODK"
    assert essence(made) == essence(plain)


def test_a_position_in_one_cell_is_read_with_its_accuracy(tmp_path: Path) -> None:
    rows = kobo(ANSWERS)
    bare = [{name: cell for name, cell in rows[0].items() if "/_position" not in name}]
    visit = plan(tmp_path, csv_of(bare)).visits.iloc[0]
    assert (visit["longitude"], visit["latitude"], visit["position_sd_m"]) == (-2.0, 5.3, 6.5)


# --- review ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("validation_status_approved", True),
        ("Approved", True),
        ("", True),
        ("edited", True),
        ("validation_status_not_approved", False),
        ("Not Approved", False),
        ("validation_status_on_hold", False),
        ("On Hold", False),
        ("hasIssues", False),
        ("rejected", False),
        ("ask Ama", False),
    ],
)
def test_only_what_the_review_accepts_counts(tmp_path: Path, status: str, counts: bool) -> None:
    made = plan(tmp_path, csv_of(kobo(ANSWERS | {"_validation_status": status}, SECOND)))
    assert ("uuid-1" in set(made.visits["identity"])) is counts
    assert made.read == len(made.visits) + sum(made.left_out.values()) == 2
    told = [one for one in made.findings if one.code in ("not_accepted", "review_unread")]
    assert [one.rows for one in told] == ([] if counts else [(2,)])
    assert (made.not_accepted == {"uuid-1": status}) is (not counts and status != "ask Ama")


# --- identity ----------------------------------------------------------------------------------


def test_an_edited_submission_keeps_the_id_of_its_first_version(tmp_path: Path) -> None:
    rows = kobo(ANSWERS, SECOND, uuids=("later", "other"))
    rows[0]["meta/rootUuid"] = "uuid:first"
    assert plan(tmp_path, csv_of(rows)).visits["identity"].tolist() == ["first", "other"]


def test_rows_of_one_id_count_once_if_equal_and_not_at_all_if_not(tmp_path: Path) -> None:
    same = plan(tmp_path / "same", csv_of(kobo(ANSWERS, ANSWERS, uuids=("a", "a"))))
    assert (len(same.visits), same.left_out) == (1, {"repeat another row": 1})
    differ = plan(tmp_path / "differ", csv_of(kobo(ANSWERS, SECOND, uuids=("a", "a"))))
    assert (len(differ.visits), differ.left_out) == (0, {"same id, other content": 2})
    told = next(one for one in differ.findings if one.code == "visit_contradicts")
    assert told.rows == (2, 3)


# --- repeats -----------------------------------------------------------------------------------


def test_notes_on_a_second_sheet_become_remarks_of_their_visit(tmp_path: Path) -> None:
    notes = [
        {"notes/note": "dusty", "_parent_index": "2", "_submission__uuid": "uuid-2"},
        {"notes/note": "a pump", "_parent_index": "1", "_submission__uuid": "uuid-1"},
        {"notes/note": "a fence", "_parent_index": "1", "_submission__uuid": "uuid-1"},
        {"notes/note": "whose", "_parent_index": "9", "_submission__uuid": "uuid-9"},
    ]
    content = workbook_of({"visits": kobo(ANSWERS, SECOND), "notes": notes})
    made = plan(tmp_path, content, name="export.xlsx")
    assert made.visits["remarks"].tolist() == ["a dry day · a pump · a fence", "a dry day · dusty"]
    lost = next(one for one in made.findings if one.code == "repeat_without_visit")
    assert lost.rows == (5,)


def test_repeats_are_joined_by_index_and_in_odk_by_key(tmp_path: Path) -> None:
    by_index = workbook_of(
        {"visits": kobo(ANSWERS, SECOND), "notes": [{"note": "dusty", "_parent_index": "2"}]}
    )
    made = plan(tmp_path / "kobo", by_index, name="export.xlsx")
    assert made.visits["remarks"].tolist() == ["a dry day", "a dry day · dusty"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("visit.csv", csv_of(odk(ANSWERS, SECOND)))
        archive.writestr(
            "visit-notes.csv",
            csv_of(
                [{"notes-note": "dusty", "PARENT_KEY": "uuid:uuid-2", "KEY": "uuid:uuid-2/n[1]"}]
            ),
        )
    made = plan(tmp_path / "odk", packed.getvalue(), name="visit.zip")
    assert made.visits["remarks"].tolist() == ["a dry day", "a dry day · dusty"]


def test_a_repeat_of_another_form_is_told_and_left_out(tmp_path: Path) -> None:
    content = workbook_of(
        {
            "visits": kobo(ANSWERS, SECOND),
            "machines": [{"machine": "pump", "_parent_index": "1"}],
            "lists": [{"a": "1", "b": "2"}],
        }
    )
    made = plan(tmp_path, content, name="export.xlsx")
    assert {"repeats_left_out", "tables_left_out"} <= codes(made)
    assert len(made.visits) == 2


def test_an_export_of_another_form_is_mapped_but_its_ids_reviews_and_phones_are_known(
    tmp_path: Path,
) -> None:
    rows = [
        {"day": "2026-02-03", "place/_spot_latitude": "5.3", "place/_spot_longitude": "-2.0",
         "mercury": "yes", "_uuid": f"u{at}", "_submission_time": "2026-02-03T10:00:00",
         "_validation_status": status}
        for at, status in enumerate(("", "On Hold"))
    ]  # fmt: skip
    made = plan(tmp_path, csv_of(rows), accept_suggestions=True)
    assert (made.export, made.is_form, made.blocking) == ("KoboToolbox", False, ())
    assert made.visits["identity"].tolist() == ["u0"]
    assert made.visits["longitude"].tolist() == [-2.0]
    assert states(made) == {("u0", "HG-USE"): "used"}
