// Words of the bank's pages.
import { words } from '@/lib/language';

const zh = {
  workbench: '工作台',
  lead: '按时限排列的申请与接单。',
  enterprise: '企业',
  anonymous: '企业未授权显示名称',
  product: '产品',
  origin: '来源',
  origins: { apply: '企业申请', claim: '本行接单', dispatch: '主管部门派单' } as Record<string, string>,
  state: '状态',
  clock: '时限',
  region: '地区',
  late: '逾期',
  onlyLate: '仅逾期',
  none: '目前没有待办的申请。',
};

const en: typeof zh = {
  workbench: 'Workbench',
  lead: 'Applications and claims, by deadline.',
  enterprise: 'Enterprise',
  anonymous: 'The enterprise has not let its name be shown',
  product: 'Product',
  origin: 'Came by',
  origins: { apply: 'application', claim: 'our claim', dispatch: 'dispatch' },
  state: 'State',
  clock: 'Clock',
  region: 'Region',
  late: 'Overdue',
  onlyLate: 'overdue only',
  none: 'No application waits.',
};

export const w = words(zh, en);
