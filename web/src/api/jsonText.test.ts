import { expect, it } from 'vitest';
import { faultOf, lineOf, locate, member, pretty } from './jsonText';

const document = `{
  "name": "Order",
  "steps": [
    {"id": "a"},
    {"id": "b", "config": {"a/b~c": 1}}
  ]
}`;

it.each([
  ['', 0, 'too early'],
  ['{"a": 1,}', 8, 'a name in double quotes'],
  ["{'a': 1}", 1, 'a name in double quotes'],
  ['{"a" 1}', 5, 'colon'],
  ['{"a": 1 "b": 2}', 8, 'comma'],
  ['[1, 02]', 4, 'a value'],
  ['{"a": nul}', 6, 'a value'],
  ['{"a": "b\n"}', 6, 'no end'],
  ['{} {}', 3, 'has ended'],
  ['[', 1, 'too early'],
])('says where %j stops being JSON', (text, offset, message) => {
  const fault = faultOf(text);
  expect(fault?.offset).toBe(offset);
  expect(fault?.message).toContain(message);
  expect(() => JSON.parse(text)).toThrow();
});

it.each(['{}', '[]', ' {"a": [1, -0.5e+3, "\\u00e4\\"", null, true]} ', '"text"', '0'])(
  'finds nothing wrong with %s',
  (text) => {
    expect(faultOf(text)).toBeNull();
    expect(() => JSON.parse(text)).not.toThrow();
  },
);

it('does not follow what is nested beyond all measure', () => {
  expect(faultOf('['.repeat(100_000))?.message).toContain('too deeply');
});

it.each([
  ['/name', 2],
  ['/steps/1', 5],
  ['/steps/1/config/a~1b~0c', 5],
  ['/steps/0/retry/count', 4],
  ['/edges', 1],
])('finds the line of %s, or of what lacks it', (pointer, line) => {
  expect(lineOf(document, locate(document, pointer) ?? -1)).toBe(line);
});

it('writes a line for each value and keeps all digits', () => {
  const text = '{"a":[1,{"b":12345678901234567890.10}],"c":{},"d":[ ],"e":"x, y: {"}';
  expect(pretty(text)).toBe(`{
  "a": [
    1,
    {
      "b": 12345678901234567890.10
    }
  ],
  "c": {},
  "d": [],
  "e": "x, y: {"
}`);
  expect(pretty('{"a": 1')).toBeNull();
});

it('takes a member out as it is written', () => {
  expect(member('{"input":{"n":12345678901234567890}}', 'input')).toBe(
    '{"n":12345678901234567890}',
  );
  expect(member('{"step":"a","output":"x, y","more":1}', 'output')).toBe('"x, y"');
  expect(member('{"step":"a"}', 'output')).toBeNull();
});
