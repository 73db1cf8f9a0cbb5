/* Notes in the field: written on the phone, kept there, saved as one small file to bring back. */
(function () {
  "use strict";
  const FORMAT = "commonground-feedback-1";
  const MOST_BYTES = 8e6;
  const data = JSON.parse(document.getElementById("pk-data").textContent);
  const find = (id) => document.getElementById(`pk-note-${id}`);
  const key = `common-ground notes ${data.visit} ${data.made}`;
  const say = (message) => window.packSay(message);
  let items = recall();
  let pictures = [];

  function recall() {
    try {
      return JSON.parse(localStorage.getItem(key) || "[]");
    } catch {
      return [];
    }
  }

  /** Keep what was written, so that a closed browser loses nothing; false where the phone cannot. */
  function keep() {
    try {
      localStorage.setItem(key, JSON.stringify(items));
      return true;
    } catch {
      return false;
    }
  }

  const identity = () => (crypto.randomUUID ? crypto.randomUUID() : Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(""));

  const stopOf = () => data.stops.find((stop) => stop.number === Number(find("stop").value));

  /** Show the questions that belong to the kind of note. */
  function shape() {
    const kind = find("kind").value;
    for (const box of document.querySelectorAll("[data-kinds]")) box.hidden = !box.dataset.kinds.split(" ").includes(kind);
    const select = find("conflict");
    const none = document.createElement("option");
    none.value = "";
    none.textContent = say("none of them");
    select.replaceChildren(none, ...stopOf().conflicts.map(([id, title]) => Object.assign(document.createElement("option"), { value: id, textContent: title })));
    select.parentElement.hidden = !stopOf().conflicts.length;
  }

  async function chosen(files) {
    const kept = [];
    for (const file of files) {
      if (file.size > MOST_BYTES) {
        tell(say("A photo or sound is larger than 8 MB and was not taken."));
        continue;
      }
      const bytes = new Uint8Array(await file.arrayBuffer());
      let text = "";
      for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
      kept.push({ name: file.name, type: file.type, data: btoa(text) });
    }
    return kept;
  }

  const tell = (text) => { find("said").textContent = text; };

  async function add() {
    pictures = await chosen(find("media").files);
    const text = find("text").value.trim();
    if (!text && !pictures.length) {
      tell(say("Write something first."));
      find("text").focus();
      return;
    }
    const stop = stopOf();
    const kind = find("kind").value;
    const item = { id: identity(), kind, stop: stop.number, feature_id: stop.feature_id, conflict_id: find("conflict").value || null, text, media: pictures, written_at: new Date().toISOString() };
    if (kind === "correction") item.field = find("field").value.trim();
    if (kind === "voice") Object.assign(item, { group: find("group").value, sex: find("sex").value, language: find("language").value.trim(), consent: find("consent").value });
    items.push(item);
    tell(keep() ? say("Kept on this phone. Save the file before you leave the page for good.") : say("This phone keeps nothing by itself: save the file now."));
    for (const name of ["text", "field", "media"]) find(name).value = "";
    list();
  }

  function list() {
    const rows = items.map((item) => {
      const row = document.createElement("li");
      const stop = data.stops.find((one) => one.number === item.stop);
      const told = document.createElement("span");
      const words = item.text || say("photo or sound");
      told.textContent = `${item.stop}. ${stop ? stop.name : ""}: ${words} `;
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: say("Remove") });
      button.addEventListener("click", () => {
        items = items.filter((one) => one !== item);
        keep();
        list();
      });
      row.append(told, button);
      return row;
    });
    find("list").replaceChildren(...rows);
    find("save").disabled = !items.length;
  }

  function save() {
    const document_ = { format: FORMAT, visit: data.visit, pack_made_at: data.made, saved_at: new Date().toISOString(), items };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(document_)], { type: "application/json" }));
    link.download = `notes-${data.visit}-${new Date().toISOString().slice(0, 10)}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    tell(say("Saved. Send this file to the organisers."));
  }

  find("stop").addEventListener("change", shape);
  find("kind").addEventListener("change", shape);
  find("add").addEventListener("click", add);
  find("save").addEventListener("click", save);
  window.addEventListener("pack-language", () => {
    shape();
    list();
  });
  shape();
  list();
})();
