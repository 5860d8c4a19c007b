// The parts that pages are made of.

import { askJson } from "./api.js";
import { h } from "./dom.js";
import { duration, when } from "./format.js";

const MARKS = {
  queued: ["○", "waits"],
  waiting: ["○", "waits"],
  running: ["◐", "runs"],
  cancelling: ["◐", "ends"],
  succeeded: ["●", "good"],
  degraded: ["◑", "warning"],
  failed: ["✕", "bad"],
  cancelled: ["–", "waits"],
  skipped: ["–", "waits"],
  closed: ["●", "good"],
  open: ["✕", "bad"],
  "half-open": ["◑", "warning"],
};

/** A state: a word, a mark and a colour, so that none of them is needed to tell it. */
export function badge(state, words = state) {
  const [mark, tone] = MARKS[state] ?? ["○", "waits"];
  return h("span", { class: `badge ${tone}` }, h("span", { "aria-hidden": "true" }, mark), words);
}

/** A job's state; one that delivered less than asked says so. */
export function jobBadge(job) {
  const degraded = job.state === "succeeded" && job.degraded.length > 0;
  return badge(degraded ? "degraded" : job.state, degraded ? "succeeded in part" : job.state);
}

/** How far something is. */
export function bar(share, label) {
  return h("progress", { max: 1, value: share, "aria-label": label });
}

/** A figure with its name, and what stands behind it. */
export function tile(name, value, note, address) {
  const inside = [h("dt", {}, address ? h("a", { href: address }, name) : name), h("dd", {}, h("span", { class: "figure" }, value), note ? h("span", { class: "muted" }, note) : null)];
  return h("div", { class: "tile" }, inside);
}

/** What is said where there is nothing. */
export function empty(title, ...more) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), more.length ? h("p", {}, more) : null);
}

/** What went wrong, and what to do about it. */
export function trouble(error, what = "") {
  const box = h("div", { class: error.status === 0 ? "notice warning" : "notice bad" });
  const title = what ? `${what}: ${error.title ?? "something went wrong"}` : (error.title ?? "Something went wrong");
  box.append(h("p", { class: "notice-title" }, title), h("p", {}, adviceOn(error)));
  if (error.errors?.length) box.append(h("ul", {}, error.errors.map((each) => h("li", {}, `${each.field}: ${each.message}`))));
  if (error.requestId) box.append(h("p", { class: "muted small" }, "Request ", h("code", {}, error.requestId)));
  return box;
}

function adviceOn(error) {
  if (error.status === 403 && error.code === "scope-lacking") {
    return `This key may not do that: it lacks the scope ${error.context.scope}. The button “Key” at the top takes another one.`;
  }
  if (error.status === 401) return "This gateway asks for a key. The button “Key” at the top takes one.";
  if (error.status === 0) return "It is tried again by itself. Nothing that was accepted is lost.";
  return error.message;
}

/** A table; cells may be elements. A row's first cell is its heading. */
export function table(caption, headings, rows, { numeric = [] } = {}) {
  const tone = (column) => (numeric.includes(column) ? "number" : null);
  return h(
    "div",
    { class: "scrolls", tabindex: 0, role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, headings.map((each, column) => h("th", { scope: "col", class: tone(column) }, each)))),
      h("tbody", {}, rows.map((cells) =>
        h("tr", {}, cells.map((each, column) => h(column ? "td" : "th", { scope: column ? null : "row", class: tone(column) }, each)))),
      ),
    ),
  );
}

/** Names and values. */
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** A choice of one of several: `[value, words]`. */
export function choice(label, options, value, onchange) {
  const select = h("select", { onchange: () => onchange(select.value) }, options.map(([each, words]) => h("option", { value: each, selected: each === value }, words)));
  return h("label", { class: "choice" }, h("span", {}, label), select);
}

/** Ask whether that is meant; true if it is. */
export function sure(title, text, action) {
  const dialog = h("dialog", { class: "ask", "aria-labelledby": "sure-title" });
  dialog.append(
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "sure-title" }, title),
      h("p", {}, text),
      h("p", { class: "buttons" }, h("button", { value: "" }, "No, leave it"), h("button", { class: "danger", value: "yes" }, action)),
    ),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    dialog.showModal();
  });
}

/** How long a job took, or since when it is under way. */
export function taken(job) {
  if (!job.ended_at) return ["accepted ", when(job.created_at)];
  return ["took ", duration((new Date(job.ended_at) - new Date(job.created_at)) / 1000), " · ", when(job.ended_at)];
}

const forbidden = new Set();

/** Several answers at once: each is its JSON, or null where it can't be had. What this key may not ask is not asked again. */
export function whatThereIs(paths, signal) {
  return Promise.all(paths.map(async (path) => {
    const [route] = path.split("?");
    if (forbidden.has(route)) return null;
    try {
      return await askJson(path, { signal });
    } catch (error) {
      if (signal.aborted || error.status === undefined) throw error;
      if (error.status === 403) forbidden.add(route);
      return null;
    }
  }));
}
