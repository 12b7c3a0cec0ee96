// What the API answers, by the name of the OpenAPI component (scripts/types.mjs puts these types into schema.d.ts).
// Money is fen, rates and shares are millionths (ppm), times are RFC 3339, days YYYY-MM-DD.

export type Role =
  | 'enterprise'
  | 'bank_maker'
  | 'bank_checker'
  | 'guarantee_reviewer'
  | 'guarantee_checker'
  | 'authority'
  | 'operator'
  | 'auditor';
export type Side = 'enterprise' | 'institution' | 'authority' | 'operator' | 'auditor';

export interface List<T = unknown> {
  items: T[];
  next: string | null;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  title_zh: string;
  title_en: string;
  request_id: string;
  errors?: { pointer: string; code: string; detail: string; detail_zh: string; detail_en: string }[];
  [extension: string]: unknown;
}

export interface User {
  id: string;
  login: string;
  name: string;
  roles: Role[];
  side: Side;
  enterprise_id: string | null;
  institution_id: string | null;
  region_code: string | null;
  /** Told to operators. */
  has_totp?: boolean;
  disabled_at?: string | null;
  created_at?: string;
  /** Of the session that asked: when it ends, after how long idle; csrf for a browser's session. */
  expires_at?: string;
  idle_seconds?: number;
  csrf?: string;
}

/** The answer to logging in. */
export interface Session {
  id: string;
  csrf: string;
  expires_at: string;
  user_id: string;
  side: Side;
  roles: string;
  name: string;
}

/** The moves of a case and of what came of it that its asker may know, latest first. */
export interface History {
  subject_kind: string;
  subject_id: string;
  items: {
    id: string;
    at: string;
    subject: { kind: string; id: string; no?: string; institution_zh?: string; institution_en?: string };
    action: string;
    from_state: string | null;
    to_state: string;
    by: { side: Side | 'system'; role?: Role; institution_id?: string; name_zh?: string; name_en?: string };
    reason: { code: string; name_zh: string; name_en: string; text: string | null } | null;
  }[];
}

/** A case's place in its life; `actions` are the moves that the asker may make next. */
export interface Life<Action extends string = string> {
  state: string;
  state_zh: string;
  state_en: string;
  state_since: string;
  waits_for: 'enterprise' | 'institution' | 'guarantor' | 'authority' | 'operator' | null;
  deadline_at: string | null;
  is_overdue: boolean;
  actions: Action[];
}

