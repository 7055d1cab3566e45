import type { Problem } from './types';

/** What the API refused, with its stable code and what to do about it. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  constructor(
    readonly problem: Problem,
    /** Seconds until another attempt may succeed, where the API said so. */
    readonly retryAfterS: number | null,
  ) {
    super(problem.detail || problem.title);
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }
}

/** The API could not be reached at all. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';

  constructor(cause: unknown) {
    super('The server cannot be reached.', { cause });
  }
}

const isProblem = (body: unknown): body is Problem =>
  typeof body === 'object' && body !== null && 'code' in body && 'status' in body;

export function problemOf(response: Response, body: unknown): ApiProblem {
  const after = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  const problem = isProblem(body)
    ? body
    : {
        type: 'about:blank',
        title: `The server answered ${response.status}`,
        status: response.status,
        code: 'internal' as const,
        instance: '',
        remedy: '',
      };
  return new ApiProblem(problem, Number.isFinite(after) ? after : null);
}

/** One sentence of what failed and, where known, one of what to do. */
export function explain(error: unknown): { what: string; remedy: string } {
  if (error instanceof ApiProblem) {
    const { title, detail, remedy, instance } = error.problem;
    if (error.status >= 500) {
      const reference = instance ? ` Its reference is ${instance.replace('urn:uuid:', '')}.` : '';
      return {
        what: detail || 'The server failed to answer.',
        remedy: `${remedy || 'Try again in a moment.'}${reference}`,
      };
    }
    return { what: detail || title, remedy };
  }
  if (error instanceof Unreachable) {
    return {
      what: 'The server cannot be reached.',
      remedy: 'Check your connection, then try again.',
    };
  }
  return { what: 'This page failed.', remedy: 'Load it again.' };
}
