import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Check, Copy, LoaderCircle } from 'lucide-react';
import { Fragment, useEffect, useState } from 'react';
import { api, body } from '../../api/client';
import { agentsQuery, pairingCodeQuery } from '../../api/sources';
import type { PairingCode } from '../../api/types';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Failed, Loading, Skeleton } from '../../ui/Feedback';
import { useNow } from '../../ui/now';

/** Makes a pairing code, shows its command, and waits until an agent has used it. */
export default function PairDialog({ onClose }: { onClose: () => void }) {
  // A new key is a new code.
  const [attempt, setAttempt] = useState(() => crypto.randomUUID());
  const code = useQuery({
    queryKey: ['new-pairing-code', attempt],
    queryFn: () => body(api.POST('/v1/agents/pairing-codes', { body: { name: null } })),
    meta: { once: true },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
  return (
    <Dialog title="Pair an agent" onClose={onClose} className="max-w-[38rem]">
      <div className="px-4 pb-4">
        {code.data ? (
          <Waiting
            code={code.data}
            onClose={onClose}
            renew={() => setAttempt(crypto.randomUUID())}
          />
        ) : code.error ? (
          <Failed error={code.error} retry={() => setAttempt(crypto.randomUUID())} />
        ) : (
          <Loading what="a pairing code">
            <Skeleton className="h-5 w-3/4" />
            <Skeleton className="mt-3 h-16" />
            <Skeleton className="mt-3 h-5 w-1/2" />
          </Loading>
        )}
      </div>
    </Dialog>
  );
}

function Waiting({
  code,
  onClose,
  renew,
}: {
  code: PairingCode;
  onClose: () => void;
  renew: () => void;
}) {
  const state = useQuery(pairingCodeQuery(code.id));
  const queries = useQueryClient();
  const used = state.data?.state === 'used';
  const left = Math.max(0, Math.ceil((Date.parse(code.expires_at) - useNow()) / 1000));
  const expired = !used && (state.data?.state === 'expired' || left === 0);
  const agentId = state.data?.agent_id;
  const agents = useQuery({ ...agentsQuery, enabled: used });
  const agent = agents.data?.data.find((each) => each.id === agentId);

  useEffect(() => {
    if (used) {
      void queries.invalidateQueries({ queryKey: agentsQuery.queryKey });
      announce('The agent is paired.');
    }
  }, [used, queries]);
  useEffect(() => {
    if (expired) announce('The pairing code has expired.');
  }, [expired]);

  if (used) {
    return (
      <>
        <p className="flex items-center gap-2 rounded-panel border border-ok/40 bg-ok-wash px-3 py-2">
          <Check aria-hidden className="size-4 shrink-0 text-ok" strokeWidth={1.75} />
          <span>
            <span className="font-medium">{agent?.name ?? 'The agent'}</span> is paired.
          </span>
        </p>
        <p className="mt-4 mb-2 text-prose text-ink-2">
          Now name a database and start the agent. It first shows what it will do there, and asks
          for the password by prompt.
        </p>
        <Command
          text={
            './clarity agent source add NAME --host HOST --database DATABASE --user USER\n./clarity agent run'
          }
        />
        <div className="mt-4 flex justify-end">
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </>
    );
  }
  return (
    <>
      <p className="mb-2 text-prose text-ink-2">
        Run this where the agent is to live, with Clarity Stream’s files and Java 25 there:
      </p>
      <Command text={code.command} dimmed={expired} />
      <div className="mt-4 flex min-h-8 flex-wrap items-center justify-between gap-3">
        {expired ? (
          <>
            <p>
              <span className="font-medium">This code has expired.</span>{' '}
              <span className="text-ink-2">Nobody has used it.</span>
            </p>
            <Button kind="primary" onClick={renew}>
              Make a new code
            </Button>
          </>
        ) : (
          <>
            <p className="flex items-center gap-2 text-ink-2">
              <LoaderCircle aria-hidden className="size-4 text-ink-3" strokeWidth={1.75} />
              Waiting for the agent. The code works once, for another {Math.floor(left / 60)}:
              {String(left % 60).padStart(2, '0')}.
            </p>
            <Button onClick={onClose}>Cancel</Button>
          </>
        )}
      </div>
      {state.error && !expired && <Failed error={state.error} />}
    </>
  );
}

function Command({ text, dimmed = false }: { text: string; dimmed?: boolean }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 3000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      announce('Command copied');
    } catch {
      announce('The command could not be copied. Select it by hand.');
    }
  };
  return (
    <div className="flex items-start gap-2 rounded-panel border border-line bg-sunken p-1 pl-3">
      <code
        className={`min-w-0 flex-1 py-1.5 font-mono text-meta break-words whitespace-pre-wrap ${dimmed ? 'text-ink-3 select-none' : ''}`}
      >
        {text.split('\n').map((line) => (
          <span key={line} className="block">
            {/* A break inside --server would read as another option. */}
            {line.split(' ').map((word, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: words may repeat and never move
              <Fragment key={index}>
                {index > 0 && ' '}
                <span className="inline-block max-w-full">{word}</span>
              </Fragment>
            ))}
          </span>
        ))}
      </code>
      <Button onClick={() => void copy()} disabled={dimmed}>
        {copied ? (
          <Check aria-hidden className="size-4" strokeWidth={1.75} />
        ) : (
          <Copy aria-hidden className="size-4" strokeWidth={1.75} />
        )}
        {copied ? 'Copied' : 'Copy'}
      </Button>
    </div>
  );
}
