// Passkeys: a form with [data-passkey] asks the server for options, the browser for a passkey, and is then sent with its
// answer in the field `credential`. What is wrong with the answer, the server says.

import { whenPresent } from "./lib/dom.js";
import { gettext } from "./lib/words.js";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const withBytes = (credentials) => credentials?.map((one) => ({ ...one, id: bytes(one.id) }));

// From and to the JSON of WebAuthn Level 3, by hand: the browsers that can do it themselves are still too young.
function forBrowser({ publicKey }) {
  const { challenge, user, allowCredentials, excludeCredentials } = publicKey;
  return {
    publicKey: {
      ...publicKey,
      challenge: bytes(challenge),
      ...(user && { user: { ...user, id: bytes(user.id) } }),
      ...(allowCredentials && { allowCredentials: withBytes(allowCredentials) }),
      ...(excludeCredentials && { excludeCredentials: withBytes(excludeCredentials) }),
    },
  };
}

function forServer(credential) {
  const { response } = credential;
  const part = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) part[name] = text(response[name]);
  }
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: part,
  };
}

const WORDS = {
  NotAllowedError: gettext("No passkey was chosen, or it took too long."),
  InvalidStateError: gettext("This passkey is here already."),
  SecurityError: gettext("The browser allows no passkey at this address."),
  NotSupportedError: gettext("This browser or key cannot make such a passkey."),
};

async function answerOf(form) {
  const reply = await fetch(form.dataset.options, { method: "POST", body: new FormData(form), redirect: "error" });
  if (!reply.ok) throw new Error(gettext("This took too long. Load the page again."));
  const options = forBrowser(await reply.json());
  return form.dataset.passkey === "create" ? navigator.credentials.create(options) : navigator.credentials.get(options);
}

whenPresent("form[data-passkey]", (form) => {
  const said = form.querySelector("[data-passkey-error]");
  const say = (words) => {
    said.textContent = words;
    said.hidden = words === "";
  };
  const send = async (event) => {
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    say("");
    try {
      if (!navigator.credentials || !globalThis.PublicKeyCredential) throw new Error(WORDS.SecurityError);
      form.elements.credential.value = JSON.stringify(forServer(await answerOf(form)));
      form.submit();
    } catch (error) {
      say(WORDS[error.name] ?? error.message);
      button.disabled = false;
    }
  };
  form.addEventListener("submit", send);
  return () => form.removeEventListener("submit", send);
});
