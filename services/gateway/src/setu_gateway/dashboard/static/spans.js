// How far back pages of figures look.

import { choice } from "./parts.js";

const SPANS = { day: ["last 24 hours", 1, "hour"], week: ["last 7 days", 7, "day"], month: ["last 30 days", 30, "day"], quarter: ["last 90 days", 90, "day"] };

/** What is asked for: `{span}` is changed by the choice, which then calls `changed`. */
export function spanChoice(view, changed) {
  return choice("Time", Object.entries(SPANS).map(([name, [words]]) => [name, words]), view.span, (span) => {
    view.span = span;
    changed();
  });
}

/** The query of a span: since when, until now, by hour or day. */
export function spanQuery(span) {
  const [, days, by] = SPANS[span];
  const step = by === "hour" ? 3_600_000 : 86_400_000;
  const since = Math.floor(Date.now() / step) * step - (days * 86_400_000 - step);
  return { since: new Date(since).toISOString(), by, days };
}
