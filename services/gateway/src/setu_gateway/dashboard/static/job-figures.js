// What a job took and cost, how it was planned, and its files.

import { ask, askJson } from "./api.js";
import { fill, h } from "./dom.js";
import { field } from "./fields.js";
import { count, dollars, duration, language, percent, size, worded } from "./format.js";
import { notThere, panel } from "./panel.js";
import { empty, facts, table, trouble } from "./parts.js";

const LOOK_MS = 4000;
const WORK = {
  fetches: "Fetch",
  profiles: "Measure",
  plans: "Plan",
  transcriptions: "Transcribe",
  translations: "Translate",
  "speech-translations": "Translate from sound",
  enhancements: "Edit",
  "quality-scores": "Score",
  renderings: "Write subtitles",
  muxings: "Put into the video",
  advances: "Move the job on",
  lessons: "Gather lessons",
  observations: "Learn",
  corrections: "Learn from corrections",
  notices: "Tell the webhook",
};

/** What a kind of work is called. */
export const workName = (stage, target = "") => `${WORK[stage] ?? worded(stage)}${target ? ` · ${language(target)}` : ""}`;

/** How it was planned, and why. */
export function planPanel(job, signal, ended) {
  const stage = job.stages.find((each) => each.stage === "plan");
  if (ended && stage?.state !== "succeeded") return unplanned(job, stage);
  return panel({
    title: "Plan",
    signal,
    everyMs: ended ? 0 : LOOK_MS,
    load: () => (ended || planned(job) ? askJson(`/jobs/${job.id}/plan`, { signal }) : null),
    render: (told) => (told === null ? h("p", { class: "muted" }, "It is planned once the recording has been measured.") : plan(told)),
  }).element;
}

function plan({ prediction, known, notes }) {
  return [
    h("p", {}, prediction.plan.explanation || `Transcribed with ${prediction.plan.model}.`),
    prediction.abstained && !prediction.plan.explanation.includes(prediction.abstained) ? h("p", { class: "muted" }, prediction.abstained) : null,
    facts([
      ["Model", prediction.plan.model],
      ["Engine", prediction.plan.engine],
      ["Quality asked for", prediction.quality],
      ["Errors expected", prediction.plan.expected_wer === null || prediction.plan.expected_wer === undefined ? null : `${percent(prediction.plan.expected_wer)} of words`],
      ["Time expected", prediction.plan.expected_time_s === null ? null : duration(prediction.plan.expected_time_s)],
    ]),
    prediction.reasons.length ? [h("h3", {}, "Why so many errors are expected"), h("ul", {}, prediction.reasons.map((each) => h("li", {}, each.said)))] : null,
    prediction.forecasts.length ? [h("h3", {}, "The ways that there were"), forecasts(prediction)] : null,
    known.map((each) => each.entries.length ? h("p", {}, h("strong", {}, `Known beforehand, ${language(each.target_language)}: `), each.entries.map((entry) => entry.target).join(", ")) : null),
    notes.length ? h("p", { class: "muted small" }, notes.join(" ")) : null,
  ];
}

function planned(job) {
  return job.stages.some((each) => each.stage === "plan" && each.state === "succeeded");
}

function unplanned(job, stage) {
  const heard = job.stages.some((each) => each.stage === "transcribe" && each.state === "succeeded");
  const reason = stage?.problem?.detail || stage?.note || "nobody was asked";
  return h("section", { class: "panel", "aria-labelledby": "plan-title" }, h("h2", { id: "plan-title" }, "Plan"), h("p", { class: "muted" }, `${heard ? "It was transcribed in the recogniser's own way, without a plan" : "There is no plan"}: ${reason}.`));
}

function forecasts({ forecasts: ways, plan }) {
  return table("The ways to transcribe that there were", ["Model", "Errors", "Time", "Note"], ways.map((each) => [
    each.candidate.model,
    `${percent(each.expected_wer)} (${percent(each.wer_low)} to ${percent(each.wer_high)})`,
    duration(each.expected_time_s),
    [each.candidate.model === plan.model ? "chosen" : "", each.ruled_out, each.basis === "prior" ? "from published tables" : ""].filter(Boolean).join("; "),
  ]), { numeric: [1, 2] });
}

/** What it cost, and on what; and what it may cost. */
export function costPanel(job, signal, ended) {
  const shown = panel({
    title: "Cost",
    signal,
    everyMs: ended ? 0 : LOOK_MS,
    load: () => askJson(`/jobs/${job.id}/cost`, { signal }),
    render: (cost) => [
      facts([
        ["In all", h("data", { class: "figure", value: cost.usd }, dollars(cost.usd))],
        ["Of it in vain", Number(cost.wasted_usd) ? dollars(cost.wasted_usd) : null],
        ["At most, of calls that broke off", Number(cost.unresolved_usd) ? dollars(cost.unresolved_usd) : null],
        ["Calls", `${count(cost.calls)}${cost.failed ? `, ${cost.failed} failed` : ""}${cost.cached ? `, ${cost.cached} spared` : ""}`],
        ["Without a price", cost.unpriced ? `${cost.unpriced} calls are missing in the sum` : null],
        ["Budget", cost.budget ? `${percent(cost.budget.used)} of ${dollars(cost.budget.limit_usd)}` : null],
      ]),
      cost.stages.length ? table("Cost by what was done", ["Work", "Model", "Calls", "Tokens", "Cost", "Share"], cost.stages.map((each) => [workName(each.stage, each.target), `${each.model} (${each.provider})`, count(each.calls), each.input_tokens + each.output_tokens ? count(each.input_tokens + each.output_tokens) : "–", dollars(each.usd), percent(each.share)]), { numeric: [2, 3, 4, 5] }) : h("p", { class: "muted" }, "No model was called."),
    ],
    missing: notThere("What it cost"),
  });
  shown.element.append(budgetForm(job, signal, shown.look));
  return shown.element;
}

