// Where a case stands on its way.
import { stateName } from './vocabulary';

const ways: Record<string, string[]> = {
  need: ['checking', 'open', 'claimed', 'offered', 'accepted', 'contracted', 'funded', 'closed'],
  application: ['received', 'investigating', 'pending_approval', 'offered', 'accepted', 'contracted', 'disbursed'],
  guarantee_case: ['applied', 'reviewing', 'pending_approval', 'approved', 'effective', 'reinsured'],
};
/** States beside the way stand where the case waits on it. */
const beside: Record<string, string> = {
  draft: 'checking',
  returned: 'checking',
  stalled: 'open',
  action_required: 'received',
  refusal_pending: 'pending_approval',
  batch_filed: 'reviewing',
};

export function stages(kind: string, state: string): { steps: { key: string; label: string }[]; at: number } {
  const way = ways[kind] ?? [];
  return { steps: way.map((key) => ({ key, label: stateName(kind, key) })), at: way.indexOf(beside[state] ?? state) };
}
