import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api, body } from '../../api/client';
import { authOptionsQuery } from '../../api/queries';
import type { AuthOptions } from '../../api/types';
import { Button } from '../../ui/Button';
import { Failed, Loading, Skeleton } from '../../ui/Feedback';
import { SelectField, TextField } from '../../ui/Field';
import { FormError } from './FormError';
import { applyProblem, emailRules } from './problems';

type SignUp = {
  name: string;
  email: string;
  password: string;
  workspace: string;
  industry: string;
  region: string;
};

const fields = {
  '/name': 'name',
  '/email': 'email',
  '/password': 'password',
  '/organization/name': 'workspace',
  '/organization/industry': 'industry',
  '/organization/region': 'region',
} as const;

type Props = {
  /** Leads to a workspace that is there already. */
  invitation?: string | undefined;
  onDone: () => Promise<void>;
};

export function SignUpForm({ invitation, onDone }: Props) {
  const { data: options, error, refetch } = useQuery(authOptionsQuery);
  if (error) return <Failed error={error} retry={() => void refetch()} />;
  if (!options) {
    return (
      <Loading what="the form">
        <div className="space-y-4">
          {['name', 'email', 'password', 'workspace', 'industry'].map((field) => (
            <Skeleton key={field} className="h-14" />
          ))}
        </div>
      </Loading>
    );
  }
  return <Form options={options} invitation={invitation} onDone={onDone} />;
}

function Form({ options, invitation, onDone }: Props & { options: AuthOptions }) {
  const [refused, setRefused] = useState<string | null>(null);
  const { register, handleSubmit, setError, formState } = useForm<SignUp>({
    mode: 'onTouched',
    defaultValues: { industry: '', region: '' },
  });
  const { errors, isSubmitting } = formState;
  const { min_length: shortest, max_length: longest } = options.password;

  const submit = handleSubmit(async (form) => {
    setRefused(null);
    try {
      await body(
        api.POST('/v1/auth/register', {
          body: {
            email: form.email.trim(),
            password: form.password,
            name: form.name.trim(),
            session: 'cookie',
            ...(invitation
              ? { invitation }
              : {
                  organization: {
                    name: form.workspace.trim(),
                    industry: form.industry,
                    region: form.region,
                  },
                }),
          },
        }),
      );
      await onDone();
    } catch (error) {
      setRefused(applyProblem(error, fields, setError));
    }
  });

  const filled = (message: string) => ({
    validate: (value: string) => value.trim() !== '' || message,
    maxLength: { value: 200, message: 'Use at most 200 characters.' },
  });

  return (
    <form onSubmit={submit} noValidate className="space-y-2">
      <TextField
        label="Your name"
        autoComplete="name"
        required
        error={errors.name?.message}
        {...register('name', filled('Enter your name.'))}
      />
      <TextField
        label="Work email"
        type="email"
        autoComplete="username"
        required
        error={errors.email?.message}
        {...register('email', emailRules)}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete="new-password"
        required
        hint={`At least ${shortest} characters. A few words are easier to keep.`}
        error={errors.password?.message}
        {...register('password', {
          required: `Choose a password of at least ${shortest} characters.`,
          minLength: {
            value: shortest,
            message: `Use at least ${shortest} characters.`,
          },
          maxLength: { value: longest, message: `Use at most ${longest} characters.` },
        })}
      />
      {!invitation && (
        <>
          <TextField
            label="Workspace"
            autoComplete="organization"
            required
            hint="Usually your company or plant."
            error={errors.workspace?.message}
            {...register('workspace', filled('Name the workspace.'))}
          />
          <SelectField
            label="Industry"
            required
            error={errors.industry?.message}
            {...register('industry', { required: 'Choose an industry.' })}
          >
            <option value="">Choose</option>
            {options.industries.map((industry) => (
              <option key={industry.id} value={industry.id}>
                {industry.name}
              </option>
            ))}
          </SelectField>
          <SelectField
            label="Region"
            required
            error={errors.region?.message}
            {...register('region', { required: 'Choose a region.' })}
          >
            <option value="">Choose</option>
            {options.regions.map((region) => (
              <option key={region.id} value={region.id}>
                {region.name}
              </option>
            ))}
          </SelectField>
        </>
      )}
      <FormError message={refused} />
      <Button type="submit" kind="primary" className="w-full" aria-disabled={isSubmitting}>
        {invitation
          ? isSubmitting
            ? 'Joining…'
            : 'Create account and join'
          : isSubmitting
            ? 'Creating the workspace…'
            : 'Create workspace'}
      </Button>
    </form>
  );
}
