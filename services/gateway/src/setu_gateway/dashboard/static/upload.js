// Sending a recording, so that one sees how far it is.

import { Away, noticed, refusal } from "./api.js";
import { credentials } from "./key.js";

const LOOK_AT_MOST_MS = 4000;

let sending = 0;

addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});

/** Send a file with its fields, which come first so that they are judged before it is read; the job that was accepted. */
export function send(file, fields, idempotencyKey, far) {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  form.append("media", file, file.name);
  return new Promise((resolve, reject) => {
    // Only this older way tells how much of a request has been sent.
    const request = new XMLHttpRequest();
    request.open("POST", "/jobs");
    request.setRequestHeader("Idempotency-Key", idempotencyKey);
    for (const [name, value] of Object.entries(credentials())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => far(event.total ? event.loaded / event.total : 0));
    request.addEventListener("load", () => {
      noticed(false);
      const answer = new Response(request.responseText, { status: request.status });
      if (answer.ok) resolve(answer.json());
      else refusal(answer).then(reject);
    });
    request.addEventListener("error", () => {
      noticed(true);
      reject(new Away());
    });
    request.send(form);
    sending += 1;
  }).finally(() => {
    sending -= 1;
  });
}

/** How long a recording is, seconds, as the browser reads it; null if it can't. */
export function lengthOf(file) {
  const address = URL.createObjectURL(file);
  const media = document.createElement("video");
  media.preload = "metadata";
  return new Promise((resolve) => {
    const told = (length) => {
      URL.revokeObjectURL(address);
      resolve(Number.isFinite(length) && length > 0 ? length : null);
    };
    media.addEventListener("loadedmetadata", () => told(media.duration), { once: true });
    media.addEventListener("error", () => told(null), { once: true });
    setTimeout(() => told(null), LOOK_AT_MOST_MS);
    media.src = address;
  });
}
