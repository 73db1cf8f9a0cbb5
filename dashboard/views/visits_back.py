"""What came back from a field visit: files and paper brought in, each note decided by a person."""

import streamlit as st

from dashboard import cached, state, words
from dashboard.field.feedback import CONSENTS, GROUPS, KINDS, MEDIA, SEXES
from dashboard.views import parts
from dashboard.workflows import SAYABLE, NoteBeside
from layers.field.records import FieldNote, FieldVisit, Keepsake

DECISIONS = {"accepted": "Accept", "rejected": "Reject", "waiting": "Wait"}
ENDINGS = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
    "webm": "audio/webm",
    "wav": "audio/wav",
}
PAGE = 10
"""Notes on the screen at once."""


def show(visit: FieldVisit) -> None:
    """Draw the part of the page: bring in, type in, decide."""
    st.header("Back from the field")
    st.markdown(
        "The pack's form saves a small file of notes, corrections and voices. Bring it here, or "
        "type in what was written on paper. Nothing is used before somebody accepts it."
    )
    _bring(visit)
    if visit.stops:
        with st.expander("Type in a note from paper"):
            _type_in(visit)
    _review(visit)


def _bring(visit: FieldVisit) -> None:
    turn = state.get("visits.back.turn", 0)
    with st.form(f"visits.back.{turn}", border=True):
        uploaded = st.file_uploader(
            "Files of notes from phones",
            type=["json"],
            accept_multiple_files=True,
            key=f"visits.back.files.{turn}",
        )
        actor = st.text_input("Your name", key="visits.back.actor", max_chars=80)
        bring = st.form_submit_button("Bring the notes in", icon=":material/upload:")
    for line in state.get(f"visits.back.said.{visit.visit_id}", ()):
        st.success(words.md(line))
    for line in state.get(f"visits.back.wrong.{visit.visit_id}", ()):
        st.warning(words.md(line))
    if not bring:
        return
    if not uploaded:
        parts.problem("Choose the file that the pack saved under 'Notes' first.")
        return
    said: list[str] = []
    wrong: list[str] = []
    for one in uploaded:
        try:
            done = cached.import_feedback(
                visit.visit_id, bytes(one.getbuffer()), filename=one.name, actor=actor
            )
        except SAYABLE as error:
            wrong.append(str(error))
            continue
        said.append(told_of(done.filename, done.added, done.already_there))
        wrong += [f"{done.filename}: {problem}" for problem in done.problems]
    state.put(f"visits.back.said.{visit.visit_id}", said)
    state.put(f"visits.back.wrong.{visit.visit_id}", wrong)
    if said:
        state.put("visits.back.turn", turn + 1)
    st.rerun()


def told_of(filename: str, added: int, already: int) -> str:
    """What an import did, in one sentence."""
    there = f", {words.count(already)} were there already" if already else ""
    return f"{filename}: {words.count(added, 'note')} added{there}."


def _type_in(visit: FieldVisit) -> None:
    """A note from paper, under the same questions as on the phone."""
    token = f"visits.paper.{visit.visit_id}.{state.get('visits.paper.turn', 0)}"
    names = cached.stop_names(visit)
    stop = st.selectbox(
        "Stop",
        range(len(names)),
        format_func=lambda at: f"{at + 1}. {names[at]}",
        key=f"{token}.stop",
    )
    kind = st.selectbox("What is it?", list(KINDS), format_func=KINDS.get, key=f"{token}.kind")
    with st.form(token, border=False):
        text = st.text_area("In words", key=f"{token}.text", max_chars=10_000)
        line = ""
        if kind == "correction":
            line = st.text_input(
                "Which line of the card is wrong?", key=f"{token}.line", max_chars=100
            )
        voice = _voice(token) if kind == "voice" else {}
        photo = st.file_uploader(
            "Photo or sound, only of people who agreed", type=list(ENDINGS), key=f"{token}.photo"
        )
        actor = st.text_input("Your name", key=f"{token}.actor", max_chars=80)
        keep = st.form_submit_button("Keep the note")
    if not keep:
        return
    note = FieldNote(
        visit_id=visit.visit_id,
        item_id="",
        region_id=visit.region_id,
        kind=str(kind),
        layer_id=None,
        feature_id=visit.stops[int(stop)].feature_id,
        text=text,
        field=line.strip() or None,
        **voice,
    )
    try:
        cached.type_in_note(note, photo=_photo(photo), actor=actor)
    except SAYABLE as error:
        parts.problem(str(error))
        return
    state.put("visits.paper.turn", state.get("visits.paper.turn", 0) + 1)
    st.rerun()


def _voice(token: str) -> dict[str, str | None]:
    """Who spoke, and how far it may be shown: the narrowest until somebody chooses."""
    group = st.selectbox("Who speaks?", list(GROUPS), format_func=GROUPS.get, key=f"{token}.group")
    sex = st.selectbox("Woman or man?", list(SEXES), format_func=SEXES.get, key=f"{token}.sex")
    language = st.text_input(
        "In which language was it said?", key=f"{token}.language", max_chars=40
    )
    consent = st.radio(
        "How far may it be shown? As the speaker said.",
        list(CONSENTS),
        format_func=CONSENTS.get,
        key=f"{token}.consent",
    )
    return {"group": group, "sex": sex, "language": language.strip() or None, "consent": consent}


