// Elements without markup: whatever a name or a subtitle holds, it becomes text and never an element.

const SVG = "http://www.w3.org/2000/svg";
const SAFE_ADDRESS = /^(?:\/(?![/\\])|#|blob:)/;
const ADDRESSES = new Set(["href", "src"]);

/** An element: `h("a", {href: "#/"}, "Jobs")`. Attributes named `on…` are listeners; false, null and undefined are left out. */
export function h(tag, attributes = {}, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

/** An element of a drawing. */
export function svg(tag, attributes = {}, ...children) {
  return furnished(document.createElementNS(SVG, tag), attributes, children);
}

/** Put other children into an element. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** The same for what changes by itself: a link or control that had the focus has it afterwards too. */
export function refill(element, ...children) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const mark = ["href", "id", "data-key"].find((name) => focused?.hasAttribute(name));
  const value = mark && focused.getAttribute(mark);
  fill(element, ...children);
  if (mark) element.querySelector(`[${mark}="${CSS.escape(value)}"]`)?.focus({ preventScroll: true });
  return element;
}

/** A list with something between its parts. */
export function between(parts, separator) {
  return parts.flatMap((part, index) => (index ? [separator, part] : [part]));
}

function furnished(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(element.style, value);
    else if (ADDRESSES.has(name) && !SAFE_ADDRESS.test(value)) throw new Error(`not an address of ours: ${value}`);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...nodes(children));
  return element;
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}
