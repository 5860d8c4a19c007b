// Fields of forms, each with its label and what it means.

import { fill, h } from "./dom.js";
import { say } from "./voice.js";

/** A field: `{element, value}`. With `options` it is a choice, with `rows` a text of several lines. */
export function field(id, label, { options, rows, value, ...attributes } = {}, hint = "") {
  const described = hint ? `${id}-hint` : null;
  const own = { id, "aria-describedby": described, ...attributes };
  const control = made(own, { options, rows, value });
  const note = hint ? h("span", { id: described, class: "hint" }, hint) : null;
  const name = h("label", { for: id }, label);
  const isTick = attributes.type === "checkbox";
  const element = h("div", { class: isTick ? "field tick" : "field" }, isTick ? [control, name] : [name, control], note);
  return {
    element,
    get value() {
      return isTick ? control.checked : control.value.trim();
    },
    control,
  };
}

function made(attributes, { options, rows, value }) {
  if (options) return h("select", attributes, options.map(([each, words]) => h("option", { value: each, selected: each === value }, words)));
  if (rows) return h("textarea", { rows, ...attributes });
  return h("input", { type: "text", autocomplete: "off", value, ...attributes });
}

/** Several of many by name: what is typed is offered, what is chosen stays as a chip that can be taken away. */
export function picker(id, label, options, chosen, hint) {
  const names = new Map(options);
  const codes = new Map(options.flatMap(([code, name]) => [[name.toLowerCase(), code], [code, code]]));
  let values = chosen.filter((code) => names.has(code));
  const chips = h("ul", { class: "chips", "aria-label": `${label}: chosen` });
  const input = h("input", { id, type: "text", list: `${id}-offers`, autocomplete: "off", placeholder: "Add a language", "aria-describedby": `${id}-hint` });
  const offers = h("datalist", { id: `${id}-offers` }, options.map(([, name]) => h("option", { value: name })));
  const element = h("div", { class: "field" }, h("label", { for: id }, label), chips, h("div", { class: "with-button" }, input, h("button", { type: "button", class: "quiet", onclick: () => add(true) }, "Add")), offers, h("span", { id: `${id}-hint`, class: "hint" }, hint));

  function show() {
    fill(chips, values.map((code) => h("li", { class: "chip" }, names.get(code), h("button", { type: "button", "aria-label": `Leave out ${names.get(code)}`, onclick: () => { remove(code); input.focus(); } }, "×"))));
  }
  function remove(code) {
    values = values.filter((each) => each !== code);
    changed(`${names.get(code)} left out`);
  }
  function add(aloud) {
    const code = codes.get(input.value.trim().toLowerCase());
    if (!code) {
      if (aloud && input.value.trim()) say(`There is no language called ${input.value.trim()}.`);
      return;
    }
    input.value = "";
    if (!values.includes(code)) values = [...values, code];
    changed(`${names.get(code)} added`);
  }
  function changed(words) {
    show();
    say(words);
    element.dispatchEvent(new Event("input", { bubbles: true }));
  }
  input.addEventListener("change", () => add(false));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add(true);
  });
  show();
  return {
    element,
    get value() {
      return values;
    },
  };
}

/** Lines of “one = other” as pairs; the other may be missing. */
export function pairs(text) {
  return text
    .split("\n")
    .map((line) => line.split("=").map((part) => part.trim()))
    .filter(([first]) => first)
    .map(([first, ...rest]) => [first, rest.join("=").trim()]);
}
