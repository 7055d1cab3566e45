import type { FieldValues, Path, UseFormSetError } from 'react-hook-form';
import { ApiProblem, explain } from '../../api/problem';
import { formatDuration } from '../../ui/format';

/**
 * Puts the API's refusal where it belongs: beside its field, or into a sentence above the button.
 * `fields` maps where something stands in the body, as the API says it by a JSON pointer, to the
 * form's fields.
 */
export function applyProblem<T extends FieldValues>(
  error: unknown,
  fields: Record<string, Path<T>>,
  setError: UseFormSetError<T>,
): string | null {
  if (error instanceof ApiProblem) {
    if (error.code === 'rate_limited') {
      const wait = error.retryAfterS;
      return `Too many attempts. Try again ${wait ? `in ${formatDuration(wait)}` : 'in a few minutes'}.`;
    }
    if (error.code === 'invalid_credentials') {
      return 'This email and password do not match. Check both, then try again.';
    }
    if (error.code === 'email_taken') {
      const email = fields['/email'];
      if (email) {
        setError(
          email,
          { message: 'This email has an account. Sign in instead.' },
          { shouldFocus: true },
        );
        return null;
      }
    }
    const invitation = error.problem.errors?.find(({ pointer }) => pointer === '/invitation');
    if (invitation) {
      return 'This invitation does not stand for this email: it was used, replaced or withdrawn, or is older than seven days. Ask for a new one.';
    }
    const known = (error.problem.errors ?? []).flatMap(({ pointer, message }) => {
      const name = pointer === undefined ? undefined : fields[pointer];
      return name ? [{ name, message }] : [];
    });
    known.forEach(({ name, message }, index) => {
      setError(name, { message }, { shouldFocus: index === 0 });
    });
    if (known.length > 0) return null;
  }
  const { what, remedy } = explain(error);
  return `${what} ${remedy}`.trim();
}

export const emailRules = {
  required: 'Enter your email.',
  pattern: {
    value: /^[^\s@]+@[^\s@]+\.[^\s@]+$/,
    message: 'Enter an email like name@company.com.',
  },
} as const;
