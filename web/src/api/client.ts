import type { Client } from 'openapi-fetch';
import { setServerClock } from '../ui/now';
import { keepDigits } from './digits';
import { problemOf, Unreachable } from './problem';
import type { paths } from './schema';
import { fetchInSession, requestHeaders } from './session';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Options = {
  params?: {
    path?: Record<string, unknown>;
    query?: Record<string, unknown>;
    header?: Record<string, string | undefined>;
  };
  body?: unknown;
  /** JSON that is sent as it was written: numbers of any length stay as they are. */
  text?: string;
  signal?: AbortSignal;
};

/** `/v1/devices/{id}` with its parameters in place. */
export function address(template: string, params: Options['params'] = {}): string {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(params.path?.[name])),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params.query ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null) query.append(name, String(each));
    }
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

/** What `If-Match` and the like are; one that is undefined is left out. */
const given = (header: Record<string, string | undefined> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(header).filter((each): each is [string, string] => each[1] !== undefined),
  );

async function ask(method: Method, template: string, options: Options) {
  const sent =
    options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  const init: RequestInit = {
    method,
    credentials: 'same-origin',
    headers: {
      ...requestHeaders,
      Accept: 'application/json',
      ...(sent === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...given(options.params?.header),
    },
  };
  if (sent !== undefined) init.body = sent;
  if (options.signal) init.signal = options.signal;
  try {
    const url = new URL(address(template, options.params), location.origin);
    const response = await fetchInSession(new Request(url, init));
    const text = await response.text();
    setServerClock(response.headers.get('Date'));
    return { response, text };
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new Unreachable(cause);
  }
}

async function call(method: Method, template: string, options: Options = {}) {
  const { response, text } = await ask(method, template, options);
  const content = text === '' ? undefined : parse(template, text);
  return response.ok ? { data: content, response } : { error: content, response };
}

/** Whose values are a customer's own, of any length. All other numbers of the API fit into one of a browser. */
const withExactNumbers: ReadonlySet<string> = new Set([
  '/v1/extras',
  '/v1/extras/conflicts',
  '/v1/devices/{id}',
]);

function parse(template: string, text: string): unknown {
  try {
    return JSON.parse(withExactNumbers.has(template) ? keepDigits(text) : text);
  } catch {
    return undefined;
  }
}

/** The API by its own description: paths, parameters, bodies and answers are typed by schema.d.ts. */
export const api = Object.fromEntries(
  (['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).map((method) => [
    method,
    (template: string, options?: Options) => call(method, template, options),
  ]),
) as unknown as Pick<Client<paths>, Method>;

/** A document as it is written, which a browser's numbers could change. Throws the problem of a refusal. */
export async function readText(
  template: keyof paths & string,
  options: Pick<Options, 'params' | 'signal'>,
): Promise<string> {
  const { response, text } = await ask('GET', template, options);
  if (!response.ok) throw problemOf(response, parse(template, text));
  return text;
}

/** Sends JSON as it was written, and gives the answer. Throws the problem of a refusal. */
export async function sendText<T>(
  method: 'POST' | 'PUT',
  template: keyof paths & string,
  text: string,
  params: Options['params'] = {},
): Promise<T> {
  return body(
    call(method, template, { text, params }) as Promise<{ data?: T; response: Response }>,
  );
}

/** The body of a success; throws the problem of a refusal. */
export async function body<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw problemOf(response, error);
  return data as T;
}
