// Words of the guarantee institution's pages.
import { words } from '@/lib/language';

const zh = {
  queue: '担保业务',
  lead: '待审核与在保的担保业务。',
  caseNo: '编号',
  enterprise: '企业',
  bank: '银行',
  principal: '本金',
  state: '状态',
  clock: '时限',
  onlyLate: '仅逾期',
  late: '逾期',
  none: '目前没有担保业务。',
};

const en: typeof zh = {
  queue: 'Guarantee cases',
  lead: 'Cases under review and in force.',
  caseNo: 'Case',
  enterprise: 'Enterprise',
  bank: 'Bank',
  principal: 'Principal',
  state: 'State',
  clock: 'Clock',
  onlyLate: 'overdue only',
  late: 'Overdue',
  none: 'There is no case.',
};

export const w = words(zh, en);
