import type { Client } from 'openapi-fetch';
import { setServerClock } from '../ui/now';
import { keepDigits } from './digits';
import { problemOf, Unreachable } from './problem';
import type { paths } from './schema';
import { fetchInSession, requestHeaders } from './session';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Options = {
  params?: { path?: Record<string, unknown>; query?: Record<string, unknown> };
  body?: unknown;
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

async function call(method: Method, template: string, options: Options = {}) {
  const init: RequestInit = {
    method,
    credentials: 'same-origin',
    headers: {
      ...requestHeaders,
      Accept: 'application/json',
      ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
  };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.signal) init.signal = options.signal;
  let response: Response;
  let content: unknown;
  try {
    const url = new URL(address(template, options.params), location.origin);
    response = await fetchInSession(new Request(url, init));
    const text = await response.text();
    content = text === '' ? undefined : parse(template, text);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new Unreachable(cause);
  }
  setServerClock(response.headers.get('Date'));
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

/** The body of a success; throws the problem of a refusal. */
export async function body<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw problemOf(response, error);
  return data as T;
}
