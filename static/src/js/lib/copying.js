// Copy buttons: [data-copy] holds the text. Works on plain http too, where the clipboard API is not there.

export async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "visually-hidden";
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await copyText(button.dataset.copy);
  const use = button.querySelector("use");
  const was = use?.getAttribute("href");
  use?.setAttribute("href", `${was.split("#")[0]}#check`);
  setTimeout(() => use?.setAttribute("href", was), 1200);
});
