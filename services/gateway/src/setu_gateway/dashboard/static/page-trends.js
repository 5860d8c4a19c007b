// How jobs went over time, what holds work up, what it cost, and what could have been had for less.

import { askJson, withQuery } from "./api.js";
import { along, chart, timesBetween } from "./chart.js";
import { fill, h } from "./dom.js";
import { count, dollars, duration, many, percent } from "./format.js";
import { findings, workName } from "./job-figures.js";
import { notThere, panel } from "./panel.js";
import { empty, table, tile } from "./parts.js";
import { spanChoice, spanQuery } from "./spans.js";

const LOOK_MS = 30_000;

/** Show the page. */
export function trendsPage(root, { signal }) {
  const view = { span: "week" };
  const panels = [jobsPanel(view, signal), costsPanel(view, signal), stagesPanel(view, signal), savingPanel(view, signal)];
  const spans = spanChoice(view, () => panels.forEach((each) => each.look()));
  fill(root, h("div", { class: "page-top" }, h("h1", {}, "Trends"), spans), panels.map((each) => each.element));
}

function jobsPanel(view, signal) {
  return panel({
    title: "Jobs",
    signal,
    everyMs: LOOK_MS,
    load: () => trends(view, signal),
    render: (told) => {
      if (!told.jobs.length) return empty("No job ended in this time.", "As soon as one has, its figures are here.");
      const times = timesBetween(told.since, told.until, told.by);
      const values = (value) => along(times, told.jobs, value);
      return [
        totals(told.jobs),
        h(
          "div",
          { class: "charts" },
          chart({
            title: "Jobs that ended",
            times,
            by: told.by,
            bars: true,
            format: count,
            series: [
              { name: "as asked", tone: "t-good", values: values((each) => each.succeeded - each.degraded) },
              { name: "in part", tone: "t-part", values: values((each) => each.degraded) },
              { name: "failed", tone: "t-bad", values: values((each) => each.failed) },
              { name: "cancelled", tone: "t-none", values: values((each) => each.cancelled) },
            ],
          }),
          chart({ title: "Success", note: "of those that were not cancelled", times, by: told.by, most: 1, format: percent, series: [{ name: "succeeded", values: values((each) => each.success_rate) }] }),
          chart({
            title: "How long a job takes",
            times,
            by: told.by,
            format: duration,
            seconds: true,
            series: [
              { name: "half of them at most", values: values((each) => each.duration_p50_s) },
              { name: "95 of 100 at most", values: values((each) => each.duration_p95_s) },
            ],
          }),
          chart({ title: "Quality of translations", note: "mean score, 0 to 100", times, by: told.by, most: 100, none: "No job had translations that were scored.", format: (value) => String(Math.round(value)), series: [{ name: "score", values: values((each) => each.quality) }] }),
        ),
      ];
    },
    missing: notThere("How jobs went"),
  });
}

function totals(days) {
  const sum = (name) => days.reduce((total, day) => total + day[name], 0);
  const judged = sum("succeeded") + sum("failed");
  return h(
    "dl",
    { class: "tiles" },
    tile("Jobs that ended", count(sum("jobs")), `${count(sum("cancelled"))} cancelled`),
    tile("Succeeded", judged ? percent(sum("succeeded") / judged) : "–", `${count(sum("failed"))} failed`),
    tile("Delivered in part", count(sum("degraded")), "less than was asked for"),
    tile("Sound", duration(sum("audio_s")), "in all"),
  );
}

