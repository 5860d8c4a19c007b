// When to look again: not while nobody looks, and soon when the gateway is back.

import { line } from "./api.js";

// A gateway that answers some requests and not others is back with each that it answers: that must not become a storm.
const LEAST_MS = 2000;

/** Wait, or until the page is left. */
export function paused(ms, signal) {
  return until(signal, (done) => timer(ms, done));
}

/** Wait until somebody looks, or the page is left. */
export function seen(signal) {
  if (!document.hidden) return Promise.resolve();
  return until(signal, (done) => heard(document, "visibilitychange", () => document.hidden || done()));
}

/** Look now and every so often, until the page is left; hidden pages wait until they are seen. */
export async function every(ms, look, signal) {
  while (!signal.aborted) {
    await seen(signal);
    if (signal.aborted) return;
    const began = performance.now();
    await look();
    await until(signal, (done) => both(timer(ms, done), heard(line, "back", done)));
    await paused(LEAST_MS - (performance.now() - began), signal);
  }
}

/** Wait until `begin(done)` calls `done`, or the page is left; what `begin` gives is called at the end, so that nothing is left listening. */
function until(signal, begin) {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    let end = () => null;
    const done = () => {
      end();
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done);
    end = begin(done);
  });
}

function timer(ms, done) {
  const set = setTimeout(done, ms);
  return () => clearTimeout(set);
}

function heard(target, name, done) {
  target.addEventListener(name, done);
  return () => target.removeEventListener(name, done);
}

function both(one, other) {
  return () => {
    one();
    other();
  };
}
