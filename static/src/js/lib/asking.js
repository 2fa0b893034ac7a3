// Asking the server for a part of a page.

export async function ask(url, signal) {
  const response = await fetch(url, { headers: { "HX-Request": "true" }, signal });
  // Whoever is signed in no longer is sent to sign in.
  if (response.headers.has("HX-Redirect")) location.assign(response.headers.get("HX-Redirect"));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
}

// What arrived carries the nonce of its own response; this page trusts only its own.
export function withPageNonce(text, response) {
  const theirs = response.headers.get("Content-Security-Policy")?.match(/'nonce-([^']+)'/)?.[1];
  const ours = document.querySelector("script[nonce]")?.nonce;
  return theirs && ours ? text.replaceAll(`nonce="${theirs}"`, `nonce="${ours}"`) : text;
}
