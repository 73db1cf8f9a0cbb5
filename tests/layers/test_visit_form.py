"""The visit form: made of the code list, valid XLSForm in two languages, the committed file."""

import copy
import io
import re
import tomllib
from typing import Any
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook

from layers.facts import DATA, FactsError
from layers.visits.form import FIXED, Form, build_form, code_list, site_visit_form
from layers.visits.xlsform import form_tables, form_workbook

XFORMS = "{http://www.w3.org/2002/xforms}"
COMMITTED = DATA / "forms" / "site_visit.xlsx"


def fixed() -> dict[str, Any]:
    with (DATA / FIXED).open("rb") as file:
        return tomllib.load(file)


def cells(content: bytes) -> dict[str, list[tuple[str, ...]]]:
    book = load_workbook(io.BytesIO(content))
    return {
        sheet.title: [tuple(str(cell or "") for cell in row) for row in sheet.values]
        for sheet in book.worksheets
    }


def names(form: Form) -> list[str]:
    return [question.name for question in form.questions]


@pytest.fixture(scope="module")
def xform() -> ElementTree.Element:
    from pyxform.xls2xform import convert

    made = convert(xlsform=form_workbook(site_visit_form()), file_type=".xlsx")
    assert made.warnings == []
    return ElementTree.fromstring(made.xform)


def test_the_committed_form_is_the_one_the_code_list_makes() -> None:
    made = form_workbook(site_visit_form())
    assert cells(COMMITTED.read_bytes()) == cells(made)
    assert made == form_workbook(site_visit_form())


def test_a_text_of_the_form_is_in_english_and_in_french(xform: ElementTree.Element) -> None:
    texts = {
        one.get("lang"): {
            text.get("id"): "".join(text.itertext()).strip() for text in one.iter(f"{XFORMS}text")
        }
        for one in xform.iter(f"{XFORMS}translation")
    }
    assert set(texts) == {"English (en)", "French (fr)"}
    english, french = texts.values()
    assert english.keys() == french.keys()
    assert all(english.values())
    assert all(french.values())
    same = {key for key in english if english[key] == french[key]}
    assert len(same) < 5  # Position, Photo: words that are the same in both


def test_every_practice_has_a_state_and_its_evidence(xform: ElementTree.Element) -> None:
    asked = {bind.get("nodeset", "").rsplit("/", 1)[-1] for bind in xform.iter(f"{XFORMS}bind")}
    for practice in code_list()["practice"]:
        slug = practice["code"].lower().replace("-", "_")
        assert {f"state_{slug}", f"evidence_{slug}"} <= asked


def test_a_practice_is_asked_only_where_it_applies(xform: ElementTree.Element) -> None:
    relevant = {
        bind.get("nodeset", "").rsplit("/", 1)[-1]: bind.get("relevant")
        for bind in xform.iter(f"{XFORMS}bind")
    }
    assert re.search(r"burns_amalgam\s+!= 'no'", relevant["state_hg_ret"] or "")
    assert re.search(r"washes\s+!= 'no'", relevant["state_wa_pond"] or "")
    assert relevant["state_so_ppe"] is None
    assert "'unknown'" not in (relevant["evidence_hg_ret"] or "")


def test_what_a_site_digs_and_washes_is_computed_and_not_asked() -> None:
    questions = {one.name: one for one in site_visit_form().questions}
    assert questions["washes"].kind == "calculate"
    assert "'panning'" in questions["washes"].calculation
    assert "'abandoned_shaft'" not in questions["washes"].calculation
    assert "'abandoned_shaft'" in questions["digs"].calculation
    # mercury is asked once, as a practice, and the answer is the flag too
    assert questions["uses_mercury"].kind == "calculate"


def test_a_changed_code_list_changes_the_form() -> None:
    codes = copy.deepcopy(dict(code_list()))
    codes["practice"] = [one for one in codes["practice"] if one["code"] != "PE-OP"]
    codes["practice"].append(
        {"code": "ZZ-NEW", "title": "A new way", "direction": "adopt", "applies": "digs"}
    )
    codes["states"] = [*codes["states"], "planned-next-year"]
    codes["operation"] = [*codes["operation"], {"group": "river", "types": [], "does": ["washes"]}]
    form = build_form(codes, fixed())
    assert {"state_zz_new", "evidence_zz_new"} <= set(names(form))
    assert "state_pe_op" not in names(form)
    assert [one.name for one in form.choices["states"]][-1] == "planned_next_year"
    assert "river" in [one.name for one in form.choices["operations"]]
    washes = next(one for one in form.questions if one.name == "washes")
    assert "'river'" in washes.calculation
    versions = [form_tables(one)["settings"][1][2] for one in (form, site_visit_form())]
    assert versions[0] != versions[1]


def test_a_question_with_choices_nobody_wrote_is_refused() -> None:
    wrong = fixed()
    del wrong["choices"]["led_by"]
    with pytest.raises(FactsError, match=r"question 'led_by' has no choices 'led_by'"):
        build_form(code_list(), wrong)


def test_nothing_in_the_workbook_is_a_formula() -> None:
    book = load_workbook(io.BytesIO(COMMITTED.read_bytes()))
    kinds = {cell.data_type for sheet in book.worksheets for row in sheet.rows for cell in row}
    assert kinds <= {"s", "n"}
    assert not any(
        name.startswith(("phone", "device", "user")) for name in names(site_visit_form())
    )


def test_an_answer_is_understood_by_name_and_by_label_of_both_languages() -> None:
    form = site_visit_form()
    for answer in ("tried_and_stopped", "Tried and stopped", "Essayé puis arrêté"):
        assert form.value_of("states", answer) == "tried-and-stopped"
    assert form.value_of("operations", "Alluvionnaire : batée") == "alluvial"
    assert form.value_of("states", "perhaps") is None
