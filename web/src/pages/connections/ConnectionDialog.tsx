import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api, body } from '../../api/client';
import type { Connection, Connector } from '../../api/types';
import { announce } from '../../ui/announce';
import { SelectField, TextField } from '../../ui/Field';
import { FormDialog } from '../auth/FormDialog';
import { applyProblem } from '../auth/problems';
import { type Auth, auths, configOf, ways } from './ways';

type Form = {
  connector: string;
  connectorName: string;
  baseUrl: string;
  name: string;
  auth: Auth;
  beside: string;
  secret: string;
  status: Connection['status'];
};

const newConnector = 'new';

/** Makes a connection, or changes one. A secret goes in and is never shown again. */
export function ConnectionDialog({
  connection,
  connectors,
  onClose,
}: {
  /** The one to change; a new one without it. */
  connection?: Connection;
  connectors: Connector[];
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const [refused, setRefused] = useState<string | null>(null);
  const [start] = useState<Form>(() => ({
    connector: connection?.connector_id ?? connectors[0]?.id ?? newConnector,
    connectorName: '',
    baseUrl: '',
    name: connection?.name ?? '',
    auth: connection?.config.auth ?? 'bearer',
    beside: connection?.config.username ?? connection?.config.parameter ?? '',
    secret: '',
    status: connection?.status ?? 'active',
  }));
  const { register, handleSubmit, setError, setValue, watch, formState } = useForm<Form>({
    mode: 'onTouched',
    defaultValues: start,
  });
  const { errors } = formState;
  const way = ways[watch('auth')];
  const anew = watch('connector') === newConnector;

  const save = useMutation({
    mutationFn: async (form: Form) => {
      const sent = {
        name: form.name.trim(),
        config: configOf(form.auth, form.beside),
        ...(way.secret && form.secret ? { secret: form.secret } : {}),
      };
      if (connection) {
        return body(
          api.PATCH('/v1/connections/{id}', {
            params: { path: { id: connection.id } },
            body: { ...sent, status: form.status },
          }),
        );
      }
      let connector = form.connector;
      if (anew) {
        const made = await body(
          api.POST('/v1/connectors', {
            body: {
              type: 'http',
              name: form.connectorName.trim(),
              config: form.baseUrl.trim() ? { base_url: form.baseUrl.trim() } : {},
            },
          }),
        );
        connector = made.id;
        // If the connection is refused, the next try is for the connector that is there now.
        await queries.invalidateQueries({ queryKey: ['connectors'] });
        setValue('connector', connector);
      }
      return body(api.POST('/v1/connections', { body: { ...sent, connector_id: connector } }));
    },
    onSuccess: () => {
      announce(connection ? 'The connection is changed' : 'The connection is made');
      void queries.invalidateQueries({ queryKey: ['connections'] });
      onClose();
    },
    onError: (error) =>
      setRefused(
        applyProblem(
          error,
          {
            '/name': anew ? 'connectorName' : 'name',
            '/config/base_url': 'baseUrl',
            '/config/auth': 'auth',
            '/config/username': 'beside',
            '/config/parameter': 'beside',
            '/secret': 'secret',
            '/connector_id': 'connector',
          } as const,
          setError,
        ),
      ),
  });
  const filled = (message: string) => ({
    validate: (value: string) => value.trim() !== '' || message,
    maxLength: { value: 200, message: 'Use at most 200 characters.' },
  });
  // What is there already may be renamed or disabled; the API knows what it refuses.
  const addressed = (form: Form) =>
    connection !== undefined ||
    form.connector === newConnector ||
    connectors.find((each) => each.id === form.connector)?.config.base_url !== undefined;
  const needsSecret = !connection?.has_secret;
  const submit = handleSubmit((form) => {
    setRefused(null);
    save.mutate(form);
  });
  return (
    <FormDialog
      title={connection ? `Change ${connection.name}` : 'New connection'}
      label={connection ? 'Save' : 'Create'}
      busyLabel="Saving…"
      busy={save.isPending}
      refused={refused}
      onSubmit={submit}
      onClose={onClose}
    >
      {!connection && (
        <SelectField
          label="Connector"
          hint="The service, and the address below which its calls go."
          error={errors.connector?.message}
          defaultValue={start.connector}
          {...register('connector', { deps: 'auth' })}
        >
          {connectors.map((each) => (
            <option key={each.id} value={each.id}>
              {each.name}
            </option>
          ))}
          <option value={newConnector}>A new one</option>
        </SelectField>
      )}
      {!connection && anew && (
        <>
          <TextField
            label="Name of the connector"
            hint="Such as ERP."
            error={errors.connectorName?.message}
            {...register('connectorName', filled('Name the connector.'))}
          />
          <TextField
            label="Address"
            inputMode="url"
            placeholder="https://erp.example.com/api"
            hint={
              way.secret
                ? 'The secret is sent below it, and nowhere else.'
                : 'Left empty, each step names its own.'
            }
            error={errors.baseUrl?.message}
            {...register('baseUrl', {
              validate: (value, { auth }) =>
                value.trim() !== '' || !ways[auth].secret || 'Is needed where a secret is.',
            })}
          />
        </>
      )}
      <TextField
        label="Name"
        hint="Such as ERP, production."
        error={errors.name?.message}
        {...register('name', filled('Name the connection.'))}
      />
      <SelectField
        label="Authentication"
        hint={way.hint}
        error={errors.auth?.message}
        defaultValue={start.auth}
        {...register('auth', {
          deps: 'baseUrl',
          validate: (value, form) =>
            !ways[value].secret ||
            addressed(form) ||
            'This connector has no address that a secret could be kept to. Take a new one, or show nothing.',
        })}
      >
        {auths.map((auth) => (
          <option key={auth} value={auth}>
            {ways[auth].label}
          </option>
        ))}
      </SelectField>
      {way.beside && (
        <TextField
          label={way.beside === 'username' ? 'User' : 'Name of the header or parameter'}
          autoComplete="off"
          error={errors.beside?.message}
          {...register('beside', filled('Is needed.'))}
        />
      )}
      {way.secret && (
        <TextField
          label={needsSecret ? way.secret : `New ${way.secret.toLowerCase()}`}
          type="password"
          autoComplete="new-password"
          hint={
            needsSecret
              ? 'Encrypted at once, and never shown again.'
              : 'Leave it empty to keep the one that is stored.'
          }
          error={errors.secret?.message}
          {...register('secret', needsSecret ? { required: 'Is needed.' } : {})}
        />
      )}
      {connection && (
        <SelectField
          label="State"
          hint="Steps find one that is disabled as little as one that is not there."
          defaultValue={start.status}
          {...register('status')}
        >
          <option value="active">Active</option>
          <option value="disabled">Disabled</option>
        </SelectField>
      )}
    </FormDialog>
  );
}
