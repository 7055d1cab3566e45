/** A string, which is left alone, or a number. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/** The digits of a number that count, wherever its point is. */
const significant = (number: string): string =>
  number
    .replace(/e.*$/i, '')
    .replace(/[-.]/g, '')
    .replace(/^0+|0+$/g, '');

/** Whether a number of a browser is another one: it has too many digits, or is beyond all bounds. */
const isLost = (number: string): boolean =>
  significant(String(Number(number))) !== significant(number);

/** JSON in which the numbers that a browser would read as others are texts with all of their digits. */
export const keepDigits = (json: string): string =>
  json.replace(tokens, (token) => (!token.startsWith('"') && isLost(token) ? `"${token}"` : token));
