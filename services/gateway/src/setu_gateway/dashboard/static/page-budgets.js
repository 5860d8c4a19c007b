// What may be spent: seeing it, and setting it.

import { ask, askJson, withQuery } from "./api.js";
import { fill, h } from "./dom.js";
import { dollars, percent, when } from "./format.js";
import { field } from "./fields.js";
import { notThere, panel } from "./panel.js";
import { badge, empty, sure, table, trouble } from "./parts.js";
import { alarm, say } from "./voice.js";

const LOOK_MS = 15_000;
const PATH = "/v1/budgets/month";

/** Show the page. */
export function budgetsPage(root, { signal }) {
  const view = { limit: 25 };
  const load = () => askJson(withQuery("/v1/budgets", { limit: view.limit }), { signal });
  const month = panel({
    title: "This month",
    signal,
    everyMs: LOOK_MS,
    load,
    render: ({ budgets }) => {
      const own = budgets.find((each) => !each.job_id);
      return own ? monthly(own) : empty("There is no limit for the month.", "Jobs spend what they need. Set one below: at four fifths you are told, and when it is used up jobs go on with what costs nothing.");
    },
    missing: notThere("What may be spent"),
  });
  const jobs = panel({
    title: "Of jobs",
    signal,
    everyMs: LOOK_MS,
    load,
    render: ({ budgets, next_cursor: more }) => {
      const own = budgets.filter((each) => each.job_id);
      if (!own.length) return empty("No job has a budget of its own.", "One is set when a job is started.");
      const rows = own.map((each) => [h("a", { href: `#/jobs/${each.job_id}` }, each.job_id.slice(0, 8)), dollars(each.limit_usd), dollars(each.committed_usd), percent(each.used), standing(each), when(each.updated_at)]);
      const button = more && view.limit < 200 ? h("p", { class: "buttons" }, h("button", { type: "button", onclick: () => { view.limit = 200; jobs.look(); } }, "Show more")) : null;
      return [table("Budgets of jobs", ["Job", "Limit", "Spent", "Used", "State", "Changed"], rows, { numeric: [1, 2, 3] }), button];
    },
    missing: notThere("Budgets of jobs"),
  });
  fill(root, h("div", { class: "page-top" }, h("h1", {}, "Budgets")), month.element, setting(month, signal), jobs.element);
}

function monthly(budget) {
  const used = Math.min(1, budget.used);
  const tone = budget.used >= 1 ? "bad" : budget.used >= 0.8 ? "warning" : "good";
  return [
    h("p", { class: "budget-line" }, h("span", { class: "figure" }, dollars(budget.committed_usd)), h("span", { class: "muted" }, ` of ${dollars(budget.limit_usd)} spent or reserved; ${dollars(budget.left_usd)} left `), standing(budget)),
    h("meter", { class: tone, min: 0, max: 1, low: 0.8, high: 0.999, optimum: 0, value: used, "aria-label": `Used: ${percent(budget.used)}` }),
    h("p", { class: "muted small" }, budget.alert_host ? `${budget.alert_host} is told at four fifths and when nothing is left.` : "Nobody is told when it is nearly used up.", " Changed ", when(budget.updated_at), "."),
  ];
}

function standing(budget) {
  if (budget.exhausted_at) return badge("open", "used up");
  if (budget.alerted_at) return badge("half-open", "nearly used up");
  return badge("closed", "within");
}

function setting(month, signal) {
  const limit = field("limit", "Limit for each calendar month, US dollars", { type: "number", min: 0, step: "any", inputmode: "decimal", required: true });
  const alert = field("alert", "Tell this address", { type: "url", maxlength: 2000, placeholder: "https://…" }, "At four fifths and when nothing is left, signed. Left empty it stays as it is");
  const outcome = h("div", { role: "status" });
  const form = h("form", { class: "form" }, h("div", { class: "two" }, limit.element, alert.element), h("p", { class: "buttons" }, h("button", { class: "primary" }, "Set the limit"), h("button", { type: "button", onclick: () => removed() }, "Remove it")), outcome);

  async function done(asked, words) {
    try {
      await ask(PATH, { ...asked, signal });
      fill(outcome);
      say(words);
      await month.look();
    } catch (error) {
      if (error.status === undefined) throw error;
      alarm(error.title);
      fill(outcome, trouble(error, "The limit was not changed"));
    }
  }
  async function removed() {
    if (await sure("Spend without a limit?", "Jobs may then spend whatever they need.", "Remove the limit")) await done({ method: "DELETE" }, "There is no limit any more.");
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    done({ method: "PUT", body: { limit_usd: limit.value, ...(alert.value ? { alert_url: alert.value } : {}) } }, "The limit is set.");
  });
  return h("section", { class: "panel", "aria-labelledby": "setting-title" }, h("h2", { id: "setting-title" }, "Set a limit"), form);
}
