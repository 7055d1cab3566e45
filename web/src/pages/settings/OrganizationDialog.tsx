import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api, body } from '../../api/client';
import { meQuery } from '../../api/queries';
import type { AuthOptions, Me } from '../../api/types';
import { announce } from '../../ui/announce';
import { SelectField, TextField } from '../../ui/Field';
import { FormDialog } from '../auth/FormDialog';
import { applyProblem } from '../auth/problems';

type Form = { name: string; domain: string; industry: string; region: string };

/** Changes what the workspace says of itself. */
export function OrganizationDialog({
  organization,
  options,
  onClose,
}: {
  organization: Me['organization'];
  options: AuthOptions;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const [refused, setRefused] = useState<string | null>(null);
  const { register, handleSubmit, setError, formState } = useForm<Form>({
    mode: 'onTouched',
    defaultValues: {
      name: organization.name,
      domain: organization.domain ?? '',
      industry: organization.industry,
      region: organization.region,
    },
  });
  const { errors } = formState;
  const save = useMutation({
    mutationFn: (form: Form) =>
      body(
        api.PATCH('/v1/organizations/{org_id}', {
          params: { path: { org_id: organization.id } },
          body: { ...form, name: form.name.trim(), domain: form.domain.trim() },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: meQuery.queryKey });
      announce('The workspace is changed');
      onClose();
    },
    onError: (error) =>
      setRefused(
        applyProblem(
          error,
          {
            '/name': 'name',
            '/domain': 'domain',
            '/industry': 'industry',
            '/region': 'region',
          } as const,
          setError,
        ),
      ),
  });
  const submit = handleSubmit((form) => {
    setRefused(null);
    save.mutate(form);
  });
  return (
    <FormDialog
      title="Change the workspace"
      label="Save"
      busyLabel="Saving…"
      busy={save.isPending}
      refused={refused}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label="Name"
        data-autofocus
        error={errors.name?.message}
        {...register('name', {
          validate: (value) => value.trim() !== '' || 'Name the workspace.',
          maxLength: { value: 200, message: 'Use at most 200 characters.' },
        })}
      />
      <TextField
        label="Domain"
        placeholder="northgate.example"
        hint="Of your company. May be left empty."
        error={errors.domain?.message}
        {...register('domain')}
      />
      <SelectField
        label="Industry"
        defaultValue={organization.industry}
        error={errors.industry?.message}
        {...register('industry')}
      >
        {options.industries.map((industry) => (
          <option key={industry.id} value={industry.id}>
            {industry.name}
          </option>
        ))}
      </SelectField>
      <SelectField
        label="Region"
        defaultValue={organization.region}
        error={errors.region?.message}
        {...register('region')}
      >
        {options.regions.map((region) => (
          <option key={region.id} value={region.id}>
            {region.name}
          </option>
        ))}
      </SelectField>
    </FormDialog>
  );
}
