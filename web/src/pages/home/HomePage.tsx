import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { meQuery } from '../../api/queries';
import { hadSession } from '../../api/session';
import { paths } from '../../paths';
import { buttonClass } from '../../ui/Button';
import { Logo } from '../../ui/Logo';
import { useTitle } from '../../ui/useTitle';

const steps = [
  {
    where: 'At your site',
    name: 'Agent',
    does: 'Reads every change from your PostgreSQL. It only opens connections outward.',
  },
  {
    where: 'On the way',
    name: 'Edge and gateway',
    does: 'Mutual TLS on every hop. A change counts as delivered once it is stored.',
  },
  {
    where: 'On the platform',
    name: 'Raw history and read models',
    does: 'Each change is kept as it was, and becomes devices, sites and minute metrics.',
  },
  {
    where: 'In your browser',
    name: 'Live overview',
    does: 'New readings appear on their own, each with its age. No page to reload.',
  },
];

export function HomePage() {
  useTitle('Live operational intelligence');
  // Strangers are not asked about: their answer is known, and a refusal per visit is noise.
  const { data: me } = useQuery({ ...meQuery, enabled: hadSession() });
  return (
    <div className="mx-auto flex min-h-dvh max-w-[72rem] flex-col px-6 max-lg:px-4">
      <header className="flex h-16 items-center gap-2.5">
        <Logo className="size-7" />
        <span className="text-section font-semibold">Clarity Stream</span>
        <nav aria-label="Account" className="ml-auto flex gap-2">
          {me ? (
            <Link to={paths.overview} className={buttonClass()}>
              Open {me.organization.name}
            </Link>
          ) : (
            <Link to={paths.auth} className={buttonClass()}>
              Sign in
            </Link>
          )}
        </nav>
      </header>
      <main className="flex flex-1 flex-col justify-center py-12">
        <h1 className="max-w-[20ch] text-display font-semibold tracking-[-0.025em] text-balance max-lg:text-[2rem] max-lg:leading-[2.375rem]">
          Your plant’s own database, live on a dashboard
        </h1>
        <p className="mt-4 max-w-[38rem] text-section text-ink-2">
          Clarity Stream captures each change in the databases your plants already run and shows the
          fleet as it is now: which devices report, which have gone quiet, and what they measure.
        </p>
        <div className="mt-6 flex flex-wrap gap-2">
          {me ? (
            <Link to={paths.overview} className={buttonClass('primary')}>
              Open the overview
            </Link>
          ) : (
            <>
              <Link to={paths.auth} search={{ mode: 'sign-up' }} className={buttonClass('primary')}>
                Create a workspace
              </Link>
              <Link to={paths.auth} className={buttonClass()}>
                Sign in
              </Link>
            </>
          )}
        </div>
        <h2 className="mt-16 mb-3 text-body text-ink-3">The way of a reading</h2>
        <ol className="grid rounded-panel border border-line bg-surface sm:grid-cols-2 lg:grid-cols-4">
          {steps.map((step, index) => (
            <li
              key={step.name}
              className="border-line p-4 not-first:border-t sm:[&:nth-child(2)]:border-t-0 sm:even:border-l lg:not-first:border-t-0 lg:not-first:border-l"
            >
              <p className="text-meta text-ink-3">
                <span className="font-mono">{index + 1}</span> {step.where}
              </p>
              <h3 className="mt-1 text-prose font-medium">{step.name}</h3>
              <p className="mt-1 text-ink-2">{step.does}</p>
            </li>
          ))}
        </ol>
      </main>
      <footer className="flex flex-wrap gap-x-6 gap-y-1 py-6 text-meta text-ink-3">
        <span>Clarity Stream is open source under Apache-2.0.</span>
        <a href="/v1/openapi.json" className="link">
          API description (OpenAPI)
        </a>
      </footer>
    </div>
  );
}
