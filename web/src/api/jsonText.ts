/**
 * JSON as a text that people edit: where a value stands, what is wrong and where, and the same text
 * with line breaks. Numbers are never read, so none loses a digit.
 */

/** Deeper than any document of the API. */
const depthMax = 500;

export type Fault = { offset: number; message: string };
type Scanned = { places: Map<string, number>; fault: Fault | null };

class Unreadable extends Error {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

const literal = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON wants them escaped
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const blank = /[ \t\r\n]*/y;

/** Where each value of a JSON text begins, by its pointer; up to the first fault, if there is one. */
export function scan(text: string): Scanned {
  const places = new Map<string, number>();
  let at = 0;

  const skip = () => {
    blank.lastIndex = at;
    at += blank.exec(text)?.[0].length ?? 0;
  };
  const take = (what: RegExp, otherwise: string): string => {
    what.lastIndex = at;
    const found = what.exec(text)?.[0];
    if (found === undefined) {
      throw new Unreadable(at, at >= text.length ? 'The text ends too early.' : otherwise);
    }
    at += found.length;
    return found;
  };
  /** The members of an object or the elements of a list, up to what closes it. */
  const members = (close: string, one: () => void) => {
    at++;
    skip();
    if (text[at] === close) {
      at++;
      return;
    }
    for (;;) {
      one();
      skip();
      if (text[at] === close) {
        at++;
        return;
      }
      if (text[at] !== ',') {
        throw new Unreadable(
          at,
          at >= text.length
            ? 'The text ends too early.'
            : `Here is a comma missing, or a ${close}.`,
        );
      }
      at++;
      skip();
    }
  };
  const value = (pointer: string, depth: number) => {
    skip();
    if (depth > depthMax) throw new Unreadable(at, 'This is nested too deeply.');
    places.set(pointer, at);
    if (text[at] === '{') {
      members('}', () => {
        const name = take(string, 'Here a name in double quotes is expected.');
        const key = String(JSON.parse(name)).replaceAll('~', '~0').replaceAll('/', '~1');
        skip();
        if (text[at] !== ':') throw new Unreadable(at, 'Here is a colon missing.');
        at++;
        value(`${pointer}/${key}`, depth + 1);
      });
    } else if (text[at] === '[') {
      let index = 0;
      members(']', () => value(`${pointer}/${index++}`, depth + 1));
    } else if (text[at] === '"') {
      take(string, 'This text has no end, or a character that must be escaped.');
    } else {
      take(literal, 'Here a value is expected.');
    }
  };

  try {
    value('', 0);
    skip();
    if (at < text.length) throw new Unreadable(at, 'The document has ended here.');
    return { places, fault: null };
  } catch (fault) {
    if (!(fault instanceof Unreadable)) throw fault;
    return { places, fault: { offset: fault.offset, message: fault.message } };
  }
}

/** What keeps a text from being JSON; null if nothing does. */
export const faultOf = (text: string): Fault | null => scan(text).fault;

/** The line of an offset, from 1. */
export const lineOf = (text: string, offset: number): number =>
  text.slice(0, offset).split('\n').length;

/** Where a pointer leads; to what holds it, if it names what is missing. */
export function locate(text: string, pointer: string): number | null {
  const { places } = scan(text);
  let wanted = pointer;
  for (;;) {
    const found = places.get(wanted);
    if (found !== undefined) return found;
    if (wanted === '') return null;
    wanted = wanted.slice(0, wanted.lastIndexOf('/'));
  }
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** The same JSON with a line for each value; null if it is none. */
export function pretty(text: string): string | null {
  if (faultOf(text)) return null;
  const found = text.match(tokens) ?? [];
  let depth = 0;
  let written = '';
  const line = () => `\n${'  '.repeat(depth)}`;
  found.forEach((token, index) => {
    const before = found[index - 1];
    const opens = before === '{' || before === '[';
    if (token === '}' || token === ']') {
      depth--;
      written += opens ? token : line() + token;
    } else if (token === ',') {
      written += token;
    } else if (token === ':') {
      written += ': ';
    } else {
      if (opens || before === ',') written += line();
      written += token;
      if (token === '{' || token === '[') depth++;
    }
  });
  return written;
}

/** The text of one member of an object, as it is written. */
export function member(text: string, name: string): string | null {
  const { places, fault } = scan(text);
  const from = places.get(`/${name}`);
  if (fault || from === undefined) return null;
  // The next member's name begins behind it; the last ends with the object.
  const rest = text.slice(from);
  const one = scan(rest);
  const end = one.fault?.offset ?? rest.length;
  return rest.slice(0, end).trimEnd();
}
