import { expect, it } from 'vitest';
import { keepDigits } from './digits';

it('makes a text of a number that has more digits than a browser holds', () => {
  expect(keepDigits('{"value":12345678901234567890.12345678901234567890}')).toBe(
    '{"value":"12345678901234567890.12345678901234567890"}',
  );
  expect(keepDigits('[-9007199254740993,0.1000000000000000000001]')).toBe(
    '["-9007199254740993","0.1000000000000000000001"]',
  );
});

it('makes a text of a number that is beyond what a browser counts to', () => {
  expect(keepDigits('[1e500,-1E+500,1e-500]')).toBe('["1e500","-1E+500","1e-500"]');
});

it('leaves every number that is the same in a browser', () => {
  const json = '[0,-0,0.0,1.50,100,1e300,1.0E-7,9007199254740992,0.1,1234567890123456000000]';
  expect(keepDigits(json)).toBe(json);
});

it('leaves texts alone, whatever they quote', () => {
  const json = String.raw`{"12345678901234567890":"a \" 12345678901234567890 \\","b":"1e500"}`;
  expect(keepDigits(json)).toBe(json);
});
