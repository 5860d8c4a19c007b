// Charts of figures over time: drawn to the width they have, told apart by dashes and marks as well as by colour, and as a table too.

import { fill, h, svg } from "./dom.js";
import { count, dollars } from "./format.js";
import { table } from "./parts.js";

const HEIGHT = 200;
const MARGIN = { top: 12, right: 22, bottom: 26, left: 60 };
const TICKS = 4;
const LABEL_PX = 74;
const BINARY = 1024;
const TIMES = [[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

/**
 * A chart. `series` are `{name, values}`, one value (or null) for each of `times`; `bars` stacks them. `format` writes a value, `most` is
 * the top of the axis where it is known, `binary` has it count in powers of 1024, `seconds` in the units of time. A series' `tone` is the
 * colour of what it means, where it has one.
 */
export function chart({ title, times, series, format, bars = false, by = "day", most = null, note = "", none = "No figures in this time.", level = "h3", binary = false, seconds = false }) {
  const some = series.filter((each) => each.values.some((value) => value !== null && value !== undefined));
  const figure = h("figure", { class: "chart" }, h("figcaption", {}, h(level, {}, title), note ? h("span", { class: "muted small" }, note) : null));
  if (!some.length) return fill(figure, figure.firstChild, h("p", { class: "muted" }, none));
  const drawing = h("div", { class: "drawing" });
  const legend = some.length > 1 ? h("ul", { class: "legend" }, some.map((each) => h("li", {}, sample(series.indexOf(each), bars, each.tone), each.name))) : null;
  const rows = times.map((time, index) => [dated(time, by, true), ...some.map((each) => (known(each.values[index]) ? format(each.values[index]) : "–"))]);
  figure.append(
    ...[legend, drawing, h("details", { class: "as-table" }, h("summary", {}, "As a table"), table(title, [by === "hour" ? "Hour" : "Day", ...some.map((each) => each.name)], rows, { numeric: some.map((_, index) => index + 1) }))].filter(Boolean),
  );
  let width = 0;
  new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now === width || !now) return;
    width = now;
    fill(drawing, draw({ title, times, series, format, bars, by, most, binary, seconds }, width));
  }).observe(drawing);
  return figure;
}

function draw({ title, times, series, format, bars, by, most, binary, seconds }, width) {
  const inside = { width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const { top, tick } = axis(most, Math.max(...highs(times, series, bars), 0), { format, binary, seconds });
  const step = inside.width / times.length;
  const x = (index) => MARGIN.left + step * (index + 0.5);
  const y = (value) => MARGIN.top + inside.height * (1 - value / top);
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => (top * index) / TICKS);
  const every = Math.max(1, Math.ceil((LABEL_PX * times.length) / inside.width));
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": `${title}, as a chart; the table below has its figures` },
    ticks.map((value) => [
      svg("line", { class: value ? "grid" : "axis", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }),
      svg("text", { class: "tick", x: MARGIN.left - 8, y: y(value) + 4, "text-anchor": "end" }, tick(value)),
    ]),
    times.map((time, index) => (index % every ? null : svg("text", { class: "tick", x: x(index), y: HEIGHT - 8, "text-anchor": "middle" }, dated(time, by)))),
    bars ? stacked(times, series, { x, y, step, by, format }) : series.map((each, index) => path(each, index, { x, y, times, by, format })),
  );
}

function stacked(times, series, { x, y, step, by, format }) {
  const width = Math.max(2, Math.min(48, step * 0.7));
  return times.map((time, at) => {
    let below = 0;
    return series.map((each, index) => {
      const value = each.values[at];
      if (!value) return null;
      const from = below;
      below += value;
      return svg("rect", { class: `bar-of ${each.tone ?? `s${index}`}`, x: x(at) - width / 2, width, y: y(below), height: Math.max(1, y(from) - y(below) - (from ? 1 : 0)), rx: 2 }, svg("title", {}, `${dated(time, by, true)}: ${each.name} ${format(value)}`));
    });
  });
}