export interface Versioned {
  id: string;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface Reason {
  code: string;
  name_zh: string;
  name_en: string;
  text: string | null;
  repairable: boolean;
  repair_by: string | null;
  steps_zh: string | null;
  steps_en: string | null;
}

export interface NamedInstitution {
  id: string;
  name_zh: string;
  name_en: string | null;
}

export type FactValue = number | boolean | string | string[];
export interface Fact {
  value: FactValue;
  source: string;
  as_of?: string;
}

export interface EnterpriseTag {
  tag: string;
  issuer: string | null;
  source: string;
  valid_from: string | null;
  valid_to: string | null;
}

export interface Enterprise extends Versioned {
  uscc: string;
  uscc_check: string;
  verification: 'verified' | 'pending' | 'rejected';
  verified_at: string | null;
  /** Whose word the registration is, and since when. */
  registration_source: string | null;
  registration_as_of: string;
  verification_note: string | null;
  name: string;
  former_names: string[] | null;
  legal_rep_name: string | null;
  legal_rep_id: string | null; // masked
  registered_capital_fen: number | null;
  established_on: string | null;
  reg_status: string | null;
  region_code: string;
  region_zh: string | null;
  address: string | null;
  industry_code: string;
  industry_zh: string | null;
  industry_en: string | null;
  main_business: string | null;
  employees: number | null;
  revenue_fen: number | null;
  total_assets_fen: number | null;
  fiscal_year: number | null;
  size_class: string | null;
  size_rule_version: string | null;
  contact_name: string | null;
  contact_mobile: string | null;
  tags: EnterpriseTag[];
  facts: Record<string, Fact>;
}

export interface Institution {
  id: string;
  kind: string;
  name_zh: string;
  name_en: string | null;
  region_code: string | null;
  status: string;
  net_assets_fen: number | null;
  strikes: number;
  version: number;
  created_at: string;
}

export interface Consent {
  id: string;
  enterprise_id: string;
  institution_id: string;
  purpose: string;
  text_version: string;
  valid_to: string;
  revoked_at: string | null;
  created_at: string;
}

export interface Rule {
  fact: string;
  op: 'eq' | 'ne' | 'ge' | 'gt' | 'le' | 'lt' | 'in' | 'not_in' | 'has_all' | 'ratio_ge';
  value: FactValue;
  hard?: boolean;
  weight?: number;
  repair?: string;
  text_zh?: string;
  text_en?: string;
}
export interface Rate {
  base: 'fixed' | 'lpr_1y' | 'lpr_5y';
  low_ppm?: number;
  high_ppm?: number;
}
export interface Fee {
  name_zh: string;
  name_en?: string;
  payee?: string;
  basis: 'share' | 'fixed';
  when: 'upfront' | 'yearly';
  value: number;
}
export interface Tier {
  when: Rule[];
  amount_max_fen?: number;
  term_max_months?: number;
  rate?: Rate;
  needs_guarantee?: boolean;
}

export interface Product extends Versioned, Life {
  product_no: string;
  institution_id: string;
  institution_zh: string;
  institution_en: string | null;
  kind: string;
  name_zh: string;
  name_en?: string | null;
  amount_min_fen?: number | null;
  amount_max_fen?: number | null;
  term_min_months?: number | null;
  term_max_months?: number | null;
  term_min_days?: number | null;
  term_max_days?: number | null;
  rate?: Rate | null;
  repayments?: string[];
  fees?: Fee[];
  day_fees?: { up_to_day: number; ppm_per_day: number }[];
  regions?: string[];
  industries_in?: string[];
  industries_out?: string[];
  rules?: Rule[];
  tiers?: Tier[];
  guarantee?: string;
  insurance?: string;
  fee_ppm?: number | null;
  coverage_ppm?: number | null;
  counter_guarantee?: boolean;
  partners?: string[];
  recourse?: boolean;
  disclosed?: boolean;
  advance_rate_ppm?: number | null;
  pledge_rate_ppm?: number | null;
  promised_hours?: number | null;
  valid_from?: string | null;
  valid_to?: string | null;
  documents?: string | null;
  conditions_zh?: string | null;
  conditions_en?: string | null;
  source_url?: string | null;
  source_note?: string | null;
  source_date?: string | null;
  capacity_cases: number | null;
  capacity_fen: number | null;
  capacity_cases_left: number | null;
  capacity_fen_left: number | null;
}

export interface Programme {
  id: string;
  type: 'interest_subsidy' | 'fee_subsidy' | 'risk_pool' | 'bridge_fund';
  name_zh: string;
  name_en?: string | null;
  kinds?: string[];
  regions?: string[];
  rules?: Rule[];
  share_ppm?: number | null;
  points_ppm?: number | null;
  cap_fen?: number | null;
  valid_from?: string | null;
  valid_to?: string | null;
  conditions_zh?: string | null;
  conditions_en?: string | null;
  source_url?: string | null;
  source_note?: string | null;
  state: string;
  version: number;
  created_at: string;
}

export type NeedAction = 'submit' | 'pass' | 'return' | 'withdraw' | 'confirm' | 'reopen';
export interface Need extends Versioned, Life<NeedAction> {
  request_no: string;
  enterprise: { id: string; name: string; uscc: string } | null;
  kinds: string[];
  amount_fen: number;
  amount_min_fen: number | null;
  term_months: number | null;
  term_days: number | null;
  max_rate_ppm: number | null;
  purpose: string;
  purpose_detail: string | null;
  repayments: string[] | null;
  collateral: string[] | null;
  needed_by: string | null;
  max_claims: number;
  visibility: string;
  facts: Record<string, FactValue>;
  /** When each step was first reached. */
  steps: Record<'posted_at' | 'matched_at' | 'offered_at' | 'guaranteed_at' | 'funded_at', string | null>;
  funded_fen: number | null;
  first_loan: boolean;
  region_code: string;
  industry_code: string;
  size_class: string | null;
  green_channel: string;
  matched_at: string | null;
  eligible_total: number | null;
  repeats: string[];
  reason: Reason | null;
  /** On an institution's desk: its own packages of the last match, what it did with the need, and the claims so far. */
  fits?: OwnFit[];
  claims?: number;
  application_id?: string | null;
  pass?: { reason_code: string; reason_text: string; passed_at: string } | null;
}
export interface OwnFit {
  class: 'eligible' | 'unknown' | 'near';
  rank: number;
  product_id: string;
  product_zh: string;
  product_en: string | null;
  amount_fen: number;
  rate_ppm: number | null;
  cost_ppm: number | null;
  score_ppm: number;
}

export interface Check {
  source: string;
  index: number;
  fact: string | null;
  op: string;
  verdict: 'pass' | 'fail' | 'unknown';
  hard: boolean;
  have: FactValue | null;
  needed: FactValue | null;
  repair: string;
  text_zh: string;
  text_en: string;
  change: { zh: string; en: string } | null;
}
export interface PackageProduct {
  id: string;
  institution_id: string;
  institution_zh: string;
  institution_en: string | null;
  name_zh: string;
  name_en: string | null;
  kind: string;
}
export interface PackagePartner extends PackageProduct {
  fee_ppm: number | null;
  coverage_ppm: number | null;
}
/** A loan with what backs it and what comes back, priced and explained. */
export interface Package {
  rank: number;
  class: 'eligible' | 'unknown' | 'near';
  product: PackageProduct;
  guarantee: PackagePartner | null;
  insurance: PackagePartner | null;
  programmes: { id: string; name_zh: string; name_en: string | null; type: Programme['type'] }[];
  tier: number | null;
  amount_fen: number;
  rate_ppm: number | null;
  rate_is_floor: boolean;
  cost_ppm: number | null;
  repayment: string;
  score_ppm: number;
  parts: Record<string, number>;
  fail_count: number;
  unknown_count: number;
  checks: Check[];
}
export interface MatchResult {
  catalogue_version: number;
  weights_version: number;
  notice: { zh: string; en: string };
  considered: number;
  eligible_total: number;
  unknown_total: number;
  near_total: number;
  eligible: Package[];
  unknown: Package[];
  near: Package[];
}
export interface Explanation {
  need_id: string;
  catalogue_version: number;
  open: boolean;
  package: Package;
  facts: Record<string, Fact>;
}

export type ApplicationAction =
  | 'investigate'
  | 'request_papers'
  | 'supply'
  | 'propose_refusal'
  | 'refuse'
  | 'send_back'
  | 'withdraw';
export interface Application extends Versioned, Life<ApplicationAction> {
  need_id: string;
  origin: 'apply' | 'claim' | 'dispatch';
  enterprise: { id: string; name: string; uscc: string; contact_name: string | null; contact_mobile: string | null } | null;
  institution: NamedInstitution;
  product_id: string | null;
  product_zh: string | null;
  product_en: string | null;
  package: Package | null;
  note: string | null;
  paper_stops: number;
  green_channel: string;
  region_code: string;
  offered_at: string | null;
  answered_at: string | null;
  funded_at: string | null;
  funded_fen: number | null;
  reason: Reason | null;
}

export type OfferAction =
  | 'approve'
  | 'send_back'
  | 'reject'
  | 'accept'
  | 'decline'
  | 'revoke'
  | 'fall_through'
  | 'counter'
  | 'contract'
  | 'disburse';
export interface Offer extends Versioned, Life<OfferAction> {
  application_id: string;
  need_id: string;
  institution: NamedInstitution;
  product_id: string | null;
  round: number;
  amount_fen: number;
  term_months: number;
  rate_base: Rate['base'];
  rate_ppm: number;
  spread_ppm: number | null;
  lpr_date: string | null;
  repayment: string;
  fees: Fee[];
  net_disbursed_fen: number;
  total_repayable_fen: number;
  first_payment_fen: number | null;
  cost_ppm: number;
  /** False: a guarantee or an insurance is wanted whose fee is not known and not in the cost. */
  cost_is_whole: boolean;
  backing_fees: Fee[];
  guarantee_required: boolean;
  collateral_required: string | null;
  conditions: string | null;
  prepayment_fee_ppm: number | null;
  penalty_rate_ppm: number | null;
  cooling_off_days: number | null;
  valid_until: string;
  binding: boolean;
  counter: { amount_fen?: number; term_months?: number; rate_ppm?: number; note: string } | null;
  accepted_at: string | null;
  contract_no: string | null;
  contracted_at: string | null;
  funded_on: string | null;
  funded_fen: number | null;
  proof_no: string | null;
  made_by: string | null;
  checked_by: string | null;
  reason: Reason | null;
}

export interface OfferCost {
  rate_ppm: number;
  net_disbursed_fen: number;
  total_repayable_fen: number;
  cost_ppm: number;
  first_payment_fen: number;
  last_payment_fen: number;
  cost_is_whole: boolean;
  backing_fees: Fee[];
}

export interface Count {
  needs: number;
  amount_fen: number;
}
/** What a product would find among the open needs, and what more each looser term would bring. */
export interface Market {
  as_of: string;
  open_needs: number;
  considered: number;
  eligible: Count;
  unknown: Count;
  near: Count;
  guarantee_assumed: boolean;
  insurance_assumed: boolean;
  trials: Trial[];
}
export interface Trial {
  rule?: number;
  fact?: string;
  op?: Rule['op'];
  bound?: 'amount_min_fen' | 'amount_max_fen' | 'term_min_months' | 'term_max_months';
  /** null: without the rule. */
  value: FactValue | null;
  more_needs: number;
  more_amount_fen: number;
}

export interface GuaranteeCase extends Versioned, Life {
  case_no: string;
  need_id: string;
  application_id: string;
  offer_id: string | null;
  enterprise: { id: string; name: string; uscc: string } | null;
  bank: NamedInstitution;
  guarantor: NamedInstitution;
  re_guarantor_id: string | null;
  product_id: string;
  batch: boolean;
  national_fund: boolean;
  principal_fen: number;
  term_months: number;
  shares: { bank_ppm: number; direct_ppm: number; province_ppm: number; national_ppm: number };
  fee_ppm: number | null;
  fee_paid_by: string | null;
  fee_subsidy_ppm: number | null;
  counter_guarantee: string | null;
  review_note: string | null;
  fee_above_cap: boolean;
  effective_on: string | null;
  filing_month: string | null;
  claim_fen: number | null;
  recovery_deadline: string | null;
  write_off_evidence: string | null;
  entries: {
    kind: string;
    on: string;
    gross_fen: number;
    cost_fen: number;
    bank_fen: number;
    direct_fen: number;
    province_fen: number;
    national_fen: number;
  }[];
  approved_at?: string | null;
  in_force_at?: string | null;
  /** The guarantor's own work; the enterprise and the bank do not see it. */
  checklist?: Checklist;
  made_by: string | null;
  checked_by: string | null;
  green_channel: string;
  reason: Reason | null;
}

export interface Round extends Versioned, Life {
  round_no: string;
  name: string;
  note: string | null;
  region_code: string;
  venue: string | null;
  meets_on: string | null;
  registers_until: string | null;
  band_ppm: number;
  slots_total: number | null;
  slots_local: number | null;
  seed_hash: string;
  seed: string | null;
  run_no: number;
  published_run: number | null;
  confirm_until: string | null;
  counts: Record<string, number>;
  report: unknown;
  sealed: { run_no: number; input_hash: string; sealed_at: string }[] | null;
  rule_version?: number;
  result_hash?: string;
  proof?: unknown;
  ran_at?: string;
}
export interface RoundNeed {
  id: string;
  need_id: string;
  request_no: string | null;
  enterprise: { id: string; name: string; uscc: string } | null;
  region_code: string;
  amount_fen: number;
  waits_since: string;
  first_loan: boolean;
  left_at: string | null;
}
export interface RoundInstitution {
  institution_id: string;
  name_zh: string;
  name_en: string | null;
  is_local: boolean;
  slots: number;
  money_fen: number | null;
  kinds: string[];
  amount_max_fen: number | null;
  slots_given: number | null;
}
export interface RoundFigures {
  needs: number;
  needs_fen: number;
  matched: number;
  matched_fen: number;
  agreed: number;
  declined: number;
  intents: number;
  intent_fen: number;
  days: { day: number; contacted: number; approved: number; approved_fen: number; funded: number; funded_fen: number; confirmed_fen: number }[];
  figures: Record<string, ReportFigure>;
  /** Of the days. */
  day_figures: Record<string, ReportFigure>;
}
export interface RoundPlace {
  id: string;
  round_id: string;
  run_no: number;
  registration_id: string;
  need_id: string;
  enterprise: { id: string; name: string; uscc: string; contact_name: string | null; contact_mobile: string | null } | null;
  region_code: string;
  amount_fen: number;
  institution: NamedInstitution | null;
  wish: number | null;
  /** Better wishes that were not granted, best first: what was full, and who was ahead by what. */
  refused: { institution: string; name_zh: string; name_en: string | null; full: string; ahead: string }[] | null;
  enterprise_answer: string | null;
  institution_answer: string | null;
  note: string | null;
  intent_fen: number | null;
  intent_at: string | null;
  follow_ups: {
    day: number;
    side: string;
    contacted: boolean | null;
    approved_fen: number | null;
    funded_fen: number | null;
    recorded_at: string;
  }[];
}

export interface StatisticsRow {
  key?: string;
  needs: number;
  needs_fen: number;
  matched: number;
  matched_fen: number;
  offered: number;
  offered_fen: number;
  guaranteed: number;
  guaranteed_fen: number;
  funded: number;
  funded_fen: number;
  median_hours_to_offer: number | null;
}
export interface Statistics {
  total: StatisticsRow;
  by_kind: StatisticsRow[];
  by_size: StatisticsRow[];
  by_industry: StatisticsRow[];
  by_county: StatisticsRow[];
}

/** A figure of a report: the list whose rows it counts (or whose field it adds up), null when it is not there to list. */
export interface ReportFigure {
  code: string;
  unit: 'cases' | 'enterprises' | 'fen' | 'working_hours' | 'ppm' | 'time';
  list: 'needs' | 'applications' | 'offers' | 'guarantee-cases' | 'enterprises' | 'statistics/overdue-cases' | null;
  filter: Record<string, string | boolean> | null;
  adds_up: string | null;
}
export interface FigureDefinition extends ReportFigure {
  report: string;
  field: string;
  name_zh: string;
  name_en: string;
  text_zh: string;
  text_en: string;
}
type ReportFilter = Record<string, string | boolean>;
export interface Report<Row = unknown> {
  as_of: string;
  filter: ReportFilter;
  figures: Record<string, ReportFigure>;
  row_filter: Record<string, string>;
  items: Row[];
}
export interface Funnel extends Omit<Report, 'items'> {
  share_row_filter: Record<string, string>;
  steps: {
    step: 'posted' | 'matched' | 'offered' | 'guaranteed' | 'funded';
    cases: number;
    amount_fen: number;
    median_hours: number | null;
    /** What its share is of, and how many of those there are. */
    share_of: 'posted' | 'asked' | 'offered' | null;
    share_of_cases: number | null;
    share_ppm: number | null;
  }[];
  funded_enterprises: number;
  first_time_borrowers: number;
}
export interface RegionRow {
  region_code: string;
  name_zh: string;
  name_en: string | null;
  level: string;
  parent: string | null;
  /** What is registered at the region itself, not below it. */
  is_exact: boolean;
  needs: number;
  needs_fen: number;
  matched: number;
  offers: number;
  guaranteed: number;
  funded: number;
  funded_amount_fen: number;
  first_time_borrowers: number;
  median_offer_hours: number | null;
}
export interface TrendRow {
  from: string;
  to: string;
  posted: number;
  posted_fen: number;
  offered: number;
  funded: number;
  funded_amount_fen: number;
  median_offer_hours: number | null;
}
interface Answering {
  institution_id: string;
  name_zh: string;
  name_en: string | null;
  kind: string;
  received: number;
  answered: number;
  refused: number;
  median_answer_hours: number | null;
  yes_ppm: number | null;
}
export interface InstitutionRow extends Answering {
  offered: number;
  funded: number;
  funded_amount_fen: number;
  first_loans: number;
}
export interface GuarantorRow extends Answering {
  approved: number;
  in_force: number;
  in_force_fen: number;
}
export interface InstitutionReport extends Report<InstitutionRow> {
  guarantor_figures: Record<string, ReportFigure>;
  guarantor_row_filter: Record<string, string>;
  guarantors: GuarantorRow[];
}
export interface RecordRow {
  institution_id: string;
  name_zh: string;
  kind: string;
  size: string | null;
  province: string | null;
  answers: number;
  approvals: number;
  likelihood_ppm: number | null;
  hours: number | null;
  fulfilled_ppm: number | null;
  computed_at: string;
}

export interface CheckItem {
  code: string;
  name_zh: string;
  name_en: string;
  basis_zh: string;
  basis_en: string;
  is_required: boolean;
  computed: 'met' | 'not_met' | null;
  finding: 'met' | 'not_met' | 'not_applicable' | null;
  note: string | null;
  found_by_name: string | null;
  found_at: string | null;
}
export interface Checklist {
  items: CheckItem[];
  is_complete: boolean;
  not_met: number;
}
interface ExposureStage {
  cases: number;
  principal_fen: number;
  liability_fen: number;
  own_fen: number;
}
/** What a guarantor bears against what it may. */
export interface Exposure {
  as_of: string;
  net_assets_fen: number | null;
  in_force: ExposureStage;
  agreed: ExposureStage;
  asked: ExposureStage;
  limits: {
    code: string;
    name_zh: string;
    name_en: string;
    basis_zh: string;
    basis_en: string;
    ratio_ppm: number;
    limit_fen: number | null;
    used_fen: number | null;
    left_fen: number | null;
    used_ppm: number | null;
  }[];
  by_enterprise: { enterprise_id: string; name: string | null; cases: number; liability_fen: number }[];
  by_bank: { institution_id: string; name_zh: string; name_en: string | null; cases: number; principal_fen: number; liability_fen: number }[];
  case: { id: string; liability_fen: number; enterprise_fen: number; whole_fen: number; exceeds: string[] } | null;
}

export interface ImportReport {
  accepted: number;
  refused: number;
  lines: { line: number; verdict?: 'accepted' | 'refused'; id?: string; code?: string; errors?: Problem['errors'] }[];
}

export interface AuditEvent {
  id: string;
  at: string;
  request_id: string | null;
  user_id: string | null;
  side: string;
  org_id: string | null;
  kind: string;
  case_id: string;
  action: string;
  from_state: string | null;
  to_state: string | null;
  reason_code: string | null;
  reason_text: string | null;
  facts_digest: string | null;
}

export interface ApiKey {
  id: string;
  name: string;
  institution_id: string;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
}

export interface WeightsList {
  items: (Record<'version' | 'cost' | 'likelihood' | 'speed' | 'fit' | 'service', number> & { reason: string; published_at: string })[];
  /** Of a later day, not in force yet. */
  planned?: (Partial<Record<'cost' | 'likelihood' | 'speed' | 'fit' | 'service', number>> & { id: string; reason: string; valid_from: string })[];
}
interface Ranked {
  product_id: string;
  product_zh: string;
  product_en: string | null;
  institution_zh: string;
  institution_en: string | null;
  score_ppm: number;
}
export interface WeightsTrialResult {
  catalogue_version: number;
  needs: number;
  top1_changes: number;
  top5_changes: number;
  examples: { need_id: string; request_no: string; top1_changes: boolean; before: Ranked[]; after: Ranked[] }[];
}
export interface CalendarDays {
  items: { day: string; name: string; name_en: string | null; is_workday: boolean }[];
}
export interface Job {
  name: string;
  name_zh: string;
  name_en: string;
  interval_ms: number;
  last_at: string | null;
  moved: Record<string, number> | null;
  moved_at: string | null;
  next_at: string | null;
  is_late: boolean;
}

/** How many cases stand in each queue of a bank's workbench, a thousand at most. */
export interface Desk {
  as_of: string;
  to_claim: number;
  mine: number;
  soon: number;
  late: number;
  waiting: number;
}
/** A case of any kind past its deadline. */
export interface OverdueCase extends Life {
  id: string;
  kind: 'need' | 'application' | 'offer' | 'guarantee_case';
  no: string;
  region_code: string;
  enterprise: { id: string; name: string } | null;
  institution: NamedInstitution | null;
  /** Whether a nudge would reach somebody now. */
  can_nudge: boolean;
}
/** What waits for one institution. */
export interface Overdue {
  institution_id: string;
  name_zh: string;
  name_en: string | null;
  kind: string;
  waits_for: 'institution' | 'guarantor';
  cases: number;
  applications: number;
  offers: number;
  guarantee_cases: number;
  oldest_deadline_at: string;
}

/** A look at an enterprise's data; looks of one viewer at one thing within a day are one row. */
export interface View {
  id: string;
  viewer_id: string;
  viewer_name: string;
  side: string;
  institution_id: string | null;
  institution_name: string | null;
  institution_name_en: string | null;
  enterprise_id: string;
  enterprise_name?: string;
  what: string;
  subject_id: string | null;
  at: string;
  first_at: string;
  times: number;
}
export interface Nudge {
  id: string;
  subject_kind: string;
  subject_id: string;
  subject_state: string;
  deadline_at: string | null;
  region_code: string;
  message: string;
  made_by: string;
  made_by_name: string;
  made_at: string;
  /** Who was told. */
  parties: { kind: string; id: string; name_zh: string | null; name_en: string | null }[] | null;
}

export interface Notification {
  id: number;
  kind: string;
  subject_kind: string;
  subject_id: string;
  params: Record<string, unknown> | null;
  created_at: string;
  read: boolean;
}

export interface Notifications {
  items: Notification[];
  next_cursor: number | null;
  unread: number;
}

export interface NotificationsRead {
  up_to: number;
  unread: number;
}

export interface Found {
  kind: string;
  id: string;
  title: string;
  title_en: string | null;
  state: string | null;
  region_code: string | null;
}

export interface Code {
  code: string;
  letter_code?: string;
  name_zh: string;
  name_en: string | null;
  level: string;
  /** Names of the levels above, outermost first. */
  path_zh?: string[];
  path_en?: string[];
}

export interface Vocabulary {
  words: { list: string; name: string; zh: string; en: string }[];
  facts: {
    name: string;
    type: 'money' | 'share' | 'count' | 'months' | 'flag' | 'word' | 'words';
    list: string | null;
    repair: string;
    zh: string;
    en: string;
  }[];
}

export interface CaseState {
  kind: string;
  state: string;
  name_zh: string;
  name_en: string;
  owner: string | null;
  hours: number | null;
  green_hours: number | null;
  on_overdue: string | null;
  is_final: boolean;
}
export interface Transition {
  kind: string;
  from_state: string;
  action: string;
  to_state: string;
  roles: string[];
  needs_reason: boolean;
  mark: string | null;
}
export interface Lives {
  states: CaseState[];
  transitions: Transition[];
}
export interface RefusalReason {
  code: string;
  name_zh: string;
  name_en: string;
  repairable: boolean;
  repair_by: string | null;
  steps_zh: string | null;
  steps_en: string | null;
  [more: string]: unknown;
}

/** What the lists hold, by path; the OpenAPI document calls all of them List. */
export interface ListItems {
  '/v1/needs': Need;
  '/v1/applications': Application;
  '/v1/offers': Offer;
  '/v1/guarantee-cases': GuaranteeCase;
  '/v1/enterprises': Enterprise;
  '/v1/institutions': Institution;
  '/v1/products': Product;
  '/v1/programmes': Programme;
  '/v1/rounds': Round;
  '/v1/rounds/{id}/needs': RoundNeed;
  '/v1/rounds/{id}/places': RoundPlace;
  '/v1/consents': Consent;
  '/v1/enterprises/{id}/views': View;
  '/v1/users': User;
  '/v1/audit-events': AuditEvent;
  '/v1/statistics/overdue': Overdue;
  '/v1/statistics/overdue-cases': OverdueCase;
  '/v1/views': View;
  '/v1/nudges': Nudge;
  '/v1/api-keys': ApiKey;
  '/v1/notifications': Notification;
  '/v1/search': Found;
  '/v1/reference/regions': Code;
  '/v1/reference/industries': Code;
  '/v1/reference/refusal-reasons': RefusalReason;
}
