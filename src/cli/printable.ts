/*
 * Names in a recording are whatever somebody wrote there. A terminal obeys control characters: it would rename its window,
 * hide lines or colour everything that follows.
 */

/** Controls (C0, DEL, C1), and marks that turn the direction of text. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text for one line of a terminal: control characters as JSON escapes them, `\u001b`. */
export function printable(text: string): string {
  return text.replace(CONTROLS, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** As {@link printable}, for text of several lines. JSON stays what it is: inside of it only strings hold such characters. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
