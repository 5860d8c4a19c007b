// A job: where it stands, how it came there, what it made, and what can be done with it.

import { ask } from "./api.js";
import { fill, h, refill } from "./dom.js";
import { language, percent, size } from "./format.js";
import { costPanel, filesPanel, performancePanel, planPanel } from "./job-figures.js";
import { subtitlesPanel } from "./job-subtitles.js";
import { paused } from "./pace.js";
import { bar, empty, jobBadge, sure, taken, trouble } from "./parts.js";
import { stageName, timeline } from "./stages.js";
import { follow } from "./stream.js";
import { alarm, say } from "./voice.js";

const GONE_MS = 800;
const ENDED = new Set(["succeeded", "failed", "cancelled"]);

/** Show the page. */
export async function jobPage(root, { signal, titled }, id) {
  const head = h("div", { class: "job-head" }, h("p", { class: "muted" }, "Loading …"));
  const stages = h("section", { class: "panel", "aria-labelledby": "stages-title" });
  const rest = h("div", { class: "job-rest" });
  fill(root, h("p", { class: "back" }, h("a", { href: "#/" }, "← Jobs")), head, stages, rest);
  const view = { state: null, delivered: "", drawn: new AbortController() };

  function show(job) {
    titled(job.media_name);
    refill(head, heading(job, act));
    if (job.stages.length) refill(stages, h("h2", { id: "stages-title" }, "Stages"), timeline(job));
    const planned = job.stages.find((stage) => stage.stage === "plan")?.state;
    const delivered = JSON.stringify([ENDED.has(job.state), job.deliverables, Boolean(job.media), planned]);
    if (delivered !== view.delivered) {
      view.delivered = delivered;
      // What looks again by itself must not go on behind what takes its place.
      view.drawn.abort();
      view.drawn = new AbortController();
      const own = AbortSignal.any([signal, view.drawn.signal]);
      redrawn(rest, () => fill(rest, parts(job, own)));
    }
    if (view.state !== null && view.state !== job.state) say(`The job is now ${job.state}.`);
    view.state = job.state;
  }

  async function act(words, asked) {
    try {
      const answer = await ask(asked.path, { method: asked.method, signal });
      say(words);
      show(await answer.json());
      if (asked.erases) await untilGone();
      else if (asked.follow) watch();
    } catch (error) {
      if (error.status === undefined) throw error;
      alarm(error.title);
      head.append(trouble(error, "That could not be done"));
    }
  }

  /** A job that is erased can be seen until all of it is gone. */
  async function untilGone() {
    view.drawn.abort();
    fill(rest);
    fill(stages, h("h2", { id: "stages-title" }, "Stages"), h("p", { class: "muted" }, "It is being erased, here and at every service …"));
    head.querySelectorAll("button").forEach((button) => button.remove());
    while (!signal.aborted) {
      try {
        await ask(`/jobs/${id}`, { signal });
      } catch (error) {
        if (error.status === 404) return gone("The job is erased.");
        if (error.status !== 0) throw error;
      }
      await paused(GONE_MS, signal);
    }
    return null;
  }

  function gone(words) {
    view.drawn.abort();
    titled("Job");
    say(words);
    fill(root, h("p", { class: "back" }, h("a", { href: "#/" }, "← Jobs")), empty(words, "Its recording, its subtitles and its figures are not here any more."));
  }

  async function watch() {
    try {
      await follow(`/jobs/${id}/events`, show, (job) => ENDED.has(job.state), signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === undefined) throw error;
      if (error.status === 404) {
        gone("There is no such job.");
        return;
      }
      titled("Job");
      fill(root, h("p", { class: "back" }, h("a", { href: "#/" }, "← Jobs")), trouble(error, "This job"));
    }
  }

  await watch();
}

/** Draw anew; a recording that plays goes on where it was. */
function redrawn(root, draw) {
  const before = root.querySelector("video");
  draw();
  const now = root.querySelector("video");
  if (!before?.currentTime || !now) return;
  now.currentTime = before.currentTime;
  if (!before.paused) now.play().catch(() => null);
}

function heading(job, act) {
  return [
    h("div", { class: "page-top" }, h("h1", {}, job.media_name), h("div", { class: "buttons" }, actions(job, act))),
    h("p", { class: "job-line" }, jobBadge(job), h("span", {}, languages(job)), job.media ? h("span", { class: "muted" }, size(job.media.bytes)) : null, h("span", { class: "muted" }, taken(job))),
    ENDED.has(job.state) ? null : h("div", { class: "bar-row" }, bar(job.progress, "Progress"), h("span", { class: "number" }, percent(job.progress))),
    job.problem ? h("div", { class: "notice bad" }, h("p", { class: "notice-title" }, job.problem.title), h("p", {}, job.problem.detail)) : null,
    job.degraded.length ? degraded(job) : null,
  ];
}

function languages(job) {
  const sure = job.language_probability === null || job.language_probability === undefined ? "" : ` (${percent(job.language_probability)} sure)`;
  const source = job.source_language ? `${language(job.source_language)}${sure}` : "Language not known yet";
  return job.target_languages.length ? `${source} → ${job.target_languages.map(language).join(", ")}` : `${source}, captions`;
}

function degraded(job) {
  return h(
    "div",
    { class: "notice warning" },
    h("p", { class: "notice-title" }, job.state === "succeeded" ? "Delivered, but less than was asked for" : "Less than was asked for"),
    h("ul", {}, job.degraded.map((each) => h("li", {}, h("strong", {}, stageName(each)), ": ", each.reason))),
  );
}

function actions(job, act) {
  const path = `/jobs/${job.id}`;
  const erase = async () => {
    if (await sure("Erase this job?", "Its recording, its subtitles and all that was derived from it are removed, here and at every service. That can't be taken back.", "Erase it")) {
      await act("It is being erased.", { path: `${path}?purge=true`, method: "DELETE", erases: true });
    }
  };
  const button = (key, words, onclick, tone = "") => h("button", { type: "button", class: tone, "data-key": key, onclick }, words);
  const again = job.state === "failed" || job.state === "cancelled" || job.stages.some((stage) => stage.state === "failed");
  return [
    ENDED.has(job.state) || job.state === "cancelling" ? null : button("cancel", "Cancel", () => act("It is being cancelled.", { path, method: "DELETE" })),
    ENDED.has(job.state) && again ? button("again", "Run what failed again", () => act("It runs again.", { path: `${path}/retry`, method: "POST", follow: true })) : null,
    button("erase", "Erase", erase, "quiet danger-text"),
  ];
}

function parts(job, signal) {
  const ended = ENDED.has(job.state);
  const made = [subtitlesPanel(job, signal)];
  if (ended) made.push(filesPanel(job));
  made.push(planPanel(job, signal, ended), costPanel(job, signal, ended), performancePanel(job, signal, ended));
  return made;
}

