// A new job: a recording by drag and drop or by its address, what is to be done with it, and what that will take.

import { ask, askJson } from "./api.js";
import { fill, h } from "./dom.js";
import { field, pairs, picker } from "./fields.js";
import facts from "./facts.js";
import { dollars, duration, language, percent, size } from "./format.js";
import { bar, trouble } from "./parts.js";
import { lengthOf, send } from "./upload.js";
import { alarm, say } from "./voice.js";

const REMEMBERED = "setu-languages";
const ESTIMATE_AFTER_MS = 350;
const QUALITIES = [["balanced", "Both alike"], ["speed", "An answer soon"], ["quality", "Few errors"]];
const EDITING = [["", "Lines that have a reason"], ["all", "Every line"], ["off", "No line"]];

const keys = new Map();
let offered = [];

/** Recordings that were dropped elsewhere: the form takes them when it opens. */
export function offer(files) {
  offered = files;
}

/** Show the page. */
export function newPage(root, { signal }) {
  const form = h("form", { class: "form", novalidate: true });
  const state = { files: offered, timer: 0 };
  offered = [];
  const outcome = h("div", { class: "outcome" });
  const estimate = h("div", { class: "estimate", role: "status" });
  const controls = { ...source(form, state), ...wanted(), ...known(), ...special() };
  const button = h("button", { class: "primary", type: "submit" }, "Start");
  const reckon = () => {
    clearTimeout(state.timer);
    state.timer = setTimeout(() => expected(estimate, state, controls, signal), ESTIMATE_AFTER_MS);
  };
  fill(
    form,
    controls.recording,
    h("fieldset", {}, h("legend", {}, "Subtitles"), h("div", { class: "two" }, controls.sourceLanguage.element, controls.targets.element), h("div", { class: "two" }, controls.quality.element, controls.budget.element)),
    h("details", { class: "more" }, h("summary", {}, "What is known of it: title, people, terms"), controls.knownElement),
    h("details", { class: "more" }, h("summary", {}, "Special wishes"), controls.specialElement),
    estimate,
    h("p", { class: "buttons" }, button),
    outcome,
  );
  form.addEventListener("input", reckon);
  form.addEventListener("files", reckon);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    await submitted(state, controls, outcome, signal).finally(() => {
      button.disabled = false;
    });
  });
  fill(root, h("div", { class: "page-top" }, h("h1", {}, "New job")), form);
  controls.showFiles();
  if (state.files.length) reckon();
}

function source(form, state) {
  const chosen = h("ul", { class: "chosen", "aria-live": "polite" });
  const input = h("input", { id: "media", type: "file", multiple: true, accept: "audio/*,video/*,.mkv", class: "unseen" });
  const address = field("media-url", "Or where it lies", { type: "url", placeholder: "https://…", maxlength: 2000 }, "An address that the gateway may fetch it from");
  const zone = h(
    "div",
    { class: "zone" },
    input,
    h("p", {}, h("label", { class: "button", for: "media" }, "Choose recordings"), h("span", { class: "muted" }, " or drop them here")),
    chosen,
  );
  function showFiles() {
    fill(chosen, state.files.map((file, index) => h("li", {}, h("span", { class: "name" }, file.name), h("span", { class: "muted small" }, size(file.size)), h("button", { type: "button", class: "quiet", "aria-label": `Leave out ${file.name}`, onclick: () => { state.files = state.files.filter((_, each) => each !== index); changed(); } }, "×"))));
  }
  function changed() {
    showFiles();
    form.dispatchEvent(new Event("files"));
  }
  input.addEventListener("change", () => {
    state.files = [...state.files, ...input.files];
    input.value = "";
    changed();
  });
  return { recording: h("fieldset", {}, h("legend", {}, "Recording"), zone, address.element), address, showFiles };
}

