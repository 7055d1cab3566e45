import { expect, test } from 'vitest';
import { repairLanguage } from './language';

const browser = (language: string) => ({ language, languages: [language] }) as unknown as Navigator;

test.each([
  ['en-US@posix', 'en-US'],
  ['de_DE.UTF-8', 'de'],
  ['C', 'en-US'],
  ['', 'en-US'],
  ['pt-BR', 'pt-BR'],
])('a browser whose language is %s has %s', (named, has) => {
  const one = browser(named);
  repairLanguage(one);
  expect(one.language).toBe(has);
  expect(() => new Intl.NumberFormat(one.language)).not.toThrow();
});
