/* A story: a guided tour through the map, told in a bar at its foot, in full screen too. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const el = CG.element;

  CG.Story = class {
    constructor(session) {
      this.session = session;
      this.story = null;
      this.at = 0;
      this.heading = el("h2", {});
      this.text = el("p", {});
      this.count = el("span", { class: "cg-story-count" });
      this.back = el("button", { type: "button", onclick: () => this.go(this.at - 1) }, "←");
      this.next = el("button", { type: "button", onclick: () => this.go(this.at + 1) }, "→");
      this.close = el("button", { type: "button", onclick: () => this.start(null) }, "×");
      const told = el("div", { class: "cg-story-told", "aria-live": "polite" }, this.heading, this.text);
      this.root = el("section", { class: "cg-story", hidden: true }, told, el("div", { class: "cg-story-acts" }, this.back, this.count, this.next, this.close));
      CG.shield(this.root);
      this.root.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step) this.go(this.at + step);
        if (event.key === "Escape") this.start(null);
        event.stopPropagation();
      });
      session.map.getContainer().append(this.root);
    }

    /** Begin a story, {title, steps: [{title, text, view, layers}]}; null ends it. */
    start(story) {
      this.story = story && story.steps.length ? story : null;
      this.root.hidden = !this.story;
      if (this.story) this.go(0);
    }

    go(place) {
      const { steps, title } = this.story;
      if (place < 0 || place >= steps.length) return;
      this.at = place;
      const step = steps[place];
      for (const [button, word] of [[this.back, "storyBack"], [this.next, "storyNext"], [this.close, "storyEnd"]]) {
        button.setAttribute("aria-label", CG.text(word));
        button.title = CG.text(word);
      }
      this.root.setAttribute("aria-label", title);
      this.heading.textContent = step.title;
      this.text.textContent = step.text;
      this.count.textContent = `${place + 1} / ${steps.length}`;
      this.back.disabled = !place;
      this.next.disabled = place === steps.length - 1;
      this.session.setView(step.view);
      if (step.layers) {
        for (const [id, layer] of this.session.layers) {
          const wanted = step.layers.includes(id);
          if (layer.visible !== wanted) this.session.setVisible(id, wanted);
        }
      }
    }
  };
})();
