// The recording playing with its subtitles, and each line beside its draft, with the reasons of each change.

import { ask, askJson } from "./api.js";
import { compared } from "./compare.js";
import { fill, h } from "./dom.js";
import { language, many, moment, size, worded } from "./format.js";
import { asksForKeys } from "./key.js";
import { choice, empty, trouble } from "./parts.js";

const AT_ONCE = 200;
// With a key a recording is loaded whole, since an element of a page can't send one; larger ones only if that is wished.
const LOADED_UNASKED_BYTES = 48 << 20;

/** The panel. */
export function subtitlesPanel(job, signal) {
  const languages = [...new Set(job.deliverables.map((each) => each.language))];
  languages.sort((one, other) => (one === job.source_language) - (other === job.source_language));
  const section = h("section", { class: "panel", "aria-labelledby": "subtitles-title" });
  const heading = h("h2", { id: "subtitles-title" }, "Recording and subtitles");
  if (!job.media) return fill(section, heading, h("p", { class: "muted" }, "The recording has not been fetched yet."));
  const player = h("div", { class: "player" });
  const text = h("div", { class: "lines" });
  const media = h("video", { controls: true, preload: "metadata", class: job.media.media_type.startsWith("audio/") ? "sound" : "", "aria-label": `Recording: ${job.media_name}` });
  loaded(job, media, player, languages, signal);
  if (!languages.length) fill(text, h("p", { class: "muted" }, job.ended_at ? "No subtitles were made." : "Subtitles show here as soon as they are written."));
  else shown(job, languages, text, media, signal);
  return fill(section, heading, player, text);
}

async function loaded(job, media, player, languages, signal) {
  const path = `/jobs/${job.id}/media`;
  fill(player, media);
  if (!asksForKeys) media.src = path;
  else if (job.media.bytes <= LOADED_UNASKED_BYTES) await withKey(path, media, player, signal);
  else {
    const button = h("button", { type: "button", onclick: () => withKey(path, media, player, signal) }, `Load the recording (${size(job.media.bytes)})`);
    fill(player, h("p", {}, button, h("span", { class: "muted" }, " It is loaded whole, since this gateway asks for keys.")));
  }
  media.addEventListener("error", () => {
    if (signal.aborted || player.querySelector(".cant-play")) return;
    fill(player, h("p", { class: "muted cant-play" }, `This browser can't play the recording.${languages.length ? " Its subtitles are below all the same." : ""}`));
  });
  const tracks = await Promise.all(languages.map((code) => track(job, code, signal)));
  media.append(...tracks.filter(Boolean));
  // After the browser's own choice, which may be to show two of them over one another.
  setTimeout(() => showTrack(media, media.dataset.shown ?? languages[0]));
}

async function track(job, code, signal) {
  try {
    const answer = await ask(`/jobs/${job.id}/subtitles/${code}.vtt`, { signal });
    const address = kept(new Blob([await answer.text()], { type: "text/vtt" }), signal);
    return h("track", { kind: code === job.source_language ? "captions" : "subtitles", srclang: code, label: language(code), src: address });
  } catch (error) {
    if (!signal.aborted && error.status === undefined) throw error;
    return null;
  }
}

/** Show the subtitles of one language in the picture. */
function showTrack(media, code) {
  media.dataset.shown = code;
  for (const each of media.textTracks) each.mode = each.language === code ? "showing" : "disabled";
}

async function withKey(path, media, player, signal) {
  fill(player, h("p", { class: "muted" }, "Loading the recording …"));
  try {
    const answer = await ask(path, { signal, timeoutMs: 0 });
    media.src = kept(await answer.blob(), signal);
    fill(player, media);
  } catch (error) {
    if (!signal.aborted) fill(player, trouble(error, "The recording"));
  }
}

/** An address for something that is in memory, until the page is left. */
function kept(blob, signal) {
  const address = URL.createObjectURL(blob);
  signal.addEventListener("abort", () => URL.revokeObjectURL(address), { once: true });
  return address;
}

