// Figures as people read them.

import facts from "./facts.js";
import { h } from "./dom.js";

const ABSOLUTE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const COUNT = new Intl.NumberFormat();
const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60]];
const SIZES = ["bytes", "KB", "MB", "GB", "TB"];
const ONE_LEFT_S = 45;

/** A language's name. */
export const language = (code) => facts.languages[code] ?? code;

/** How many. */
export const count = (value) => COUNT.format(value);

/** How many of something. */
export const many = (value, one, more = `${one}s`) => `${count(value)} ${value === 1 ? one : more}`;

/** How long something takes: 0.4 s, 12 s, 3 min 5 s, 2 h 10 min. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 10) return `${seconds < 0.05 && seconds > 0 ? "< 0.1" : seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A moment of a recording: 0:07.4, 1:02:03.0. */
export function moment(seconds) {
  const tenths = Math.round(seconds * 10);
  const [hours, minutes] = [Math.floor(tenths / 36_000), Math.floor((tenths % 36_000) / 600)];
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** How large. */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return "–";
  const step = bytes < 1 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** step;
  return `${step && value < 100 ? value.toFixed(1) : Math.round(value)} ${SIZES[step]}`;
}

/** US dollars, which may come as text; small amounts keep two figures. */
export function dollars(amount) {
  if (amount === null || amount === undefined) return "unknown";
  const value = Number(amount);
  if (value === 0 || Math.abs(value) >= 0.01) return `$${value.toFixed(2)}`;
  return `$${value.toFixed(1 - Math.floor(Math.log10(Math.abs(value))))}`;
}

/** A share of 1. */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  const value = share * 100;
  if (value > 0 && value < 0.05) return "< 0.1 %";
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

/** When something was, as people say it; exactly for who points at it. */
export function when(iso) {
  if (!iso) return "–";
  const then = new Date(iso);
  return h("time", { datetime: iso, title: ABSOLUTE.format(then) }, ago(then));
}

/** The same as plain text, exactly. */
export const exactly = (iso) => ABSOLUTE.format(new Date(iso));

function ago(then) {
  const seconds = (then - Date.now()) / 1000;
  if (Math.abs(seconds) < ONE_LEFT_S) return "just now";
  const [unit, length] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ["minute", 60];
  if (unit === "day" && Math.abs(seconds) > 7 * 86_400) return ABSOLUTE.format(then);
  return RELATIVE.format(Math.round(seconds / length), unit);
}

/** A word as a heading or a label has it: `speech_rate` is "Speech rate". */
export function worded(name) {
  const words = name.replaceAll(/[_-]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
