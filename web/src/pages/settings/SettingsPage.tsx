import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { authOptionsQuery, meQuery } from '../../api/queries';
import { useSignOut } from '../../shell/useSignOut';
import { Moment } from '../../ui/Age';
import { Button } from '../../ui/Button';
import { Code, Facts } from '../../ui/Facts';
import { words, zoneName } from '../../ui/format';
import { PageHeader, Panel } from '../../ui/Panel';
import { Segmented } from '../../ui/Segmented';
import { setTheme, useThemeChoice } from '../../ui/theme';
import { useTitle } from '../../ui/useTitle';
import { OrganizationDialog } from './OrganizationDialog';
import { PlanPanel } from './PlanPanel';

const themes = [
  { value: 'system', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const;

export function SettingsPage() {
  useTitle('Settings');
  const { data: me } = useSuspenseQuery(meQuery);
  const { data: options } = useQuery(authOptionsQuery);
  const signOut = useSignOut();
  const theme = useThemeChoice();
  const [changing, setChanging] = useState(false);
  if (!me) return null;
  const { organization, user } = me;
  const nameOf = (choices: { id: string; name: string }[] | undefined, id: string) =>
    choices?.find((choice) => choice.id === id)?.name ?? words(id);

  return (
    <>
      <PageHeader title="Settings" />
      {changing && options && (
        <OrganizationDialog
          organization={organization}
          options={options}
          onClose={() => setChanging(false)}
        />
      )}
      <div className="flex max-w-[44rem] flex-col gap-3">
        <Panel
          title="Workspace"
          aside={
            options &&
            me.permissions.includes('workspace.write') && (
              <Button kind="ghost" onClick={() => setChanging(true)}>
                Change
              </Button>
            )
          }
        >
          <Facts
            facts={[
              ['Name', organization.name],
              ['Domain', organization.domain ?? '–'],
              ['Industry', nameOf(options?.industries, organization.industry)],
              ['Region', nameOf(options?.regions, organization.region)],
              ['Plan', words(organization.plan)],
              ['Created', <Moment key="created" at={organization.created_at} withZone withDate />],
              ['Id', <Code key="id">{organization.id}</Code>],
            ]}
          />
        </Panel>
        <PlanPanel plan={organization.plan} />
        <Panel title="You">
          <Facts
            facts={[
              ['Name', user.name],
              ['Email', user.email],
              ['Role here', words(me.role)],
              ['Time zone', `${Intl.DateTimeFormat().resolvedOptions().timeZone} (${zoneName()})`],
            ]}
          />
          <div className="flex justify-end border-t border-line-weak p-3">
            <Button onClick={() => void signOut()}>Sign out</Button>
          </div>
        </Panel>
        <Panel title="Appearance">
          <div className="px-3 pb-3">
            <div className="lg:inline-flex">
              <Segmented
                label="Theme"
                options={themes}
                value={theme ?? 'system'}
                onChange={(value) => setTheme(value === 'system' ? null : value)}
              />
            </div>
            <p className="mt-2 text-meta text-ink-3">Kept in this browser.</p>
          </div>
        </Panel>
      </div>
    </>
  );
}
