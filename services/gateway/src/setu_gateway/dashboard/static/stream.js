// Server-sent events by fetch, which can send a key where EventSource can't.

import { Away, noticed, refusal } from "./api.js";
import { credentials } from "./key.js";
import { paused, seen } from "./pace.js";

const AGAIN_MS = 2000;

/**
 * Follow snapshots until they end: `taken(snapshot)` is called with each. A stream that breaks off is followed anew, since each event
 * is a whole snapshot. While nobody looks none is open, since a browser has few connections to a host for all its tabs together. Throws
 * `Refused` if the gateway does.
 */
export async function follow(path, taken, ended, signal) {
  while (!signal.aborted) {
    await seen(signal);
    let last = null;
    const connection = new AbortController();
    const hide = () => document.hidden && connection.abort();
    document.addEventListener("visibilitychange", hide);
    try {
      await read(path, (snapshot) => {
        last = snapshot;
        taken(snapshot);
      }, AbortSignal.any([signal, connection.signal]));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Away) && !connection.signal.aborted) throw error;
    } finally {
      document.removeEventListener("visibilitychange", hide);
    }
    if (last !== null && ended(last)) return;
    await paused(AGAIN_MS, signal);
  }
}

async function read(path, taken, signal) {
  let answer;
  try {
    answer = await fetch(path, { headers: { ...credentials(), Accept: "text/event-stream" }, signal, cache: "no-store" });
  } catch (error) {
    if (signal.aborted) throw error;
    noticed(true);
    throw new Away();
  }
  noticed(false);
  if (!answer.ok) throw await refusal(answer);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      waiting += value;
      const events = waiting.split("\n\n");
      waiting = events.pop();
      events.map(dataOf).filter(Boolean).forEach((data) => taken(JSON.parse(data)));
    }
  } catch (error) {
    if (signal.aborted || error instanceof SyntaxError) throw error;
    throw new Away();
  }
}

function dataOf(event) {
  const lines = event.split("\n");
  if (lines.some((each) => each === "event: problem")) return "";
  return lines.filter((each) => each.startsWith("data:")).map((each) => each.slice(5).trimStart()).join("\n");
}
