// The button in the top bar: the other theme, remembered in this browser.

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-theme-toggle]")) return;
  const root = document.documentElement;
  root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.bsTheme);
  } catch {
    // Not remembered, but changed.
  }
  document.dispatchEvent(new CustomEvent("quayside:theme"));
});

// Without a choice of one's own the page goes with the system, also at dusk.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ({ matches }) => {
  const root = document.documentElement;
  if (root.dataset.themeChoice !== "auto" || stored()) return;
  root.dataset.bsTheme = matches ? "dark" : "light";
  document.dispatchEvent(new CustomEvent("quayside:theme"));
});

function stored() {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null;
  }
}

// A choice made in the profile wins over what the button remembered.
document.addEventListener("submit", (event) => {
  if (!event.target.matches?.("[data-theme-form]")) return;
  try {
    localStorage.removeItem("theme");
  } catch {
    // Nothing was remembered.
  }
});
