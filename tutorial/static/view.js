/* The live view: draws a scene, animates from the scene before, and sends what the learner does.

   A scene is {frame, nodes, edges, panel}, made by tutorial/view.py.  Differences come as custom messages and are laid onto the
   model's scene here, so that every view of the model is a function of that one scene.  What has changed is true at once;
   animation runs behind the truth, and any key or click ends it.  Text from objects is only ever text, never markup. */

const NS = "http://www.w3.org/2000/svg";
const STEP = 300, STAGGER = 70, LONGEST = 2000;             // milliseconds at speed 1: one change, between changes, all of them

// ---- elements -------------------------------------------------------------------------------------

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === false || value == null) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}
function html(tag, attributes = {}, ...children) {
  const element = set(document.createElement(tag), attributes);
  element.append(...children);
  return element;
}
function draw(tag, attributes = {}, text = "") {
  const element = set(document.createElementNS(NS, tag), attributes);
  if (text) element.textContent = text;
  return element;
}
function button(id, label, attributes, ...children) {
  return html("button", { type: "button", "data-testid": id, "aria-label": label, title: label, ...attributes }, ...children);
}

/* What kubectl has no command for is told as a comment. */
function asTyped(command) { return command.startsWith("#") ? command : `$ ${command}`; }

// ---- the model's scene --------------------------------------------------------------------------------

function laidOnto(scene, delta) {
  const next = { ...scene };
  for (const [section, { set: changed, gone }] of Object.entries(delta)) {
    next[section] = { ...next[section], ...changed };
    for (const key of gone) delete next[section][key];
  }
  return next;
}

function initialize({ model }) {
  model.on("msg:custom", (message) => {
    if (message.delta) model.set("scene", laidOnto(model.get("scene"), message.delta));
  });
}

// ---- the view -----------------------------------------------------------------------------------------

const KEYS = [
  ["Arrow keys", "go from object to object"], ["Enter", "select the object"], ["Esc", "let it go; leave the view"],
  ["+  −", "one replica more, one less"], ["Delete", "delete the selected object"], ["f", "write a file in the selected pod"],
  ["w", "why is it so?"], [".", "one step"], ["Space", "run until nothing is left to do"], [",", "undo"], ["Shift ,", "redo"],
  ["r", "reset"], ["?", "this page"],
];
const TABS = { story: "Story", why: "Why", log: "kubectl", table: "Table", help: "Help" };