function costsPanel(view, signal) {
  return panel({
    title: "Cost",
    signal,
    everyMs: LOOK_MS,
    load: async () => {
      const { since, days } = spanQuery(view.span);
      const asked = { since: since.slice(0, 10) };
      const [daily, models] = await Promise.all(["day", "model"].map((by) => askJson(withQuery("/v1/costs", { ...asked, by, limit: 400 }), { signal })));
      return { daily, models, since, days };
    },
    render: ({ daily, models, since }) => {
      const times = timesBetween(since, new Date(), "day");
      const byDay = new Map(daily.lines.map((line) => [line.key, line]));
      const values = times.map((time) => Number(byDay.get(time.toISOString().slice(0, 10))?.usd ?? 0));
      return [
        h("dl", { class: "tiles" }, tile("Spent", dollars(daily.total.usd), many(daily.total.calls, "call")), tile("Of it in vain", dollars(daily.total.wasted_usd), `${many(daily.total.failed, "call")} failed`), tile("Spared", count(daily.total.cached), "calls, by what was kept"), daily.total.unpriced ? tile("Without a price", count(daily.total.unpriced), "calls are missing in the sum") : null),
        values.some(Boolean) ? chart({ title: "Spent a day", times, bars: true, format: dollars, series: [{ name: "US dollars", values }] }) : h("p", { class: "muted" }, "Nothing that has a price was called: models of our own are free."),
        models.lines.length ? table("Cost by model", ["Model", "Calls", "Input tokens", "Output tokens", "Cost", "Share"], models.lines.slice(0, 20).map((each) => [each.key, count(each.calls), count(each.input_tokens), count(each.output_tokens), dollars(each.usd), percent(each.share)]), { numeric: [1, 2, 3, 4, 5] }) : null,
      ];
    },
    missing: notThere("What was spent"),
  });
}

function stagesPanel(view, signal) {
  return panel({
    title: "Kinds of work",
    signal,
    everyMs: LOOK_MS,
    load: () => trends(view, signal),
    render: (told) => [findings(told), told.stages.length ? stageTable(told.stages) : empty("No work ended in this time.")],
    missing: notThere("Where the time goes"),
  });
}

function stageTable(rows) {
  const kinds = new Map();
  for (const row of rows) kinds.set(row.stage, [...(kinds.get(row.stage) ?? []), row]);
  const sum = (some, name) => some.reduce((total, each) => total + each[name], 0);
  const worst = (some, name) => some.map((each) => each[name]).filter((each) => each !== null && each !== undefined).reduce((most, each) => Math.max(most, each), -1);
  const told = [...kinds].map(([stage, some]) => ({ stage, some, wall: sum(some, "wall_s") })).sort((one, other) => other.wall - one.wall);
  return table(
    "Kinds of work, the longest first",
    ["Work", "Attempts", "Failed", "From earlier work", "Worked in all", "95 of 100 within, worst", "Waited, 95 of 100, worst"],
    told.map(({ stage, some, wall }) => {
      const [slow, waited] = [worst(some, "duration_p95_s"), worst(some, "queue_wait_p95_s")];
      return [workName(stage), count(sum(some, "attempts")), count(sum(some, "failed")), count(sum(some, "cached")), duration(wall), slow < 0 ? "–" : duration(slow), waited < 0 ? "–" : duration(waited)];
    }),
    { numeric: [1, 2, 3, 4, 5, 6] },
  );
}

function savingPanel(view, signal) {
  return panel({
    title: "What could have been had for less",
    signal,
    load: () => askJson(withQuery("/v1/suggestions", { days: Math.max(1, spanQuery(view.span).days) }), { signal }),
    render: (told) => told.suggestions.length
      ? [told.replayed ? h("p", {}, told.replayed) : null, h("ul", { class: "plain" }, told.suggestions.map((each) => h("li", {}, h("p", {}, each.said), h("p", { class: "small muted" }, `Saves ${each.saving_usd === null ? "what has no price" : dollars(each.saving_usd)} and ${duration(each.saving_s)}; ${percent(each.confidence)} sure, by ${many(each.jobs, "job")}. ${each.evidence.join(" ")}`))))]
      : empty("Nothing is known to be had for less.", `${many(told.jobs, "job")} looked at.`),
    missing: notThere("What could have been had for less"),
  });
}

/** The trends of a span. */
export function trends(view, signal) {
  const { since, by } = spanQuery(view.span);
  return askJson(withQuery("/v1/performance/trends", { since, by }), { signal });
}
