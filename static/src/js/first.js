// Stands in every page itself and runs before anything else of it.

import "./lib/theme.js";
import "./lib/arrived.js";
