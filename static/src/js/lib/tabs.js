// On a phone tabs scroll sideways: the one that is open is in sight from the start.
const current = document.querySelector('.tabs [aria-current="page"]');
const tabs = current?.closest(".tabs");
if (tabs) tabs.scrollLeft = current.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - current.offsetWidth) / 2;
