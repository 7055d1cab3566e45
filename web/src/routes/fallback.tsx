import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { explain } from '../api/problem';
import { paths } from '../paths';
import { Button, buttonClass } from '../ui/Button';
import { useTitle } from '../ui/useTitle';

/** No page has this address. */
export function NotFound() {
  useTitle('Page not found');
  return (
    <div className="max-w-[36rem] px-4 py-16 lg:mx-auto">
      <p className="font-mono text-meta text-ink-3">404</p>
      <h1 tabIndex={-1} className="mt-1 text-title font-semibold outline-none">
        There is no page at this address
      </h1>
      <p className="mt-1 text-prose text-ink-2">
        It may have moved, or the link has a typing error.
      </p>
      <div className="mt-4 flex gap-2">
        <Link to={paths.overview} className={buttonClass('primary')}>
          Go to the overview
        </Link>
        <Link to={paths.home} className={buttonClass()}>
          Home
        </Link>
      </div>
    </div>
  );
}

/** A page threw. A script that is gone after a new release is fetched by loading the page again. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const missingScript = /dynamically imported module|Importing a module script/i.test(
    error instanceof Error ? error.message : '',
  );
  const { what, remedy } = missingScript
    ? { what: 'A newer version is out.', remedy: 'Load the page again to get it.' }
    : explain(error);
  useEffect(() => {
    document.querySelector<HTMLElement>('[data-page-error]')?.focus();
  }, []);
  return (
    <div role="alert" className="mx-auto max-w-[36rem] px-4 py-16">
      <h1 data-page-error tabIndex={-1} className="text-title font-semibold outline-none">
        {what}
      </h1>
      {remedy && <p className="mt-1 text-prose text-ink-2">{remedy}</p>}
      <div className="mt-4 flex gap-2">
        <Button
          kind="primary"
          onClick={() => {
            if (missingScript) window.location.reload();
            else {
              reset();
              void router.invalidate();
            }
          }}
        >
          Load again
        </Button>
        <Link to={paths.home} className={buttonClass()}>
          Home
        </Link>
      </div>
    </div>
  );
}
