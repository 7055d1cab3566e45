import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api, body } from '../../api/client';
import { Button } from '../../ui/Button';
import { TextField } from '../../ui/Field';
import { FormError } from './FormError';
import { applyProblem, emailRules } from './problems';

type SignIn = { email: string; password: string };

export function SignInForm({
  invitation,
  onDone,
}: {
  /** Accepted with it, and signed in to. */
  invitation?: string | undefined;
  onDone: () => Promise<void>;
}) {
  const [refused, setRefused] = useState<string | null>(null);
  const { register, handleSubmit, setError, formState } = useForm<SignIn>({ mode: 'onTouched' });
  const { errors, isSubmitting } = formState;

  const submit = handleSubmit(async ({ email, password }) => {
    setRefused(null);
    try {
      await body(
        api.POST('/v1/auth/login', {
          body: {
            email: email.trim(),
            password,
            session: 'cookie',
            ...(invitation ? { invitation } : {}),
          },
        }),
      );
      await onDone();
    } catch (error) {
      setRefused(applyProblem(error, { '/email': 'email', '/password': 'password' }, setError));
    }
  });

  return (
    <form onSubmit={submit} noValidate className="space-y-2">
      <TextField
        label="Email"
        type="email"
        autoComplete="username"
        required
        error={errors.email?.message}
        {...register('email', emailRules)}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete="current-password"
        required
        error={errors.password?.message}
        {...register('password', { required: 'Enter your password.' })}
      />
      <FormError message={refused} />
      <Button type="submit" kind="primary" className="w-full" aria-disabled={isSubmitting}>
        {isSubmitting ? 'Signing in…' : invitation ? 'Sign in and join' : 'Sign in'}
      </Button>
    </form>
  );
}
