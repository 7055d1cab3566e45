import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { act, render } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useRefetchEvery } from './useRefetchEvery';

describe('useRefetchEvery', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('asks again although the answer is changed in between, all the time', async () => {
    const asked = vi.fn(async () => 0);
    const queries = new QueryClient();
    function Page() {
      const { data, refetch } = useQuery({ queryKey: ['moving'], queryFn: asked });
      useRefetchEvery(refetch, 1_000);
      return <p>{data}</p>;
    }
    render(
      <QueryClientProvider client={queries}>
        <Page />
      </QueryClientProvider>,
    );
    for (let i = 1; i <= 35; i++) {
      await act(async () => {
        await vi.advanceTimersByTimeAsync(100);
        queries.setQueryData(['moving'], i);
      });
    }
    expect(asked).toHaveBeenCalledTimes(4);
  });
});
