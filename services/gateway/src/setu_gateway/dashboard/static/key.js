// The API key, where the gateway asks for one: kept in this tab for as long as it is open, and sent as a header.

import facts from "./facts.js";
import { fill, h } from "./dom.js";

const NAME = "setu-key";

/** Whether this gateway asks for keys. */
export const asksForKeys = facts.auth === "keys";

/** The headers by which a request says whose it is. */
export function credentials() {
  const key = sessionStorage.getItem(NAME);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Whether a key was given. */
export function hasKey() {
  return sessionStorage.getItem(NAME) !== null;
}

let open = null;

/** Ask for a key, unless that is being asked already; resolves when one was given. */
export function askForKey(why = "") {
  open ??= asked(why).finally(() => {
    open = null;
  });
  return open;
}

function asked(why) {
  const input = h("input", { id: "key-value", type: "password", autocomplete: "off", spellcheck: "false", required: true });
  const note = h("p", { id: "key-note", class: why ? "warning" : "muted" });
  note.textContent = why || "It stays in this tab, and is forgotten when the tab is closed.";
  input.setAttribute("aria-describedby", "key-note");
  // Without any key there is nothing to leave it at.
  const had = hasKey() && !why;
  const dialog = h("dialog", { "aria-labelledby": "key-title", class: "ask" });
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", { id: "key-title" }, "This gateway asks for a key"),
    h("p", {}, "Who runs it makes keys with ", h("code", {}, "setu keys create"), ". To look at jobs a key needs the scope ", h("code", {}, "jobs:read"), "."),
    h("label", { for: "key-value" }, "API key"),
    input,
    note,
    h("p", { class: "buttons" }, had ? h("button", { type: "button", onclick: () => dialog.close() }, "Leave it") : null, h("button", { class: "primary" }, "Use this key")),
  );
  fill(dialog, form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    form.addEventListener("submit", () => sessionStorage.setItem(NAME, input.value.trim()));
    dialog.addEventListener("cancel", (event) => had || event.preventDefault());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve();
    });
    dialog.showModal();
    input.focus();
  });
}
