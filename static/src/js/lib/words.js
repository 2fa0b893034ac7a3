// Words of the scripts in the reader's language. Django's catalogue (/words.js) is loaded before the page's scripts where
// there is a translation; the English that stands in the code is the key and, without a catalogue, the text.
export const gettext = (text) => globalThis.django?.gettext?.(text) ?? text;
export const ngettext = (one, many, count) => globalThis.django?.ngettext?.(one, many, count) ?? (count === 1 ? one : many);

// "%(name)s" of a template, as in the server's own messages. Some browsers end what they say of an error with a full stop, which a
// template has itself.
export const filled = (template, values) => template.replace(/%\((\w+)\)s(\.?)/g, (_whole, name, stop) => (stop ? `${String(values[name]).replace(/\.$/, "")}.` : values[name]));
