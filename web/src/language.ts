/**
 * Some browsers name a language that is none, as `en-US@posix`, and whoever makes a number's format
 * of it fails. They have the one that it begins with.
 */
export function repairLanguage(browser: Navigator): void {
  try {
    Intl.getCanonicalLocales(browser.language);
  } catch {
    const [first = ''] = browser.language.split(/[^A-Za-z0-9-]/);
    const language = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(first) ? first : 'en-US';
    Object.defineProperty(browser, 'language', { value: language, configurable: true });
    Object.defineProperty(browser, 'languages', { value: [language], configurable: true });
  }
}

repairLanguage(navigator);
