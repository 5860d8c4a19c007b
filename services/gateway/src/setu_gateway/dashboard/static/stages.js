// A job's stages: as steps while it runs, and as lines of time.

import { h } from "./dom.js";
import { duration, language, percent, worded } from "./format.js";
import { badge } from "./parts.js";

const DOES = {
  fetch: "Fetch the recording",
  profile: "Measure the recording",
  plan: "Plan",
  transcribe: "Transcribe",
  translate: "Translate",
  enhance: "Edit",
  render: "Write subtitles",
};
const SHORT = { fetch: "Fetch", profile: "Measure", plan: "Plan", transcribe: "Transcribe", translate: "Translate", enhance: "Edit", render: "Write" };
const DONE = { succeeded: "done", failed: "failed", skipped: "not needed", cancelled: "cancelled" };

/** A stage's name, with its language. */
export function stageName(stage, short = false) {
  const name = (short ? SHORT : DOES)[stage.stage] ?? worded(stage.stage);
  return stage.target ? `${name} · ${language(stage.target)}` : name;
}

/** The stages as steps, each with how far it is. */
export function stageSteps(stages) {
  return h(
    "ol",
    { class: "steps" },
    stages.map((stage) => {
      const far = stage.state === "running" ? percent(stage.progress) : (DONE[stage.state] ?? "waits");
      return h("li", { class: `step ${stage.state}` }, h("span", { class: "step-name" }, stageName(stage, true)), h("span", { class: "step-far" }, far));
    }),
  );
}

/** The stages over the job's time. */
export function timeline(job) {
  const began = new Date(job.created_at).getTime();
  const until = Math.max(job.ended_at ? new Date(job.ended_at).getTime() : Date.now(), began + 1000);
  return h(
    "table",
    { class: "timeline" },
    h("caption", { class: "unseen" }, "Stages over the job's time"),
    h("thead", {}, h("tr", {}, ["Stage", "State", "Took", `0 to ${duration((until - began) / 1000)}`].map((each) => h("th", { scope: "col" }, each)))),
    h("tbody", {}, job.stages.map((stage) => line(stage, began, until))),
  );
}

function line(stage, began, until) {
  const share = (iso) => Math.min(1, Math.max(0, (new Date(iso).getTime() - began) / (until - began)));
  const start = stage.started_at ? share(stage.started_at) : null;
  const stop = stage.ended_at ? share(stage.ended_at) : 1;
  const span = start === null ? null : h("span", { class: `span ${stage.state}`, style: { left: `${start * 100}%`, width: `max(3px, ${(stop - start) * 100}%)` } });
  const said = [stage.note, stage.problem && (stage.problem.detail || stage.problem.title)].filter(Boolean).join(" ");
  const row = h(
    "tr",
    { class: said ? "goes-on" : null },
    h("th", { scope: "row" }, stageName(stage), stage.run > 1 ? h("span", { class: "muted" }, ` run ${stage.run}`) : null),
    h("td", {}, badge(stage.state, stage.state === "running" ? percent(stage.progress) : stage.state), stage.cached ? h("span", { class: "muted small" }, " from earlier work") : null),
    h("td", { class: "number" }, duration(stage.duration_s)),
    h("td", { class: "lane", "aria-hidden": "true" }, h("div", { class: "lane-inside" }, span)),
  );
  return said ? [row, h("tr", {}, h("td", { colspan: 4, class: "small muted said" }, said))] : row;
}
