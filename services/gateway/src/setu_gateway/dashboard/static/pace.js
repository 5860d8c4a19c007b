// When to look again: not while nobody looks, and at once when the gateway is back.

import { line } from "./api.js";

/** Wait, or until the page is left. */
export function paused(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

/** Look now and every so often, until the page is left; hidden pages wait until they are seen. */
export async function every(ms, look, signal) {
  while (!signal.aborted) {
    await seen(signal);
    if (signal.aborted) return;
    await look();
    await Promise.race([paused(ms, signal), backAgain(signal)]);
  }
}

function seen(signal) {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", resolve, { once: true, signal });
    signal.addEventListener("abort", resolve, { once: true });
  });
}

function backAgain(signal) {
  return new Promise((resolve) => line.addEventListener("back", resolve, { once: true, signal }));
}
