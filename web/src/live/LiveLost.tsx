import { PlugZap } from 'lucide-react';
import { Button } from '../ui/Button';
import { Notice } from '../ui/Feedback';
import { useNow } from '../ui/now';
import { useLive, useLiveState } from './LiveProvider';

/** The stream from the server is down: what is shown may be old, and it says when it tries again. */
export function LiveLost() {
  const state = useLiveState();
  const { connection } = useLive();
  const now = useNow();
  const broken = state.kind === 'broken' && now - state.since > 1500;
  const wait =
    state.kind === 'broken' && state.retryAt !== null
      ? Math.max(1, Math.ceil((state.retryAt - Date.now()) / 1000))
      : null;
  return (
    <div>
      <div role="status" className="sr-only">
        {broken ? 'The live connection is lost. Reconnecting.' : ''}
      </div>
      {broken && (
        <Notice
          icon={<PlugZap aria-hidden strokeWidth={1.75} />}
          action={
            <Button onClick={connection.retryNow} disabled={wait === null}>
              Reconnect now
            </Button>
          }
        >
          <span className="font-medium">Live connection lost.</span> Values below may be old.{' '}
          {wait === null ? 'Reconnecting…' : `Reconnecting in ${wait} s.`}
        </Notice>
      )}
    </div>
  );
}
