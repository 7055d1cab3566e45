import { useQueryClient } from '@tanstack/react-query';
import { type OpenedWorkflow, workflowQuery } from '../../api/workflows';

/** Takes over what the API answered to a change, and lets lists be asked for again. */
export function useTaken(): (answer: OpenedWorkflow) => void {
  const queries = useQueryClient();
  return (answer) => {
    queries.setQueryData(workflowQuery(answer.workflow.id).queryKey, answer);
    void queries.invalidateQueries({ queryKey: ['workflows', 'list'] });
    void queries.invalidateQueries({ queryKey: ['workflows', 'names'] });
    void queries.invalidateQueries({
      queryKey: ['workflows', 'one', answer.workflow.id, 'versions'],
    });
    void queries.invalidateQueries({
      queryKey: ['workflows', 'one', answer.workflow.id, 'compare'],
    });
  };
}
