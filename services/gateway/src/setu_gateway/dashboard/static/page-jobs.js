// The first page: what is running, how the last days went, and the jobs.

import { askJson, withQuery } from "./api.js";
import { fill, h, refill } from "./dom.js";
import { count, dollars, duration, language, percent } from "./format.js";
import { every } from "./pace.js";
import { panel } from "./panel.js";
import { bar, choice, empty, jobBadge, taken, tile, trouble, whatThereIs } from "./parts.js";
import { stageSteps } from "./stages.js";
import { spanQuery } from "./spans.js";
import { follow } from "./stream.js";

const PAGE_SIZE = 25;
const MOST_AT_ONCE = 200;
const LOOK_MS = 5000;
// A browser opens six connections to a host at most, for all its tabs together, and a stream holds one.
const STREAMS_AT_MOST = 2;
const SHOWN_UNDER_WAY = 8;
const STATES = ["queued", "running", "succeeded", "failed", "cancelled"];
const ENDED = new Set(["succeeded", "failed", "cancelled"]);

/** Show the page. */
export function jobsPage(root, { signal }) {
  const tiles = h("dl", { class: "tiles", "aria-label": "At a glance" });
  fill(
    root,
    h("div", { class: "page-top" }, h("h1", {}, "Jobs"), h("a", { class: "button primary", href: "#/new" }, "New job")),
    tiles,
    underWay(signal),
    list(signal),
  );
  every(6 * LOOK_MS, () => glance(tiles, signal), signal);
}

async function glance(tiles, signal) {
  const { since } = spanQuery("week");
  const paths = [withQuery("/v1/performance/trends", { since, by: "day" }), "/v1/budgets?limit=1", withQuery("/v1/costs", { by: "day", since: since.slice(0, 10) }), "/v1/breakers"];
  const [trends, budgets, costs, circuits] = await whatThereIs(paths, signal);
  const days = trends?.jobs ?? [];
  const sum = (name) => days.reduce((total, day) => total + day[name], 0);
  const ended = sum("succeeded") + sum("failed");
  const month = budgets?.budgets.find((each) => !each.job_id);
  const open = (circuits?.breakers ?? []).filter((each) => each.state === "open" || each.mode === "open");
  const slowest = [...days].reverse().find((day) => day.duration_p50_s !== undefined && day.duration_p50_s !== null);
  fill(
    tiles,
    trends && tile("Ended, 7 days", count(sum("jobs")), sum("degraded") ? `${count(sum("degraded"))} in part` : "", "#/trends"),
    trends && tile("Succeeded", ended ? percent(sum("succeeded") / ended) : "–", ended ? `of ${count(ended)}` : "none ended yet", "#/trends"),
    slowest && tile("A job takes", duration(slowest.duration_p50_s), "half of them at most", "#/trends"),
    costs && tile("Spent, 7 days", dollars(costs.total.usd), costs.total.unpriced ? `${count(costs.total.unpriced)} calls without a price` : "", "#/trends"),
    month && tile("Budget used", percent(month.used), `of ${dollars(month.limit_usd)} this month`, "#/budgets"),
    circuits && tile("Circuits", open.length ? `${open.length} open` : "all closed", open.map((each) => each.name).join(", "), "#/circuits"),
  );
}

