// The circuits between Setu's parts and to others: how they are, and an operator's word.

import { askJson } from "./api.js";
import { fill, h } from "./dom.js";
import { count, duration, many } from "./format.js";
import { panel } from "./panel.js";
import { badge, empty, sure, trouble } from "./parts.js";
import { alarm, say } from "./voice.js";

const LOOK_MS = 4000;
const ORDERS = [
  ["open", "Force open", "Calls to it then fail at once, and jobs go on with what they can do without it."],
  ["closed", "Force closed", "Calls to it are then made whatever became of the last ones."],
  ["auto", "Let it rule itself", ""],
];

/** Show the page. */
export function circuitsPage(root, { signal }) {
  const outcome = h("div", { role: "status" });
  const shown = panel({
    title: "All circuits",
    signal,
    everyMs: LOOK_MS,
    load: () => askJson("/v1/breakers", { signal }),
    render: ({ breakers }) => breakers.length ? h("ul", { class: "cards" }, breakers.map((each) => card(each, order))) : empty("There are no circuits yet.", "One comes with the first call to another part or to a provider."),
    missing: (error) => (error.status === 404 ? h("p", { class: "muted" }, "This gateway has no circuits to show.") : trouble(error)),
  });

  async function order(circuit, mode, words) {
    if (words && !(await sure(`${ORDERS.find(([each]) => each === mode)[1]}: ${circuit.name}?`, `${words} It stays so until the next order, in every process.`, "Yes, do it"))) return;
    try {
      await askJson(`/v1/breakers/${encodeURIComponent(circuit.name)}`, { method: "PUT", body: { mode }, signal });
      fill(outcome);
      say(mode === "auto" ? `${circuit.name} rules itself again.` : `${circuit.name} is forced ${mode}.`);
      await shown.look();
    } catch (error) {
      if (error.status === undefined) throw error;
      alarm(error.title);
      fill(outcome, trouble(error, circuit.name));
    }
  }

  fill(root, h("div", { class: "page-top" }, h("h1", {}, "Circuits")), h("p", { class: "muted" }, "A circuit stands before each part that others call. When too many calls fail it opens, so that nobody waits for what is down, and it tries again by itself."), outcome, shown.element);
}

function card(circuit, order) {
  const state = circuit.mode === "auto" ? (circuit.state ?? "unknown") : circuit.mode;
  const forced = circuit.mode !== "auto";
  return h(
    "li",
    { class: "card" },
    h("div", { class: "card-top" }, h("strong", { class: "name" }, circuit.name), badge(state, forced ? `forced ${circuit.mode}` : state)),
    h("p", { class: "muted small" }, said(circuit), circuit.shared ? "" : " Other processes hear of orders once Redis is back."),
    h(
      "div",
      { class: "buttons", role: "group", "aria-label": `Orders for ${circuit.name}` },
      ORDERS.filter(([mode]) => mode !== circuit.mode).map(([mode, words, means]) => h("button", { type: "button", "data-key": `${circuit.name}-${mode}`, class: mode === "open" ? "danger-text" : "", onclick: () => order(circuit, mode, means) }, words)),
    ),
  );
}

function said(circuit) {
  if (circuit.mode !== "auto") return "An operator rules it.";
  if (circuit.open_for_s !== null && circuit.open_for_s !== undefined) return `It is tried again in ${duration(circuit.open_for_s)}.`;
  if (circuit.calls === null || circuit.calls === undefined) return "Used by other processes.";
  if (!circuit.calls) return "No calls lately.";
  return `${many(circuit.calls, "call")} lately, ${count(circuit.failed ?? 0)} failed, ${count(circuit.slow ?? 0)} slow.`;
}
