// A part of a page that shows what a route tells, and says so where it can't.

import { fill, h, refill } from "./dom.js";
import { every } from "./pace.js";
import { trouble } from "./parts.js";

let numbers = 0;

/**
 * A section with a heading.
 *
 * `load(signal)` fetches, `render(data)` gives elements; they are called again every `everyMs`, and only what changed is drawn anew, so
 * that nothing that has the focus is lost. `missing(error)` says what a route's absence means, or gives null.
 */
export function panel({ title, load, render, signal, everyMs = 0, missing = () => null, level = "h2", beside = null, className = "" }) {
  const id = `panel-${(numbers += 1)}`;
  const body = h("div", { class: "panel-body" }, h("p", { class: "muted" }, "Loading …"));
  const note = h("div", { class: "panel-note" });
  const section = h("section", { class: `panel ${className}`, "aria-labelledby": id, "aria-busy": "true" }, h("div", { class: "panel-top" }, h(level, { id }, title), beside), note, body);
  let shown = null;

  async function look() {
    try {
      const data = await load(signal);
      const now = JSON.stringify(data);
      fill(note);
      if (now !== shown) {
        shown = now;
        refill(body, render(data));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === undefined) throw error;
      const told = missing(error) ?? trouble(error);
      if (shown === null || error.status !== 0) {
        shown = null;
        fill(note);
        fill(body, told);
      } else fill(note, h("p", { class: "muted small" }, "As it was when the gateway last answered."));
    } finally {
      section.setAttribute("aria-busy", "false");
    }
  }

  const looking = everyMs ? every(everyMs, look, signal) : once(look, signal);
  return { element: section, look: () => { shown = null; return look(); }, looking };
}

/** Look once, and again whenever the gateway is back, as long as it has not been seen. */
function once(look, signal) {
  return every(24 * 3600 * 1000, look, signal);
}

/** What is said where a route is not there yet, or its service is away. */
export function notThere(what) {
  return (error) => {
    if (error.status === 404) return h("p", { class: "muted" }, `${what} can't be told: this gateway has no such route.`);
    if (error.status === 503 || error.status === 502 || error.status === 504) {
      return h("p", { class: "muted" }, `${what} can't be told now: the service that knows does not answer.`);
    }
    return null;
  };
}
