// What an edit did to a line, word by word.

import { h } from "./dom.js";

const MOST_WORDS = 120;

/** The words of both in order: `[kept | gone | new, word]`, by the longest run of words that they share. */
export function difference(before, after) {
  const [one, other] = [words(before), words(after)];
  if (one.length > MOST_WORDS || other.length > MOST_WORDS) return [["gone", before], ["new", after]];
  const shared = Array.from({ length: one.length + 1 }, () => new Uint16Array(other.length + 1));
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = other.length - 1; j >= 0; j -= 1) {
      shared[i][j] = one[i] === other[j] ? shared[i + 1][j + 1] + 1 : Math.max(shared[i + 1][j], shared[i][j + 1]);
    }
  }
  const told = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    if (i < one.length && j < other.length && one[i] === other[j]) {
      told.push(["kept", one[i]]);
      i += 1;
      j += 1;
    } else if (j >= other.length || (i < one.length && shared[i + 1][j] >= shared[i][j + 1])) {
      told.push(["gone", one[i]]);
      i += 1;
    } else {
      told.push(["new", other[j]]);
      j += 1;
    }
  }
  return told;
}

/** The draft with what went, and the final text with what came. */
export function compared(before, after) {
  const told = difference(before, after);
  const side = (tag, own) => told.filter(([kind]) => kind === "kept" || kind === own).map(([kind, word]) => [kind === own ? h(tag, {}, word) : word, " "]);
  return [side("del", "gone"), side("ins", "new")];
}

function words(text) {
  return text.split(/\s+/).filter(Boolean);
}
