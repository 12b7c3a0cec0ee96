// Moves of a guarantee case that carry more than a note: what each asks for, in order.
import type { FormMove, MoveField } from '@/lib/form_moves';
import { optionsOf, type Option } from '@/lib/vocabulary';
import { w } from '@/words/guarantee';

const payers = (): Option[] => optionsOf(w.payers);
const money: MoveField[] = [
  { name: 'gross_fen', label: () => w.gross, kind: 'money' },
  { name: 'on', label: () => w.on, kind: 'date' },
];
const plan: MoveField = { name: 'recovery_deadline', label: () => w.recoveryDeadline, kind: 'date' };

export const formMoves: Record<string, FormMove> = {
  propose: {
    title: () => w.propose,
    text: () => w.proposeText,
    fields: [
      { name: 'fee_ppm', label: () => w.fee, kind: 'share' },
      { name: 'fee_paid_by', label: () => w.feePaidBy, kind: 'choice', options: payers, optional: true },
      { name: 'fee_subsidy_ppm', label: () => w.feeSubsidy, hint: () => w.subsidyHint, kind: 'share', optional: true },
      { name: 'share_bank_ppm', label: () => `${w.split} · ${w.shareBank}`, hint: () => w.sharesHint, kind: 'share', optional: true },
      { name: 'share_direct_ppm', label: () => `${w.split} · ${w.shareDirect}`, kind: 'share', optional: true },
      { name: 'share_province_ppm', label: () => `${w.split} · ${w.shareProvince}`, kind: 'share', optional: true },
      { name: 'share_national_ppm', label: () => `${w.split} · ${w.shareNational}`, kind: 'share', optional: true },
      { name: 'counter_guarantee', label: () => w.counterGuarantee, hint: () => w.counterHint, kind: 'words', optional: true },
      { name: 'note', label: () => w.note, hint: () => w.noteHint, kind: 'words' },
    ],
  },
  take_effect: {
    title: () => w.takeEffect,
    fields: [
      { name: 'effective_on', label: () => w.effectiveOn, kind: 'date', optional: true },
      { name: 'fee_paid_by', label: () => w.feePaidBy, kind: 'choice', options: payers, optional: true },
    ],
  },
  file: { title: () => w.file, fields: [{ name: 'filing_month', label: () => w.filingMonth, hint: () => w.filingHint, kind: 'text' }] },
  submit_claim: { title: () => w.submitClaim, fields: [{ name: 'claim_fen', label: () => w.claim, kind: 'money' }] },
  indemnify: { title: () => w.indemnify, fields: money },
  receive_compensation: { title: () => w.receive, fields: money },
  plan_recovery: { title: () => w.plan, fields: [plan] },
  extend: {
    title: () => w.extend,
    fields: [
      plan,
      { name: 'reason_code', label: () => w.reasonCode, kind: 'reason' },
      { name: 'reason_text', label: () => w.reasonText, kind: 'words' },
    ],
  },
  record_recovery: { title: () => w.recover, fields: [money[0]!, { name: 'cost_fen', label: () => w.cost, kind: 'money', optional: true }, money[1]!] },
  propose_write_off: { title: () => w.proposeWriteOff, fields: [{ name: 'evidence', label: () => w.evidence, kind: 'words' }] },
};

/** Moves in the order in which they matter; those that end or refuse come last. */
export const plainMoves = [
  'review', 'approve', 'check', 'refuse', 'request_compensation', 'complete', 'write_off', 'keep_recovering', 'cure', 'renew', 'release',
  'notify_claim', 'send_back', 'propose_refusal', 'deny',
];
export const dangerous = ['propose_refusal', 'refuse', 'deny', 'write_off', 'notify_claim'];