function wanted() {
  const before = remembered();
  const languages = Object.entries(facts.languages).sort((one, other) => one[1].localeCompare(other[1]));
  const sourceLanguage = field("source-language", "Spoken language", { options: [["", "Find out"], ...languages], value: before.source ?? "" });
  const targets = picker("targets", "Translate into", languages, before.targets ?? ["en"], "None: captions in the spoken language alone");
  const quality = field("quality", "What matters more", { options: QUALITIES });
  const budget = field("budget", "Spend at most", { type: "number", min: 0, step: "any", inputmode: "decimal", placeholder: "no limit" }, "US dollars for paid calls; past it the job goes on with what costs nothing");
  return { sourceLanguage, targets, quality, budget };
}

function known() {
  const title = field("title", "Title", { maxlength: 200 });
  const series = field("series", "Series", { maxlength: 200 }, "Names and terms of its earlier episodes are remembered");
  const season = field("season", "Season", { type: "number", min: 0 });
  const episode = field("episode", "Episode", { type: "number", min: 0 });
  const genre = field("genre", "Genre", { maxlength: 100 });
  const scene = field("scene", "What it is about", { rows: 2, maxlength: 2000 });
  const characters = field("characters", "People", { rows: 3 }, "One a line, as subtitles spell them; with “= …” as the spoken language writes them");
  const terms = field("terms", "Terms", { rows: 3 }, "One a line: what is said = what it is to become");
  const context = { title, series, season, episode, genre, scene, characters, terms };
  const knownElement = h("div", { class: "inside" }, h("div", { class: "two" }, title.element, series.element), h("div", { class: "three" }, season.element, episode.element, genre.element), scene.element, h("div", { class: "two" }, characters.element, terms.element));
  return { context, knownElement };
}

function special() {
  const profile = field("profile", "Delivery rules", { options: facts.profiles.map((each) => [each, each]), value: "netflix" });
  const editing = field("editing", "A language model edits", { options: EDITING });
  const errors = field("target-wer", "Errors that are good enough", { type: "number", min: 0.01, max: 100, step: "any" }, "In 100 words: the cheapest way that is expected to stay below");
  const deadline = field("deadline", "Transcribe within", { type: "number", min: 1, step: "any" }, "Seconds");
  const webhook = field("webhook", "Tell this address when it has ended", { type: "url", maxlength: 2000 }, "A signed webhook");
  const reuse = field("reuse", "Take what earlier jobs did of the same sound", { type: "checkbox", checked: true });
  const learn = field("learn", "Learn from this job, for later ones", { type: "checkbox", checked: true });
  const specialElement = h("div", { class: "inside" }, h("div", { class: "two" }, profile.element, editing.element), h("div", { class: "two" }, errors.element, deadline.element), webhook.element, reuse.element, learn.element);
  return { profile, editing, errors, deadline, webhook, reuse, learn, specialElement };
}

/** What is asked for, as POST /jobs takes it. */
function request(controls) {
  const told = Object.entries(controls.context).map(([name, each]) => [name, each.value]);
  const context = Object.fromEntries(told.filter(([, value]) => value !== ""));
  for (const name of ["season", "episode"]) if (name in context) context[name] = Number(context[name]);
  if (context.terms) context.terms = pairs(context.terms).filter(([, target]) => target).map(([said, target]) => ({ source: said, target }));
  if (context.characters) context.characters = pairs(context.characters).map(([name, said]) => (said ? { name, source: said } : { name }));
  const overrides = { reuse: controls.reuse.value, learn: controls.learn.value };
  if (controls.editing.value) overrides.enhancement = controls.editing.value;
  if (controls.errors.value) overrides.target_wer = Number(controls.errors.value) / 100;
  if (controls.deadline.value) overrides.deadline_s = Number(controls.deadline.value);
  return {
    source_language: controls.sourceLanguage.value || null,
    target_languages: controls.targets.value,
    quality: controls.quality.value,
    subtitle_profile: controls.profile.value,
    context,
    overrides,
    budget_usd: controls.budget.value || null,
    webhook_url: controls.webhook.value || null,
  };
}

