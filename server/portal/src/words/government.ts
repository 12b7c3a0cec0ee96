// Words of the government's pages.
import { words } from '@/lib/language';

const zh = {
  needs: '融资需求',
  lead: '辖区内企业发布的融资需求。',
  requestNo: '需求编号',
  enterprise: '企业',
  amount: '金额',
  region: '地区',
  state: '状态',
  clock: '时限',
  late: '逾期',
  onlyLate: '仅逾期',
  none: '辖区内还没有融资需求。',
};

const en: typeof zh = {
  needs: 'Financing needs',
  lead: 'Needs posted by the enterprises of your region.',
  requestNo: 'Need',
  enterprise: 'Enterprise',
  amount: 'Amount',
  region: 'Region',
  state: 'State',
  clock: 'Clock',
  late: 'Overdue',
  onlyLate: 'overdue only',
  none: 'No need was posted in your region yet.',
};

export const w = words(zh, en);