function underWay(signal) {
  const followed = new Map();
  const items = h("ul", { class: "cards" });
  const shown = h("div", {}, h("p", { class: "muted" }, "Loading …"));

  function follows(job) {
    if (followed.has(job.id)) return;
    const item = h("li", { class: "card" });
    const left = new AbortController();
    signal.addEventListener("abort", () => left.abort(), { once: true });
    followed.set(job.id, { item, left, live: true });
    fill(item, card(job));
    follow(`/jobs/${job.id}/events`, (now) => refill(item, card(now)), (now) => ENDED.has(now.state), left.signal)
      .catch(() => null)
      .finally(() => followed.has(job.id) && (followed.get(job.id).live = false));
  }

  return panel({
    title: "Under way",
    everyMs: LOOK_MS / 2,
    signal,
    load: async () => {
      const pages = await Promise.all(["running", "cancelling", "queued"].map((state) => askJson(`/jobs?state=${state}&limit=${SHOWN_UNDER_WAY}`, { signal })));
      const jobs = pages.flatMap((page) => page.jobs);
      return { jobs: jobs.slice(0, SHOWN_UNDER_WAY), more: jobs.length > SHOWN_UNDER_WAY || pages.some((page) => page.next_cursor) };
    },
    render: ({ jobs, more }) => {
      const ids = new Set(jobs.map((job) => job.id));
      for (const [id, { left }] of followed) {
        if (ids.has(id)) continue;
        left.abort();
        followed.delete(id);
      }
      jobs.slice(0, STREAMS_AT_MOST).forEach(follows);
      fill(items, jobs.map((job) => followed.get(job.id)?.item ?? h("li", { class: "card" }, card(job))));
      if (!jobs.length) fill(shown, empty("Nothing is under way.", "Drop a recording anywhere on this page, or ", h("a", { href: "#/new" }, "start a job"), "."));
      else fill(shown, items, more ? h("p", { class: "muted" }, "More jobs wait; the list below has them under “queued”.") : null);
      return shown;
    },
  }).element;
}

function card(job) {
  return [
    h("div", { class: "card-top" }, h("a", { class: "name", href: `#/jobs/${job.id}` }, job.media_name), jobBadge(job)),
    h("p", { class: "muted small" }, languages(job), " · ", taken(job)),
    h("div", { class: "bar-row" }, bar(job.progress, `Progress of ${job.media_name}`), h("span", { class: "number" }, percent(job.progress))),
    job.stages.length ? stageSteps(job.stages) : null,
  ];
}

function languages(job) {
  const source = job.source_language ? language(job.source_language) : "language not known yet";
  const targets = job.target_languages.map(language);
  return targets.length ? `${source} → ${targets.join(", ")}` : `${source}, captions`;
}

function list(signal) {
  let state = "";
  let wanted = PAGE_SIZE;
  const rows = h("ul", { class: "rows" });
  const more = h("div", { class: "buttons" });
  const filter = choice("State", [["", "all"], ...STATES.map((each) => [each, each])], state, (chosen) => {
    state = chosen;
    wanted = PAGE_SIZE;
    shown.look();
  });
  const shown = panel({
    title: "All jobs",
    beside: filter,
    everyMs: LOOK_MS,
    signal,
    load: async () => {
      const jobs = [];
      let cursor = null;
      do {
        const limit = Math.min(MOST_AT_ONCE, wanted - jobs.length);
        const page = await askJson(withQuery("/jobs", { limit, state, cursor }), { signal });
        jobs.push(...page.jobs);
        cursor = page.next_cursor ?? null;
      } while (cursor !== null && jobs.length < wanted);
      return { jobs, more: cursor !== null, state };
    },
    render: ({ jobs, more: further }) => {
      if (!jobs.length) return state ? empty(`No job is ${state}.`) : empty("There are no jobs yet.", "The first one shows here as soon as it is accepted. ", h("a", { href: "#/new" }, "Start one"), ".");
      fill(rows, jobs.map(row));
      fill(more, further ? h("button", { id: "more-jobs", type: "button", onclick: () => { wanted += 2 * PAGE_SIZE; shown.look(); } }, "Show more") : null);
      return [rows, more];
    },
    missing: (error) => (error.status === 401 ? trouble(error) : null),
  });
  return shown.element;
}

function row(job) {
  const reason = job.problem?.title ?? job.degraded.map((each) => each.reason)[0];
  return h(
    "li",
    {},
    h("div", { class: "row-main" }, h("a", { class: "name", href: `#/jobs/${job.id}` }, job.media_name), h("span", { class: "muted small" }, languages(job), reason ? ` · ${reason}` : "")),
    h("div", { class: "row-side" }, jobBadge(job), h("span", { class: "muted small" }, taken(job))),
  );
}

