// Text from a host that we know nothing of, made safe for a terminal.

// oxlint-disable no-control-regex -- finding them is what this is for
/** Control characters, which a terminal would obey, and those that turn the direction of text or are not shown. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The text with every unsafe character as \xNN or \uNNNN. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
