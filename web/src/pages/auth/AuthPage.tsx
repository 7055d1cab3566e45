import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, Navigate, useLocation, useRouter } from '@tanstack/react-router';
import { LogIn } from 'lucide-react';
import { meQuery } from '../../api/queries';
import { hadSession, noteSession } from '../../api/session';
import { paths } from '../../paths';
import { Notice } from '../../ui/Feedback';
import { Logo } from '../../ui/Logo';
import { useTitle } from '../../ui/useTitle';
import { JoinPanel } from './JoinPanel';
import { SignInForm } from './SignInForm';
import { SignUpForm } from './SignUpForm';

const route = getRouteApi('/auth');

const promises = [
  {
    title: 'Pair an agent',
    text: 'One command at your site. The pairing code works once and for ten minutes.',
  },
  {
    title: 'Name a database',
    text: 'Its password stays with the agent. The agent shows what it will do before it does it.',
  },
  {
    title: 'Watch it move',
    text: 'Devices, sites and metrics are found from the tables, and every value shows its age.',
  },
];

/** The token of an invitation's link. What follows # is sent to no server. */
function useInvitation(): string | undefined {
  const hash = useLocation({ select: (location) => location.hash });
  return /^#?invitation=([\w-]{1,200})$/.exec(hash)?.[1];
}

export function AuthPage() {
  const search = route.useSearch();
  const invitation = useInvitation();
  // Most who are invited have no account yet.
  const signUp = invitation ? search.mode !== 'sign-in' : search.mode === 'sign-up';
  const title = invitation ? 'Join a workspace' : signUp ? 'Create a workspace' : 'Sign in';
  useTitle(title);
  const { data: me, isLoading } = useQuery({
    ...meQuery,
    enabled: invitation !== undefined && hadSession(),
  });
  const queries = useQueryClient();
  const router = useRouter();

  if (!invitation && queries.getQueryData(meQuery.queryKey)) {
    return <Navigate to={search.next ?? paths.overview} replace />;
  }

  const enter = async () => {
    // What an earlier session had loaded may be another workspace's.
    queries.clear();
    await queries.fetchQuery(meQuery);
    noteSession(true);
    router.history.push(search.next ?? paths.overview);
  };

  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
      <div className="flex flex-col px-4 sm:px-8">
        <header className="flex h-16 items-center">
          <Link to={paths.home} className="flex min-h-11 items-center gap-2.5 rounded-panel">
            <Logo className="size-7" />
            <span className="text-section font-semibold">Clarity Stream</span>
          </Link>
        </header>
        <main className="mx-auto flex w-full max-w-[22.5rem] flex-1 flex-col py-8 lg:justify-center lg:pb-24">
          {search.reason === 'ended' && (
            <div className="mb-4">
              <Notice icon={<LogIn aria-hidden strokeWidth={1.75} />}>
                Your session has ended. Sign in to go on where you were.
              </Notice>
            </div>
          )}
          <h1 className="text-title font-semibold tracking-[-0.01em]">{title}</h1>
          {me ? (
            <JoinPanel me={me} invitation={invitation ?? ''} onDone={enter} />
          ) : isLoading ? null : (
            <>
              <p className="mt-1 mb-5 text-body text-ink-2">
                {invitation && 'Use the email that was invited. '}
                {signUp
                  ? invitation
                    ? 'It has an account? '
                    : 'You have one already? '
                  : 'New here? '}
                <Link
                  to={paths.auth}
                  hash={invitation ? `invitation=${invitation}` : ''}
                  search={{
                    ...(search.next ? { next: search.next } : {}),
                    ...(invitation
                      ? signUp
                        ? { mode: 'sign-in' as const }
                        : {}
                      : signUp
                        ? {}
                        : { mode: 'sign-up' as const }),
                  }}
                  className="link-inline max-lg:py-3"
                >
                  {signUp ? 'Sign in' : invitation ? 'Create an account' : 'Create a workspace'}
                </Link>
              </p>
              {signUp ? (
                <SignUpForm invitation={invitation} onDone={enter} />
              ) : (
                <SignInForm invitation={invitation} onDone={enter} />
              )}
            </>
          )}
        </main>
      </div>
      <aside
        aria-label="What comes next"
        className="hidden items-center border-l border-line bg-surface px-8 lg:flex"
      >
        <ol className="mx-auto max-w-[26rem] space-y-6">
          {promises.map((promise, index) => (
            <li key={promise.title} className="flex gap-4">
              <span
                aria-hidden
                className="flex size-6 shrink-0 items-center justify-center rounded-inner border border-line font-mono text-axis text-ink-2"
              >
                {index + 1}
              </span>
              <div>
                <p className="text-prose font-medium">{promise.title}</p>
                <p className="text-prose text-ink-2">{promise.text}</p>
              </div>
            </li>
          ))}
        </ol>
      </aside>
    </div>
  );
}
