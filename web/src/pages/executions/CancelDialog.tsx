import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, body } from '../../api/client';
import type { Execution } from '../../api/types';
import { announce } from '../../ui/announce';
import { Confirm } from '../../ui/Confirm';

export function CancelDialog({
  execution: { id },
  onClose,
}: {
  execution: Execution;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () =>
      body(
        api.POST('/v1/executions/{execution_id}/cancel', {
          params: { path: { execution_id: id } },
        }),
      ),
    onSuccess: () => {
      announce('The execution is canceled');
      onClose();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['executions'] }),
  });
  return (
    <Confirm
      title="Cancel this execution?"
      label="Cancel it"
      back="Let it run"
      busyLabel="Canceling…"
      act={() => cancel.mutate()}
      task={cancel}
      onClose={onClose}
    >
      <p className="text-prose text-ink-2">
        It ends where it stands, and a call that is under way is broken off. What it has sent cannot
        be taken back. It can be retried later, from where it ended.
      </p>
    </Confirm>
  );
}