class View {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.nodes = new Map();                                  // id -> {data, element, body}
    this.edges = new Map();                                  // id -> {data, element}
    this.selected = "";
    this.tab = "story";
    this.running = [];                                       // animations
    this.build();
    this.onScene = () => this.update(true);
    this.onMessage = (message) => this.heard(message);
    this.guard = (event) => this.keepFromLab(event);
    model.on("change:scene", this.onScene);
    model.on("msg:custom", this.onMessage);
    window.addEventListener("keydown", this.guard, true);
    this.update(false);
  }

  close() {
    this.model.off("change:scene", this.onScene);
    this.model.off("msg:custom", this.onMessage);
    window.removeEventListener("keydown", this.guard, true);
  }

  get scene() { return this.model.get("scene"); }

  send(verb, more = {}) {
    if (this.scene.panel.can[verb] === false) return;        // nothing to undo or to redo
    this.root.setAttribute("aria-busy", "true");
    this.say("");
    this.model.send({ verb, ...more });
  }

  heard(message) {
    this.root.removeAttribute("aria-busy");
    if (message.error) this.say(message.error);
  }

  say(error) {
    this.error.hidden = !error;
    this.errorText.textContent = error;
  }

  // -- building, once

  build() {
    const act = (verb, more) => ({ click: () => this.send(verb, more) });
    this.undo = button("undo", "Undo (,)", act("undo"), "↶ Undo");
    this.redo = button("redo", "Redo (Shift ,)", act("redo"), "↷ Redo");
    this.clock = html("output", { class: "clock", "data-testid": "clock", "aria-label": "Time in the cluster" });
    this.speed = html("select", { "data-testid": "speed", "aria-label": "Speed of the animation", title: "Speed of the animation" },
      ...[["0", "still"], ["0.5", "½ ×"], ["1", "1 ×"], ["2", "2 ×"]].map(([value, text]) => html("option", { value }, text)));
    this.speed.value = "1";
    const bar = html("div", { class: "bar", role: "toolbar", "aria-label": "Course of things" },
      html("span", { class: "group" }, this.undo, this.redo, button("reset", "Reset (r)", act("reset"), "⟲ Reset")),
      html("span", { class: "group" }, button("step", "One step (.)", act("step"), "Step ›"),
        button("run", "Run until nothing is left to do (Space)", { ...act("settle"), class: "primary" }, "Run »"),
        button("wait", "Let 10 seconds pass", act("run", { seconds: 10 }), "+10 s"),
        button("skip", "Skip a long wait: let 5 minutes pass", act("run", { seconds: 300 }), "+5 min")),
      this.clock, html("span", { class: "space" }), html("label", { class: "speed" }, "Speed", this.speed));

    this.head = draw("svg", { class: "kstate-picture head", "aria-hidden": "true" });
    this.svg = draw("svg", { class: "kstate-picture", "data-testid": "picture", role: "group", "aria-label": "The cluster" });
    this.layers = ["bands", "ties", "objects"].map((name) => this.svg.appendChild(draw("g", { class: name })));
    this.overlay = html("div", { class: "overlay" });
    this.stage = html("div", { class: "stage", "data-testid": "stage" }, this.head, html("div", { class: "canvas" }, this.svg, this.overlay));
    this.legend = html("div", { class: "legendline", "aria-hidden": "true" });
    this.actions = html("div", { class: "actions", role: "group", "aria-label": "Selected object", "data-testid": "actions" });
    this.chips = html("div", { class: "chips", role: "group", "aria-label": "Controllers with work", "data-testid": "controllers" });
    this.echo = html("code", { class: "echo", "data-testid": "echo" });
    this.live = html("div", { class: "live", "aria-live": "polite", "data-testid": "live" });
    this.errorText = html("span");
    this.error = html("div", { class: "error", role: "alert", "data-testid": "error", hidden: true }, this.errorText,
      button("dismiss", "Close", { click: () => this.say("") }, "✕"));

    this.tabs = {};
    for (const [tab, title] of Object.entries(TABS)) {
      this.tabs[tab] = html("button", { type: "button", role: "tab", "data-testid": `tab-${tab}`, click: () => this.show(tab) }, title);
    }
    this.panel = html("div", { class: "panel", role: "tabpanel", tabindex: "0", "data-testid": "panel" });
    const side = html("div", { class: "side" },
      html("div", { class: "tabs", role: "tablist", "aria-label": "Texts" }, ...Object.values(this.tabs)), this.panel);
    const tools = html("div", { class: "tools" }, this.actions, this.chips, this.echo);
    this.root.append(bar, this.error, html("div", { class: "body" }, html("div", { class: "scene" }, this.stage, this.legend), tools, side), this.live);
    set(this.root, {
      class: "kview", role: "group", "aria-label": "Cluster view",
      keydown: (event) => this.pressed(event), pointerdown: () => this.finish(),
    });
    this.svg.addEventListener("click", (event) => {
      const node = event.target.closest("[data-id]");
      this.select(node ? node.dataset.id : "", true);
    });
  }

  // -- drawing what has changed

  update(animated) {
    const { frame, nodes, edges, panel } = this.scene;
    this.finish();
    this.root.querySelectorAll(".changed").forEach((element) => element.classList.remove("changed"));
    if (frame !== this.frame) this.drawFrame(frame);
    const motions = [...this.drawEdges(edges), ...this.drawNodes(nodes, animated)];
    if (!nodes[this.selected]) this.selected = "";
    this.drawReplicas(nodes, frame);
    this.drawPanel(panel);
    this.drawActions();
    this.mark();
    if (animated) this.play(motions);
  }

  drawFrame(frame) {
    this.frame = frame;
    const { width, height, columns } = frame;
    set(this.svg, { viewBox: `0 0 ${width} ${height}`, "aria-label": `The cluster: ${frame.title}` });
    set(this.head, { viewBox: `0 0 ${width} 26` });
    this.head.replaceChildren(...columns.flatMap(({ title, x, w }) => [
      draw("rect", { class: "band", x: x - 6, y: 4, width: w + 12, height: 30, rx: 8 }),
      draw("text", { class: "heading", x: x + w / 2, y: 20, "text-anchor": "middle" }, title)]));
    this.layers[0].replaceChildren(...columns.map(({ x, w }) =>
      draw("rect", { class: "band", x: x - 6, y: -10, width: w + 12, height: height + 6, rx: 8 })));
    const sample = (cls, width, shape) => {
      const image = draw("svg", { class: "kstate-picture", viewBox: `${-width / 2} -7 ${width} 14`, width, height: 14 });
      const g = image.appendChild(draw("g", { class: cls }));
      g.append(draw("path", shape));
      return image;
    };
    this.legend.replaceChildren(
      ...Object.entries(frame.states).map(([state, word]) => html("span", {}, sample(state, 14, { class: "glyph", d: frame.glyphs[state] }), word)),
      html("span", { class: "space" }),
      ...Object.entries(frame.ties).map(([tie, word]) => html("span", {}, sample("", 28, { class: `edge ${tie}`, d: "M-13 0H13" }), word)));
  }

  *drawNodes(nodes, animated) {
    for (const [id, { element, body }] of this.nodes) {
      if (nodes[id]) continue;
      this.nodes.delete(id);
      if (element.contains(document.activeElement)) this.focusNear(this.scene.nodes, element);
      set(element, { "data-id": null, tabindex: null, "aria-hidden": "true" });
      yield { x: -1, parts: [[body, [{ opacity: 1 }, { opacity: 0, transform: "scale(.85)" }]]], then: () => element.remove() };
    }
    const order = Object.entries(nodes).sort(([, a], [, b]) => a.x - b.x || a.y - b.y);
    let next = null;
    for (const [id, data] of order.reverse()) {              // from the last, so that each newcomer knows who follows
      const known = this.nodes.get(id);
      if (known && known.data !== data) yield* this.redrawNode(known, data);
      if (!known) {
        const element = draw("g", { "data-id": id, role: "button", tabindex: "-1" });
        const body = element.appendChild(draw("g", { class: "box" }));
        const node = { data, element, body };
        this.nodes.set(id, node);
        this.fillNode(node);
        this.layers[2].insertBefore(element, next);
        if (animated) body.classList.add("changed");
        yield { x: data.x, news: data, parts: [[body, [{ opacity: 0, transform: "scale(.8)" }, { opacity: 1, transform: "none" }]]] };
      }
      next = this.nodes.get(id).element;
    }
    if (!this.layers[2].querySelector('[tabindex="0"]') && next) next.setAttribute("tabindex", "0");
  }

  *redrawNode(node, data) {
    const before = node.data;
    node.data = data;
    if (JSON.stringify(before) === JSON.stringify(data)) return;
    this.fillNode(node);
    if (before.x !== data.x || before.y !== data.y) {
      yield { x: 0, parts: [[node.element, [{ transform: `translate(${before.x}px,${before.y}px)` }, { transform: node.element.style.transform }]]] };
    }
    if (before.state !== data.state || before.phase !== data.phase || before.detail !== data.detail) {
      node.body.classList.add("changed");
      const halo = node.body.querySelector(".halo"), glyph = node.body.querySelector(".glyph"), length = halo.getTotalLength();
      const at = `translate(${glyph.getAttribute("transform").match(/[\d.]+/g).join("px,")}px)`;
      yield { x: data.x, news: data, parts: [
        [halo, [{ strokeDasharray: `0 ${length}` }, { strokeDasharray: `${length} 0` }]],
        [glyph, [{ transform: `${at} scaleY(0)` }, { transform: `${at} scaleY(1)` }]]] };
    }
  }

  fillNode({ data, element, body }) {
    const shape = this.scene.frame.shapes[data.kind];
    set(element, { class: `node ${data.state}${data.ghost ? " ghost" : ""}`, "aria-label": data.label, "data-kind": data.kind,
      "data-state": data.state, "data-phase": data.phase });
    element.style.transform = `translate(${data.x}px,${data.y}px)`;
    body.style.transformOrigin = `${shape.w / 2}px ${shape.h / 2}px`;
    body.replaceChildren(draw("title", {}, data.label), draw("path", { class: "halo", d: shape.outline }),
      draw("path", { class: "outline", d: shape.outline }), draw("path", { class: "inner", d: shape.inner || "M0 0" }),
      draw("path", { class: "glyph", d: this.scene.frame.glyphs[data.state], transform: `translate(${shape.glyph.join(" ")})` }),
      ...shape.slots.map(({ x, y, anchor, style }, i) => draw("text", { class: style, x, y, "text-anchor": anchor }, data.lines[i])));
  }

  *drawEdges(edges) {
    for (const [id, { element }] of this.edges) {
      if (edges[id]) continue;
      this.edges.delete(id);
      yield { x: -1, parts: [[element, [{ opacity: 1 }, { opacity: 0 }]]], then: () => element.remove() };
    }
    for (const [id, data] of Object.entries(edges)) {
      const known = this.edges.get(id);
      const element = known ? known.element : this.layers[1].appendChild(draw("path", { "data-edge": id }));
      this.edges.set(id, { data, element });
      set(element, { class: `edge ${data.kind} ${data.state}`, d: data.path });
      const before = known ? known.data.said_by : "none";
      if (before !== data.said_by) yield { x: this.scene.nodes[data.target].x, parts: [[element, this.drawn(element, data, before)]] };
    }
  }

  /* A bond grows from the side that declares it, and its two halves meet; owning lines grow, dashed ones fade in. */
  drawn(element, { kind, state }, before) {
    if (kind !== "binds" && kind !== "owns") return [{ opacity: 0 }, { opacity: 1 }];
    const whole = element.getTotalLength(), half = whole / 2;
    if (kind === "owns" || state === "half") return [{ strokeDasharray: `0 ${whole}` }, { strokeDasharray: `${whole} 0` }];
    const dashes = { none: `0 ${whole} 0 0`, claim: `${half} ${half} 0 0`, volume: `0 ${half} ${half} 0` }[before];
    return [{ strokeDasharray: dashes }, { strokeDasharray: `${half} 0 ${half} 0` }];
  }

  drawReplicas(nodes, { width, height, shapes }) {
    const sets = Object.entries(nodes).filter(([, node]) => node.verbs.includes("scale"));
    const known = new Map([...this.overlay.children].map((group) => [group.dataset.set, group]));
    for (const [id, node] of sets) {
      let group = known.get(id);
      if (!group) {
        const change = (by) => () => this.scale(id, by);
        group = html("span", { class: "replicas", role: "group", "aria-label": `Replicas of ${node.name}`, "data-set": id },
          button("minus", `One replica of ${node.name} less (−)`, { "data-set": id, click: change(-1) }, "−"),
          button("plus", `One replica of ${node.name} more (+)`, { "data-set": id, click: change(1) }, "+"));
        this.overlay.append(group);
      }
      known.delete(id);
      group.style.left = `${100 * (node.x + shapes[node.kind].w - 9) / width}%`;
      group.style.top = `${100 * (node.y + shapes[node.kind].h / 2) / height}%`;
      set(group.firstChild, { "aria-disabled": node.replicas < 1 ? "true" : null });
    }
    known.forEach((group) => group.remove());
  }

  drawPanel({ story, clock, can, log, controllers }) {
    this.clock.textContent = clock;
    set(this.undo, { "aria-disabled": can.undo ? null : "true" });
    set(this.redo, { "aria-disabled": can.redo ? null : "true" });
    this.echo.textContent = asTyped(log[log.length - 1] || "");
    const known = new Map([...this.chips.querySelectorAll("button")].map((chip) => [chip.dataset.name, chip]));
    if (!this.chips.firstChild) this.chips.append(html("span", { class: "muted" }));
    this.chips.firstChild.textContent = controllers.length ? "Work for" : "No controller has work now.";
    for (const [name, count] of controllers) {
      const chip = known.get(name) || this.chips.appendChild(button("controller", "", { "data-name": name,
        click: () => this.send("step", { controller: name }) }, html("span", {}, name), html("b")));
      known.delete(name);
      chip.lastChild.textContent = count || "";
      const told = count ? `${name} has ${count} to do: run this one` : `${name} has nothing to do`;
      set(chip, { class: count ? "chip" : "chip idle", "aria-label": told, title: told });
    }
    known.forEach((chip) => chip.remove());
    this.drawTab();
  }

  drawTab() {
    for (const [tab, element] of Object.entries(this.tabs)) {
      set(element, { "aria-selected": String(tab === this.tab), tabindex: tab === this.tab ? "0" : "-1" });
    }
    const { nodes, panel } = this.scene;
    const lines = (texts, tag = "li") => texts.map((text) => html(tag, {}, text));
    const node = nodes[this.selected];
    const content = {
      story: () => [html("ol", { class: "lines" }, ...lines(panel.story))],
      why: () => node ? [html("h3", {}, node.name), html("p", { class: "muted" }, `${node.kind} · ${node.phase}`),
        html("p", { class: "answer", "data-testid": "answer" }, panel.why[0] === this.selected ? panel.why[1] : "…")]
        : [html("p", { class: "muted" }, "Select an object to ask why it is as it is.")],
      log: () => panel.log.length ? [html("ol", { class: "lines mono" }, ...lines(panel.log.map(asTyped)))]
        : [html("p", { class: "muted" }, "Each click is also a kubectl command: it appears here.")],
      table: () => [html("table", {}, html("tr", {}, ...lines(["Name", "Kind", "Status", "Detail", "Ties"], "th")),
        ...Object.values(nodes).sort((a, b) => a.x - b.x || a.y - b.y).map((row) =>
          html("tr", {}, ...lines([row.name, row.kind, row.phase, row.detail, row.ties], "td"))))],
      help: () => [html("dl", {}, ...KEYS.flatMap(([key, text]) => [html("dt", {}, html("kbd", {}, key)), html("dd", {}, text)]))],
    }[this.tab]();
    this.panel.replaceChildren(...content);
    set(this.panel, { "aria-label": TABS[this.tab], "data-tab": this.tab });
    if (this.tab === "story" || this.tab === "log") this.panel.scrollTop = this.panel.scrollHeight;
  }

  // -- the selected object and its verbs

  select(id, tell = false) {
    if (tell && id !== this.selected) this.tab = id ? "why" : "story";
    this.selected = id;
    this.form = "";
    if (id) this.rove(this.nodes.get(id).element);
    this.send("select", { ref: id });
    this.mark();
    this.drawActions();
    this.drawTab();
  }

  mark() {
    for (const [id, { element }] of this.nodes) {
      element.classList.toggle("selected", id === this.selected);
      set(element, { "aria-pressed": String(id === this.selected) });
    }
    for (const { data, element } of this.edges.values()) {
      element.classList.toggle("told", this.selected !== "" && (data.source === this.selected || data.target === this.selected));
    }
  }

  drawActions() {
    const node = this.scene.nodes[this.selected];
    const drawn = JSON.stringify([this.selected, this.form, node && [node.verbs, node.asks, node.folder]]);
    if (drawn === this.drawnActions) return;                 // a form keeps what was typed
    this.drawnActions = drawn;
    const refocus = this.actions.contains(document.activeElement) && document.activeElement.dataset.testid;
    this.actions.replaceChildren(...(node ? this.actionsOf(this.selected, node) : [html("span", { class: "muted" },
      "Select an object with a click, or with the arrow keys and Enter.")]));
    const again = refocus && this.actions.querySelector(`[data-testid="${refocus}"]`);
    if (again) again.focus();
    else if (refocus) this.focusNode();
  }

  actionsOf(id, node) {
    const close = () => { this.form = ""; this.drawActions(); this.focusNode(); };
    const title = html("strong", {}, node.name);
    if (this.form === "delete") {
      return [title, html("span", { class: "ask" }, `${node.asks} Delete it?`),
        button("confirm", `Delete ${node.name}`, { class: "danger", click: () => { close(); this.send("delete", { ref: id }); } }, "Delete"),
        button("cancel", "Keep it (Esc)", { click: close }, "Keep")];
    }
    if (this.form === "write") {
      const path = html("input", { "data-testid": "path", "aria-label": "Path", value: `${node.folder}/index.html`, spellcheck: "false" });
      const text = html("input", { "data-testid": "text", "aria-label": "Text", placeholder: "text" });
      const submit = (event) => { event.preventDefault(); const more = { ref: id, path: path.value, text: text.value }; close(); this.send("write", more); };
      return [title, html("form", { submit }, path, text, html("button", { "data-testid": "save", class: "primary" }, "Write"),
        button("cancel", "Do not write (Esc)", { click: close }, "Cancel"))];
    }
    const verbs = {
      scale: () => [button("less", `One replica of ${node.name} less (−)`, { click: () => this.scale(id, -1) }, "− replica"),
        button("more", `One replica of ${node.name} more (+)`, { click: () => this.scale(id, 1) }, "+ replica")],
      write: () => [button("write", `Write a file in ${node.name} (f)`, { click: () => this.open("write") }, "Write a file…")],
      delete: () => [button("delete", `Delete ${node.name} (Del)`, { class: "danger", click: () => this.remove() }, "Delete")],
    };
    return [title, html("span", { class: "muted" }, node.kind), button("why", `Why is ${node.name} so? (w)`, { click: () => this.show("why") }, "Why?"),
      ...node.verbs.flatMap((verb) => verbs[verb]())];
  }

  open(form) {
    this.form = form;
    this.drawActions();
    const first = this.actions.querySelector(form === "write" ? '[data-testid="text"]' : '[data-testid="cancel"]');
    if (first) first.focus();
  }

  remove() {
    const node = this.scene.nodes[this.selected];
    if (!node || !node.verbs.includes("delete")) return;
    if (node.asks) this.open("delete");
    else this.send("delete", { ref: this.selected });
  }

  scale(id, by) {
    const set = this.scene.nodes[id];
    if (set && set.replicas + by >= 0) this.send("scale", { ref: id, by });
  }

  /* The set that + and - mean: the one that has the focus or is selected, or owns what is; else the only one. */
  meant() {
    const { nodes, edges } = this.scene;
    const at = document.activeElement && document.activeElement.dataset.id || this.selected;
    const owner = Object.values(edges).find((edge) => edge.kind === "owns" && edge.target === at);
    const sets = Object.keys(nodes).filter((id) => nodes[id].verbs.includes("scale"));
    return sets.find((id) => id === at || owner && id === owner.source) || (sets.length === 1 ? sets[0] : "");
  }

  show(tab) {
    this.tab = tab;
    this.drawTab();
  }

  // -- keys

  /* Before JupyterLab sees a key of ours: plain keys are not for its shortcuts (d d deletes a cell), others such as Ctrl+S are. */
  keepFromLab({ target, key, ctrlKey, metaKey }) {
    if (this.root.contains(target)) target.toggleAttribute("data-lm-suppress-shortcuts", !(ctrlKey || metaKey) || key.toLowerCase() === "z");
  }

  pressed(event) {
    this.finish();
    const { target, key } = event;
    const typing = target.closest("input, select, textarea");
    const node = target.closest(".node");
    const tab = target.closest('[role="tab"]');
    const used = key === "Escape" ? this.escape(node)
      : typing || event.altKey || event.metaKey ? false
      : event.ctrlKey ? key.toLowerCase() === "z" && this.send(event.shiftKey ? "redo" : "undo")
      : key.startsWith("Arrow") ? (node ? this.move(node, key) : tab ? this.turn(key) : false)
      : key === "Enter" || key === " " ? node && (key === " " ? this.send("settle") : this.select(node.dataset.id, true))
      : this.shortcut(key, node);
    if (used !== false && used !== null) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  shortcut(key, node) {
    const focused = node ? node.dataset.id : this.selected;
    const take = (act) => () => { if (focused && focused !== this.selected) this.select(focused); return act(); };
    const keys = {
      "+": () => this.scale(this.meant(), 1), "=": () => this.scale(this.meant(), 1), "-": () => this.scale(this.meant(), -1),
      "−": () => this.scale(this.meant(), -1), Delete: take(() => this.remove()), Backspace: take(() => this.remove()),
      f: take(() => this.selected && this.scene.nodes[this.selected].verbs.includes("write") && this.open("write")),
      w: take(() => this.show("why")), ".": () => this.send("step"), ",": () => this.send("undo"), "<": () => this.send("redo"),
      ";": () => this.send("redo"), r: () => this.send("reset"), "?": () => this.show("help"),
    };
    return keys[key] ? keys[key]() : false;
  }

  escape(node) {
    if (this.form) { this.form = ""; this.drawActions(); this.focusNode(); }
    else if (this.selected) { this.select("", true); }
    else if (document.activeElement) document.activeElement.blur();
  }

  /* To the nearest object in that direction: along the column, or in the next column that has any. */
  move(from, key) {
    const at = this.nodes.get(from.dataset.id).data;
    const ahead = { ArrowUp: (n) => n.x === at.x && at.y - n.y, ArrowDown: (n) => n.x === at.x && n.y - at.y,
      ArrowLeft: (n) => at.x - n.x, ArrowRight: (n) => n.x - at.x }[key];
    const near = [...this.nodes.values()].filter(({ data }) => ahead(data) > 0)
      .sort((a, b) => ahead(a.data) - ahead(b.data) || Math.abs(a.data.y - at.y) - Math.abs(b.data.y - at.y))[0];
    if (near) this.focusNode(near.element);
  }

  turn(key) {
    const names = Object.keys(TABS);
    this.show(names[(names.indexOf(this.tab) + (key === "ArrowLeft" ? names.length - 1 : 1)) % names.length]);
    this.tabs[this.tab].focus();
  }

  /* One object takes the Tab key; the arrows move it (roving tabindex). */
  rove(element) {
    this.layers[2].querySelectorAll('[tabindex="0"]').forEach((each) => each.setAttribute("tabindex", "-1"));
    element.setAttribute("tabindex", "0");
  }

  focusNode(element = this.layers[2].querySelector('[tabindex="0"]')) {
    if (!element) return;
    this.rove(element);
    element.focus();
    element.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  focusNear(nodes, element) {
    const [x, y] = element.style.transform.match(/-?[\d.]+/g).map(Number);
    const near = [...this.nodes.values()].filter(({ element: each }) => each.dataset.id in nodes)
      .sort((a, b) => Math.hypot(a.data.x - x, a.data.y - y) - Math.hypot(b.data.x - x, b.data.y - y))[0];
    if (near) this.focusNode(near.element);
  }

  // -- motion

  play(motions) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const speed = calm ? 0 : Number(this.speed.value);
    const list = motions.sort((a, b) => a.x - b.x);          // causes stand left of their effects
    const gap = Math.min(STAGGER, (LONGEST - STEP) / Math.max(1, list.length));
    list.forEach(({ parts, then }, i) => {
      if (speed === 0) { if (then) then(); return; }
      for (const [element, frames] of parts) {
        const animation = element.animate(frames, { duration: STEP / speed, delay: i * gap / speed, fill: "backwards", easing: "ease-out" });
        if (then) animation.onfinish = then;
        this.running.push(animation);
      }
    });
    this.announce(list.filter(({ news }) => news).map(({ news }) => `${news.name} ${news.phase}`));
  }

  finish() {
    this.running.splice(0).forEach((animation) => animation.finish());
  }

  announce(news) {
    this.live.textContent = news.slice(0, 3).join(", ") + (news.length > 3 ? ` and ${news.length - 3} more` : "");
  }
}

function render({ model, el }) {
  const root = el.appendChild(document.createElement("div"));
  const view = new View(model, root);
  return () => view.close();
}

export default { initialize, render };