def _photo(
    uploaded: "st.runtime.uploaded_file_manager.UploadedFile | None",
) -> tuple[str, str, bytes] | None:
    """Name, type and bytes of a photo or sound that was chosen."""
    if uploaded is None:
        return None
    ending = uploaded.name.rsplit(".", 1)[-1].lower()
    return uploaded.name[:200], ENDINGS.get(ending, ""), bytes(uploaded.getbuffer())


def _review(visit: FieldVisit) -> None:
    beside = cached.notes_beside(visit, with_conflicts=False)
    if not beside:
        st.caption("Nothing has come back yet.")
        return
    if any(one.note.conflict_id for one in beside):
        beside = cached.notes_beside(visit, with_conflicts=True)
    waiting = sum(one.note.decision == "waiting" for one in beside)
    st.markdown(f"**{words.count(len(beside), 'note')}, {words.count(waiting)} waiting**")
    pages = -(-len(beside) // PAGE)
    page = 1
    if pages > 1:
        page = int(st.number_input("Page", 1, pages, key=f"visits.back.page.{visit.visit_id}"))
    for one in beside[(page - 1) * PAGE : page * PAGE]:
        with st.container(border=True):
            _note(one)


def _note(one: NoteBeside) -> None:
    """A note with its stop and conflict on the left, and the decision on the right."""
    note = one.note
    left, right = st.columns([3, 2])
    with left:
        where = f"Stop {one.stop}" if one.stop else "No stop of this visit now"
        st.markdown(f"**{words.md(KINDS.get(note.kind, note.kind))}** · {where} · "
                    f"{words.md(one.site_name)}")  # fmt: skip
        if note.conflict_id:
            gone = f"Conflict {note.conflict_id}, which is not found any more"
            st.caption(words.md(gone if one.conflict_gone else one.conflict or note.conflict_id))
        if note.field:
            st.caption(words.md(f"Line of the card: {note.field}"))
        st.markdown(words.md(note.text) if note.text else "*No words.*")
        if note.shown_text is not None:
            st.markdown(f"As corrected: {words.md(note.shown_text)}")
        if note.kind == "voice":
            st.caption(words.md(speaker(note)))
        for kept in note.keepsakes:
            _medium(kept)
        by = f"From {note.filename}, brought by {note.received_by} on {words.day(note.received_at)}"
        st.caption(words.md(by))
    with right:
        _decide(note)


def speaker(note: FieldNote) -> str:
    """Who spoke, in which language, and how far it may be shown."""
    told = [GROUPS.get(note.group or "", ""), SEXES.get(note.sex or "", ""), note.language or ""]
    who = ", ".join(dict.fromkeys(one for one in told if one and one != "Not stated"))
    return f"{who or 'Speaker not stated'}. {CONSENTS[note.consent or 'organisers']}."


def _medium(kept: Keepsake) -> None:
    """A photo or sound for whoever decides; its type was checked when it came."""
    if kept.type not in MEDIA:
        return
    try:
        content = cached.medium(kept)
    except SAYABLE as error:
        parts.problem(str(error))
        return
    st.caption(words.md(kept.name))
    if kept.type.startswith("audio/"):
        st.audio(content, format=kept.type)
    else:
        st.download_button(
            "Open the photo", content, file_name=words.file_name(kept.name), mime=kept.type,
            key=f"visits.photo.{kept.sha256}.{kept.name}", on_click="ignore",
        )  # fmt: skip


def _decide(note: FieldNote) -> None:
    """Accept, reject or correct, with why and who."""
    if note.decision != "waiting":
        when = words.day(note.decided_at)
        st.markdown(
            words.md(f"{note.decision.capitalize()} by {note.decided_by} on {when}. {note.why}")
        )
    token = f"visits.decide.{note.visit_id}.{note.item_id}.{note.decided_at}"
    with st.popover("Decide" if note.decision == "waiting" else "Decide again"), st.form(token):
        decision = st.radio(
            "Decision", list(DECISIONS), format_func=DECISIONS.get, key=f"{token}.decision"
        )
        shown = note.shown_text if note.shown_text is not None else note.text
        text = st.text_area("Text as it is shown", shown, key=f"{token}.text", max_chars=10_000)
        consent = None
        if note.consent is not None:
            widths = list(CONSENTS)[: list(CONSENTS).index(note.consent) + 1]
            consent = st.radio(
                "How far it may be shown: narrower is possible, wider is not",
                widths,
                index=len(widths) - 1,
                format_func=CONSENTS.get,
                key=f"{token}.consent",
            )
        why = st.text_input("Why", key=f"{token}.why", max_chars=500)
        actor = st.text_input("Your name", key=f"{token}.actor", max_chars=80)
        if not st.form_submit_button("Keep the decision"):
            return
    try:
        cached.decide_note(
            note.visit_id,
            note.item_id,
            decision=decision,
            why=why,
            actor=actor,
            shown_text=None if text == note.text else text,
            consent=consent,
        )
    except SAYABLE as error:
        parts.problem(str(error))
        return
    st.rerun()
