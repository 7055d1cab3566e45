import { useSuspenseQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { meQuery } from '../../api/queries';
import type { Source } from '../../api/types';
import { Button } from '../../ui/Button';

const RemoveSourceDialog = lazy(() => import('./RemoveSourceDialog'));

/** The button, for those who may, of a source that is still listed. */
export function RemoveSource({ source }: { source: Source }) {
  const { data: me } = useSuspenseQuery(meQuery);
  const [asking, setAsking] = useState(false);
  if (source.state === 'removed' || !me?.permissions.includes('sources.write')) return null;
  return (
    <>
      <Button onClick={() => setAsking(true)}>Remove</Button>
      <Suspense fallback={null}>
        {asking && <RemoveSourceDialog source={source} onClose={() => setAsking(false)} />}
      </Suspense>
    </>
  );
}
