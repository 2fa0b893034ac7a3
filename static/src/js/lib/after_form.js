// A page that comes as the answer to a form or an act: whoever sent it is put where the answer is, and hears it. A fault
// is first, then what the page says of it; else the control that was used, or the head of another page.

import { announce } from "./announce.js";

const KEY = "sent";
// An answer is a page that comes by itself; what is older was left unanswered.
const LONGEST_MS = 90_000;
const SAID = ".notice.bad[role=alert]:not([hidden]), .notice.warning[role=status], .notice.good[role=status], .error[role=alert], #findings > *";

// Before the page goes: what was used to send something.
export function rememberSent(control) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ at: Date.now(), path: location.pathname, control: wordsOf(control) }));
  } catch {
    // Without a store the next page begins at its top.
  }
}

function taken() {
  try {
    const sent = JSON.parse(sessionStorage.getItem(KEY));
    sessionStorage.removeItem(KEY);
    return sent && Date.now() - sent.at < LONGEST_MS ? sent : null;
  } catch {
    return null;
  }
}

// A control is told by its form and by what stands on it: the page is drawn anew, and few controls have an id.
const wordsOf = (control) => ({ form: control?.form?.getAttribute("action") ?? "", words: (control?.getAttribute("aria-label") ?? control?.textContent ?? "").trim() });

function sameAs({ form, words }) {
  const all = words ? [...document.querySelectorAll("#main :is(button, [role=menuitem])")] : [];
  const same = all.filter((one) => wordsOf(one).words === words && one.checkVisibility());
  return same.find((one) => wordsOf(one).form === form) ?? null;
}

function putFocus(element) {
  if (!element.matches("a[href], button, input, select, textarea, summary")) element.setAttribute("tabindex", "-1");
  element.focus();
}

const wrong = document.querySelector('#main [aria-invalid="true"], form [aria-invalid="true"]');
const sent = taken();
if (wrong) wrong.focus();
else if (sent) {
  const said = [...document.querySelectorAll(SAID)].find((one) => one.checkVisibility());
  const toast = document.querySelector("#toasts [data-toast]");
  const isTaken = [...document.querySelectorAll("[autofocus]")].some((one) => one.checkVisibility());
  const place = said ?? (sent.path === location.pathname ? sameAs(sent.control) : null) ?? document.querySelector("h1");
  if (!isTaken && place) putFocus(place);
  else if (said) announce(said.textContent);
  if (toast) announce(toast.textContent);
}

// A form is sent once: what is pressed again while its answer is on the way would be done twice.
const underWay = new WeakSet();

addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (underWay.has(form)) {
    event.preventDefault();
    return;
  }
  underWay.add(form);
  // A form without an address goes to the page's own: with a part of it in the address, its answer would begin there.
  if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
  event.submitter?.setAttribute("aria-busy", "true");
  rememberSent(event.submitter);
  const again = () => {
    underWay.delete(form);
    event.submitter?.removeAttribute("aria-busy");
  };
  addEventListener("pageshow", again, { once: true });
  // A page that could not come leaves this one as it is.
  setTimeout(again, 20_000);
});
