import { useSuspenseQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { meQuery } from '../../api/queries';
import type { Source } from '../../api/types';
import { isRemoved } from '../../ui/Status';

const MayForgetDialog = lazy(() => import('./MayForgetDialog'));

/** When the database may forget what it sent, and the change of it for those who may. */
export function MayForget({ source }: { source: Source }) {
  const { data: me } = useSuspenseQuery(meQuery);
  const [asking, setAsking] = useState(false);
  if (isRemoved(source)) return 'nothing is read from it any more';
  if (!me?.permissions.includes('sources.write')) {
    return source.acknowledge === 'spool'
      ? 'as soon as the agent’s disk holds an event'
      : 'an event stays in its log until then';
  }
  return (
    <>
      <button
        type="button"
        onClick={() => setAsking(true)}
        aria-label="Change when the database may forget"
        className="link max-lg:-my-3 max-lg:py-3"
      >
        Change
      </button>
      <Suspense fallback={null}>
        {asking && <MayForgetDialog source={source} onClose={() => setAsking(false)} />}
      </Suspense>
    </>
  );
}
