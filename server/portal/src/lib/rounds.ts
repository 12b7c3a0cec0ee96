// What came of a place of a round, as each side told it by day 7, 30 and 90.
import type { Round, RoundPlace } from '@/api/documents';
import { w } from '@/words/common';
import { money } from './format';

/** A place that both sides still hold to. */
export const isHeld = (place: RoundPlace): boolean =>
  !!place.institution && place.enterprise_answer !== 'declined' && place.institution_answer !== 'declined';
export const mayTell = (round: Round, place: RoundPlace): boolean => round.state === 'follow_up' && isHeld(place);
/** A line for each day and side. */
export const toldOf = (place: RoundPlace): string[] =>
  place.follow_ups.map(({ day, side, contacted, approved_fen, funded_fen }) =>
    w.followUp.told(day, w.sides[side], w.followUp.contact[`${contacted}`], money(approved_fen), money(funded_fen)),
  );
