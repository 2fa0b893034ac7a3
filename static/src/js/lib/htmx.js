// htmx for everybody: its extensions look for a global of that name when they are read.
import htmx from "htmx.org/dist/htmx.esm.js";

// Beside the codes of a line that broke: 4500 is our own word for what failed (webui/live/consumers/base.py).
htmx.config.ws = { reconnectCodes: [1001, 1005, 1006, 1011, 1012, 1013, 1014, 4500], reconnectMaxDelay: 10_000 };
globalThis.htmx = htmx;
export default htmx;
