// Chooses light or dark before the first paint, from what was chosen here, else in the profile, else by the system.

const root = document.documentElement;
let chosen = null;
try {
  chosen = localStorage.getItem("theme");
} catch {
  // Storage may be forbidden; then the profile decides.
}
const choice = chosen ?? root.dataset.themeChoice;
const isDark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
root.dataset.bsTheme = isDark ? "dark" : "light";
