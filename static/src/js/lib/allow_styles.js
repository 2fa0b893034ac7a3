// Lets xterm.js make its <style> elements under our Content-Security-Policy: each gets the page's nonce before it enters the
// page. The returned function ends that; nothing else on the page makes any.

export function allowStyles() {
  const nonce = document.querySelector("script[nonce]")?.nonce ?? "";
  const { createElement } = document;
  document.createElement = function (tag, options) {
    const element = createElement.call(document, tag, options);
    if (String(tag).toLowerCase() === "style") element.nonce = nonce;
    return element;
  };
  return () => {
    delete document.createElement;
  };
}
