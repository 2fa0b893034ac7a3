// What every page needs, each behaviour in a module of its own.

import "./lib/htmx.js";
import "htmx.org/dist/ext/hx-csp.js";
import "htmx.org/dist/ext/hx-ws.js";

import "./lib/theme_toggle.js";
import "./lib/row_focus.js";
import "./lib/menus.js";
import "./lib/dialogs.js";
import "./lib/drawer.js";
import "./lib/toasts.js";
import "./lib/selection.js";
import "./lib/acts.js";
import "./lib/lists.js";
import "./lib/list_dialogs.js";
import "./lib/widths.js";
import "./lib/keyboard.js";
import "./lib/palette.js";
import "./lib/copying.js";
import "./lib/ago.js";
import "./lib/figures.js";
import "./lib/row_order.js";
import "./lib/after_form.js";
import "./lib/tabs.js";
import "./lib/connection.js";
