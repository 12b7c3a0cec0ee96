// The steps of a round, and which of them its states are.
import { w } from '@/words/government';

const STATES = ['planned', 'registering', 'sealed', 'matching', 'published', 'confirming', 'meeting', 'follow_up', 'closed'];
const BETWEEN: Record<string, number> = { intents_recorded: 6, reported: 8 };

export const roundSteps = (): { key: string; label: string }[] => STATES.map((key, i) => ({ key, label: w.wizardSteps[i] ?? key }));
/** Past the end for a closed round, before the beginning for a cancelled one. */
export function roundStep(state: string): number {
  if (state === 'closed') return STATES.length;
  return BETWEEN[state] ?? STATES.indexOf(state);
}
/** The move that goes on from each state; `rerun` and `cancel` are ways aside. */
export const NEXT_MOVES = ['open', 'seal', 'run', 'publish', 'ask', 'meet', 'record_intents', 'follow_up', 'report', 'close'];
