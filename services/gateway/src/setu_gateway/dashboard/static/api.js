// The gateway's API: problems as errors, the key as a header, and whether the gateway is there at all.

import { asksForKeys, credentials, hasKey } from "./key.js";

const TIMEOUT_MS = 20_000;

/** Tells `away` when the gateway stops answering, `back` when it answers again, and `key` when it wants a key. */
export const line = new EventTarget();

let isAway = false;

/** Whether the gateway did not answer the last time. */
export function away() {
  return isAway;
}

/** What the gateway refused, in its own words. */
export class Refused extends Error {
  constructor(problem, status) {
    super(problem.detail || problem.title || `The gateway answered ${status}.`);
    this.status = status;
    this.code = problem.code ?? `http-${status}`;
    this.title = problem.title ?? "The gateway refused";
    this.errors = problem.errors ?? [];
    this.context = problem.context ?? {};
    this.requestId = problem.request_id ?? null;
  }
}

/** The gateway did not answer. */
export class Away extends Error {
  constructor() {
    super("The gateway does not answer.");
    this.status = 0;
    this.code = "away";
    this.title = "The gateway does not answer";
    this.errors = [];
    this.context = {};
    this.requestId = null;
  }
}

/** An answer that is a success, else `Refused` or `Away`. */
export async function ask(path, { method = "GET", body, headers = {}, signal, timeoutMs = TIMEOUT_MS } = {}) {
  const signals = [signal, timeoutMs ? AbortSignal.timeout(timeoutMs) : undefined].filter(Boolean);
  const asked = { method, headers: { ...credentials(), ...headers }, signal: AbortSignal.any(signals), cache: "no-store" };
  if (body !== undefined) {
    asked.body = JSON.stringify(body);
    asked.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, asked);
  } catch (error) {
    if (signal?.aborted) throw error;
    noticed(true);
    throw new Away();
  }
  noticed(false);
  if (answer.ok) return answer;
  throw await refusal(answer);
}

/** An answer's JSON; null where it has none. */
export async function askJson(path, options) {
  const answer = await ask(path, options);
  return answer.status === 204 ? null : answer.json();
}

/** A path with what is asked beside it; what is null or empty is left out. */
export function withQuery(path, query) {
  const told = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return told.length ? `${path}?${new URLSearchParams(told)}` : path;
}

/** What an answer that is no success says. */
export async function refusal(answer) {
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 401 && asksForKeys) {
    line.dispatchEvent(new CustomEvent("key", { detail: hasKey() ? "This key is not good (any more). Give another one." : "" }));
  }
  return new Refused(problem, answer.status);
}

/** Note whether the gateway answers. */
export function noticed(goneNow) {
  if (goneNow === isAway) return;
  isAway = goneNow;
  line.dispatchEvent(new Event(goneNow ? "away" : "back"));
}