function path(each, index, { x, y, times, by, format }) {
  const runs = [[]];
  each.values.forEach((value, at) => (known(value) ? runs.at(-1).push(at) : runs.at(-1).length && runs.push([])));
  return [
    runs.filter((run) => run.length > 1).map((run) => svg("polyline", { class: `line-of s${index}`, points: run.map((at) => `${x(at)},${y(each.values[at])}`).join(" ") })),
    times.map((time, at) => (known(each.values[at]) ? point(index, x(at), y(each.values[at]), `${dated(time, by, true)}: ${each.name} ${format(each.values[at])}`) : null)),
  ];
}

function point(index, x, y, words) {
  const told = svg("title", {}, words);
  if (index % 3 === 1) return svg("rect", { class: `point s${index}`, x: x - 3.5, y: y - 3.5, width: 7, height: 7 }, told);
  if (index % 3 === 2) return svg("path", { class: `point s${index}`, d: `M${x} ${y - 4.5}l4.500 8h-9z` }, told);
  return svg("circle", { class: `point s${index}`, cx: x, cy: y, r: 3.5 }, told);
}

function sample(index, bars, tone) {
  const drawn = bars
    ? svg("rect", { class: `bar-of ${tone ?? `s${index}`}`, x: 4, y: 1, width: 12, height: 12, rx: 2 })
    : [svg("line", { class: `line-of s${index}`, x1: 0, x2: 20, y1: 7, y2: 7 }), point(index, 10, 7, "")];
  return svg("svg", { width: 20, height: 14, "aria-hidden": "true" }, drawn);
}

function highs(times, series, bars) {
  const at = (index) => series.map((each) => each.values[index] ?? 0);
  return times.map((_, index) => (bars ? at(index).reduce((total, value) => total + value, 0) : Math.max(...at(index))));
}

/** Where the axis ends, and how its figures are written. */
function axis(most, value, { format, binary, seconds }) {
  if (most !== null) return { top: most, tick: format };
  if (format === count) return { top: TICKS * Math.max(1, nice(value / TICKS)), tick: format };
  if (seconds) {
    const [unit, name] = TIMES.find(([each]) => value >= 2 * each) ?? TIMES.at(-1);
    return { top: unit * nice(value / unit), tick: (each) => `${Number((each / unit).toPrecision(3))} ${name}` };
  }
  const unit = binary && value > 1 ? BINARY ** Math.floor(Math.log(value) / Math.log(BINARY)) : 1;
  return { top: unit * nice(value / unit), tick: format === dollars ? (each) => `$${Number(each.toPrecision(3))}` : format };
}

/** The next round figure. */
function nice(value) {
  if (!(value > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * [1, 2, 3, 4, 5, 6, 8, 10].find((each) => value <= unit * each * 1.0001);
}

function known(value) {
  return value !== null && value !== undefined;
}

const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
const HOUR = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const HOUR_LONG = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function dated(time, by, long = false) {
  if (by === "day") return DAY.format(time);
  return (long ? HOUR_LONG : HOUR).format(time);
}

/** All hours or days from one moment to another: what is not listed was nothing. */
export function timesBetween(since, until, by) {
  const step = by === "hour" ? 3_600_000 : 86_400_000;
  const first = Math.floor(new Date(since).getTime() / step) * step;
  const last = new Date(until).getTime();
  return Array.from({ length: Math.max(1, Math.ceil((last - first) / step)) }, (_, index) => new Date(first + index * step));
}

/** What some rows say at each time: `value(row)`, or null where there is none. */
export function along(times, rows, value) {
  const found = new Map(rows.map((row) => [new Date(row.at).getTime(), row]));
  return times.map((time) => {
    const row = found.get(time.getTime());
    return row === undefined ? null : (value(row) ?? null);
  });
}
