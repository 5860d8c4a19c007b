// What work takes of machines, by kind of work, over time.

import { along, chart, timesBetween } from "./chart.js";
import { fill, h } from "./dom.js";
import { duration, percent, size } from "./format.js";
import { workName } from "./job-figures.js";
import { trends } from "./page-trends.js";
import { notThere, panel } from "./panel.js";
import { choice, empty } from "./parts.js";
import { spanChoice } from "./spans.js";

const LOOK_MS = 30_000;
const SHOWN = 6;
const MEASURES = [
  ["Processor", "mean over attempts; 100 % is one core", (each) => each.cpu_percent, (value) => percent(value / 100), {}],
  ["Memory", "the most that one attempt had", (each) => each.peak_rss_bytes, size, { binary: true }],
  ["Work", "of all attempts together", (each) => each.wall_s, duration, { seconds: true }],
  ["Waiting for a worker", "95 of 100 attempts at most", (each) => each.queue_wait_p95_s, duration, { seconds: true }],
  ["GPU", "mean use", (each) => each.gpu_percent, (value) => percent(value / 100), { most: 100, none: "No GPU was used in this time." }],
];

/** Show the page. */
export function resourcesPage(root, { signal }) {
  const view = { span: "week", stage: "" };
  const kinds = h("span", {});
  const shown = panel({
    title: "By kind of work",
    beside: kinds,
    signal,
    everyMs: LOOK_MS,
    load: () => trends(view, signal),
    render: (told) => {
      const works = [...new Set(told.stages.map((each) => each.stage))];
      if (!works.length) return empty("No work ended in this time.", "What it takes of processors and memory shows here once some has.");
      fill(kinds, choice("Work", [["", "all"], ...works.map((each) => [each, workName(each)])], view.stage, (stage) => {
        view.stage = stage;
        shown.look();
      }));
      return charts(told, works, view.stage);
    },
    missing: notThere("What work takes of machines"),
  });
  fill(root, h("div", { class: "page-top" }, h("h1", {}, "Resources"), spanChoice(view, () => shown.look())), shown.element);
}

function charts(told, works, chosen) {
  const times = timesBetween(told.since, told.until, told.by);
  const busiest = works
    .map((stage) => [stage, told.stages.filter((each) => each.stage === stage)])
    .sort((one, other) => worked(other[1]) - worked(one[1]))
    .filter(([stage]) => !chosen || stage === chosen)
    .slice(0, SHOWN);
  return h(
    "div",
    { class: "charts" },
    MEASURES.map(([title, note, value, format, more]) =>
      chart({ title, note, times, by: told.by, format, ...more, series: busiest.map(([stage, rows]) => ({ name: workName(stage), values: along(times, rows, value) })) })),
  );
}

function worked(rows) {
  return rows.reduce((total, each) => total + each.wall_s, 0);
}
