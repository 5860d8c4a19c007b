// What starts: the pages, which one is shown, the key, and whether the gateway is there.

import { ask, away, line, noticed } from "./api.js";
import { fill, h } from "./dom.js";
import { askForKey, asksForKeys, hasKey } from "./key.js";
import { budgetsPage } from "./page-budgets.js";
import { circuitsPage } from "./page-circuits.js";
import { jobPage } from "./page-job.js";
import { jobsPage } from "./page-jobs.js";
import { newPage, offer } from "./page-new.js";
import { resourcesPage } from "./page-resources.js";
import { trendsPage } from "./page-trends.js";
import { empty, trouble } from "./parts.js";
import { say } from "./voice.js";

const PAGES = [
  [/^\/$/, "Jobs", jobsPage],
  [/^\/new$/, "New job", newPage],
  [/^\/jobs\/([0-9a-f-]{36})$/, "Job", jobPage],
  [/^\/trends$/, "Trends", trendsPage],
  [/^\/resources$/, "Resources", resourcesPage],
  [/^\/budgets$/, "Budgets", budgetsPage],
  [/^\/circuits$/, "Circuits", circuitsPage],
];
const PROBE_MS = 2000;

const content = document.getElementById("content");
const keyButton = document.getElementById("key");
let leaving = new AbortController();
let probing = false;
let asking = false;

function route() {
  leaving.abort();
  leaving = new AbortController();
  const path = location.hash.slice(1) || "/";
  const found = PAGES.find(([pattern]) => pattern.test(path));
  mark(path);
  if (!found) {
    titled("Not found");
    fill(content, empty("There is no such page.", h("a", { href: "#/" }, "To the jobs")));
    return;
  }
  const [pattern, title, page] = found;
  titled(title);
  const root = h("div", { class: "page" });
  fill(content, root);
  try {
    page(root, { signal: leaving.signal, titled }, ...pattern.exec(path).slice(1));
  } catch (error) {
    fill(content, trouble(error, "This page"));
    throw error;
  }
}

function titled(title) {
  document.title = `${title} · Setu`;
}

function mark(path) {
  for (const link of document.querySelectorAll("#pages a")) {
    const own = link.getAttribute("href").slice(1);
    if (own === path || (own === "/" && path.startsWith("/jobs/"))) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function moved() {
  route();
  scrollTo(0, 0);
  content.focus({ preventScroll: true });
  say(document.title);
}

async function probe() {
  if (probing) return;
  probing = true;
  while (away()) {
    await new Promise((resolve) => setTimeout(resolve, PROBE_MS));
    await ask("/healthz").catch((error) => {
      if (error.status !== 0) noticed(false);
    });
  }
  probing = false;
}

line.addEventListener("away", () => {
  const banner = document.getElementById("away");
  fill(banner, h("p", {}, "The gateway does not answer. It is tried again every two seconds; what was accepted is not lost."));
  banner.classList.add("shown");
  probe();
});
line.addEventListener("back", () => {
  const banner = document.getElementById("away");
  banner.classList.remove("shown");
  fill(banner);
  say("The gateway answers again.");
});
line.addEventListener("key", async (event) => {
  if (asking) return; // each part of a page is refused by itself, again and again
  asking = true;
  await askForKey(event.detail);
  asking = false;
  route();
});

keyButton.hidden = !asksForKeys;
keyButton.addEventListener("click", async () => {
  await askForKey();
  location.reload();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  content.focus();
});

// A recording may be dropped anywhere.
document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) document.body.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  offer([...event.dataTransfer.files]);
  if (location.hash === "#/new") route();
  else location.hash = "#/new";
});

// What was asked for a page that has been left is nobody's concern any more.
addEventListener("unhandledrejection", (event) => {
  if (event.reason?.name === "AbortError") event.preventDefault();
});
addEventListener("hashchange", moved);
if (asksForKeys && !hasKey()) askForKey().then(route);
else route();
