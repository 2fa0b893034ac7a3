// Sends files in a few large bodies: a line of JSON that lists them, then their bytes. A Blob of Blobs is read from disk
// while it is sent, so that neither the number of the files nor their size is in memory here.

import { csrf } from "./dom.js";
import { filled, gettext } from "./words.js";

const MOST_FILES = 500;
const MOST_BYTES = 64 * 1024 * 1024;

const sizeOf = ({ file }) => file?.size ?? 0;
const listed = ({ path, file }) => (file ? { path, size: file.size } : { path, folder: true });

// Files in the order in which they come; one that is larger goes alone.
function* batches(files) {
  let batch = [];
  let size = 0;
  for (const one of files) {
    if (batch.length && (batch.length >= MOST_FILES || size + sizeOf(one) > MOST_BYTES)) {
      yield batch;
      [batch, size] = [[], 0];
    }
    batch.push(one);
    size += sizeOf(one);
  }
  yield batch;
}

// Resolves to the number of files; rejects with an error in words, or an AbortError.
export async function uploadFiles(url, files, { onProgress, signal }) {
  let done = 0;
  let sent = 0;
  onProgress(0);
  for (const batch of batches(files)) {
    const list = JSON.stringify(batch.map(listed)) + "\n";
    const body = new Blob([list, ...batch.flatMap(({ file }) => file ?? [])], { type: "application/octet-stream" });
    const size = batch.reduce((sum, one) => sum + sizeOf(one), 0);
    await send(url, body, { signal, onProgress: (loaded) => onProgress(sent + Math.min(loaded, size)) });
    done += batch.filter(({ file }) => file).length;
    sent += size;
    onProgress(sent);
  }
  return done;
}

// XMLHttpRequest, as fetch does not tell how much of a body is on its way.
function send(url, body, { signal, onProgress }) {
  return new Promise((settle, fail) => {
    const request = new XMLHttpRequest();
    const cancel = () => request.abort();
    signal.addEventListener("abort", cancel);
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", csrf());
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onload = () => (request.status === 200 ? settle() : fail(new Error(problemOf(request))));
    request.onerror = () => fail(new Error(gettext("The connection broke; the files that were on their way were not written. Try again.")));
    request.onabort = () => fail(new DOMException("cancelled", "AbortError"));
    request.onloadend = () => signal.removeEventListener("abort", cancel);
    request.send(body);
  });
}

function problemOf(request) {
  try {
    return JSON.parse(request.responseText).problem;
  } catch {
    return filled(gettext("The server answered %(status)s."), { status: request.status });
  }
}