async function expected(box, state, controls, signal) {
  const address = controls.address.value;
  if (!state.files.length && !address) return fill(box);
  const targets = controls.targets.value;
  const asked = { target_languages: targets, source_language: controls.sourceLanguage.value || null };
  try {
    if (state.files.length) {
      const lengths = await Promise.all(state.files.map(lengthOf));
      const known = lengths.every((each) => each !== null);
      if (known) asked.duration_s = lengths.reduce((total, each) => total + each, 0);
      else asked.bytes = state.files.reduce((total, file) => total + file.size, 0);
      asked.kind = state.files[0].type.startsWith("audio/") ? "audio" : "video";
    } else asked.media_url = address;
    const told = await askJson("/jobs/estimate", { method: "POST", body: asked, signal });
    fill(box, h("p", {}, h("strong", {}, told.per_minute ? "For each minute of it: " : "Expected: "), `${duration(told.time_s.expected)} of work (${duration(told.time_s.low)} to ${duration(told.time_s.high)})`, cost(told)), told.notes?.length ? h("p", { class: "muted small" }, told.notes.join(" ")) : null);
  } catch (error) {
    if (signal.aborted) return null;
    fill(box, h("p", { class: "muted small" }, error.status === 422 ? error.message : "What it will take can't be told now; that keeps nobody from starting."));
  }
  return null;
}

function cost(told) {
  if (!told.cost_usd) return "; what it costs is not known";
  return Number(told.cost_usd.high) === 0 ? ", at no cost" : `, about ${dollars(told.cost_usd.expected)} (at most ${dollars(told.cost_usd.high)})`;
}

async function submitted(state, controls, outcome, signal) {
  const asked = request(controls);
  const address = controls.address.value;
  if (!state.files.length && !address) {
    alarm("Choose a recording first.");
    fill(outcome, h("div", { class: "notice bad" }, h("p", {}, "Choose a recording, drop one, or say where one lies.")));
    return;
  }
  localStorage.setItem(REMEMBERED, JSON.stringify({ source: asked.source_language ?? "", targets: asked.target_languages }));
  try {
    if (!state.files.length) {
      const answer = await ask("/jobs", { method: "POST", body: { ...asked, media_url: address }, headers: { "Idempotency-Key": key(address, asked) }, signal });
      open((await answer.json()).id);
      return;
    }
    let last = null;
    while (state.files.length) {
      last = await uploaded(state.files[0], asked, outcome);
      state.files = state.files.slice(1);
      controls.showFiles();
    }
    // An upload goes on when its page is left; then it is not for it to lead back.
    if (signal.aborted) say(`${last.media_name} was accepted.`);
    else open(last.id, asked);
  } catch (error) {
    if (error.status === undefined) throw error;
    alarm(error.title ?? "It was not taken.");
    fill(outcome, trouble(error, "It was not taken"));
  }
}

async function uploaded(file, asked, outcome) {
  const progress = bar(0, `Sending ${file.name}`);
  const far = h("span", { class: "number" }, "0 %");
  fill(outcome, h("p", {}, "Sending ", h("span", { class: "name" }, file.name)), h("div", { class: "bar-row" }, progress, far));
  return send(file, fieldsOf(asked), key(file, asked), (share) => {
    progress.value = share;
    far.textContent = percent(share);
  });
}

function fieldsOf(asked) {
  const fields = [];
  for (const [name, value] of Object.entries(asked)) {
    if (value === null) continue;
    if (Array.isArray(value)) value.forEach((each) => fields.push([name, each]));
    else fields.push([name, typeof value === "object" ? JSON.stringify(value) : String(value)]);
  }
  return fields;
}

function open(id, asked) {
  say(`Accepted${asked?.target_languages.length ? `, to be translated into ${asked.target_languages.map(language).join(", ")}` : ""}.`);
  location.hash = `#/jobs/${id}`;
}

/** The same recording with the same wishes has the same key, so that who starts it twice has one job. */
function key(recording, asked) {
  const what = JSON.stringify([recording.name ?? recording, recording.size, recording.lastModified, asked]);
  if (!keys.has(what)) keys.set(what, [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  return keys.get(what);
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED)) ?? {};
  } catch {
    return {};
  }
}