function shown(job, languages, root, media, signal) {
  const body = h("div", {}, h("p", { class: "muted" }, "Loading …"));
  const view = { code: languages[0], changedOnly: false };
  const only = h("label", { class: "choice" }, h("input", { type: "checkbox", onchange: (event) => { view.changedOnly = event.target.checked; draw(); } }), h("span", {}, "Only lines that were changed"));
  let told = null;
  const which = choice("Language", languages.map((code) => [code, code === job.source_language ? `${language(code)} (spoken)` : language(code)]), view.code, (code) => {
    view.code = code;
    showTrack(media, code);
    look();
  });
  fill(root, h("div", { class: "lines-top" }, which, only), body);

  async function look() {
    try {
      told = await lines(job, view.code, signal);
      draw();
    } catch (error) {
      if (!signal.aborted) fill(body, trouble(error, "The subtitles"));
    }
  }

  function draw() {
    only.hidden = !told.audit;
    const some = view.changedOnly && told.audit ? told.lines.filter((each) => each.audit?.changed) : told.lines;
    const list = h("ol", { class: told.translated ? "beside" : "beside alone" });
    const more = h("div", { class: "buttons" });
    let count = 0;
    const grow = () => {
      list.append(...some.slice(count, count + AT_ONCE).map((each) => line(each, told, media)));
      count += AT_ONCE;
      fill(more, count < some.length ? h("button", { type: "button", onclick: grow }, `Show more (${some.length - count} lines)`) : null);
    };
    grow();
    fill(body, told.why ? h("p", { class: "muted" }, told.why) : null, told.audit ? summary(told) : null, some.length ? [list, more] : empty(view.changedOnly ? "No line was changed." : "Nobody says anything in it."));
  }

  media.addEventListener("timeupdate", () => mark(body, media.currentTime));
  look();
}

/** What is known of each line of a language: its subtitle, and what became of its draft. */
async function lines(job, code, signal) {
  const document = await askJson(`/jobs/${job.id}/subtitles/${code}.json`, { signal });
  const translated = code !== document.source_language;
  const editing = job.stages.find((stage) => stage.stage === "enhance" && stage.target === code);
  const edited = translated && editing?.state === "succeeded";
  const audit = edited ? await askJson(`/jobs/${job.id}/enhancements/${code}`, { signal }) : null;
  const why = translated && !edited ? unedited(editing) : "";
  const edits = new Map((audit?.lines ?? []).map((each) => [each.segment_index, each]));
  return { translated, audit, why, code, source: document.source_language, lines: document.lines.map((each) => ({ ...each, audit: edits.get(each.index) ?? null })) };
}

function unedited(stage) {
  const reason = stage?.problem?.detail || stage?.note;
  return `These lines are drafts as they were translated; nobody edited them${reason ? `: ${reason}` : "."}`;
}

function summary(told) {
  const changed = told.lines.filter((each) => each.audit?.changed).length;
  const asked = told.lines.filter((each) => each.audit?.reasons.length).length;
  return h("p", { class: "muted" }, `${many(told.lines.length, "line")}, ${asked} with a reason to be edited, ${changed} changed.`);
}

function line(each, told, media) {
  const play = h("button", { type: "button", class: "at", "aria-label": `Play from ${moment(each.start_s)}`, onclick: () => { media.currentTime = each.start_s; media.play(); } }, moment(each.start_s));
  const parts = [h("div", { class: "line-at" }, play, each.speaker ? h("span", { class: "muted small" }, each.speaker) : null)];
  if (!told.translated) return row(each, [...parts, h("p", { lang: told.source, dir: "auto" }, each.text)]);
  const edit = each.audit;
  const [draft, final] = edit?.changed ? compared(edit.draft, edit.text) : [null, each.text];
  parts.push(h("p", { class: "said-line", lang: told.source, dir: "auto" }, each.source_text));
  parts.push(h("div", { class: "texts" }, draft ? h("p", { class: "draft", lang: told.code, dir: "auto" }, h("span", { class: "unseen" }, "Draft: "), draft) : null, h("p", { class: "final", lang: told.code, dir: "auto" }, draft ? h("span", { class: "unseen" }, "Final: ") : null, final), notes(each, edit)));
  return row(each, parts);
}

function row(each, parts) {
  return h("li", { class: "line", "data-from": each.start_s, "data-to": each.end_s }, parts);
}

function notes(each, edit) {
  const told = (edit?.reasons ?? []).map((reason) => h("li", {}, h("strong", {}, worded(reason.kind)), reason.detail ? `: ${reason.detail}` : ""));
  if (edit?.rejected) told.push(h("li", {}, h("strong", {}, "Not kept"), `: “${edit.offered}”, since ${edit.rejected}`));
  if (edit?.score_before && edit?.score_after) told.push(h("li", {}, `Score ${Math.round(edit.score_before.total)} → ${Math.round(edit.score_after.total)}`));
  if (each.missed_terms?.length) told.push(h("li", {}, h("strong", {}, "Terms not honoured"), `: ${each.missed_terms.join(", ")}`));
  return told.length ? h("ul", { class: "reasons", "aria-label": "Reasons" }, told) : null;
}

/** Show which line is being said. */
function mark(body, now) {
  for (const item of body.querySelectorAll(".line")) {
    const said = now >= Number(item.dataset.from) && now < Number(item.dataset.to);
    if (said) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
  }
}