function budgetForm(job, signal, changed) {
  const limit = field("job-limit", "It may spend at most, US dollars", { type: "number", min: 0, step: "any", inputmode: "decimal", required: true });
  const outcome = h("div", { role: "status" });
  const form = h("form", { class: "form inside" }, limit.element, h("p", { class: "buttons" }, h("button", {}, "Set its budget")), outcome);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await ask(`/v1/budgets/jobs/${job.id}`, { method: "PUT", body: { limit_usd: limit.value }, signal });
      fill(outcome, h("p", {}, `It may spend ${dollars(limit.value)}.`));
      await changed();
    } catch (error) {
      if (error.status === undefined) throw error;
      fill(outcome, trouble(error, "Its budget was not changed"));
    }
  });
  return h("details", { class: "more inner" }, h("summary", {}, "Set what it may spend"), form);
}

/** Where its time went, what holds it up, and what to do about it. */
export function performancePanel(job, signal, ended) {
  return panel({
    title: "Where the time went",
    signal,
    everyMs: ended ? 0 : LOOK_MS,
    load: () => askJson(`/jobs/${job.id}/performance`, { signal }),
    render: (told) => [
      facts([
        ["From start to end", duration(told.duration_s)],
        ["Work", duration(told.work_s)],
        ["Waited for workers", duration(told.queue_wait_s)],
        ["Processor time", duration(told.cpu_s)],
        ["Most memory", told.peak_rss_bytes ? size(told.peak_rss_bytes) : null],
        ["Sound", told.audio_s ? duration(told.audio_s) : null],
      ]),
      findings(told),
      told.stages.length ? [h("h3", {}, "Attempts"), attempts(told.stages)] : empty("No stage has ended yet."),
    ],
    missing: notThere("Where the time went"),
  }).element;
}

/** Bottlenecks and what to do about them. */
export function findings({ bottlenecks, recommendations }) {
  return h(
    "div",
    { class: "findings" },
    bottlenecks.length ? [h("h3", {}, "What holds it up"), h("ul", { class: "plain" }, bottlenecks.map((each) => h("li", {}, h("div", { class: "finding" }, h("strong", {}, workName(each.stage, each.target)), h("span", { class: "share", "aria-hidden": "true" }, h("span", { style: { width: `${each.share * 100}%` } })), h("span", { class: "number" }, percent(each.share))), h("p", { class: "small muted" }, each.detail))))] : null,
    recommendations.length ? [h("h3", {}, "What to do about it"), h("ul", { class: "plain" }, recommendations.map((each) => h("li", {}, h("p", {}, each.detail), h("p", { class: "small" }, h("code", {}, each.setting), each.saves_s ? ` saves up to ${duration(each.saves_s)}` : ""))))] : null,
  );
}

function attempts(stages) {
  return table(
    "Attempts",
    ["Work", "Ended as", "Took", "Waited", "Processor", "Memory", "GPU", "Model"],
    stages.map((each) => [
      `${workName(each.stage, each.target)}${each.attempt > 1 ? ` (attempt ${each.attempt})` : ""}`,
      each.cached ? "from earlier work" : each.outcome,
      duration(each.wall_s),
      duration(each.queue_wait_s),
      each.cpu_s !== null && each.cpu_s !== undefined && each.wall_s ? percent(each.cpu_s / each.wall_s) : "–",
      size(each.peak_rss_bytes),
      each.gpu_percent === null || each.gpu_percent === undefined ? "–" : percent(each.gpu_percent / 100),
      each.model ? `${each.model}${each.model_load_s ? `, loaded in ${duration(each.model_load_s)}` : ""}` : "–",
    ]),
    { numeric: [2, 3, 4, 5, 6] },
  );
}

/** Its files, and reports. */
export function filesPanel(job) {
  const said = h("div", { role: "status" });
  const link = (path, words, name) => fileLink(path, words, name, said);
  const groups = [...new Set(job.deliverables.map((each) => each.language))].map((code) => [language(code), job.deliverables.filter((each) => each.language === code)]);
  const stem = job.media_name.replace(/\.[^.]*$/, "");
  return h(
    "section",
    { class: "panel", "aria-labelledby": "files-title" },
    h("h2", { id: "files-title" }, "Files"),
    groups.length ? h("ul", { class: "files" }, groups.map(([name, files]) => h("li", {}, h("strong", {}, name), files.map((each) => link(each.url, each.format.toUpperCase(), `${stem}.${each.language}.${each.format}`))))) : null,
    h(
      "ul",
      { class: "files" },
      groups.length ? h("li", {}, h("strong", {}, "Recording with subtitles"), link(`/jobs/${job.id}/media.mkv?wait=60`, "MKV", `${stem}.mkv`)) : null,
      h("li", {}, h("strong", {}, "Report"), ["html", "json", "png"].map((each) => link(`/jobs/${job.id}/report?format=${each}`, each.toUpperCase(), `${stem}-report.${each}`))),
    ),
    said,
  );
}

/** A link to a file. It is fetched and then kept, so that a refusal is told here, and a key can be sent along. */
function fileLink(path, words, name, said) {
  async function fetched(event) {
    event.preventDefault();
    fill(said, h("p", { class: "muted" }, `Fetching ${name} …`));
    try {
      let answer = await ask(path, { timeoutMs: 0 });
      while (answer.status === 202) answer = await ask(path, { timeoutMs: 0 });
      const address = URL.createObjectURL(await answer.blob());
      h("a", { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      fill(said);
    } catch (error) {
      fill(said, trouble(error, name));
    }
  }
  return h("a", { class: "file", href: path, download: name, onclick: fetched }, words);
}

