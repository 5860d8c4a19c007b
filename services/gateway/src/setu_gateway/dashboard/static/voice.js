// What a screen reader is told beside what is seen.

/** Say something when there is a pause. */
export function say(text) {
  told("said", text);
}

/** Say at once that something went wrong. */
export function alarm(text) {
  told("alarmed", text);
}

function told(id, text) {
  const region = document.getElementById(id);
  region.textContent = "";
  // Only a change is read out: the same words twice must be two changes.
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}
