// htmx for everybody: its extensions look for a global of that name when they are read.
import htmx from "htmx.org/dist/htmx.esm.js";

globalThis.htmx = htmx;
export default htmx;
